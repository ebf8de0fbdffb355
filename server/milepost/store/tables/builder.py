"""Sessions of the builder inside the host product: first a one-time code, then a narrow token."""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from milepost.store.tables.base import integer, serial, table, text

builder_sessions = table(
    "builder_sessions",
    serial(),
    integer("workspace_id"),
    integer("environment_id"),
    integer("member_id"),
    text("guide", null=True),  # the key of the only guide it may change; null: the catalogue
    text("address"),  # what was opened, as the author wrote it
    text("origin"),  # the only site that may speak for it
    text("code_hash"),  # sha256 hex of the one-time code
    text("token_hash", null=True),  # sha256 hex, once the code was spent
    integer("created_at"),
    integer("opened_at", null=True),
    integer("last_seen_at", null=True),
    integer("ended_at", null=True),
    UniqueConstraint("code_hash"),
    UniqueConstraint("token_hash"),
    Index(None, "environment_id", "created_at"),
    ForeignKeyConstraint(["workspace_id", "environment_id"], ["environments.workspace_id", "environments.id"]),
    ForeignKeyConstraint(["workspace_id", "member_id"], ["members.workspace_id", "members.id"]),
)
