"""The generated book, counted again naively from its events."""

import datetime as dt
from collections import Counter, defaultdict
from functools import cache
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.demo.book.accounts import Account, catalogue
from milepost.demo.book.history import COUNTRY, departures, events_of_day, is_working
from milepost.demo.book.ledger import Book, make_book
from milepost.demo.book.stories import CASTINGS, FOODS, LOGISTICS, MEDIA, RETAILER, TOOLS
from milepost.rules.activity import active_share
from milepost.rules.coverage import AccountUse, FeatureFacts, Offer, Plan, count_coverage
from milepost.rules.days import date_of, day_number
from milepost.rules.health import compute_score
from milepost.store.schema import data_folder
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.feature import ElementRule, EventRule, PageRule
from milepost.wire.health import HealthModel, SignalValue

ANCHOR = day_number("2026-11-24")
SHANGHAI = dt.timezone(dt.timedelta(hours=8))
IN_PLANS = [f for f in catalogue().features if f.plans is not None]


def day_of_event(event: dict) -> int:
    return day_number(dt.datetime.fromisoformat(event["timestamp"]).astimezone(SHANGHAI).date())


def features_of_event(event: dict) -> list[str]:
    """Written apart from the product's own matcher."""
    if event["type"] == "page":
        path = event["properties"]["path"]
        return [f.key for f in catalogue().features for r in f.rules if isinstance(r, PageRule) and r.path == path]
    if event["type"] != "track":
        return []
    name, properties = event["event"], event["properties"]
    if name == "$feature":
        return [properties["feature"]]
    found = []
    for feature in catalogue().features:
        for rule in feature.rules:
            if isinstance(rule, EventRule) and rule.name == name:
                least = {"gt": 1, "gte": 1}
                if all(properties.get(c.property, 0) >= least[c.op] for c in rule.where):
                    found.append(feature.key)
    return found


def is_activity(event: dict) -> bool:
    return event["type"] == "page" or (event["type"] == "track" and not event["event"].startswith(("$", "Ticket")))


class Counts:
    """Uses and people of some accounts over the days of the book."""

    def __init__(self, book: Book, accounts: list[Account], first: int, last: int) -> None:
        self.events = [e for a in accounts for day in range(first, last + 1) for e in events_of_day(book, a, day)]
        self.uses: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.people: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.per_rule: dict[str, Counter[int]] = defaultdict(Counter)
        self.per_day: Counter[int] = Counter()
        for event in self.events:
            account, day = event["context"]["groupId"], day_of_event(event)
            for key in features_of_event(event):
                self.uses[account][key].add(day)
                self.per_rule[key][day] += 1
            if is_activity(event):
                self.people[account][day].add(event["userId"])
                self.per_day[day] += 1

    def used(self, account: str, t: int) -> set[str]:
        held = self.uses[account]
        return {f.key for f in IN_PLANS if any(t - 90 < day <= t for day in held[f.key])}

    def share(self, account: Account, t: int) -> float:
        days = [d for d in range(t - 27, t + 1) if is_working(d)]
        return sum(len(self.people[account.key][d]) for d in days) / len(days) / account.employees


@cache
def book() -> Book:
    return make_book(ANCHOR)


@pytest.fixture(scope="module")
def counts() -> Counts:
    return Counts(book(), list(book().accounts), book().first_day, ANCHOR)


def test_book_has_120_live_and_30_lost_accounts_of_six_csms() -> None:
    live = [a for a in book().accounts if a.ended_on is None]
    assert (len(live), len(book().accounts), len({a.key for a in book().accounts})) == (120, 150, 150)
    assert {a.csm for a in book().accounts} == set(range(6))


def test_every_company_is_marked_as_a_sample() -> None:
    assert all(a.name.endswith("(sample)") and a.name_zh.endswith("（示例）") for a in book().accounts)


def test_catalogue_has_31_features_9_core_19_basic_and_an_add_on() -> None:
    basic = [f for f in IN_PLANS if f.plans and "basic" in f.plans]
    pro = [f for f in IN_PLANS if f.plans and "pro" in f.plans]
    assert (len(pro), len(basic), sum(f.core for f in IN_PLANS)) == (31, 19, 9)
    assert [f.key for f in catalogue().features if f.plans is None] == ["attendance_terminal"]


def test_book_is_the_same_every_time() -> None:
    again = make_book(ANCHOR)
    assert again == book()
    account, day = again.accounts[40], ANCHOR - 5
    assert events_of_day(again, account, day) == events_of_day(book(), account, day)


def test_history_stays_under_300_000_events_with_an_id_each(counts: Counts) -> None:
    assert 120_000 < len(counts.events) <= 300_000
    assert len({e["messageId"] for e in counts.events}) == len(counts.events)


def test_median_usage_rate_lies_between_10_and_20_percent(counts: Counts) -> None:
    live = [a for a in book().accounts if a.ended_on is None]
    assert 0.10 <= median(len(counts.used(a.key, ANCHOR)) / 31 for a in live) <= 0.20


def test_ten_features_have_60_to_90_percent_of_the_use(counts: Counts) -> None:
    totals = Counter({key: sum(days.values()) for key, days in counts.per_rule.items()})
    assert 0.6 <= sum(n for _, n in totals.most_common(10)) / sum(totals.values()) <= 0.9


def test_every_feature_is_used_somewhere(counts: Counts) -> None:
    assert {f.key for f in catalogue().features} == {key for key, days in counts.per_rule.items() if days}


def test_weekends_and_holidays_are_quiet(counts: Counts) -> None:
    working = [counts.per_day[d] for d in range(book().first_day, ANCHOR) if is_working(d)]
    calm = [counts.per_day[d] for d in range(book().first_day, ANCHOR) if not is_working(d)]
    assert max(calm) < 0.2 * median(working)
    assert counts.per_day[day_number("2026-10-02")] < 0.1 * median(working)  # a friday off
    assert counts.per_day[day_number("2026-10-10")] > 0.7 * median(working)  # a saturday worked instead


def test_mondays_are_fuller_than_fridays(counts: Counts) -> None:
    by_weekday = [
        [counts.per_day[d] for d in range(book().first_day, ANCHOR) if is_working(d) and date_of(d).weekday() == w]
        for w in (0, 4)
    ]
    assert median(by_weekday[0]) > 1.1 * median(by_weekday[1])


def test_every_rule_has_noise(counts: Counts) -> None:
    days = [d for d in range(book().first_day, ANCHOR) if is_working(d)]
    for feature in catalogue().features:
        assert len({counts.per_rule[feature.key][d] for d in days}) > 1, feature.key
    near = [e for e in counts.events if is_activity(e) and not features_of_event(e)]
    assert {"Leave Requested", "Advanced Report Run", "Leads Imported"} <= {e.get("event") for e in near}
    assert any(isinstance(f.rules[0], ElementRule) for f in catalogue().features)


def test_terminals_stopped_for_everybody_last_tuesday(counts: Counts) -> None:
    stop = book().terminals_stop_on
    assert date_of(stop).weekday() == 1
    assert 1 <= ANCHOR - stop <= 7
    used = counts.per_rule["attendance_terminal"]
    assert max(used) <= stop
    assert min(used[d] for d in range(stop - 14, stop) if is_working(d)) >= 20
    assert sum(a.terminals for a in book().accounts) > 90


def test_who_left_did_nothing_afterwards_and_says_so_last(counts: Counts) -> None:
    lost = [a for a in book().accounts if a.ended_on is not None]
    assert all(max(counts.people[a.key]) <= a.ended_on for a in lost if counts.people[a.key])
    assert {e["groupId"] for e in departures(book())} == {a.key for a in lost}


ADOPTION = parse_yaml((data_folder("guides") / "library/health/adoption.yaml").read_text(), HealthModel)


def health(book: Book, account: Account, counts: Counts, t: int) -> float:
    """The score by the product's own rules, from naive counts."""
    facts = [
        FeatureFacts(i, f.key, f.name, core=f.core, cadence=f.cadence, offers=(Offer(plans=frozenset(f.plans or [])),))
        for i, f in enumerate(IN_PLANS)
    ]
    masks = {i: sum(1 << (d - book.first_day) for d in counts.uses[account.key][f.key]) for i, f in enumerate(IN_PLANS)}
    plans = (Plan(account.started_on, account.plan),)
    found = count_coverage(facts, AccountUse(book.first_day, masks, plans=plans, started_on=account.started_on), t)
    people = {d: len(who) for d, who in counts.people[account.key].items()}
    nps = [v for _, v in account.nps]
    values = {
        "coverage": found.share, "core_coverage": found.core_coverage,
        "daily_active_share": active_share(people, t, account.employees, country=COUNTRY).value,
        "complaints_30d": float(sum(k.category == "complaint" and t - 30 < k.opened_on <= t for k in account.tickets)),
        "nps": 100 * (sum(v >= 9 for v in nps) - sum(v <= 6 for v in nps)) / len(nps),
    }  # fmt: skip
    score = compute_score(ADOPTION, {name: SignalValue(value=value) for name, value in values.items()}).score
    assert score is not None
    return score


@settings(max_examples=6, deadline=None)
@given(st.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31)))
def test_stories_hold_whatever_day_the_demo_is_first_started(today: dt.date) -> None:
    anchor = day_number(today)
    book = make_book(anchor)
    castings, logistics, retailer, foods, media, tools = book.accounts[:6]
    assert [a.key for a in book.accounts[:6]] == [CASTINGS, LOGISTICS, RETAILER, FOODS, MEDIA, TOOLS]
    counts = Counts(book, list(book.accounts[:6]), book.first_day, anchor)
    assert (castings.tier, castings.renewal_on - anchor, castings.plan) == ("A", 41, "pro")
    assert counts.share(castings, anchor - 1) == pytest.approx(0.18)
    assert len(counts.used(CASTINGS, anchor)) == 3
    assert sum(t.category == "complaint" and anchor - 30 < t.opened_on <= anchor for t in castings.tickets) == 5
    assert anchor - logistics.started_on == 14
    assert not counts.uses[LOGISTICS]["leave_approve"]
    assert (retailer.traits["leads_used"], retailer.traits["leads_limit"]) == (9_400, 10_000)
    assert len(counts.used(FOODS, anchor)) == 24
    assert foods.plan == "pro"
    assert round(health(book, media, counts, anchor - 30)) == 71
    assert round(health(book, media, counts, anchor - 1)) == 52
    assert tools.ended_on is not None
    assert health(book, tools, counts, tools.ended_on - 1) >= 75
