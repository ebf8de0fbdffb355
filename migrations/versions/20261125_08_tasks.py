"""Tasks of accounts: owner, due day, snooze.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261125_08_tasks"
down_revision = '20261125_07_contacts'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE tasks (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    touch_id INTEGER,
    title TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    owner_email TEXT,
    due_on INTEGER NOT NULL,
    snoozed_until INTEGER,
    snooze_reason TEXT DEFAULT '' NOT NULL,
    done_at INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    "before" TEXT,
    CONSTRAINT pk_tasks PRIMARY KEY (id),
    CONSTRAINT uq_tasks_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_tasks_environment_id_touch_id UNIQUE (environment_id, touch_id)
)
 STRICT""",
    """CREATE INDEX ix_tasks_environment_id_account_id ON tasks (environment_id, account_id)""",
]

POSTGRESQL = [
    """CREATE TABLE tasks (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    touch_id BIGINT,
    title TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    owner_email TEXT,
    due_on BIGINT NOT NULL,
    snoozed_until BIGINT,
    snooze_reason TEXT DEFAULT '' NOT NULL,
    done_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    before TEXT,
    CONSTRAINT pk_tasks PRIMARY KEY (id),
    CONSTRAINT uq_tasks_environment_id_public_id UNIQUE (environment_id, public_id),
    CONSTRAINT uq_tasks_environment_id_touch_id UNIQUE (environment_id, touch_id)
)""",
    """CREATE INDEX ix_tasks_environment_id_account_id ON tasks (environment_id, account_id)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['tasks']:
        op.drop_table(name)
