"""Naive twins on random histories: what the product counts by SQL and bit masks, counted again by hand from the events."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.features import merge_feature, push_catalogue
from milepost.actions.rebuild import rebuild_rollups
from milepost.actions.score import as_of, refresh_dirty, run_settled, settle_days
from milepost.actions.workspaces import create_workspace
from milepost.rules.coverage import AccountUse, FeatureFacts, Offer, Plan, count_coverage
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, Sandbox

KEYS = ("leave", "roster", "report", "export")
CADENCE = {"leave": "daily", "roster": "weekly", "report": "monthly", "export": "once"}
PLANS = {"leave": None, "roster": None, "report": ["pro"], "export": ["pro", "basic"]}
CORE = {"leave", "report"}
ACCOUNTS = ("a1", "a2")
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Use:
    """One event of a random history."""

    account: str
    user: int
    feature: str
    days_ago: int
    guided: bool


@dataclass
class Book:
    """What was sent, kept as plain Python."""

    uses: list[Use] = field(default_factory=list)
    plans: dict[str, str] = field(default_factory=dict)


uses = st.builds(
    Use,
    account=st.sampled_from(ACCOUNTS),
    user=st.integers(1, 3),
    feature=st.sampled_from(KEYS),
    days_ago=st.integers(0, 150),
    guided=st.booleans(),
)
histories = st.lists(uses, min_size=1, max_size=40)
plans = st.fixed_dictionaries({a: st.sampled_from(["pro", "basic"]) for a in ACCOUNTS})


def catalogue() -> Catalogue:
    return Catalogue(
        features=[
            Feature(
                key=k, name=k, core=k in CORE, cadence=CADENCE[k], plans=PLANS[k], rules=[EventRule(on="event", name=k)]  # type: ignore[arg-type]
            )
            for k in KEYS
        ]
    )  # fmt: skip


def fresh(sandbox: Sandbox, book: Book) -> Sandbox:
    """A workspace of its own for each example, with the catalogue and the accounts' plans; every rule is proven."""
    made = create_workspace(sandbox.runtime, name="T", owner_email="o@example.test")
    box = Sandbox(sandbox.runtime, made, sandbox.clock)
    push_catalogue(box.runtime, box.tenant, catalogue(), "test")
    for account, plan in book.plans.items():
        traits = {"plan": plan, "started_on": "2026-01-01"}
        box.send({"type": "group", "messageId": f"g{account}", "userId": f"{account}u1", "groupId": account, "traits": traits})
    for key in KEYS:
        box.use(key, user="z", account="zz")
    return box


def as_event(box: Sandbox, use: Use, number: int) -> dict[str, Any]:
    context: dict[str, Any] = {"groupId": use.account}
    if use.guided:
        context["milepost"] = {"guide": "run_x"}
    at = box.clock() - use.days_ago * DAY_MS
    return box.event(use.feature, user=f"{use.account}u{use.user}", at=at, context=context, messageId=f"h{number}")


def naive_met(days: set[int], cadence: str, t: int) -> bool:
    past = {d for d in days if d <= t}
    if cadence == "once":
        return bool(past)
    blocks, width, needed = {"daily": (28, 1, 5), "weekly": (8, 7, 3), "monthly": (3, 30, 2)}[cadence]
    return sum(any(t - (i + 1) * width < d <= t - i * width for d in past) for i in range(blocks)) >= needed


def naive_state(unguided: set[int], guided: set[int], key: str, plan: str, t: int) -> str:
    """The definitions page, line by line."""
    entitled = PLANS[key]
    if entitled is not None and plan not in entitled:
        return "not_entitled"
    days, helped = {d for d in unguided if d <= t}, {d for d in guided if d <= t}
    if not days:
        return "tried" if helped else "never"
    cadence = CADENCE[key]
    if cadence == "once":
        return "adopted"
    span = {"daily": 28, "weekly": 56, "monthly": 90}[cadence]
    met_on = [d for d in range(min(days), t + 1) if naive_met(days, cadence, d)]
    if naive_met(days, cadence, t):
        return "retained" if any(d <= t - span for d in met_on) else "adopted"
    if not met_on:
        return "tried"
    return "dormant" if max(days) > t - 2 * span else "lost"


def naive_numbers(book: Book, account: str, t: int, today: int) -> tuple[int, int, int, float, dict[str, str]]:
    """(used, eligible, guided only, core coverage, states) over the 90 days that end with t."""
    unguided: dict[str, set[int]] = defaultdict(set)
    guided: dict[str, set[int]] = defaultdict(set)
    for use in book.uses:
        if use.account == account:
            (guided if use.guided else unguided)[use.feature].add(today - use.days_ago)
    plan = book.plans[account]
    eligible = [k for k in KEYS if PLANS[k] is None or plan in (PLANS[k] or [])]
    window = range(t - 89, t + 1)
    used = [k for k in eligible if any(d in window for d in unguided[k])]
    helped = [k for k in eligible if k not in used and any(d in window for d in guided[k])]
    states = {k: naive_state(unguided[k], guided[k], k, plan, t) for k in KEYS}
    credit = {"adopted": 0.75, "retained": 1.0}
    core = [k for k in eligible if k in CORE]
    got = [
        (0.25 if any(d <= t for d in unguided[k]) else 0.0) if states[k] == "tried" else credit.get(states[k], 0.0) for k in core
    ]
    return len(used), len(eligible), len(helped), sum(got) / len(got), states


@FEW
@given(history=histories, held=plans, order=st.randoms(use_true_random=False))
def test_live_and_settled_numbers_equal_the_naive_count(
    sandbox: Sandbox, history: list[Use], held: dict[str, str], order: Any
) -> None:
    book = Book(history, held)
    box = fresh(sandbox, book)
    today = day_of(box.clock(), "UTC")
    events = [as_event(box, use, n) for n, use in enumerate(history)]
    events += order.sample(events, len(events) // 2)  # retries
    order.shuffle(events)
    cut = order.randint(0, len(events))
    for part in (events[:cut], events[cut:]):
        if part:
            box.send(*part, route="import")
    refresh_dirty(box.runtime, box.environment_id)
    run_settled(box.runtime, box.environment_id, today - 1)
    settle_days(box.runtime, box.environment_id, [today - 60])
    keys = {o: k for k, o in box.rows("SELECT key, ordinal FROM features WHERE environment_id = :e")}
    ids = dict(box.rows("SELECT key, id FROM accounts WHERE environment_id = :e"))
    for account in ACCOUNTS:
        for table, t in (("live_scores", today), ("settled_scores", today - 1), ("settled_scores", today - 60)):
            sql = f"SELECT n_used, n_eligible, n_guided_only, core_coverage, features FROM {table} WHERE environment_id = :e"
            row = box.rows(sql + " AND account_id = :a AND day = :d", a=ids[account], d=t)[0]
            used, eligible, helped, core, states = naive_numbers(book, account, t, today)
            assert tuple(row[:3]) == (used, eligible, helped)
            assert row[3] == pytest.approx(core)

            assert {keys[int(o)]: s for o, s in json.loads(row[4]).items()} == states


@FEW
@given(history=histories, held=plans)
def test_roll_ups_equal_a_full_recount(sandbox: Sandbox, history: list[Use], held: dict[str, str]) -> None:
    box = fresh(sandbox, Book(history, held))
    events = [as_event(box, use, n) for n, use in enumerate(history)]
    for event in events + events[::2]:
        box.send(event, route="import")
    merge_feature(box.runtime, box.tenant, "export", "leave", None, "test")
    tables = ("usage", "feature_last", "account_day", "active_day", "rule_hour", "reach_day")
    before = [sorted(map(repr, box.rows(f"SELECT * FROM {t} WHERE environment_id = :e"))) for t in tables]
    with db.writing(box.runtime.engine) as connection:
        rebuild_rollups(connection, box.environment_id, 0)
    assert [sorted(map(repr, box.rows(f"SELECT * FROM {t} WHERE environment_id = :e"))) for t in tables] == before


@FEW
@given(history=histories, held=plans)
def test_a_new_feature_moves_no_score_within_28_days(sandbox: Sandbox, history: list[Use], held: dict[str, str]) -> None:
    """In an environment older than 28 days; the 29th day it joins both sides."""
    box = fresh(sandbox, Book(history, held))
    box.send(*[as_event(box, use, n) for n, use in enumerate(history)], route="import")
    started = box.clock.now_ms
    try:
        box.clock.turn(days=40)
        t = day_of(box.clock(), "UTC")
        before = {r.account_id: r.reckoning for r in as_of(box.runtime, box.environment_id, t)}
        features = [
            *catalogue().features,
            Feature(key="brand_new", name="New", core=True, rules=[EventRule(on="event", name="n")]),
        ]
        push_catalogue(box.runtime, box.tenant, Catalogue(features=features), "test")
        box.use("brand_new", user="z", account="zz")
        for later, joined in ((0, 0), (27, 0), (28, 1)):
            found = {r.account_id: r.reckoning for r in as_of(box.runtime, box.environment_id, t + later)}
            for account, now in found.items():
                assert len(now.coverage.eligible) == len(before[account].coverage.eligible) + joined
                if later == 0:
                    assert now.score.score == before[account].score.score
    finally:
        box.clock.now_ms = started


@FEW
@given(history=histories, order=st.randoms(use_true_random=False))
def test_one_more_plan_moves_no_score_within_28_days_and_one_less_moves_only_the_days_from_then_on(
    sandbox: Sandbox, history: list[Use], order: Any
) -> None:
    """Report is pro's; basic gets it, then nobody has it: live, settled and `as of` tell the same of every day."""
    box = fresh(sandbox, Book(history, {"a1": "pro", "a2": "basic"}))
    box.send(*[as_event(box, use, n) for n, use in enumerate(history)], route="import")
    ids = dict(box.rows("SELECT key, id FROM accounts WHERE environment_id = :e"))
    started, t = box.clock.now_ms, day_of(box.clock(), "UTC")

    def eligible_on(day: int) -> tuple[int, ...]:
        found = {r.account_id: r.reckoning for r in as_of(box.runtime, box.environment_id, day)}
        return tuple(len(found[ids[account]].coverage.eligible) for account in ("a1", "a2"))

    def push(plans: list[str]) -> None:
        features = [f.model_copy(update={"plans": plans}) if f.key == "report" else f for f in catalogue().features]
        push_catalogue(box.runtime, box.tenant, Catalogue(features=features), "test")

    def live() -> tuple[int, ...]:
        refresh_dirty(box.runtime, box.environment_id)
        held = dict(box.rows("SELECT account_id, n_eligible FROM live_scores WHERE environment_id = :e"))
        return tuple(held[ids[account]] for account in ("a1", "a2"))

    try:
        box.clock.turn(days=3)
        before = {r.account_id: r.reckoning.score.score for r in as_of(box.runtime, box.environment_id, t + 3)}
        push(["free"])
        push(["pro", "basic"])  # of two changes on one day the last stands
        assert {r.account_id: r.reckoning.score.score for r in as_of(box.runtime, box.environment_id, t + 3)} == before
        assert live() == (4, 3)
        box.clock.turn(days=31)
        push(["nobody"])
        assert live() == (3, 3)
        wanted = [(t + 2, (4, 3)), (t + 3, (4, 3)), (t + 30, (4, 3)), (t + 31, (4, 4)), (t + 33, (4, 4)), (t + 34, (3, 3))]
        order.shuffle(wanted)
        assert [(day, eligible_on(day)) for day, _ in wanted] == wanted
        run_settled(box.runtime, box.environment_id, t + 33)
        sql = "SELECT account_id, n_eligible FROM settled_scores WHERE environment_id = :e AND day = :d"
        settled = dict(box.rows(sql, d=t + 33))
        assert [settled[ids[account]] for account in ("a1", "a2")] == [4, 4]
    finally:
        box.clock.now_ms = started


masks = st.dictionaries(st.integers(0, 3), st.integers(0, (1 << 120) - 1), max_size=4)
FACTS = [
    FeatureFacts(n, k, k, core=k in CORE, cadence=CADENCE[k], offers=[Offer(0, PLANS[k] and frozenset(PLANS[k]))])
    for n, k in enumerate(KEYS)
]


@given(
    days=masks,
    guided=masks,
    drop=st.integers(0, (1 << 120) - 1),
    plan=st.sampled_from(["pro", "basic", None]),
    t=st.integers(0, 130),
)
def test_removing_own_activity_never_raises_coverage(
    days: dict[int, int], guided: dict[int, int], drop: int, plan: str | None, t: int
) -> None:
    def coverage(held: dict[int, int], helped: dict[int, int]) -> Any:
        return count_coverage(FACTS, AccountUse(0, held, helped, [Plan(0, plan)], 0), t)

    full = coverage(days, guided)
    less = coverage({o: m & ~drop for o, m in days.items()}, {o: m & ~drop for o, m in guided.items()})
    assert less.eligible == full.eligible
    assert less.used <= full.used
    assert (less.share or 0) <= (full.share or 0)
    assert (less.usage_rate or 0) <= (full.usage_rate or 0)
