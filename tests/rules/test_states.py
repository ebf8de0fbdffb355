"""States of (account, feature): worked cases, and a twin that reads the definitions word by word."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.states import first_met, is_met, look_back_days, state_of
from milepost.store.schema import data_folder

CASES = json.loads((data_folder("guides") / "cases" / "states.json").read_text(encoding="utf-8"))
TODAY = 1000
SPANS = {"daily": 28, "weekly": 56, "monthly": 90, "quarterly": 360}


def mask(ago: list[int]) -> int:
    return sum(1 << (TODAY - n) for n in set(ago))


def test_there_are_thirty_worked_cases_at_least() -> None:
    assert len({case["case"] for case in CASES}) == len(CASES) >= 30
    assert {case["state"] for case in CASES} == {"not_entitled", "never", "tried", "adopted", "retained", "dormant", "lost"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["case"])
def test_the_state_is_as_worked_out(case: dict[str, object]) -> None:
    days = mask(case["ago"])  # type: ignore[arg-type]
    state = state_of(
        days, str(case["cadence"]), TODAY, entitled=bool(case.get("entitled", True)), guided=bool(case.get("guided", False))
    )
    assert state == case["state"]


# -- the naive twin ---------------------------------------------------------------------------------------------------


def naive_met(uses: set[int], cadence: str, t: int) -> bool:
    if cadence == "once":
        return any(d <= t for d in uses)
    if cadence == "daily":
        return len([d for d in uses if t - 28 < d <= t]) >= 5
    width, blocks, needed = {"weekly": (7, 8, 3), "monthly": (30, 3, 2), "quarterly": (90, 4, 2)}[cadence]
    hit = 0
    for block in range(blocks):
        last = t - block * width
        if any(last - width < d <= last for d in uses):
            hit += 1
    return hit >= needed


def naive_state(uses: set[int], cadence: str, t: int) -> str:
    uses = {d for d in uses if d <= t}
    if not uses:
        return "never"
    if cadence == "once":
        return "adopted"
    span = SPANS[cadence]
    was_met_on = [d for d in range(t + 1) if naive_met(uses, cadence, d)]
    if naive_met(uses, cadence, t):
        return "retained" if any(d <= t - span for d in was_met_on) else "adopted"
    if not was_met_on:
        return "tried"
    return "dormant" if max(uses) > t - 2 * span else "lost"


HISTORIES = st.one_of(
    st.sets(st.integers(0, 130), max_size=25),
    st.builds(
        lambda start, step, n: {start + step * i for i in range(n)}, st.integers(0, 60), st.integers(1, 45), st.integers(0, 9)
    ),
)


@given(HISTORIES, st.sampled_from(["daily", "weekly", "monthly", "quarterly", "once"]), st.integers(0, 800))
def test_states_agree_with_the_definitions_word_by_word(uses: set[int], cadence: str, t: int) -> None:
    days = sum(1 << d for d in uses)
    assert is_met(days, cadence, t) is naive_met(uses, cadence, t)
    assert state_of(days, cadence, t) == naive_state(uses, cadence, t)
    if cadence != "once":
        assert look_back_days(cadence) == SPANS[cadence]
        met_on = [d for d in range(t + 1) if naive_met(uses, cadence, d)]
        assert first_met(days, cadence, t) == (met_on[0] if met_on else None)


@given(HISTORIES, st.sampled_from(["daily", "weekly", "monthly", "quarterly", "once"]), st.integers(0, 300))
def test_later_days_never_change_an_earlier_state(uses: set[int], cadence: str, t: int) -> None:
    whole = sum(1 << d for d in uses)
    past = sum(1 << d for d in uses if d <= t)
    assert state_of(whole, cadence, t) == state_of(past, cadence, t)
