"""Levels, stages, activity, checkpoints, tracking, audience, matching, days, traits: by example."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.activity import active_share, seat_use
from milepost.rules.audience import evaluate, explain
from milepost.rules.checkpoints import reached_on
from milepost.rules.days import date_of, day_number, day_of, is_business_day, start_of_day
from milepost.rules.levels import LevelInputs, adoption_level, settle_level, stage_of
from milepost.rules.matching import CompiledCatalogue, MatchableFeature, holds
from milepost.rules.tracking import find_stop
from milepost.rules.traits import merge_traits, trusted_value
from milepost.wire.audience import All, Any_, Audience, Leaf, Not
from milepost.wire.checkpoint import Checkpoint
from milepost.wire.feature import Condition, EventRule, PageRule

# -- levels and stages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "core", "retained", "share", "seats", "level"),
    [
        (29, 0.9, 0.9, 0.9, 0.9, "too_early"),
        (30, 0.9, 0.9, 0.9, 0.9, "high"),
        (30, 0.6, 0.6, 0.1, 0.5, "high"),
        (30, 0.59, 0.9, 0.9, 0.9, "medium"),
        (30, 0.9, 0.59, 0.9, 0.9, "medium"),
        (30, 0.9, 0.9, 0.9, 0.49, "medium"),
        (30, 0.24, 0.9, 0.9, 0.9, "low"),
        (30, 0.9, 0.9, 0.09, 0.9, "low"),
        (30, 0.25, 0.0, 0.1, 0.0, "medium"),
        (30, None, None, 0.9, 0.9, "unknown"),
        (30, 0.9, 0.9, None, 0.9, "high"),
        (30, 0.2, 0.9, None, 0.9, "low"),
        (30, 0.9, 0.9, 0.9, None, "medium"),
        (None, 0.9, 0.9, 0.9, 0.9, "high"),
    ],
)
def test_the_adoption_level(
    day: int | None, core: float | None, retained: float | None, share: float | None, seats: float | None, level: str
) -> None:
    assert adoption_level(LevelInputs(day, core, retained, share, seats)) == level


def test_a_level_changes_after_two_evaluations_agree() -> None:
    assert settle_level("low", None, None) == "low"
    assert settle_level("medium", "low", "low") == "low"
    assert settle_level("medium", "medium", "low") == "medium"
    assert settle_level("high", "medium", "low") == "low"


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({"ended": True, "account_day": 3}, "lost"),
        ({"account_day": 29, "days_to_renewal": 10}, "onboarding"),
        ({"days_to_renewal": 90}, "renewing"),
        ({"days_to_renewal": 0}, "renewing"),
        ({"days_to_renewal": 91, "activated": True}, "steady"),
        ({"days_to_renewal": -1, "activated": True}, "steady"),
        ({"activated": True, "level": "low"}, "adopting"),
        ({"activated": False}, "adopting"),
        ({"account_day": None, "activated": True}, "steady"),
    ],
)
def test_the_stage_is_the_first_that_fits(facts: dict[str, object], stage: str) -> None:
    usual = {"account_day": 400, "ended": False, "days_to_renewal": None, "activated": False, "level": "medium"}
    assert stage_of(**(usual | facts)) == stage  # type: ignore[arg-type]


# -- activity ---------------------------------------------------------------------------------------------------------

FRIDAY = day_number("2026-11-20")


def test_the_daily_share_is_a_mean_over_business_days() -> None:
    people = {FRIDAY - i: 10 for i in range(28)}
    share = active_share(people | {FRIDAY - 5: 1_000}, FRIDAY, 40)  # a Sunday counts for nothing
    assert (share.value, share.n_days, share.mean_people) == (0.25, 20, 10)
    assert active_share(people, FRIDAY, 40, calendar=True).n_days == 28


def test_without_a_denominator_the_share_is_unknown_and_says_why() -> None:
    assert active_share({FRIDAY: 10}, FRIDAY, None).value is None
    assert active_share({FRIDAY: 10}, FRIDAY, 0).why["en"] == "the number of employees is not known"


def test_a_share_over_one_is_one_with_a_flag() -> None:
    share = active_share({FRIDAY - i: 50 for i in range(28)}, FRIDAY, 10)
    assert (share.value, share.over_one) == (1.0, True)


def test_holidays_and_make_up_days_of_china() -> None:
    assert not is_business_day(day_number("2025-10-01"), "CN")
    assert is_business_day(day_number("2025-09-28"), "CN")  # a Sunday worked for the holidays
    assert not is_business_day(day_number("2025-09-28"))
    assert is_business_day(day_number("2025-10-01"))
    assert is_business_day(FRIDAY, "XX")


def test_seats() -> None:
    assert seat_use(5, 10) == 0.5
    assert seat_use(15, 10) == 1.0
    assert seat_use(5, None) is None


# -- checkpoints ------------------------------------------------------------------------------------------------------

APPROVAL = Checkpoint.model_validate(
    {
        "key": "first_value", "name": "First value", "window_days": 14,
        "parts": [{"feature": "approve", "people": 3, "uses": 3}, {"feature": "report"}],
    }
)  # fmt: skip


def test_a_checkpoint_is_reached_on_the_day_its_last_part_comes_true() -> None:
    approvals = [(10, 1, 1), (11, 2, 1), (12, 3, 1)]
    assert reached_on(APPROVAL, {"approve": approvals, "report": [(20, 1, 1)]}) == 20
    assert reached_on(APPROVAL, {"approve": approvals, "report": [(5, 1, 1)]}) == 12
    assert reached_on(APPROVAL, {"approve": approvals[:2], "report": [(20, 1, 1)]}) is None


def test_a_checkpoint_forgets_what_lies_before_its_window() -> None:
    approvals = [(10, 1, 1), (11, 2, 1), (12, 3, 1)]
    assert reached_on(APPROVAL, {"approve": approvals, "report": [(23, 1, 1)]}) == 23
    assert reached_on(APPROVAL, {"approve": approvals, "report": [(24, 1, 1)]}) is None
    assert reached_on(APPROVAL, {"approve": approvals, "report": [(20, 1, 0)]}) is None


# -- tracking health --------------------------------------------------------------------------------------------------

START = 480_000


def steady(until: int, per_hour: int = 5) -> dict[int, int]:
    return dict.fromkeys(range(START - 5 * 168, until), per_hour)


def test_a_rule_that_stops_while_the_rest_goes_on_is_suspect() -> None:
    found = find_stop(steady(START), START + 6, steady(START + 6, 50))
    assert found is not None
    assert (found.last_good_hour, found.since_hour, found.expected_in_silence) == (START - 1, START, 30)


def test_a_rule_that_stops_with_everything_else_is_not_to_blame() -> None:
    assert find_stop(steady(START), START + 6, steady(START, 50)) is None


def test_an_environment_that_falls_silent_is_suspect_itself() -> None:
    assert find_stop(steady(START, 50), START + 6, None) is not None


def test_rare_uses_and_short_silences_prove_nothing() -> None:
    assert find_stop(steady(START), START + 3, steady(START + 3, 50)) is None
    weekly = {START - 168 * i: 15 for i in range(5)}
    assert find_stop(weekly, START + 300, steady(START + 300, 50)) is None
    assert find_stop({}, START, None) is None


def test_a_quiet_weekend_is_expected() -> None:
    workdays = {h: 10 for h in range(START - 5 * 168, START) if h % 168 < 120}
    friday_night = START - START % 168 + 120 - (0 if START % 168 >= 120 else 168)
    before = {h: n for h, n in workdays.items() if h < friday_night}
    assert find_stop(before, friday_night + 40, steady(friday_night + 40, 50)) is None
    assert find_stop(before, friday_night + 60, steady(friday_night + 60, 50)) is not None


# -- audience ---------------------------------------------------------------------------------------------------------


def leaf(fact: str, op: str, value: object = None) -> Leaf:
    return Leaf.model_validate({"fact": fact, "op": op, "value": value})


@pytest.mark.parametrize(
    ("op", "wanted", "value", "verdict"),
    [
        ("is", "pro", "pro", True), ("is", "pro", "basic", False), ("is_not", "pro", "basic", True),
        ("is", 1, True, False), ("is_not", 1, True, True), ("is", True, True, True), ("is", 1, 1.0, True),
        ("is", "roster", ["roster", "x"], True), ("is_not", "roster", ["x"], True),
        ("in", ["a", "b"], "b", True), ("not_in", ["a", "b"], "c", True), ("in", ["a"], ["x", "a"], True),
        ("gt", 3, 4, True), ("gte", 4, 4, True), ("lt", 3, 4, False), ("lte", 4, 4, True),
        ("gt", "2026-01-01", "2026-11-24", True), ("gt", 3, "4", None), ("gt", 3, True, None),
        ("matches", "/leave/**", "/leave/42", True), ("matches", "/leave/*", 42, False),
        ("known", None, "x", True), ("known", None, None, False), ("unknown", None, None, True),
        ("is", "x", None, None), ("is_not", "x", None, None), ("not_in", ["x"], None, None),
    ],
)  # fmt: skip
def test_a_leaf(op: str, wanted: object, value: object, verdict: bool | None) -> None:
    assert evaluate(leaf("f", op, wanted), {"f": value}) is verdict


def test_nobody_is_left_out_without_a_tree() -> None:
    assert evaluate(None, {}) is True
    assert explain(None, {}) == []


def test_unknown_is_neither_true_nor_false() -> None:
    yes, no, who = leaf("a", "is", 1), leaf("a", "is", 2), leaf("missing", "is", 1)
    facts = {"a": 1}
    assert evaluate(All(all=[yes, who]), facts) is None
    assert evaluate(All(all=[no, who]), facts) is False
    assert evaluate(Any_(any=[yes, who]), facts) is True
    assert evaluate(Any_(any=[no, who]), facts) is None
    assert evaluate(Not.model_validate({"not": who}), facts) is None
    assert evaluate(All(all=[]), facts) is True
    assert evaluate(Any_(any=[]), facts) is False
    assert [r.verdict for r in explain(All(all=[yes, Not.model_validate({"not": who})]), facts)] == [True, None]


LEAVES = st.builds(lambda f, v: leaf(f, "is", v), st.sampled_from("abc"), st.integers(0, 1))
TREES: st.SearchStrategy[Audience] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: All(all=parts)),
        st.lists(inner, max_size=3).map(lambda parts: Any_(any=parts)),
        inner.map(lambda part: Not.model_validate({"not": part})),
    ),
    max_leaves=8,
)


@given(TREES, st.dictionaries(st.sampled_from("abc"), st.integers(0, 1)))
def test_a_known_verdict_holds_whatever_the_unknown_facts_are(tree: Audience, facts: dict[str, int]) -> None:
    verdict = evaluate(tree, facts)
    missing = [f for f in "abc" if f not in facts]
    for bits in range(2 ** len(missing)):
        whole = facts | {f: bits >> i & 1 for i, f in enumerate(missing)}
        assert evaluate(tree, whole) is not None
        if verdict is not None:
            assert evaluate(tree, whole) is verdict


# -- matching ---------------------------------------------------------------------------------------------------------


def condition(op: str, value: object = None) -> Condition:
    return Condition.model_validate({"property": "p", "op": op, "value": value})


@pytest.mark.parametrize(
    ("op", "wanted", "value", "verdict"),
    [
        ("is", 1, 1, True), ("is", 1, 1.0, True), ("is", 1, True, False), ("is_not", 1, True, True),
        ("is_not", 1, 2, True), ("is_not", 1, 1, False), ("gt", 3, 4, True), ("gt", 3, "4", False),
        ("lte", 3, 3, True), ("known", None, None, False), ("known", None, 0, True),
    ],
)  # fmt: skip
def test_a_condition(op: str, wanted: object, value: object, verdict: bool) -> None:
    assert holds(condition(op, wanted), {"p": value}) is verdict


def test_a_missing_property_fails_every_condition() -> None:
    assert not any(holds(condition(op, 1), {}) for op in ("is", "is_not", "gt", "gte", "lt", "lte", "known"))


def test_the_catalogue_matches_events_pages_and_keys() -> None:
    event = EventRule(on="event", name="Leave Approved", where=[condition("is", "bulk")])
    catalogue = CompiledCatalogue(
        1,
        (
            MatchableFeature(3, "approve", ("old_approve",), (EventRule(on="event", name="Leave Approved"),)),
            MatchableFeature(1, "bulk", (), (event, event)),
            MatchableFeature(2, "report", (), (PageRule(on="page", path="/report"), PageRule(on="page", path="/report/**"))),
        ),
    )
    assert catalogue.match_event("Leave Approved", {"p": "bulk"}) == (1, 3)
    assert catalogue.match_event("Leave Approved", {}) == (3,)
    assert catalogue.match_event("leave approved", {}) == ()
    assert catalogue.match_page("/report") == (2,)
    assert catalogue.match_page("/report/42") == catalogue.match_page("/report/42") == (2,)
    assert catalogue.match_page("/reports") == ()
    assert catalogue.match_key("old_approve") == (3,)
    assert catalogue.match_key("nobody") == ()


# -- days -------------------------------------------------------------------------------------------------------------

ZONES = ["UTC", "Europe/Berlin", "Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago"]


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(ZONES))
def test_a_day_is_the_local_calendar_day(at_ms: int, zone: str) -> None:
    local = dt.datetime.fromtimestamp(at_ms // 1000, ZoneInfo(zone))
    assert date_of(day_of(at_ms, zone)) == local.date()


@given(st.integers(366, 30_000), st.sampled_from([*ZONES, "Africa/Cairo", "America/Havana", "Asia/Beirut"]))
def test_a_day_begins_when_the_one_before_ends(day: int, zone: str) -> None:
    start = start_of_day(day, zone)
    assert day_of(start, zone) == day
    assert day_of(start - 1, zone) == day - 1


# -- traits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("plan", "pro", "pro"), ("name", 42, "42"), ("employees", "120", 120), ("seats", 10.0, 10), ("arr", "1200.5", 1200.5),
        ("renewal_on", "2026-11-24", day_number("2026-11-24")), ("started_on", "2026-11-24T08:00:00Z", day_number("2026-11-24")),
        ("add_ons", "b, a,,a", ["a", "b"]), ("add_ons", ["x"], ["x"]), ("plan", None, None),
    ],
)  # fmt: skip
def test_a_trusted_trait_is_stored_as_its_type(name: str, value: object, stored: object) -> None:
    assert trusted_value(name, value) == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("employees", -1), ("employees", 1.5), ("employees", True), ("employees", "nan"), ("seats", "many"), ("arr", "inf"),
        ("arr", -5), ("arr", {}), ("renewal_on", "soon"), ("renewal_on", "2026-02-30"), ("plan", ["pro"]), ("plan", True),
        ("name", "x" * 301), ("add_ons", [1]), ("mood", 1),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(name: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        trusted_value(name, value)


def empty() -> dict[str, object]:
    return {"plan": None, "employees": None, "traits": {}, "sources": {}}


def merge(held: dict[str, object], traits: dict[str, object], *, trusted: bool) -> tuple[dict[str, object], list[str]]:
    return merge_traits(held, traits, ("plan", "employees"), trusted=trusted, source="sk", at=7)


def test_an_unverified_trait_fills_only_what_is_empty_and_is_marked() -> None:
    changes, _ = merge(empty(), {"plan": "pro"}, trusted=False)
    assert changes == {"plan": "pro", "sources": {"plan": {"source": "sk", "at": 7, "verified": False}}}
    assert merge(empty() | {"plan": "basic"}, {"plan": "pro"}, trusted=False) == ({}, [])
    assert merge(empty() | {"plan": "basic"}, {"plan": "pro"}, trusted=True)[0]["plan"] == "pro"


def test_a_bad_trait_is_named_and_the_others_stand() -> None:
    changes, problems = merge(empty(), {"employees": "many", "plan": "pro", "colour": "green"}, trusted=True)
    assert changes["plan"] == "pro"
    assert changes["traits"] == {"colour": "green"}
    assert "employees" not in changes
    assert len(problems) == 1
