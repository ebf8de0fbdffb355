"""States, live and settled scores, health models.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_05_scores"
down_revision = '20261124_04_catalogue'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE feature_state (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    guided_only INTEGER DEFAULT '0' NOT NULL,
    since_on INTEGER NOT NULL,
    CONSTRAINT pk_feature_state PRIMARY KEY (environment_id, account_id, ordinal)
)
 WITHOUT ROWID,
 STRICT""",
    """CREATE INDEX ix_feature_state_environment_id_ordinal_state_account_id ON feature_state (environment_id, ordinal, state, account_id)""",
    """CREATE TABLE health_models (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    active_from_on INTEGER NOT NULL,
    active INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_health_models PRIMARY KEY (id),
    CONSTRAINT uq_health_models_environment_id_key_version UNIQUE (environment_id, "key", version)
)
 STRICT""",
    """CREATE TABLE live_scores (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    score REAL,
    known_share REAL,
    band TEXT NOT NULL,
    n_used INTEGER NOT NULL,
    n_eligible INTEGER NOT NULL,
    n_guided_only INTEGER NOT NULL,
    n_new INTEGER NOT NULL,
    n_rate_used INTEGER NOT NULL,
    n_rate_all INTEGER NOT NULL,
    core_coverage REAL,
    active_share REAL,
    seat_use REAL,
    level TEXT NOT NULL,
    level_computed TEXT NOT NULL,
    stage TEXT NOT NULL,
    activated_on INTEGER,
    items TEXT NOT NULL,
    features TEXT NOT NULL,
    grounds TEXT DEFAULT '{}' NOT NULL,
    catalogue_version INTEGER DEFAULT '0' NOT NULL,
    computed_at INTEGER NOT NULL,
    CONSTRAINT pk_live_scores PRIMARY KEY (environment_id, account_id)
)
 STRICT""",
    """CREATE TABLE settled_scores (
    environment_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    score REAL,
    known_share REAL,
    band TEXT NOT NULL,
    n_used INTEGER NOT NULL,
    n_eligible INTEGER NOT NULL,
    n_guided_only INTEGER NOT NULL,
    n_new INTEGER NOT NULL,
    n_rate_used INTEGER NOT NULL,
    n_rate_all INTEGER NOT NULL,
    core_coverage REAL,
    active_share REAL,
    seat_use REAL,
    level TEXT NOT NULL,
    level_computed TEXT NOT NULL,
    stage TEXT NOT NULL,
    activated_on INTEGER,
    items TEXT NOT NULL,
    features TEXT NOT NULL,
    grounds TEXT DEFAULT '{}' NOT NULL,
    catalogue_version INTEGER DEFAULT '0' NOT NULL,
    computed_at INTEGER NOT NULL,
    CONSTRAINT pk_settled_scores PRIMARY KEY (environment_id, account_id, day)
)
 STRICT""",
    """CREATE INDEX ix_settled_scores_environment_id_day ON settled_scores (environment_id, day)""",
]

POSTGRESQL = [
    """CREATE TABLE feature_state (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    state TEXT NOT NULL,
    guided_only BIGINT DEFAULT '0' NOT NULL,
    since_on BIGINT NOT NULL,
    CONSTRAINT pk_feature_state PRIMARY KEY (environment_id, account_id, ordinal)
)""",
    """CREATE INDEX ix_feature_state_environment_id_ordinal_state_account_id ON feature_state (environment_id, ordinal, state, account_id)""",
    """CREATE TABLE health_models (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    active_from_on BIGINT NOT NULL,
    active BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_health_models PRIMARY KEY (id),
    CONSTRAINT uq_health_models_environment_id_key_version UNIQUE (environment_id, key, version)
)""",
    """CREATE TABLE live_scores (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    model_id BIGINT NOT NULL,
    score DOUBLE PRECISION,
    known_share DOUBLE PRECISION,
    band TEXT NOT NULL,
    n_used BIGINT NOT NULL,
    n_eligible BIGINT NOT NULL,
    n_guided_only BIGINT NOT NULL,
    n_new BIGINT NOT NULL,
    n_rate_used BIGINT NOT NULL,
    n_rate_all BIGINT NOT NULL,
    core_coverage DOUBLE PRECISION,
    active_share DOUBLE PRECISION,
    seat_use DOUBLE PRECISION,
    level TEXT NOT NULL,
    level_computed TEXT NOT NULL,
    stage TEXT NOT NULL,
    activated_on BIGINT,
    items TEXT NOT NULL,
    features TEXT NOT NULL,
    grounds TEXT DEFAULT '{}' NOT NULL,
    catalogue_version BIGINT DEFAULT '0' NOT NULL,
    computed_at BIGINT NOT NULL,
    CONSTRAINT pk_live_scores PRIMARY KEY (environment_id, account_id)
)""",
    """CREATE TABLE settled_scores (
    environment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    model_id BIGINT NOT NULL,
    score DOUBLE PRECISION,
    known_share DOUBLE PRECISION,
    band TEXT NOT NULL,
    n_used BIGINT NOT NULL,
    n_eligible BIGINT NOT NULL,
    n_guided_only BIGINT NOT NULL,
    n_new BIGINT NOT NULL,
    n_rate_used BIGINT NOT NULL,
    n_rate_all BIGINT NOT NULL,
    core_coverage DOUBLE PRECISION,
    active_share DOUBLE PRECISION,
    seat_use DOUBLE PRECISION,
    level TEXT NOT NULL,
    level_computed TEXT NOT NULL,
    stage TEXT NOT NULL,
    activated_on BIGINT,
    items TEXT NOT NULL,
    features TEXT NOT NULL,
    grounds TEXT DEFAULT '{}' NOT NULL,
    catalogue_version BIGINT DEFAULT '0' NOT NULL,
    computed_at BIGINT NOT NULL,
    CONSTRAINT pk_settled_scores PRIMARY KEY (environment_id, account_id, day)
)""",
    """CREATE INDEX ix_settled_scores_environment_id_day ON settled_scores (environment_id, day)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['settled_scores', 'live_scores', 'health_models', 'feature_state']:
        op.drop_table(name)
