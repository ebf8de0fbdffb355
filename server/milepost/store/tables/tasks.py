"""What is to be done for an account, by whom and until when."""

from sqlalchemy import Index, UniqueConstraint

from milepost.store.tables.base import integer, serial, table, text

# One row per task; `touch_id` names the touch whose next step it is, one task each.
tasks = table(
    "tasks",
    integer("environment_id"),
    serial(),
    text("public_id"),  # tsk_…
    integer("account_id"),
    integer("touch_id", null=True),
    text("title"),
    text("note", default=""),
    text("owner_email", null=True),
    integer("due_on"),
    integer("snoozed_until", null=True),  # a day; until then it stands under later
    text("snooze_reason", default=""),
    integer("done_at", null=True),
    integer("created_at"),
    integer("changed_at"),
    integer("deleted_at", null=True),
    text("before", null=True),
    UniqueConstraint("environment_id", "public_id"),
    UniqueConstraint("environment_id", "touch_id"),
    Index(None, "environment_id", "account_id"),
)
