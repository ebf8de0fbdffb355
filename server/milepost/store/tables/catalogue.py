"""Features, their versions, checkpoints, and whether their tracking can be trusted."""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from milepost.store.tables.base import integer, real, serial, table, text

features = table(
    "features",
    integer("environment_id"),
    integer("ordinal"),  # small, permanent, never used again
    text("key"),
    text("name"),
    text("description", default=""),
    text("module", default=""),
    integer("core", default=0),
    real("weight"),
    text("level", default="basic"),  # basic | advanced
    text("cadence", default="daily"),  # daily | weekly | monthly | quarterly | once
    text("audience_role", null=True),
    text("rules", default="[]"),  # JSON list of detection rules
    text("plans", null=True),  # JSON list; null = everyone
    text("add_ons", null=True),  # JSON list; null = none
    integer("introduced_on", null=True),
    integer("retired_on", null=True),
    text("aliases", default="[]"),
    integer("merged_into", null=True),  # ordinal
    integer("merged_on", null=True),
    integer("proven_at", null=True),  # first match ever
    integer("created_at"),
    integer("updated_at"),
    PrimaryKeyConstraint("environment_id", "ordinal"),
    UniqueConstraint("environment_id", "key"),
)

# Whom a feature is offered to from a day on; the first row holds back for ever.
feature_entitlements = table(
    "feature_entitlements",
    integer("environment_id"),
    integer("ordinal"),
    integer("from_on"),
    text("plans", null=True),  # as in features
    text("add_ons", null=True),
    PrimaryKeyConstraint("environment_id", "ordinal", "from_on"),
)

catalogue_versions = table(
    "catalogue_versions",
    integer("environment_id"),
    integer("version"),
    integer("at"),
    text("actor"),
    text("note", default=""),
    text("document"),  # JSON: the whole catalogue as of this version
    PrimaryKeyConstraint("environment_id", "version"),
)

checkpoints = table(
    "checkpoints",
    integer("environment_id"),
    serial(),
    text("key"),
    text("name"),
    text("condition"),  # JSON: CheckpointCondition
    integer("is_activation", default=0),
    integer("created_at"),
    integer("retired_at", null=True),
    UniqueConstraint("environment_id", "key"),
)

checkpoint_reached = table(
    "checkpoint_reached",
    integer("environment_id"),
    integer("checkpoint_id"),
    text("subject"),  # account | end_user
    integer("subject_id"),
    integer("reached_at"),
    integer("catalogue_version"),
    PrimaryKeyConstraint("environment_id", "checkpoint_id", "subject", "subject_id"),
)

# Open while repaired_at is null. ordinal -1 = the whole environment.
tracking_faults = table(
    "tracking_faults",
    serial(),
    integer("environment_id"),
    integer("ordinal"),
    integer("since_at"),  # the hour after the last good one
    integer("last_good_at"),
    integer("found_at"),
    real("expected_per_day"),
    integer("repaired_at", null=True),
    integer("confirmed_at", null=True),  # a person said: this is real
    text("confirmed_by", null=True),
)
