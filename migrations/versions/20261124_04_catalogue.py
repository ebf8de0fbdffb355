"""Features, catalogue versions, checkpoints, tracking faults.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_04_catalogue"
down_revision = '20261124_03_accounts'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE catalogue_versions (
    environment_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT pk_catalogue_versions PRIMARY KEY (environment_id, version)
)
 STRICT""",
    """CREATE TABLE checkpoint_reached (
    environment_id INTEGER NOT NULL,
    checkpoint_id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    reached_at INTEGER NOT NULL,
    catalogue_version INTEGER NOT NULL,
    CONSTRAINT pk_checkpoint_reached PRIMARY KEY (environment_id, checkpoint_id, subject, subject_id)
)
 STRICT""",
    """CREATE TABLE checkpoints (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    name TEXT NOT NULL,
    condition TEXT NOT NULL,
    is_activation INTEGER DEFAULT '0' NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    CONSTRAINT pk_checkpoints PRIMARY KEY (id),
    CONSTRAINT uq_checkpoints_environment_id_key UNIQUE (environment_id, "key")
)
 STRICT""",
    """CREATE TABLE feature_entitlements (
    environment_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    from_on INTEGER NOT NULL,
    plans TEXT,
    add_ons TEXT,
    CONSTRAINT pk_feature_entitlements PRIMARY KEY (environment_id, ordinal, from_on)
)
 STRICT""",
    """CREATE TABLE features (
    environment_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    module TEXT DEFAULT '' NOT NULL,
    core INTEGER DEFAULT '0' NOT NULL,
    weight REAL NOT NULL,
    level TEXT DEFAULT 'basic' NOT NULL,
    cadence TEXT DEFAULT 'daily' NOT NULL,
    audience_role TEXT,
    rules TEXT DEFAULT '[]' NOT NULL,
    plans TEXT,
    add_ons TEXT,
    introduced_on INTEGER,
    retired_on INTEGER,
    aliases TEXT DEFAULT '[]' NOT NULL,
    merged_into INTEGER,
    merged_on INTEGER,
    proven_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_features PRIMARY KEY (environment_id, ordinal),
    CONSTRAINT uq_features_environment_id_key UNIQUE (environment_id, "key")
)
 STRICT""",
    """CREATE TABLE tracking_faults (
    id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    since_at INTEGER NOT NULL,
    last_good_at INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    expected_per_day REAL NOT NULL,
    repaired_at INTEGER,
    confirmed_at INTEGER,
    confirmed_by TEXT,
    CONSTRAINT pk_tracking_faults PRIMARY KEY (id)
)
 STRICT""",
]

POSTGRESQL = [
    """CREATE TABLE catalogue_versions (
    environment_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT pk_catalogue_versions PRIMARY KEY (environment_id, version)
)""",
    """CREATE TABLE checkpoint_reached (
    environment_id BIGINT NOT NULL,
    checkpoint_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    reached_at BIGINT NOT NULL,
    catalogue_version BIGINT NOT NULL,
    CONSTRAINT pk_checkpoint_reached PRIMARY KEY (environment_id, checkpoint_id, subject, subject_id)
)""",
    """CREATE TABLE checkpoints (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    condition TEXT NOT NULL,
    is_activation BIGINT DEFAULT '0' NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    CONSTRAINT pk_checkpoints PRIMARY KEY (id),
    CONSTRAINT uq_checkpoints_environment_id_key UNIQUE (environment_id, key)
)""",
    """CREATE TABLE feature_entitlements (
    environment_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    from_on BIGINT NOT NULL,
    plans TEXT,
    add_ons TEXT,
    CONSTRAINT pk_feature_entitlements PRIMARY KEY (environment_id, ordinal, from_on)
)""",
    """CREATE TABLE features (
    environment_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    module TEXT DEFAULT '' NOT NULL,
    core BIGINT DEFAULT '0' NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    level TEXT DEFAULT 'basic' NOT NULL,
    cadence TEXT DEFAULT 'daily' NOT NULL,
    audience_role TEXT,
    rules TEXT DEFAULT '[]' NOT NULL,
    plans TEXT,
    add_ons TEXT,
    introduced_on BIGINT,
    retired_on BIGINT,
    aliases TEXT DEFAULT '[]' NOT NULL,
    merged_into BIGINT,
    merged_on BIGINT,
    proven_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_features PRIMARY KEY (environment_id, ordinal),
    CONSTRAINT uq_features_environment_id_key UNIQUE (environment_id, key)
)""",
    """CREATE TABLE tracking_faults (
    id BIGSERIAL NOT NULL,
    environment_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    since_at BIGINT NOT NULL,
    last_good_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    expected_per_day DOUBLE PRECISION NOT NULL,
    repaired_at BIGINT,
    confirmed_at BIGINT,
    confirmed_by TEXT,
    CONSTRAINT pk_tracking_faults PRIMARY KEY (id)
)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['tracking_faults', 'features', 'feature_entitlements', 'checkpoints', 'checkpoint_reached', 'catalogue_versions']:
        op.drop_table(name)
