"""One account: its numbers live, settled and on any past day, in words, by module and by person."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from milepost.actions.explain import (
    ChangeCard,
    GuideForGap,
    PartGroup,
    WayUp,
    explain_change,
    find_ways_up,
    group_items,
    read_score,
    read_standing,
)
from milepost.actions.grounds import feature_facts
from milepost.actions.health import HeldModel, list_models
from milepost.actions.portfolio import DELTA_DAYS
from milepost.actions.runtime import Runtime
from milepost.actions.score import as_of, score_columns
from milepost.actions.tenant import Tenant
from milepost.errors import NotFound
from milepost.rules.coverage import is_live
from milepost.rules.days import day_of, start_of_day
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import gaps as gap_store
from milepost.store import scores as score_store
from milepost.store import signals as signal_store
from milepost.store import touches as touch_store
from milepost.store.coverage import AccountRow
from milepost.wire.health import Item

WEEK_DAYS = 7
PEOPLE_DAYS = 28
TREND_DAYS = 180
TIMELINE_LENGTH = 50
BANDS = frozenset({"red", "amber", "green"})


@dataclass(frozen=True)
class Numbers:
    """The account's numbers of one day; feature lists hold keys. `score` is None when unknown."""

    day: int
    score: float | None
    known_share: float | None
    band: str
    n_used: int
    n_eligible: int
    n_guided_only: int
    n_new: int
    n_rate_used: int
    n_rate_all: int
    core_coverage: float | None
    active_share: float | None
    seat_use: float | None
    level: str
    stage: str
    activated_on: int | None
    model_key: str
    model_version: int
    computed_at: int
    items: list[Item]
    new: list[str]
    whitespace: list[str]
    plan_unknown: list[str]
    suspect: list[str]

    @property
    def coverage(self) -> float | None:
        """Used ÷ eligible."""
        return self.n_used / self.n_eligible if self.n_eligible else None

    @property
    def usage_rate(self) -> float | None:
        """Used ÷ all live features."""
        return self.n_rate_used / self.n_rate_all if self.n_rate_all else None

    @property
    def groups(self) -> list[PartGroup]:
        """Items by group of the model."""
        return group_items(self.items)


@dataclass(frozen=True)
class FeatureUse:
    """A live feature as this account uses it; `counts` = in the denominator of coverage."""

    key: str
    name: str
    core: bool
    state: str
    guided_only: bool
    counts: bool
    is_new: bool
    suspect: bool
    proven: bool
    since_on: int | None
    last_used_on: int | None


@dataclass(frozen=True)
class ModuleLine:
    """A module: used of eligible, features by state."""

    name: str
    n_used: int
    n_eligible: int
    states: dict[str, int]
    features: list[FeatureUse]


@dataclass(frozen=True)
class PersonLine:
    """An end user of the account; active days and features over 28 days."""

    key: str
    name: str | None
    role: str | None
    last_seen_at: int | None
    active_days: int
    n_features: int
    internal: bool
    features: tuple[str, ...] = ()  # names, in the catalogue's order


@dataclass(frozen=True)
class TrendPoint:
    """A settled day."""

    day: int
    score: float | None
    known_share: float | None
    band: str
    n_used: int
    n_eligible: int
    model_id: int


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened: kind checkpoint | ticket | ticket_closed | band | model | touch; `at` in ms.

    Of a touch, `title` is its kind and `detail` its id. Of a band, `title` is the band reached and `detail` the one left;
    of a model, both are "key vN", new and old.
    """

    at: int
    kind: str
    title: str
    detail: str = ""


@dataclass(frozen=True)
class AccountPage:
    """All of it. `live` is None for an account that is no longer scored; days are day numbers."""

    today: int
    account: AccountRow
    started_on: int | None
    live: Numbers | None
    settled: Numbers | None
    restated: Numbers | None  # only with `as of`: worked out again from what is known now
    modules: list[ModuleLine]
    people: list[PersonLine]
    n_active: int
    trend: list[TrendPoint]
    week_change: float | None  # points of the score since midnight of 7 days ago
    change: ChangeCard | None
    ways_up: list[WayUp]
    timeline: list[TimelineEntry]
    n_open_tickets: int
    n_complaints_30d: int
    model: HeldModel | None = None  # the version behind the numbers shown
    reach: tuple[int, int] = (0, 0)  # (matched, all) views and events of 28 days, the whole environment's

    @property
    def contact(self) -> "PersonLine | None":
        """Whom to call: who used it on most days, lately; None when nobody was active."""
        active = [p for p in self.people if not p.internal and p.active_days]
        return max(active, key=lambda p: (p.active_days, p.last_seen_at or 0, p.n_features), default=None)


def read_account_page(runtime: Runtime, tenant: Tenant, key: str, day: int | None = None) -> AccountPage:
    """By the vendor's id; with `day` as of that past day. Raises NotFound."""
    now = runtime.clock()
    today = day_of(now, tenant.zone)
    until = now if day is None or day >= today else start_of_day(day + 1, tenant.zone) - 1
    with db.reading(runtime.engine) as connection:
        account = require_account(connection, tenant.id, key)
        models = {m.id: m for m in list_models(connection, tenant.id)}
        keys = {f["ordinal"]: f["key"] for f in feature_store.list_features(connection, tenant.id)}
        live = score_store.read_live(connection, tenant.id, account.id)
        settled = score_store.read_settled(connection, tenant.id, account.id, today if day is None else day)
    restated_row: Mapping[str, Any] | None = None
    if day is not None and day < today:
        found = as_of(runtime, tenant.id, day, account_ids=[account.id])
        restated_row = score_columns(found[0]) if found else None
    shown: Mapping[str, Any] | None = restated_row if day is not None and day < today else live or settled
    with db.reading(runtime.engine) as connection:
        modules = _modules(connection, tenant.id, account.id, shown, (day if day is not None else today))
        people = _people(connection, tenant.id, account.id, today)
        trend = [TrendPoint(*row) for row in score_store.read_trend(connection, tenant.id, account.id, today - TREND_DAYS)]
        before = _before(connection, tenant.id, account.id, shown["day"] if shown else today)
        week = score_store.read_settled(connection, tenant.id, account.id, (shown["day"] if shown else today) - WEEK_DAYS)
        timeline, n_open, n_complaints = _timeline(connection, tenant.id, account.id, until)
        timeline = _merge(entry for entry in (*timeline, *_turns(trend, models, tenant.zone)) if entry.at <= until)
        reach = feature_store.read_reach(connection, tenant.id, today - PEOPLE_DAYS + 1, today)
        guides = [GuideForGap(*row) for row in gap_store.list_guides_for_gaps(connection, tenant.id)]
    model = models[shown["model_id"]] if shown else None
    return AccountPage(
        today=today,
        account=account,
        started_on=account.started_on if account.started_on is not None else account.first_event_on,
        live=_numbers(live, models, keys) if live else None,
        settled=_numbers(settled, models, keys) if settled else None,
        restated=_numbers(restated_row, models, keys) if restated_row else None,
        modules=modules,
        people=people,
        n_active=sum(p.active_days > 0 for p in people if not p.internal),
        trend=trend,
        week_change=_week_change(shown, week),
        change=explain_change(before, shown, model.model) if before and shown and model else None,
        ways_up=_ways_up(shown, model, guides),
        timeline=timeline,
        n_open_tickets=n_open,
        n_complaints_30d=n_complaints,
        model=model,
        reach=reach,
    )


def _week_change(shown: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> float | None:
    """Points since the midnight of just that day; None when it was not stored, or a score is not known."""
    if shown is None or before is None or shown["score"] is None or before["score"] is None:
        return None
    if before["day"] != shown["day"] - WEEK_DAYS:
        return None
    return float(shown["score"] - before["score"])


def _before(connection: Connection, environment_id: int, account_id: int, day: int) -> dict[str, Any] | None:
    """The settled row the change of 30 days starts from, by the portfolio's own rule; None when the account has none."""
    wanted = score_store.find_settled_day(connection, environment_id, day - DELTA_DAYS)
    row = None if wanted is None else score_store.read_settled(connection, environment_id, account_id, wanted)
    return row if row is not None and row["day"] == wanted else None


def read_stamp(runtime: Runtime, tenant: Tenant, key: str) -> str:
    """Changes whenever the account's numbers did; cheap. Raises NotFound."""
    with db.reading(runtime.engine) as connection:
        found = score_store.find_stamp(connection, tenant.id, key)
    if found is None:
        raise NotFound(f"There is no account {key!r}.")
    return "-".join(str(part or 0) for part in found)


def require_account(connection: Connection, environment_id: int, key: str) -> AccountRow:
    """By the vendor's id; raises NotFound."""
    account = coverage_store.find_account(connection, environment_id, key)
    if account is None:
        raise NotFound(f"There is no account {key!r}.")
    return account


def _numbers(row: Mapping[str, Any], models: Mapping[int, HeldModel], keys: Mapping[int, str]) -> Numbers:
    grounds, model = json.loads(row["grounds"]), models[row["model_id"]]
    plain = (
        "day", "score", "known_share", "band", "n_used", "n_eligible", "n_guided_only", "n_new", "n_rate_used", "n_rate_all",
        "core_coverage", "active_share", "seat_use", "level", "stage", "activated_on", "computed_at",
    )  # fmt: skip
    return Numbers(
        **{name: row[name] for name in plain},
        model_key=model.key,
        model_version=model.version,
        items=read_score(row, model.key).items,
        new=[keys[o] for o in grounds.get("new", ())],
        whitespace=[keys[o] for o in grounds.get("whitespace", ())],
        plan_unknown=[keys[o] for o in grounds.get("plan_unknown", ())],
        suspect=[keys[o] for o in grounds.get("suspect", ())],
    )


def _modules(
    connection: Connection, environment_id: int, account_id: int, row: Mapping[str, Any] | None, day: int
) -> list[ModuleLine]:
    if row is None:
        return []
    states, grounds = json.loads(row["features"]), json.loads(row["grounds"])
    sets = {name: set(grounds.get(name, ())) for name in ("used", "eligible", "guided_only", "new", "suspect")}
    since = score_store.read_states(connection, environment_id, [account_id]).get(account_id, {})
    last = coverage_store.read_last_days(connection, environment_id, [account_id]).get(account_id, {})
    modules: dict[str, list[tuple[int, FeatureUse]]] = {}
    for f in feature_store.list_features(connection, environment_id):
        o = f["ordinal"]
        if not is_live(feature_facts(f), day) or str(o) not in states:
            continue
        use = FeatureUse(
            key=f["key"], name=f["name"], core=bool(f["core"]), state=states[str(o)], guided_only=o in sets["guided_only"],
            counts=o in sets["eligible"], is_new=o in sets["new"], suspect=o in sets["suspect"],
            proven=f["proven_at"] is not None, since_on=since[o][2] if o in since else None,
            last_used_on=last[o][1] if o in last else None,
        )  # fmt: skip
        modules.setdefault(f["module"], []).append((o, use))
    return [
        ModuleLine(
            name,
            sum(o in sets["used"] for o, _ in uses),
            sum(o in sets["eligible"] for o, _ in uses),
            dict(Counter(use.state for _, use in uses)),
            [use for _, use in uses],
        )
        for name, uses in modules.items()
    ]


def _people(connection: Connection, environment_id: int, account_id: int, today: int) -> list[PersonLine]:
    first = today - PEOPLE_DAYS + 1
    used = coverage_store.count_person_features(connection, environment_id, account_id, first)
    names = {f["ordinal"]: f["name"] for f in feature_store.list_features(connection, environment_id)}
    return [
        PersonLine(
            p["key"], p["name"], p["role"], p["last_seen_at"], p["active_days"], len(used.get(p["id"], ())), bool(p["internal"]),
            tuple(names[o] for o in sorted(used.get(p["id"], ())) if o in names),
        )
        for p in coverage_store.read_people(connection, environment_id, account_id, first)
    ]  # fmt: skip


def _timeline(connection: Connection, environment_id: int, account_id: int, until: int) -> tuple[list[TimelineEntry], int, int]:
    """(checkpoints and tickets, open then, complaints of the 30 days before) as of that moment in ms."""
    entries = [
        TimelineEntry(r["reached_at"], "checkpoint", r["name"])
        for r in feature_store.list_reached(connection, environment_id, account_id)
    ]
    entries += [
        TimelineEntry(touch.at, "touch", touch.kind, touch.public_id)
        for touch in touch_store.list_touches(connection, environment_id, account_id, TIMELINE_LENGTH)
    ]
    n_open = n_complaints = 0
    for fact in signal_store.read_signals(connection, environment_id, [account_id]).get(account_id, []):
        if fact.type != "ticket" or fact.at > until:
            continue
        n_open += fact.closed_at is None or fact.closed_at > until
        n_complaints += fact.category == "complaint" and fact.at > until - 30 * 86_400_000
        entries.append(TimelineEntry(fact.at, "ticket", fact.category or "", fact.external_id))
        if fact.closed_at is not None:
            entries.append(TimelineEntry(fact.closed_at, "ticket_closed", fact.category or "", fact.external_id))
    return entries, n_open, n_complaints


def _turns(trend: list[TrendPoint], models: Mapping[int, HeldModel], zone: str) -> list[TimelineEntry]:
    """Where the settled score crossed into another band, and where another model began to score."""
    entries: list[TimelineEntry] = []
    for before, after in pairwise(trend):
        at = start_of_day(after.day + 1, zone) - 1
        if after.band != before.band and after.band in BANDS and before.band in BANDS:
            entries.append(TimelineEntry(at, "band", after.band, before.band))
        if after.model_id != before.model_id:
            new, old = models[after.model_id], models[before.model_id]
            entries.append(TimelineEntry(at, "model", f"{new.key} v{new.version}", f"{old.key} v{old.version}"))
    return entries


def _merge(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """Newest first, at most 50."""
    return sorted(entries, key=lambda e: -e.at)[:TIMELINE_LENGTH]


def _ways_up(row: Mapping[str, Any] | None, held: HeldModel | None, guides: list[GuideForGap]) -> list[WayUp]:
    if row is None or held is None or row["score"] is None:
        return []
    return find_ways_up(read_score(row, held.key), held.model, read_standing(row), guides)[:5]
