"""The catalogue with live counts, and one feature's way from eligible to retained, account by account."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.features import find_warnings, to_wire
from milepost.actions.grounds import feature_facts
from milepost.actions.portfolio import AccountLine, read_lines
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import NotFound
from milepost.rules.coverage import is_live
from milepost.rules.days import day_of, start_of_day
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import scores as score_store
from milepost.wire.feature import Feature

HOUR_MS = 3_600_000
WINDOW_DAYS = 28
Counts = tuple[dict[int, int], dict[int, int], dict[int, int]]


@dataclass(frozen=True)
class FeatureLine:
    """One feature; `states` = {state: accounts}; `suspect_since` in ms; uses count guided and unguided."""

    feature: Feature
    ordinal: int
    is_live: bool
    merged_into: str | None
    proven: bool
    unproven_for_days: int | None  # a task for the author from the 30th on
    suspect_since: int | None
    last_good_at: int | None
    uses_last_hour: int  # this clock hour and the one before
    uses_28d: int  # of the 28 days that end today, in the environment's zone
    accounts_28d: int  # of the same days, without accounts that left
    states: dict[str, int]


@dataclass(frozen=True)
class ListedFeature:
    """A feature by itself."""

    feature: Feature
    ordinal: int
    is_merged: bool


@dataclass(frozen=True)
class FeatureBoard:
    """`reach_matched` of `reach_total` views and events of 28 days belong to a feature: the catalogue's reach."""

    version: int
    lines: list[FeatureLine]
    reach_matched: int
    reach_total: int
    environment_suspect_since: int | None
    warnings: list[str]
    n_unmatched: int

    @property
    def reach(self) -> float | None:
        """Share of views and events matched by at least one feature."""
        return self.reach_matched / self.reach_total if self.reach_total else None


@dataclass(frozen=True)
class FeatureAccount:
    """How one account stands to the feature; days over 28 days."""

    account: AccountLine
    state: str
    guided_only: bool
    since_on: int
    n_people: int
    n_days: int
    last_used_on: int | None


@dataclass(frozen=True)
class FeaturePage:
    """`funnel` = accounts eligible, ever tried, ever adopted (now adopted, retained, dormant or lost), retained now."""

    line: FeatureLine
    funnel: dict[str, int]
    accounts: list[FeatureAccount]


def read_feature_board(runtime: Runtime, tenant: Tenant) -> FeatureBoard:
    """Every feature not merged away, by module and ordinal."""
    now = runtime.clock()
    with db.reading(runtime.engine) as connection:
        rows = feature_store.list_features(connection, tenant.id)
        faults = {f["ordinal"]: f for f in feature_store.list_open_faults(connection, tenant.id)}
        today = day_of(now, tenant.zone)
        counts = _count_uses(connection, tenant, now)
        states = score_store.count_states(connection, tenant.id, today)
        matched, total = feature_store.read_reach(connection, tenant.id, today - WINDOW_DAYS + 1, today)
        version = feature_store.newest_version(connection, tenant.id)
        n_unmatched = len(feature_store.list_unmatched(connection, tenant.id, 1_000))
    keys = {r["ordinal"]: r["key"] for r in rows}
    lines = [_line(r, keys, faults.get(r["ordinal"]), counts, states.get(r["ordinal"], {}), now, today) for r in rows]
    lines.sort(key=lambda line: (line.feature.module, line.ordinal))
    whole = faults.get(-1)
    return FeatureBoard(version, lines, matched, total, whole["since_at"] if whole else None, find_warnings(rows), n_unmatched)


def list_features(runtime: Runtime, tenant: Tenant) -> list[ListedFeature]:
    """Every feature, by module and ordinal, without a count."""
    with db.reading(runtime.engine) as connection:
        rows = feature_store.list_features(connection, tenant.id)
    listed = [ListedFeature(to_wire(row), row["ordinal"], row["merged_into"] is not None) for row in rows]
    return sorted(listed, key=lambda one: (one.feature.module, one.ordinal))


def find_feature(runtime: Runtime, tenant: Tenant, key: str) -> Feature:
    """By key or an earlier one, without a count; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        return to_wire(_find(feature_store.list_features(connection, tenant.id), key))


def _find(rows: Sequence[feature_store.FeatureRow], key: str) -> feature_store.FeatureRow:
    """The first by module and ordinal."""
    found = [row for row in rows if key == row["key"] or key in json.loads(row["aliases"])]
    if not found:
        raise NotFound(f"There is no feature {key!r}.")
    return min(found, key=lambda row: (row["module"], row["ordinal"]))


def read_feature_page(runtime: Runtime, tenant: Tenant, key: str) -> FeaturePage:
    """Raises NotFound."""
    now = runtime.clock()
    today = day_of(now, tenant.zone)
    with db.reading(runtime.engine) as connection:
        rows = feature_store.list_features(connection, tenant.id)
        row = _find(rows, key)
        ordinal = row["ordinal"]
        faults = {f["ordinal"]: f for f in feature_store.list_open_faults(connection, tenant.id)}
        counts = _count_uses(connection, tenant, now, ordinal)
        held = score_store.list_feature_accounts(connection, tenant.id, ordinal)
        ids = [account_id for account_id, *_ in held]
        accounts = {a.id: a.key for a in coverage_store.list_plain_accounts(connection, tenant.id)}
        lines = {x.key: x for x in read_lines(connection, tenant.id, today)}
        uses = coverage_store.read_feature_people(connection, tenant.id, ids, [ordinal])
        last = coverage_store.read_feature_spans(connection, tenant.id, ordinal)
    found = []
    for account_id, state, guided, since in held:
        account = lines.get(accounts.get(account_id, ""))
        if account is None or account.stage == "lost":
            continue
        recent = [u for u in uses.get(account_id, {}).get(ordinal, []) if u[0] > today - WINDOW_DAYS]
        span = last.get(account_id)
        found.append(
            FeatureAccount(
                account, state, bool(guided), since, len({u for _, u, _ in recent}), len({d for d, _, _ in recent}),
                span[1] if span else None,
            )
        )  # fmt: skip
    found.sort(key=lambda a: (-a.n_days, -(a.account.arr or 0.0), a.account.name))
    keys = {r["ordinal"]: r["key"] for r in rows}
    line = _line(row, keys, faults.get(ordinal), counts, dict(Counter(a.state for a in found)), now, today)
    return FeaturePage(line, _funnel(found), found)


def _count_uses(connection: Connection, tenant: Tenant, now: int, ordinal: int | None = None) -> Counts:
    """{ordinal: n} of the uses of the last hours, of 28 days, and of the accounts of 28 days; of one feature, or of all."""
    today = day_of(now, tenant.zone)
    first_hour = start_of_day(today - WINDOW_DAYS + 1, tenant.zone) // HOUR_MS
    return (
        feature_store.sum_rule_hours(connection, tenant.id, now // HOUR_MS - 1, ordinal),
        feature_store.sum_rule_hours(connection, tenant.id, first_hour, ordinal),
        coverage_store.count_accounts_using(connection, tenant.id, today - WINDOW_DAYS + 1, today, ordinal),
    )


def read_recent_uses(runtime: Runtime, tenant: Tenant) -> dict[int, int]:
    """{ordinal: uses of this clock hour and the one before}: what the live counters poll, two hours read and no more."""
    with db.reading(runtime.engine) as connection:
        uses = feature_store.sum_rule_hours(connection, tenant.id, runtime.clock() // HOUR_MS - 1)
    return {ordinal: n for ordinal, n in uses.items() if ordinal >= 0}


def _funnel(accounts: list[FeatureAccount]) -> dict[str, int]:
    states = [a.state for a in accounts if a.state != "not_entitled"]
    return {
        "eligible": len(states),
        "tried": sum(s != "never" for s in states),
        "adopted": sum(s in {"adopted", "retained", "dormant", "lost"} for s in states),
        "retained": sum(s == "retained" for s in states),
    }


def _line(
    row: Any, keys: dict[int, str], fault: Any, counts: Counts, states: dict[str, int],
    now: int, today: int,
) -> FeatureLine:  # fmt: skip
    recent, uses, users = (count.get(row["ordinal"], 0) for count in counts)
    proven = row["proven_at"] is not None
    has_rules = bool(json.loads(row["rules"]))
    return FeatureLine(
        feature=to_wire(row),
        ordinal=row["ordinal"],
        is_live=is_live(feature_facts(row), today),
        merged_into=keys.get(row["merged_into"]) if row["merged_into"] is not None else None,
        proven=proven,
        unproven_for_days=None if proven or not has_rules else (now - row["created_at"]) // 86_400_000,
        suspect_since=fault["since_at"] if fault else None,
        last_good_at=fault["last_good_at"] if fault else None,
        uses_last_hour=recent,
        uses_28d=uses,
        accounts_28d=users,
        states=states,
    )
