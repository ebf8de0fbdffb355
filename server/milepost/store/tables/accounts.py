"""The vendor's customers and their people, and the outside facts known about them."""

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint

from milepost.store.tables.base import integer, real, serial, table, text

accounts = table(
    "accounts",
    integer("environment_id"),
    serial(),
    text("key"),  # the vendor's own id
    text("name", null=True),
    text("plan", null=True),
    text("add_ons", null=True),  # JSON list
    text("tier", null=True),
    real("arr", null=True),
    text("currency", null=True),
    integer("employees", null=True),
    integer("seats", null=True),
    integer("started_on", null=True),
    integer("renewal_on", null=True),
    integer("ended_on", null=True),
    text("owner_email", null=True),
    integer("parent_id", null=True),
    text("traits", default="{}"),  # JSON: every other trait
    text("sources", default="{}"),  # JSON: trait → {source, at, verified}
    integer("first_event_on", null=True),
    integer("last_event_on", null=True),
    integer("created_at"),
    integer("merged_into_id", null=True),
    UniqueConstraint("environment_id", "key"),
    UniqueConstraint("environment_id", "id"),
)

end_users = table(
    "end_users",
    integer("environment_id"),
    serial(),
    text("key"),  # the vendor's own id
    integer("account_id", null=True),  # where they are now; events keep the account of their moment
    text("name", null=True),
    text("email", null=True),
    text("role", null=True),
    text("traits", default="{}"),
    integer("internal", default=0),
    integer("no_tips", default=0),
    integer("created_at"),
    integer("last_seen_at", null=True),
    UniqueConstraint("environment_id", "key"),
    UniqueConstraint("environment_id", "id"),
    Index(None, "environment_id", "account_id"),
)

# Plan and add-ons of an account from a day on; the first row counts from the account's start.
entitlement_history = table(
    "entitlement_history",
    integer("environment_id"),
    integer("account_id"),
    integer("from_on"),
    text("plan", null=True),
    text("add_ons", default="[]"),
    PrimaryKeyConstraint("environment_id", "account_id", "from_on"),
)

# Idempotent by (type, external id).
signals = table(
    "signals",
    integer("environment_id"),
    serial(),
    integer("account_id"),
    integer("end_user_id", null=True),
    text("type"),  # ticket | nps | csat | …
    text("external_id"),
    integer("at"),
    integer("closed_at", null=True),
    text("category", null=True),
    real("value", null=True),
    text("data", default="{}"),
    UniqueConstraint("environment_id", "type", "external_id"),
    Index(None, "environment_id", "account_id", "type", "at"),
)
