"""Guides, versions, runs.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_06_guides"
down_revision = '20261124_05_scores'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE guide_states (
    environment_id INTEGER NOT NULL,
    guide_id INTEGER NOT NULL,
    end_user_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    until_at INTEGER,
    n_shown INTEGER DEFAULT '0' NOT NULL,
    last_shown_at INTEGER,
    CONSTRAINT pk_guide_states PRIMARY KEY (environment_id, end_user_id, guide_id)
)
 STRICT""",
    """CREATE TABLE guide_themes (
    environment_id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT pk_guide_themes PRIMARY KEY (environment_id, "key")
)
 STRICT""",
    """CREATE TABLE guide_versions (
    environment_id INTEGER NOT NULL,
    guide_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    CONSTRAINT pk_guide_versions PRIMARY KEY (environment_id, guide_id, version)
)
 STRICT""",
    """CREATE TABLE guides (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    goal_feature TEXT,
    draft TEXT NOT NULL,
    status TEXT NOT NULL,
    paused_for TEXT,
    on_air_at INTEGER,
    current_version INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_guides PRIMARY KEY (id),
    CONSTRAINT uq_guides_public_id UNIQUE (public_id),
    CONSTRAINT uq_guides_environment_id_key UNIQUE (environment_id, "key"),
    CONSTRAINT uq_guides_environment_id_id UNIQUE (environment_id, id)
)
 STRICT""",
    """CREATE TABLE resources (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    document TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_resources PRIMARY KEY (id),
    CONSTRAINT uq_resources_environment_id_key UNIQUE (environment_id, "key")
)
 STRICT""",
    """CREATE TABLE run_steps (
    environment_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    step TEXT NOT NULL,
    shown_at INTEGER,
    missing_at INTEGER,
    missing_reason TEXT,
    CONSTRAINT pk_run_steps PRIMARY KEY (environment_id, run_id, step)
)
 STRICT""",
    """CREATE TABLE runs (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    guide_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    end_user_id INTEGER NOT NULL,
    account_id INTEGER,
    free INTEGER DEFAULT '0' NOT NULL,
    linked INTEGER DEFAULT '0' NOT NULL,
    verified INTEGER DEFAULT '0' NOT NULL,
    started_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    step TEXT,
    shown_at INTEGER,
    closed_at INTEGER,
    outcome TEXT,
    reason TEXT,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT uq_runs_environment_id_public_id UNIQUE (environment_id, public_id)
)
 STRICT""",
    """CREATE INDEX ix_runs_environment_id_end_user_id_started_at ON runs (environment_id, end_user_id, started_at)""",
    """CREATE INDEX ix_runs_environment_id_guide_id_started_at ON runs (environment_id, guide_id, started_at)""",
    """CREATE TABLE survey_answers (
    environment_id INTEGER NOT NULL,
    guide_id INTEGER NOT NULL,
    end_user_id INTEGER NOT NULL,
    question TEXT NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    run_id INTEGER NOT NULL,
    account_id INTEGER,
    kind TEXT NOT NULL,
    score REAL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT pk_survey_answers PRIMARY KEY (environment_id, guide_id, end_user_id, question, part)
)
 STRICT""",
    """CREATE INDEX ix_survey_answers_environment_id_at ON survey_answers (environment_id, at)""",
]

POSTGRESQL = [
    """CREATE TABLE guide_states (
    environment_id BIGINT NOT NULL,
    guide_id BIGINT NOT NULL,
    end_user_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    at BIGINT NOT NULL,
    until_at BIGINT,
    n_shown BIGINT DEFAULT '0' NOT NULL,
    last_shown_at BIGINT,
    CONSTRAINT pk_guide_states PRIMARY KEY (environment_id, end_user_id, guide_id)
)""",
    """CREATE TABLE guide_themes (
    environment_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT pk_guide_themes PRIMARY KEY (environment_id, key)
)""",
    """CREATE TABLE guide_versions (
    environment_id BIGINT NOT NULL,
    guide_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    CONSTRAINT pk_guide_versions PRIMARY KEY (environment_id, guide_id, version)
)""",
    """CREATE TABLE guides (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    goal_feature TEXT,
    draft TEXT NOT NULL,
    status TEXT NOT NULL,
    paused_for TEXT,
    on_air_at BIGINT,
    current_version BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_guides PRIMARY KEY (id),
    CONSTRAINT uq_guides_public_id UNIQUE (public_id),
    CONSTRAINT uq_guides_environment_id_key UNIQUE (environment_id, key),
    CONSTRAINT uq_guides_environment_id_id UNIQUE (environment_id, id)
)""",
    """CREATE TABLE resources (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    document TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_resources PRIMARY KEY (id),
    CONSTRAINT uq_resources_environment_id_key UNIQUE (environment_id, key)
)""",
    """CREATE TABLE run_steps (
    environment_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    step TEXT NOT NULL,
    shown_at BIGINT,
    missing_at BIGINT,
    missing_reason TEXT,
    CONSTRAINT pk_run_steps PRIMARY KEY (environment_id, run_id, step)
)""",
    """CREATE TABLE runs (
    environment_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    guide_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    end_user_id BIGINT NOT NULL,
    account_id BIGINT,
    free BIGINT DEFAULT '0' NOT NULL,
    linked BIGINT DEFAULT '0' NOT NULL,
    verified BIGINT DEFAULT '0' NOT NULL,
    started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    step TEXT,
    shown_at BIGINT,
    closed_at BIGINT,
    outcome TEXT,
    reason TEXT,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT uq_runs_environment_id_public_id UNIQUE (environment_id, public_id)
)""",
    """CREATE INDEX ix_runs_environment_id_end_user_id_started_at ON runs (environment_id, end_user_id, started_at)""",
    """CREATE INDEX ix_runs_environment_id_guide_id_started_at ON runs (environment_id, guide_id, started_at)""",
    """CREATE TABLE survey_answers (
    environment_id BIGINT NOT NULL,
    guide_id BIGINT NOT NULL,
    end_user_id BIGINT NOT NULL,
    question TEXT NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    run_id BIGINT NOT NULL,
    account_id BIGINT,
    kind TEXT NOT NULL,
    score DOUBLE PRECISION,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_survey_answers PRIMARY KEY (environment_id, guide_id, end_user_id, question, part)
)""",
    """CREATE INDEX ix_survey_answers_environment_id_at ON survey_answers (environment_id, at)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['survey_answers', 'runs', 'run_steps', 'resources', 'guides', 'guide_versions', 'guide_themes', 'guide_states']:
        op.drop_table(name)
