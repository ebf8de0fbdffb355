"""Accounts, end users, entitlement history, signals.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_03_accounts"
down_revision = '20261124_02_events'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE accounts (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    name TEXT,
    "plan" TEXT,
    add_ons TEXT,
    tier TEXT,
    arr REAL,
    currency TEXT,
    employees INTEGER,
    seats INTEGER,
    started_on INTEGER,
    renewal_on INTEGER,
    ended_on INTEGER,
    owner_email TEXT,
    parent_id INTEGER,
    traits TEXT DEFAULT '{}' NOT NULL,
    sources TEXT DEFAULT '{}' NOT NULL,
    first_event_on INTEGER,
    last_event_on INTEGER,
    created_at INTEGER NOT NULL,
    merged_into_id INTEGER,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT uq_accounts_environment_id_key UNIQUE (environment_id, "key"),
    CONSTRAINT uq_accounts_environment_id_id UNIQUE (environment_id, id)
)
 STRICT""",
    """CREATE TABLE end_users (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    account_id INTEGER,
    name TEXT,
    email TEXT,
    role TEXT,
    traits TEXT DEFAULT '{}' NOT NULL,
    internal INTEGER DEFAULT '0' NOT NULL,
    no_tips INTEGER DEFAULT '0' NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    CONSTRAINT pk_end_users PRIMARY KEY (id),
    CONSTRAINT uq_end_users_environment_id_key UNIQUE (environment_id, "key"),
    CONSTRAINT uq_end_users_environment_id_id UNIQUE (environment_id, id)
)
 STRICT""",
    """CREATE INDEX ix_end_users_environment_id_account_id ON end_users (environment_id, account_id)""",
    """CREATE TABLE entitlement_history (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    from_on INTEGER NOT NULL,
    "plan" TEXT,
    add_ons TEXT DEFAULT '[]' NOT NULL,
    CONSTRAINT pk_entitlement_history PRIMARY KEY (environment_id, account_id, from_on)
)
 STRICT""",
    """CREATE TABLE signals (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    end_user_id INTEGER,
    type TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    closed_at INTEGER,
    category TEXT,
    value REAL,
    data TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_signals PRIMARY KEY (id),
    CONSTRAINT uq_signals_environment_id_type_external_id UNIQUE (environment_id, type, external_id)
)
 STRICT""",
    """CREATE INDEX ix_signals_environment_id_account_id_type_at ON signals (environment_id, account_id, type, at)""",
]

POSTGRESQL = [
    """CREATE TABLE accounts (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    name TEXT,
    plan TEXT,
    add_ons TEXT,
    tier TEXT,
    arr DOUBLE PRECISION,
    currency TEXT,
    employees BIGINT,
    seats BIGINT,
    started_on BIGINT,
    renewal_on BIGINT,
    ended_on BIGINT,
    owner_email TEXT,
    parent_id BIGINT,
    traits TEXT DEFAULT '{}' NOT NULL,
    sources TEXT DEFAULT '{}' NOT NULL,
    first_event_on BIGINT,
    last_event_on BIGINT,
    created_at BIGINT NOT NULL,
    merged_into_id BIGINT,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT uq_accounts_environment_id_key UNIQUE (environment_id, key),
    CONSTRAINT uq_accounts_environment_id_id UNIQUE (environment_id, id)
)""",
    """CREATE TABLE end_users (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    account_id BIGINT,
    name TEXT,
    email TEXT,
    role TEXT,
    traits TEXT DEFAULT '{}' NOT NULL,
    internal BIGINT DEFAULT '0' NOT NULL,
    no_tips BIGINT DEFAULT '0' NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT,
    CONSTRAINT pk_end_users PRIMARY KEY (id),
    CONSTRAINT uq_end_users_environment_id_key UNIQUE (environment_id, key),
    CONSTRAINT uq_end_users_environment_id_id UNIQUE (environment_id, id)
)""",
    """CREATE INDEX ix_end_users_environment_id_account_id ON end_users (environment_id, account_id)""",
    """CREATE TABLE entitlement_history (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    from_on BIGINT NOT NULL,
    plan TEXT,
    add_ons TEXT DEFAULT '[]' NOT NULL,
    CONSTRAINT pk_entitlement_history PRIMARY KEY (environment_id, account_id, from_on)
)""",
    """CREATE TABLE signals (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    account_id BIGINT NOT NULL,
    end_user_id BIGINT,
    type TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    closed_at BIGINT,
    category TEXT,
    value DOUBLE PRECISION,
    data TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_signals PRIMARY KEY (id),
    CONSTRAINT uq_signals_environment_id_type_external_id UNIQUE (environment_id, type, external_id)
)""",
    """CREATE INDEX ix_signals_environment_id_account_id_type_at ON signals (environment_id, account_id, type, at)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['signals', 'entitlement_history', 'end_users', 'accounts']:
        op.drop_table(name)
