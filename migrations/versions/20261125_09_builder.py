"""Sessions of the builder inside the host product.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261125_09_builder"
down_revision = '20261125_08_tasks'
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE builder_sessions (
    id INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    guide TEXT,
    address TEXT NOT NULL,
    origin TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    token_hash TEXT,
    created_at INTEGER NOT NULL,
    opened_at INTEGER,
    last_seen_at INTEGER,
    ended_at INTEGER,
    CONSTRAINT pk_builder_sessions PRIMARY KEY (id),
    CONSTRAINT uq_builder_sessions_code_hash UNIQUE (code_hash),
    CONSTRAINT uq_builder_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_builder_sessions_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id),
    CONSTRAINT fk_builder_sessions_workspace_id_member_id FOREIGN KEY(workspace_id, member_id) REFERENCES members (workspace_id, id)
)
 STRICT""",
    """CREATE INDEX ix_builder_sessions_environment_id_created_at ON builder_sessions (environment_id, created_at)""",
]

POSTGRESQL = [
    """CREATE TABLE builder_sessions (
    id BIGSERIAL NOT NULL,
    workspace_id BIGINT NOT NULL,
    environment_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    guide TEXT,
    address TEXT NOT NULL,
    origin TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    token_hash TEXT,
    created_at BIGINT NOT NULL,
    opened_at BIGINT,
    last_seen_at BIGINT,
    ended_at BIGINT,
    CONSTRAINT pk_builder_sessions PRIMARY KEY (id),
    CONSTRAINT uq_builder_sessions_code_hash UNIQUE (code_hash),
    CONSTRAINT uq_builder_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_builder_sessions_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id),
    CONSTRAINT fk_builder_sessions_workspace_id_member_id FOREIGN KEY(workspace_id, member_id) REFERENCES members (workspace_id, id)
)""",
    """CREATE INDEX ix_builder_sessions_environment_id_created_at ON builder_sessions (environment_id, created_at)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['builder_sessions']:
        op.drop_table(name)
