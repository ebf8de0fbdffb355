"""Worked-out numbers: live states, scores with their parts, and the health models behind them."""

from typing import Any

from sqlalchemy import Column, Index, PrimaryKeyConstraint, UniqueConstraint

from milepost.store.tables.base import integer, real, serial, table, text

feature_state = table(
    "feature_state",
    integer("environment_id"),
    integer("account_id"),
    integer("ordinal"),
    text("state"),  # not_entitled | never | tried | adopted | retained | dormant | lost
    integer("guided_only", default=0),
    integer("since_on"),
    PrimaryKeyConstraint("environment_id", "account_id", "ordinal"),
    Index(None, "environment_id", "ordinal", "state", "account_id"),  # counts per state read nothing else
    rowid=False,
)

health_models = table(
    "health_models",
    integer("environment_id"),
    serial(),
    text("key"),  # the YAML's id
    integer("version"),
    text("source"),  # the YAML as published
    text("document"),  # JSON: the parsed model
    integer("published_at"),
    text("published_by"),
    integer("active_from_on"),
    integer("active", default=0),
    UniqueConstraint("environment_id", "key", "version"),
)


def _numbers() -> list[Column[Any]]:
    """The columns that live and settled scores share."""
    return [
        integer("model_id"),
        real("score", null=True),  # null = unknown (known share below min_known) or in grace
        real("known_share", null=True),
        text("band"),  # red | amber | green | unknown | onboarding
        integer("n_used"),  # coverage numerator
        integer("n_eligible"),  # coverage denominator; 0 = null coverage
        integer("n_guided_only"),
        integer("n_new"),
        integer("n_rate_used"),
        integer("n_rate_all"),
        real("core_coverage", null=True),
        real("active_share", null=True),
        real("seat_use", null=True),
        text("level"),  # low | medium | high | too_early | unknown: as shown
        text("level_computed"),  # as worked out that day; shown once two settled days agree
        text("stage"),
        integer("activated_on", null=True),
        text("items"),  # JSON list of explanation items
        text("features"),  # JSON {ordinal: state}: the states behind the numbers
        text("grounds", default="{}"),  # JSON: plan, add-ons, roles and the sets of ordinals behind the counts
        integer("catalogue_version", default=0),
        integer("computed_at"),
    ]


live_scores = table(
    "live_scores",
    integer("environment_id"),
    integer("account_id"),
    integer("day"),
    *_numbers(),
    PrimaryKeyConstraint("environment_id", "account_id"),
)

# One row per (account, closed day); history: never changed.
settled_scores = table(
    "settled_scores",
    integer("environment_id"),
    integer("account_id"),
    integer("day"),
    *_numbers(),
    PrimaryKeyConstraint("environment_id", "account_id", "day"),
    Index(None, "environment_id", "day"),
)
