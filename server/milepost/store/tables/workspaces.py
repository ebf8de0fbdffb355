"""The vendor's team: workspaces, members, sessions, environments, keys, audit."""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from milepost.store.tables.base import integer, serial, table, text

workspaces = table(
    "workspaces",
    serial(),
    text("public_id"),  # wsp_…
    text("name"),
    integer("created_at"),
    UniqueConstraint("public_id"),
)

members = table(
    "members",
    integer("workspace_id"),
    serial(),
    text("public_id"),  # mbr_…
    text("email"),  # lower case
    text("name", default=""),
    text("role"),  # viewer | csm | author | admin | owner
    text("password_hash"),  # argon2id
    integer("must_change_password", default=0),
    text("locale", default="en"),  # en | zh-CN
    text("theme", default="auto"),  # auto | light | dark
    integer("created_at"),
    integer("disabled_at", null=True),
    UniqueConstraint("public_id"),
    UniqueConstraint("workspace_id", "email"),
    UniqueConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
)

member_sessions = table(
    "member_sessions",
    text("id_hash", key=True),  # sha256 of the cookie's value
    integer("workspace_id"),
    integer("member_id"),
    integer("created_at"),
    integer("last_seen_at"),
    integer("expires_at"),
    integer("revoked_at", null=True),
    ForeignKeyConstraint(["workspace_id", "member_id"], ["members.workspace_id", "members.id"]),
)

invites = table(
    "invites",
    serial(),
    integer("workspace_id"),
    text("public_id"),  # inv_…
    text("code_hash"),
    text("email"),
    text("role"),
    integer("created_by"),
    integer("created_at"),
    integer("expires_at"),
    integer("accepted_at", null=True),
    integer("revoked_at", null=True),
    UniqueConstraint("public_id"),
    UniqueConstraint("code_hash"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
)

login_failures = table(
    "login_failures",
    serial(),
    text("subject"),  # "email:…" or "address:…", hashed
    integer("at"),
    Index(None, "subject", "at"),
)

environments = table(
    "environments",
    integer("workspace_id"),
    serial(),
    text("public_id"),  # env_…
    text("key"),  # production, staging…: stands in console links
    text("name"),
    text("time_zone", default="UTC"),
    text("identity_mode", default="report"),  # off | report | enforce
    integer("retention_days", default=400),
    integer("generation", default=1),  # raised in the transaction of every change that a cache holds
    text("settings", default="{}"),  # JSON: EnvironmentSettings in wire
    integer("created_at"),
    UniqueConstraint("public_id"),
    UniqueConstraint("workspace_id", "key"),
    UniqueConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
)

keys = table(
    "keys",
    serial(),
    integer("workspace_id"),
    integer("environment_id"),
    text("public_id"),  # key_…
    text("kind"),  # pk | sk
    text("key_hash"),  # sha256 hex of the whole key
    text("shown", null=True),  # pk_ keys are public and always shown; null for sk_
    text("hint"),  # last four characters
    text("label", default=""),
    integer("created_at"),
    integer("last_used_on", null=True),
    integer("expires_at", null=True),  # rotation with overlap
    integer("revoked_at", null=True),
    UniqueConstraint("public_id"),
    UniqueConstraint("key_hash"),
    ForeignKeyConstraint(["workspace_id", "environment_id"], ["environments.workspace_id", "environments.id"]),
)

identity_secrets = table(
    "identity_secrets",
    serial(),
    integer("workspace_id"),
    integer("environment_id"),
    text("public_id"),  # ids_…
    text("sealed"),  # AES-GCM under MILEPOST_SECRET_KEY
    integer("created_at"),
    integer("retired_at", null=True),
    UniqueConstraint("public_id"),
    ForeignKeyConstraint(["workspace_id", "environment_id"], ["environments.workspace_id", "environments.id"]),
)

audit = table(
    "audit",
    serial(),
    integer("workspace_id"),
    integer("environment_id", null=True),
    integer("at"),
    text("actor"),  # mbr_…, key_… or "system"
    text("action"),  # member.invited, key.revoked, feature.merged…
    text("subject"),
    text("detail", default="{}"),  # JSON
    Index(None, "workspace_id", "at"),
)

job_runs = table(
    "job_runs",
    serial(),
    integer("environment_id"),
    text("job"),  # daily_score | retention | tracking_health …
    integer("for_on"),  # the day it ran for
    integer("started_at"),
    integer("finished_at", null=True),
    text("status"),  # running | done | failed
    text("detail", default=""),
    UniqueConstraint("environment_id", "job", "for_on"),
)
