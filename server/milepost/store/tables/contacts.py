"""Whom one talks to at an account, and every talk that was had."""

from sqlalchemy import Index, UniqueConstraint

from milepost.store.tables.base import integer, serial, table, text

# One row per person to talk to; `before` is the row's fields before the last change, for undo.
contacts = table(
    "contacts",
    integer("environment_id"),
    serial(),
    text("public_id"),  # con_…
    integer("account_id"),
    text("external_id", null=True),  # the sender's own id
    integer("end_user_id", null=True),
    text("name"),
    text("role", null=True),
    text("email", null=True),
    text("phone", null=True),
    text("im_id", null=True),
    integer("is_sponsor", default=0),
    integer("is_champion", default=0),
    integer("left_on", null=True),
    text("source"),  # console | csv | api | event
    integer("created_at"),
    integer("changed_at"),
    integer("deleted_at", null=True),
    text("before", null=True),
    UniqueConstraint("environment_id", "public_id"),
    UniqueConstraint("environment_id", "external_id"),
    Index(None, "environment_id", "account_id"),
)

# One row per call, meeting, visit, mail, message or note.
touches = table(
    "touches",
    integer("environment_id"),
    serial(),
    text("public_id"),  # tch_…
    integer("account_id"),
    text("external_id", null=True),
    integer("contact_id", null=True),
    text("kind"),
    text("outcome"),
    integer("at"),
    integer("minutes", null=True),
    text("note", default=""),
    text("next_step", default=""),
    integer("next_on", null=True),
    text("by_email", null=True),  # the member who had it
    integer("created_at"),
    integer("changed_at"),
    integer("deleted_at", null=True),
    text("before", null=True),
    UniqueConstraint("environment_id", "public_id"),
    UniqueConstraint("environment_id", "external_id"),
    Index(None, "environment_id", "account_id", "at"),
)
