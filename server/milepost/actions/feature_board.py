"""The catalogue with live counts, and one feature's way from eligible to retained, account by account."""

import json
from dataclasses import dataclass
from typing import Any

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
UNPROVEN_TASK_DAYS = 30


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
        first_hour = start_of_day(today - WINDOW_DAYS + 1, tenant.zone) // HOUR_MS
        uses = feature_store.sum_rule_hours(connection, tenant.id, first_hour)
        recent = feature_store.sum_rule_hours(connection, tenant.id, now // HOUR_MS - 1)
        users = coverage_store.count_accounts_using(connection, tenant.id, today - WINDOW_DAYS + 1, today)
        states = score_store.count_states(connection, tenant.id, today)
        matched, total = feature_store.read_reach(connection, tenant.id, today - WINDOW_DAYS + 1, today)
        version = feature_store.newest_version(connection, tenant.id)
        n_unmatched = len(feature_store.list_unmatched(connection, tenant.id, 1_000))
    keys = {r["ordinal"]: r["key"] for r in rows}
    lines = [
        _line(r, keys, faults.get(r["ordinal"]), (recent, uses, users), states.get(r["ordinal"], {}), now, today) for r in rows
    ]
    lines.sort(key=lambda line: (line.feature.module, line.ordinal))
    whole = faults.get(-1)
    return FeatureBoard(version, lines, matched, total, whole["since_at"] if whole else None, find_warnings(rows), n_unmatched)


def read_feature_page(runtime: Runtime, tenant: Tenant, key: str) -> FeaturePage:
    """Raises NotFound."""
    line = next((x for x in read_feature_board(runtime, tenant).lines if key in {x.feature.key, *x.feature.aliases}), None)
    if line is None:
        raise NotFound(f"There is no feature {key!r}.")
    today = day_of(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        held = score_store.list_feature_accounts(connection, tenant.id, line.ordinal)
        ids = [row[0] for row in held]
        accounts = {a.id: a.key for a in coverage_store.read_accounts(connection, tenant.id, ids)}
        lines = {x.key: x for x in read_lines(connection, tenant.id, today)}
        uses = coverage_store.read_feature_people(connection, tenant.id, ids, [line.ordinal])
        last = coverage_store.read_last_days(connection, tenant.id, ids)
    found = []
    for account_id, state, guided, since in held:
        account = lines[accounts[account_id]]
        if account.stage == "lost":
            continue
        recent = [u for u in uses.get(account_id, {}).get(line.ordinal, []) if u[0] > today - WINDOW_DAYS]
        span = last.get(account_id, {}).get(line.ordinal)
        found.append(
            FeatureAccount(
                account, state, bool(guided), since, len({u for _, u, _ in recent}), len({d for d, _, _ in recent}),
                span[1] if span else None,
            )
        )  # fmt: skip
    found.sort(key=lambda a: (-a.n_days, -(a.account.arr or 0.0), a.account.name))
    return FeaturePage(line, _funnel(found), found)


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
    row: Any, keys: dict[int, str], fault: Any, counts: tuple[dict[int, int], ...], states: dict[str, int],
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
