"""Naive twins where the ground itself moves: merges, retirements, plan changes, new rules, tickets in any order."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.actions.features import list_catalogue, merge_feature, push_catalogue, retire_feature
from milepost.actions.recount import recount
from milepost.actions.score import as_of
from milepost.actions.signals import Signal, TicketEvent, apply_ticket_events, record_signals
from milepost.actions.workspaces import create_workspace
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.wire.feature import Catalogue, Condition, EventRule, Feature, PageRule
from tests.actions.test_numbers_twins import CORE, FEW, KEYS, PLANS, Book, fresh, naive_state
from tests.factories import DAY_MS, Sandbox

JOIN_DAYS = 28


# -- merges, retirements and plans ------------------------------------------------------------------------------------


@dataclass
class Story:
    """What happened to one account, kept as plain Python; days are day numbers."""

    uses: list[tuple[str, int, bool]] = field(default_factory=list)  # (key at receipt, day, guided)
    plans: list[tuple[int, str]] = field(default_factory=list)
    retired: dict[str, int] = field(default_factory=dict)
    merged: dict[str, tuple[str, int]] = field(default_factory=dict)
    offers: dict[str, list[tuple[int, list[str] | None]]] = field(default_factory=lambda: {k: [(0, PLANS[k])] for k in KEYS})

    def key_on(self, key: str, day: int) -> str:
        """Where a use of this day counts: along merges that were in force by then."""
        while key in self.merged and self.merged[key][1] <= day:
            key = self.merged[key][0]
        return key

    def is_live(self, key: str, t: int) -> bool:
        return not (self.retired.get(key, t + 1) <= t or (key in self.merged and self.merged[key][1] <= t))

    def joins(self, key: str, t: int) -> int | None:
        """The day from which the feature counts; None when it is not the account's on day t; day by day backwards."""
        first, since = self.plans[0][0], t
        if not self.has(key, t):
            return None
        while since > first and self.has(key, since - 1):
            since -= 1
        return 0 if since <= first else since + JOIN_DAYS

    def has(self, key: str, day: int) -> bool:
        """Was the feature for the plan of that day?"""
        plan = ([plan for on, plan in self.plans if on <= day] or [self.plans[0][1]])[-1]
        allowed = [plans for on, plans in self.offers[key] if on <= day][-1]
        return allowed is None or plan in allowed


step = st.one_of(
    st.tuples(st.just("use"), st.sampled_from(KEYS), st.integers(0, 40), st.booleans()),
    st.tuples(st.just("use"), st.sampled_from(KEYS), st.integers(0, 40), st.just(False)),
    st.tuples(st.just("plan"), st.sampled_from(["pro", "basic", "free"])),
    st.tuples(st.just("offer"), st.sampled_from(KEYS), st.sampled_from([None, ["pro"], ["basic"], ["pro", "basic"], []])),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 27, 28, 29])),
    st.tuples(st.just("retire"), st.sampled_from(KEYS)),
    st.tuples(st.just("merge"), st.sampled_from(KEYS), st.sampled_from(KEYS)),
)


def act(box: Sandbox, story: Story, number: int, what: tuple[Any, ...]) -> None:
    """One step in the product and in plain Python."""
    today = day_of(box.clock(), "UTC")
    if what[0] == "use":
        _, key, ago, guided = what
        context: dict[str, Any] = {"groupId": "a1"} | ({"milepost": {"guide": "run_x"}} if guided else {})
        event = box.event(key, user="a1u1", at=box.clock() - ago * DAY_MS, context=context, messageId=f"s{number}")
        box.send(event, event, route="import")
        story.uses.append((story.key_on(key, today), today - ago, guided))
    elif what[0] == "plan":
        traits = {"plan": what[1]}
        box.send({"type": "group", "messageId": f"p{number}", "userId": "a1u1", "groupId": "a1", "traits": traits})
        if story.plans[-1][1] != what[1]:
            story.plans = [p for p in story.plans if p[0] != today] + [(today, what[1])]
    elif what[0] == "offer" and what[1] not in story.merged:
        _, key, plans = what
        if story.offers[key][-1][1] != plans:
            on = today if today > story.plans[0][0] else 0  # the first day's list holds back for ever
            story.offers[key] = [o for o in story.offers[key] if o[0] != on] + [(on, plans)]
        offer(box, key, plans)
    elif what[0] == "wait":
        box.clock.turn(days=what[1])
    elif what[0] == "retire" and what[1] not in story.merged and what[1] not in story.retired:
        retire_feature(box.runtime, box.tenant, what[1], None, "test")
        story.retired[what[1]] = today
    elif what[0] == "merge" and what[1] != what[2] and not {what[1], what[2]} & story.merged.keys():
        merge_feature(box.runtime, box.tenant, what[1], what[2], None, "test")
        story.merged[what[1]] = (what[2], today)


def offer(box: Sandbox, key: str, plans: list[str] | None) -> None:
    """As an author would: the whole catalogue out, one list changed, and in again."""
    with db.reading(box.runtime.engine) as connection:
        held = list_catalogue(connection, box.environment_id)
    features = [f.model_copy(update={"plans": plans}) if f.key == key else f for f in held.features]
    push_catalogue(box.runtime, box.tenant, Catalogue(features=features), "test")


def naive_numbers(story: Story, t: int) -> tuple[set[str], set[str], set[str], float | None, dict[str, str]]:
    """(used, eligible, guided only, core coverage, states) on day t."""
    unguided: dict[str, set[int]] = {k: set() for k in KEYS}
    guided: dict[str, set[int]] = {k: set() for k in KEYS}
    for key, day, helped in story.uses:
        if day <= t:
            (guided if helped else unguided)[story.key_on(key, day)].add(day)
            if story.key_on(key, day) != key:
                (guided if helped else unguided)[key].add(day)
    live = [k for k in KEYS if story.is_live(k, t)]
    joins = {k: story.joins(k, t) for k in live}
    eligible = [k for k in live if (at := joins[k]) is not None and at <= t]
    window = range(t - 89, t + 1)
    used = {k for k in eligible if any(d in window for d in unguided[k])}
    helped_only = {k for k in eligible if k not in used and any(d in window for d in guided[k])}
    states = {}
    for k in live:
        plan = (PLANS[k] or ["any"])[0]
        states[k] = "not_entitled" if joins[k] is None else naive_state(unguided[k], guided[k], k, plan, t)
    credit = {"adopted": 0.75, "retained": 1.0}
    got = [0.25 * bool(unguided[k]) if states[k] == "tried" else credit.get(states[k], 0.0) for k in eligible if k in CORE]
    return used, set(eligible), helped_only, sum(got) / len(got) if got else None, states


@FEW
@given(steps=st.lists(step, min_size=1, max_size=25))
def test_numbers_of_every_day_equal_the_naive_count_through_merges_upgrades_and_offers(
    sandbox: Sandbox, steps: list[tuple[Any, ...]]
) -> None:
    started = sandbox.clock.now_ms
    try:
        box = fresh(sandbox, Book([], {"a1": "basic"}))
        first = day_of(box.clock(), "UTC")
        story = Story(plans=[(first, "basic")])
        for number, what in enumerate(steps):
            act(box, story, number, what)
        keys = {o: k for k, o in box.rows("SELECT key, ordinal FROM features WHERE environment_id = :e")}
        account = box.rows("SELECT id FROM accounts WHERE environment_id = :e AND key = 'a1'")[0][0]
        today = day_of(box.clock(), "UTC")
        moves = [*story.plans, *(offer for offers in story.offers.values() for offer in offers)]
        edges = {day + n for day, _ in moves for n in (-1, 0, JOIN_DAYS - 1, JOIN_DAYS)} | {
            day - 1 for _, day in story.merged.values()
        }
        for t in sorted({today, today - 1, (first + today) // 2, first} | {day for day in edges if first <= day <= today}):
            found = next(r for r in as_of(box.runtime, box.environment_id, t, None, [account])).reckoning
            used, eligible, helped, core, states = naive_numbers(story, t)
            assert {keys[o] for o in found.coverage.eligible} == eligible
            assert {keys[o] for o in found.coverage.used} == used
            assert {keys[o] for o in found.coverage.guided_only} == helped
            assert found.coverage.core_coverage == pytest.approx(core)
            assert {keys[o]: s for o, s in found.states.items()} == states
    finally:
        sandbox.clock.now_ms = started


# -- a recount --------------------------------------------------------------------------------------------------------

NAMES = ("Opened", "Saved", "Sent")
PATHS = ("/a", "/a/b", "/c")
rule = st.one_of(
    st.builds(lambda n: EventRule(on="event", name=n), st.sampled_from(NAMES)),
    st.builds(
        lambda n, v: EventRule(on="event", name=n, where=[Condition(property="n", op="gte", value=v)]),
        st.sampled_from(NAMES), st.integers(0, 3),
    ),
    st.builds(lambda p: PageRule(on="page", path=p), st.sampled_from([*PATHS, "/a/*", "/**"])),
)  # fmt: skip
catalogues = st.lists(st.lists(rule, max_size=3), min_size=1, max_size=3)
event = st.one_of(
    st.tuples(st.just("track"), st.sampled_from(NAMES), st.integers(0, 3), st.booleans(), st.integers(0, 9)),
    st.tuples(st.just("page"), st.sampled_from(PATHS), st.just(0), st.booleans(), st.integers(0, 9)),
)


def fits(rule: Any, one: tuple[Any, ...]) -> bool:
    """A rule against an event, the plain way."""
    if isinstance(rule, EventRule):
        return bool(one[0] == "track" and one[1] == rule.name and all(one[2] >= c.value for c in rule.where))
    path = one[1]
    if one[0] != "page":
        return False
    if rule.path == "/**":
        return True
    return path == rule.path or (rule.path == "/a/*" and path.startswith("/a/"))


@FEW
@given(before=catalogues, after=catalogues, history=st.lists(event, min_size=1, max_size=25), from_ago=st.integers(0, 9))
def test_a_recount_counts_as_if_the_new_rules_had_always_been_there(
    sandbox: Sandbox, before: list[list[Any]], after: list[list[Any]], history: list[tuple[Any, ...]], from_ago: int
) -> None:
    made = create_workspace(sandbox.runtime, name="T", owner_email="o@example.test")
    box = Sandbox(sandbox.runtime, made, sandbox.clock)
    today = day_of(box.clock(), "UTC")
    first = today - from_ago

    def push(rules: list[list[Any]]) -> None:
        features = [Feature(key=f"f{n}", name=f"f{n}", rules=held) for n, held in enumerate(rules)]
        features += [Feature(key=f"f{n}", name=f"f{n}") for n in range(len(rules), 3)]
        push_catalogue(box.runtime, box.tenant, Catalogue(features=features), "test")

    push(before)
    sent = []
    for number, (kind, name, value, guided, ago) in enumerate(history):
        context: dict[str, Any] = {"groupId": "a1"} | ({"milepost": {"guide": "r"}} if guided else {})
        one: dict[str, Any] = {"type": kind, "messageId": f"h{number}", "userId": f"u{number % 3}", "context": context}
        one |= {"event": name, "properties": {"n": value}} if kind == "track" else {"properties": {"path": name}}
        sent.append(box.event(at=box.clock() - ago * DAY_MS) | {"event": None} | one)
        if kind == "page":
            sent[-1].pop("event")
    box.send(*sent, route="import")
    push(after)
    wanted: Counter[tuple[str, int, bool]] = Counter()
    for kind, name, value, guided, ago in history:
        rules = after if today - ago >= first else before
        for n, held in enumerate(rules):
            if any(fits(rule, (kind, name, value)) for rule in held):
                wanted[f"f{n}", today - ago, guided] += 1
    dry = recount(box.runtime, box.tenant, first, "test")
    assert not dry.applied
    done = recount(box.runtime, box.tenant, first, "test", apply=True)
    assert (done.gained, done.lost, done.n_changed) == (dry.gained, dry.lost, dry.n_changed)
    counted: Counter[tuple[str, int, bool]] = Counter()
    sql = "SELECT f.key, u.day, sum(u.n), sum(u.n_guided) FROM usage u JOIN features f ON f.ordinal = u.ordinal "
    sql += "AND f.environment_id = u.environment_id WHERE u.environment_id = :e GROUP BY f.key, u.day"
    for key, day, n, n_guided in box.rows(sql):
        counted[key, day, False] += int(n)
        counted[key, day, True] += int(n_guided)
    assert +counted == wanted
    assert recount(box.runtime, box.tenant, first, "test").n_changed == 0


# -- tickets ----------------------------------------------------------------------------------------------------------

ticket = st.builds(
    TicketEvent,
    name=st.sampled_from(["Ticket Opened", "Ticket Closed"]),
    properties=st.fixed_dictionaries(
        {"ticket_id": st.sampled_from([1, "1", "b"]), "category": st.sampled_from(["complaint", "question"])}
    ),
    account_id=st.sampled_from([1, 2]),
    end_user_id=st.none(),
    at=st.integers(1, 5),
)  # fmt: skip


def is_clear(events: list[TicketEvent]) -> bool:
    """No two openings of one ticket by one account at the same millisecond: such have no order to agree on."""
    opened = [(str(e.properties["ticket_id"]), e.account_id, e.at) for e in events if e.name == "Ticket Opened"]
    closed = [(str(e.properties["ticket_id"]), e.account_id) for e in events if e.name == "Ticket Closed"]
    by_ticket = Counter(t for t, _, _ in opened)
    lonely = {t: a for t, a in closed if not by_ticket[t]}
    return len(set(opened)) == len(opened) and all(lonely.get(t, a) == a for t, a in closed)


@FEW
@given(events=st.lists(ticket, max_size=8).filter(is_clear), order=st.randoms(use_true_random=False))
def test_tickets_are_the_same_in_any_order_and_however_often_they_come(
    sandbox: Sandbox, events: list[TicketEvent], order: Any
) -> None:
    for key in ("x", "y"):
        sandbox.use("nothing", account=key)
    ids = [row[0] for row in sandbox.rows("SELECT id FROM accounts ORDER BY id")][:2]
    sql = "SELECT account_id, external_id, at, closed_at, category FROM signals ORDER BY external_id"
    found = []
    shuffled = events + order.sample(events, len(events) // 2)
    order.shuffle(shuffled)
    for way in (events, shuffled):
        with db.writing(sandbox.runtime.engine) as connection:
            connection.exec_driver_sql("DELETE FROM signals")
            mine = [TicketEvent(e.name, e.properties, ids[e.account_id - 1], e.end_user_id, e.at) for e in way]
            apply_ticket_events(connection, sandbox.environment_id, mine)
        found.append(sandbox.rows(sql))
    assert found[0] == found[1]


def test_a_late_retry_of_an_opening_does_not_open_the_ticket_again(sandbox: Sandbox) -> None:
    opening = Signal("ticket", "a1", "T-1", sandbox.clock() - 5_000, category="complaint")
    record_signals(sandbox.runtime, sandbox.tenant, [opening])
    sandbox.send(sandbox.event("Ticket Closed", properties={"ticket_id": "T-1"}))
    record_signals(sandbox.runtime, sandbox.tenant, [opening])
    rows = sandbox.rows("SELECT external_id, at, category, closed_at IS NULL FROM signals")
    assert [(r[0], r[1], r[2], bool(r[3])) for r in rows] == [("T-1", opening.at, "complaint", False)]
