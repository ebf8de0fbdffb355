"""What came in: raw events, the ledger, bad rows, and the roll-ups kept in the same transaction."""

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import text as sql_text

from milepost.store.tables.base import blob, integer, serial, table, text

GUIDED = sql_text("n_guided > 0")

# Clustered by key = 48-bit client timestamp as sent (ms) + 80-bit hash(messageId), big-endian, 16 bytes.
# On PostgreSQL partitioned by range of `key`, one partition a day. Every decision taken at receipt is here.
events = table(
    "events",
    integer("environment_id"),
    blob("key"),
    text("message_id"),
    text("type"),  # track | page | screen | identify | group | alias
    text("name", null=True),
    integer("at"),  # server time after skew correction
    integer("received_at"),
    integer("day"),
    text("anonymous_id", null=True),
    integer("end_user_id", null=True),
    integer("account_id", null=True),
    text("ordinals", null=True),  # JSON list of matched feature ordinals
    integer("catalogue_version", default=0),
    integer("guided", default=0),
    integer("verified", default=0),
    text("excluded", null=True),  # internal | unsigned | bot … : stored, counts for nothing, may be counted back
    text("body", null=True),  # JSON: properties or traits, and of context only what ingest.md lists
    PrimaryKeyConstraint("environment_id", "key"),
    rowid=False,
)

# Rows that count nowhere yet: an anonymous id nobody claimed, or a person without an account.
waiting_events = table(
    "waiting_events",
    integer("environment_id"),
    text("subject"),  # "a:<anonymous id>" or "u:<end user id>"
    blob("key"),
    PrimaryKeyConstraint("environment_id", "subject", "key"),
    rowid=False,
)

anonymous_ids = table(
    "anonymous_ids",
    integer("environment_id"),
    text("anonymous_id"),
    integer("end_user_id"),
    integer("claimed_at"),
    PrimaryKeyConstraint("environment_id", "anonymous_id"),
    rowid=False,
)

bad_rows = table(
    "bad_rows",
    integer("environment_id"),
    serial(),
    integer("received_at"),
    text("route"),
    text("reason"),  # code: clock, too_large, depth …
    text("detail"),  # a sentence that names the thing and the repair
    text("body"),  # what may be kept of the event, see rules/keeping.py; at most 32 KiB
    integer("trusted", default=0),  # who vouched: 0 nobody, 1 a secret key, 2 a token (kept in the body as `signed`)
    integer("replayed_at", null=True),
    Index(None, "environment_id", "received_at"),
)

ledger = table(
    "ledger",
    integer("environment_id"),
    integer("day"),  # receive day
    text("route"),
    integer("received", default=0),
    integer("stored", default=0),
    integer("duplicate", default=0),
    integer("refused", default=0),
    integer("overflow", default=0),
    PrimaryKeyConstraint("environment_id", "day", "route"),
    rowid=False,
)

feature_last = table(
    "feature_last",
    integer("environment_id"),
    integer("account_id"),
    integer("ordinal"),
    integer("first_day"),
    integer("last_day"),
    PrimaryKeyConstraint("environment_id", "account_id", "ordinal"),
    rowid=False,
)

# After 90 days one row per month: `day` is then the month's first day, `span` its length and `days` its days, see
# store/months.py; else span = 1.
usage = table(
    "usage",
    integer("environment_id"),
    integer("account_id"),
    integer("ordinal"),
    integer("day"),
    integer("end_user_id"),
    integer("span", default=1),
    integer("n", default=0),  # unguided
    integer("n_guided", default=0),
    text("days", null=True),
    PrimaryKeyConstraint("environment_id", "account_id", "ordinal", "day", "end_user_id"),
    Index(  # guided use is rare: its days are found without reading the rest
        "ix_usage_guided", "environment_id", "account_id", sqlite_where=GUIDED, postgresql_where=GUIDED
    ),
    rowid=False,
)

active_day = table(
    "active_day",
    integer("environment_id"),
    integer("account_id"),
    integer("day"),
    integer("end_user_id"),
    PrimaryKeyConstraint("environment_id", "account_id", "day", "end_user_id"),
    rowid=False,
)

# bitmap: little-endian bits, bit `ordinal` set when the feature had an unguided use that day.
account_day = table(
    "account_day",
    integer("environment_id"),
    integer("account_id"),
    integer("day"),
    blob("bitmap"),
    PrimaryKeyConstraint("environment_id", "account_id", "day"),
    rowid=False,
)

# Uses per hour and feature over all accounts, for tracking health; ordinal -1 = every event.
rule_hour = table(
    "rule_hour",
    integer("environment_id"),
    integer("hour"),  # hours since 1970 UTC
    integer("ordinal"),
    integer("n", default=0),
    PrimaryKeyConstraint("environment_id", "hour", "ordinal"),
    rowid=False,
)

# Event names and page templates no feature covers, counted for the inbox.
unmatched = table(
    "unmatched",
    integer("environment_id"),
    text("kind"),  # event | page | element
    text("name"),
    integer("n", default=0),
    integer("first_at"),
    integer("last_at"),
    integer("ignored_at", null=True),
    PrimaryKeyConstraint("environment_id", "kind", "name"),
)

# Views and track events, matched and all, per day: catalogue reach.
reach_day = table(
    "reach_day",
    integer("environment_id"),
    integer("day"),
    integer("matched", default=0),
    integer("total", default=0),
    PrimaryKeyConstraint("environment_id", "day"),
)

# Accounts whose live row must be worked out again; written by the intake, emptied by the live scorer.
dirty_accounts = table(
    "dirty_accounts",
    integer("environment_id"),
    integer("account_id"),
    integer("since_at"),
    PrimaryKeyConstraint("environment_id", "account_id"),
)

imports = table(
    "imports",
    serial(),
    integer("environment_id"),
    text("file_hash"),
    text("name"),
    integer("offset", default=0),  # bytes of the plain file already in
    integer("started_at"),
    integer("finished_at", null=True),
    text("counts", default="{}"),
    UniqueConstraint("environment_id", "file_hash"),
)
