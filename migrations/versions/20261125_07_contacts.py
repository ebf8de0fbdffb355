"""Contacts of accounts, and the touches logged with them.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261125_07_contacts"
down_revision = '20261124_06_guides'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE contacts (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    external_id TEXT,
    end_user_id INTEGER,
    name TEXT NOT NULL,
    role TEXT,
    email TEXT,
    phone TEXT,
    im_id TEXT,
    is_sponsor INTEGER DEFAULT '0' NOT NULL,
    is_champion INTEGER DEFAULT '0' NOT NULL,
    left_on INTEGER,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    "before" TEXT,
    CONSTRAINT pk_contacts PRIMARY KEY (id),
    CONSTRAINT uq_contacts_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_contacts_environment_id_external_id UNIQUE (environment_id, external_id)
)
 STRICT""",
    """CREATE INDEX ix_contacts_environment_id_account_id ON contacts (environment_id, account_id)""",
    """CREATE TABLE touches (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    external_id TEXT,
    contact_id INTEGER,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL,
    minutes INTEGER,
    note TEXT DEFAULT '' NOT NULL,
    next_step TEXT DEFAULT '' NOT NULL,
    next_on INTEGER,
    by_email TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    "before" TEXT,
    CONSTRAINT pk_touches PRIMARY KEY (id),
    CONSTRAINT uq_touches_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_touches_environment_id_external_id UNIQUE (environment_id, external_id)
)
 STRICT""",
    """CREATE INDEX ix_touches_environment_id_account_id_at ON touches (environment_id, account_id, at)""",
]

POSTGRESQL = [
    """CREATE TABLE contacts (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    external_id TEXT,
    end_user_id BIGINT,
    name TEXT NOT NULL,
    role TEXT,
    email TEXT,
    phone TEXT,
    im_id TEXT,
    is_sponsor BIGINT DEFAULT '0' NOT NULL,
    is_champion BIGINT DEFAULT '0' NOT NULL,
    left_on BIGINT,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    before TEXT,
    CONSTRAINT pk_contacts PRIMARY KEY (id),
    CONSTRAINT uq_contacts_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_contacts_environment_id_external_id UNIQUE (environment_id, external_id)
)""",
    """CREATE INDEX ix_contacts_environment_id_account_id ON contacts (environment_id, account_id)""",
    """CREATE TABLE touches (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    external_id TEXT,
    contact_id BIGINT,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at BIGINT NOT NULL,
    minutes BIGINT,
    note TEXT DEFAULT '' NOT NULL,
    next_step TEXT DEFAULT '' NOT NULL,
    next_on BIGINT,
    by_email TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    before TEXT,
    CONSTRAINT pk_touches PRIMARY KEY (id),
    CONSTRAINT uq_touches_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_touches_environment_id_external_id UNIQUE (environment_id, external_id)
)""",
    """CREATE INDEX ix_touches_environment_id_account_id_at ON touches (environment_id, account_id, at)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['touches', 'contacts']:
        op.drop_table(name)
