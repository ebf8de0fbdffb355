"""The vendor's team: workspaces, members, environments, keys, audit.

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "20261124_01_workspaces"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = [
    """CREATE TABLE audit (
    id INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    environment_id INTEGER,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (id)
)
 STRICT""",
    """CREATE INDEX ix_audit_workspace_id_at ON audit (workspace_id, at)""",
    """CREATE TABLE job_runs (
    id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    job TEXT NOT NULL,
    for_on INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    status TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_job_runs PRIMARY KEY (id),
    CONSTRAINT uq_job_runs_environment_id_job_for_on UNIQUE (environment_id, job, for_on)
)
 STRICT""",
    """CREATE TABLE login_failures (
    id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT pk_login_failures PRIMARY KEY (id)
)
 STRICT""",
    """CREATE INDEX ix_login_failures_subject_at ON login_failures (subject, at)""",
    """CREATE TABLE workspaces (
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_workspaces PRIMARY KEY (id),
    CONSTRAINT uq_workspaces_public_id UNIQUE (public_id)
)
 STRICT""",
    """CREATE TABLE environments (
    workspace_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    identity_mode TEXT DEFAULT 'report' NOT NULL,
    retention_days INTEGER DEFAULT '400' NOT NULL,
    generation INTEGER DEFAULT '1' NOT NULL,
    settings TEXT DEFAULT '{}' NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_environments PRIMARY KEY (id),
    CONSTRAINT uq_environments_public_id UNIQUE (public_id),
    CONSTRAINT uq_environments_workspace_id_key UNIQUE (workspace_id, "key"),
    CONSTRAINT uq_environments_workspace_id_id UNIQUE (workspace_id, id),
    CONSTRAINT fk_environments_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)
 STRICT""",
    """CREATE TABLE invites (
    id INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT pk_invites PRIMARY KEY (id),
    CONSTRAINT uq_invites_public_id UNIQUE (public_id),
    CONSTRAINT uq_invites_code_hash UNIQUE (code_hash),
    CONSTRAINT fk_invites_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)
 STRICT""",
    """CREATE TABLE members (
    workspace_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change_password INTEGER DEFAULT '0' NOT NULL,
    locale TEXT DEFAULT 'en' NOT NULL,
    theme TEXT DEFAULT 'auto' NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    CONSTRAINT pk_members PRIMARY KEY (id),
    CONSTRAINT uq_members_public_id UNIQUE (public_id),
    CONSTRAINT uq_members_workspace_id_email UNIQUE (workspace_id, email),
    CONSTRAINT uq_members_workspace_id_id UNIQUE (workspace_id, id),
    CONSTRAINT fk_members_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)
 STRICT""",
    """CREATE TABLE identity_secrets (
    id INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    CONSTRAINT pk_identity_secrets PRIMARY KEY (id),
    CONSTRAINT uq_identity_secrets_public_id UNIQUE (public_id),
    CONSTRAINT fk_identity_secrets_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id)
)
 STRICT""",
    """CREATE TABLE keys (
    id INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    public_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    shown TEXT,
    hint TEXT NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_on INTEGER,
    expires_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT uq_keys_public_id UNIQUE (public_id),
    CONSTRAINT uq_keys_key_hash UNIQUE (key_hash),
    CONSTRAINT fk_keys_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id)
)
 STRICT""",
    """CREATE TABLE member_sessions (
    id_hash TEXT NOT NULL,
    workspace_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    CONSTRAINT pk_member_sessions PRIMARY KEY (id_hash),
    CONSTRAINT fk_member_sessions_workspace_id_member_id FOREIGN KEY(workspace_id, member_id) REFERENCES members (workspace_id, id)
)
 STRICT""",
]

POSTGRESQL = [
    """CREATE TABLE audit (
    id BIGSERIAL NOT NULL,
    workspace_id BIGINT NOT NULL,
    environment_id BIGINT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (id)
)""",
    """CREATE INDEX ix_audit_workspace_id_at ON audit (workspace_id, at)""",
    """CREATE TABLE job_runs (
    id BIGSERIAL NOT NULL,
    environment_id BIGINT NOT NULL,
    job TEXT NOT NULL,
    for_on BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    status TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_job_runs PRIMARY KEY (id),
    CONSTRAINT uq_job_runs_environment_id_job_for_on UNIQUE (environment_id, job, for_on)
)""",
    """CREATE TABLE login_failures (
    id BIGSERIAL NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_login_failures PRIMARY KEY (id)
)""",
    """CREATE INDEX ix_login_failures_subject_at ON login_failures (subject, at)""",
    """CREATE TABLE workspaces (
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_workspaces PRIMARY KEY (id),
    CONSTRAINT uq_workspaces_public_id UNIQUE (public_id)
)""",
    """CREATE TABLE environments (
    workspace_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    identity_mode TEXT DEFAULT 'report' NOT NULL,
    retention_days BIGINT DEFAULT '400' NOT NULL,
    generation BIGINT DEFAULT '1' NOT NULL,
    settings TEXT DEFAULT '{}' NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_environments PRIMARY KEY (id),
    CONSTRAINT uq_environments_public_id UNIQUE (public_id),
    CONSTRAINT uq_environments_workspace_id_key UNIQUE (workspace_id, key),
    CONSTRAINT uq_environments_workspace_id_id UNIQUE (workspace_id, id),
    CONSTRAINT fk_environments_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)""",
    """CREATE TABLE invites (
    id BIGSERIAL NOT NULL,
    workspace_id BIGINT NOT NULL,
    public_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT pk_invites PRIMARY KEY (id),
    CONSTRAINT uq_invites_public_id UNIQUE (public_id),
    CONSTRAINT uq_invites_code_hash UNIQUE (code_hash),
    CONSTRAINT fk_invites_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)""",
    """CREATE TABLE members (
    workspace_id BIGINT NOT NULL,
    id BIGSERIAL NOT NULL,
    public_id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change_password BIGINT DEFAULT '0' NOT NULL,
    locale TEXT DEFAULT 'en' NOT NULL,
    theme TEXT DEFAULT 'auto' NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    CONSTRAINT pk_members PRIMARY KEY (id),
    CONSTRAINT uq_members_public_id UNIQUE (public_id),
    CONSTRAINT uq_members_workspace_id_email UNIQUE (workspace_id, email),
    CONSTRAINT uq_members_workspace_id_id UNIQUE (workspace_id, id),
    CONSTRAINT fk_members_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
)""",
    """CREATE TABLE identity_secrets (
    id BIGSERIAL NOT NULL,
    workspace_id BIGINT NOT NULL,
    environment_id BIGINT NOT NULL,
    public_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    CONSTRAINT pk_identity_secrets PRIMARY KEY (id),
    CONSTRAINT uq_identity_secrets_public_id UNIQUE (public_id),
    CONSTRAINT fk_identity_secrets_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id)
)""",
    """CREATE TABLE keys (
    id BIGSERIAL NOT NULL,
    workspace_id BIGINT NOT NULL,
    environment_id BIGINT NOT NULL,
    public_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    shown TEXT,
    hint TEXT NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_on BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT uq_keys_public_id UNIQUE (public_id),
    CONSTRAINT uq_keys_key_hash UNIQUE (key_hash),
    CONSTRAINT fk_keys_workspace_id_environment_id FOREIGN KEY(workspace_id, environment_id) REFERENCES environments (workspace_id, id)
)""",
    """CREATE TABLE member_sessions (
    id_hash TEXT NOT NULL,
    workspace_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT pk_member_sessions PRIMARY KEY (id_hash),
    CONSTRAINT fk_member_sessions_workspace_id_member_id FOREIGN KEY(workspace_id, member_id) REFERENCES members (workspace_id, id)
)""",
]


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name in ['member_sessions', 'keys', 'identity_secrets', 'members', 'invites', 'environments', 'workspaces', 'login_failures', 'job_runs', 'audit']:
        op.drop_table(name)
