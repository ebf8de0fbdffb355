"""What comes in: raw events, ledger, bad rows and roll-ups.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_02_events"
down_revision = '20261124_01_workspaces'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE account_day (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    bitmap BLOB NOT NULL,
    CONSTRAINT pk_account_day PRIMARY KEY (environment_id, account_id, day)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE active_day (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    end_user_id INTEGER NOT NULL,
    CONSTRAINT pk_active_day PRIMARY KEY (environment_id, account_id, day, end_user_id)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE anonymous_ids (
    environment_id INTEGER NOT NULL,
    anonymous_id TEXT NOT NULL,
    end_user_id INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    CONSTRAINT pk_anonymous_ids PRIMARY KEY (environment_id, anonymous_id)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE bad_rows (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    body TEXT NOT NULL,
    trusted INTEGER DEFAULT '0' NOT NULL,
    replayed_at INTEGER,
    CONSTRAINT pk_bad_rows PRIMARY KEY (id)
)
 STRICT""",
    """CREATE INDEX ix_bad_rows_environment_id_received_at ON bad_rows (environment_id, received_at)""",
    """CREATE TABLE dirty_accounts (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    since_at INTEGER NOT NULL,
    CONSTRAINT pk_dirty_accounts PRIMARY KEY (environment_id, account_id)
)
 STRICT""",
    """CREATE TABLE events (
    environment_id INTEGER NOT NULL,
    "key" BLOB NOT NULL,
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    day INTEGER NOT NULL,
    anonymous_id TEXT,
    end_user_id INTEGER,
    account_id INTEGER,
    ordinals TEXT,
    catalogue_version INTEGER DEFAULT '0' NOT NULL,
    guided INTEGER DEFAULT '0' NOT NULL,
    verified INTEGER DEFAULT '0' NOT NULL,
    excluded TEXT,
    body TEXT,
    CONSTRAINT pk_events PRIMARY KEY (environment_id, "key")
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE feature_last (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    CONSTRAINT pk_feature_last PRIMARY KEY (environment_id, account_id, ordinal)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE imports (
    id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    file_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    "offset" INTEGER DEFAULT '0' NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    counts TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (id),
    CONSTRAINT uq_imports_environment_id_file_hash UNIQUE (environment_id, file_hash)
)
 STRICT""",
    """CREATE TABLE ledger (
    environment_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    route TEXT NOT NULL,
    received INTEGER DEFAULT '0' NOT NULL,
    stored INTEGER DEFAULT '0' NOT NULL,
    duplicate INTEGER DEFAULT '0' NOT NULL,
    refused INTEGER DEFAULT '0' NOT NULL,
    overflow INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_ledger PRIMARY KEY (environment_id, day, route)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE reach_day (
    environment_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    matched INTEGER DEFAULT '0' NOT NULL,
    total INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_reach_day PRIMARY KEY (environment_id, day)
)
 STRICT""",
    """CREATE TABLE rule_hour (
    environment_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    n INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_rule_hour PRIMARY KEY (environment_id, hour, ordinal)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE TABLE unmatched (
    environment_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    n INTEGER DEFAULT '0' NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    ignored_at INTEGER,
    CONSTRAINT pk_unmatched PRIMARY KEY (environment_id, kind, name)
)
 STRICT""",
    """CREATE TABLE usage (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    day INTEGER NOT NULL,
    end_user_id INTEGER NOT NULL,
    span INTEGER DEFAULT '1' NOT NULL,
    n INTEGER DEFAULT '0' NOT NULL,
    n_guided INTEGER DEFAULT '0' NOT NULL,
    days TEXT,
    CONSTRAINT pk_usage PRIMARY KEY (environment_id, account_id, ordinal, day, end_user_id)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE INDEX ix_usage_guided ON usage (environment_id, account_id) WHERE n_guided > 0""",
    """CREATE TABLE waiting_events (
    environment_id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    "key" BLOB NOT NULL,
    CONSTRAINT pk_waiting_events PRIMARY KEY (environment_id, subject, "key")
)
 WITHOUT ROWID,
 STRICT""",
]

POSTGRESQL = [
    """CREATE TABLE account_day (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    bitmap BYTEA NOT NULL,
    CONSTRAINT pk_account_day PRIMARY KEY (environment_id, account_id, day)
)""",
    """CREATE TABLE active_day (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    end_user_id BIGINT NOT NULL,
    CONSTRAINT pk_active_day PRIMARY KEY (environment_id, account_id, day, end_user_id)
)""",
    """CREATE TABLE anonymous_ids (
    environment_id BIGINT NOT NULL,
    anonymous_id TEXT NOT NULL,
    end_user_id BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    CONSTRAINT pk_anonymous_ids PRIMARY KEY (environment_id, anonymous_id)
)""",
    """CREATE TABLE bad_rows (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    received_at BIGINT NOT NULL,
    route TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    body TEXT NOT NULL,
    trusted BIGINT DEFAULT '0' NOT NULL,
    replayed_at BIGINT,
    CONSTRAINT pk_bad_rows PRIMARY KEY (id)
)""",
    """CREATE INDEX ix_bad_rows_environment_id_received_at ON bad_rows (environment_id, received_at)""",
    """CREATE TABLE dirty_accounts (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    since_at BIGINT NOT NULL,
    CONSTRAINT pk_dirty_accounts PRIMARY KEY (environment_id, account_id)
)""",
    """CREATE TABLE events (
    environment_id BIGINT NOT NULL,
    key BYTEA NOT NULL,
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    day BIGINT NOT NULL,
    anonymous_id TEXT,
    end_user_id BIGINT,
    account_id BIGINT,
    ordinals TEXT,
    catalogue_version BIGINT DEFAULT '0' NOT NULL,
    guided BIGINT DEFAULT '0' NOT NULL,
    verified BIGINT DEFAULT '0' NOT NULL,
    excluded TEXT,
    body TEXT,
    CONSTRAINT pk_events PRIMARY KEY (environment_id, key)
) PARTITION BY RANGE (key)""",
    """CREATE TABLE feature_last (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    first_day BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    CONSTRAINT pk_feature_last PRIMARY KEY (environment_id, account_id, ordinal)
)""",
    """CREATE TABLE imports (
    id BIGSERIAL NOT NULL,
    environment_id BIGINT NOT NULL,
    file_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    "offset" BIGINT DEFAULT '0' NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    counts TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (id),
    CONSTRAINT uq_imports_environment_id_file_hash UNIQUE (environment_id, file_hash)
)""",
    """CREATE TABLE ledger (
    environment_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    route TEXT NOT NULL,
    received BIGINT DEFAULT '0' NOT NULL,
    stored BIGINT DEFAULT '0' NOT NULL,
    duplicate BIGINT DEFAULT '0' NOT NULL,
    refused BIGINT DEFAULT '0' NOT NULL,
    overflow BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_ledger PRIMARY KEY (environment_id, day, route)
)""",
    """CREATE TABLE reach_day (
    environment_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    matched BIGINT DEFAULT '0' NOT NULL,
    total BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_reach_day PRIMARY KEY (environment_id, day)
)""",
    """CREATE TABLE rule_hour (
    environment_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    n BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_rule_hour PRIMARY KEY (environment_id, hour, ordinal)
)""",
    """CREATE TABLE unmatched (
    environment_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    n BIGINT DEFAULT '0' NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    ignored_at BIGINT,
    CONSTRAINT pk_unmatched PRIMARY KEY (environment_id, kind, name)
)""",
    """CREATE TABLE usage (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    day BIGINT NOT NULL,
    end_user_id BIGINT NOT NULL,
    span BIGINT DEFAULT '1' NOT NULL,
    n BIGINT DEFAULT '0' NOT NULL,
    n_guided BIGINT DEFAULT '0' NOT NULL,
    days TEXT,
    CONSTRAINT pk_usage PRIMARY KEY (environment_id, account_id, ordinal, day, end_user_id)
)""",
    """CREATE INDEX ix_usage_guided ON usage (environment_id, account_id) WHERE n_guided > 0""",
    """CREATE TABLE waiting_events (
    environment_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    key BYTEA NOT NULL,
    CONSTRAINT pk_waiting_events PRIMARY KEY (environment_id, subject, key)
)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['waiting_events', 'usage', 'unmatched', 'rule_hour', 'reach_day', 'ledger', 'imports', 'feature_last', 'events', 'dirty_accounts', 'bad_rows', 'anonymous_ids', 'active_day', 'account_day']:
        op.drop_table(name)
