"""Who may be offered a guide, and whether it may begin now: rules alone, every instant passed in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.audience import evaluate
from milepost.rules.choose import (
    A_WEEK,
    OF_THE_PAGE,
    RUN_MS,
    PastRun,
    Said,
    compile_claim,
    is_scheduled,
    why_not_again,
    why_not_now,
)  # fmt: skip
from milepost.rules.days import DAY_MS
from milepost.wire.guide import Guide
from tests.guide_factories import a_guide

NOW = 1_795_000_000_000
FACTS = {"a": 1, "b": "x", "locale": "en", "path": "/p"}
LEAF = st.sampled_from(
    [
        {"fact": "a", "op": "is", "value": 1}, {"fact": "a", "op": "gt", "value": 5}, {"fact": "b", "op": "is_not", "value": "x"},
        {"fact": "c", "op": "is", "value": 1}, {"fact": "c", "op": "unknown"}, {"fact": "locale", "op": "is", "value": "en"},
        {"fact": "locale", "op": "is", "value": "zh"}, {"fact": "path", "op": "matches", "value": "/p"},
    ]
)  # fmt: skip
TREES = st.recursive(
    LEAF,
    lambda part: st.one_of(
        st.fixed_dictionaries({"all": st.lists(part, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(part, max_size=3)}),
        st.fixed_dictionaries({"not": part}),
    ),
    max_leaves=8,
)


def guide_for(tree: Any) -> Guide:
    return a_guide(audience=tree)


@given(tree=TREES)
def test_whoever_boot_lets_in_may_claim_and_nobody_else_but_for_the_page(tree: Any) -> None:
    audience = guide_for(tree).audience
    claimed = {name: value for name, value in FACTS.items() if name not in OF_THE_PAGE}
    is_eligible, may_claim = evaluate(audience, FACTS) is True, compile_claim(audience)(claimed)
    assert may_claim or not is_eligible
    if not any(fact in str(tree) for fact in ("locale", "path")):
        assert may_claim is is_eligible


@given(tree=TREES)
def test_a_claim_is_granted_when_some_page_would_make_it_certain_leaf_by_leaf(tree: Any) -> None:
    """The plain way: every leaf of the page is taken as fitting where it stands."""

    def could(part: Any, *, verdict: bool) -> bool:
        if "not" in part:
            return could(part["not"], verdict=not verdict)
        if "fact" in part:
            if part["fact"] in OF_THE_PAGE:
                return True
            return evaluate(guide_for(part).audience, FACTS) is verdict
        together = [could(one, verdict=verdict) for one in part.get("all", part.get("any"))]
        return all(together) if ("all" in part) is verdict else any(together)

    assert compile_claim(guide_for(tree).audience)(FACTS) is could(tree, verdict=True)


@given(tree=TREES)
def test_not_is_the_opposite_and_unknown_stays_unknown(tree: Any) -> None:
    plain, denied = (evaluate(guide_for(t).audience, FACTS) for t in (tree, {"not": tree}))
    assert denied == (None if plain is None else not plain)


@given(tree=TREES, value=st.integers(0, 2))
def test_a_fact_that_becomes_known_never_turns_a_certain_answer(tree: Any, value: int) -> None:
    """Three-valued logic: what was sure without `c` is as sure with it, unless the tree asks whether it is known."""
    if "unknown" in str(tree):
        return
    audience = guide_for(tree).audience
    before, after = evaluate(audience, FACTS), evaluate(audience, FACTS | {"c": value})
    assert before is None or before == after


@pytest.mark.parametrize(
    ("repeat", "said", "days", "why"),
    [
        ("once", None, 0, None),
        ("once", ("finished", None), 400, "finished"),
        ("once", ("dismissed", "closed"), 400, "dismissed"),
        ("once", ("later", "later"), 0.9, "later"),
        ("once", ("later", "later"), 1, None),
        ("until_finished", ("dismissed", "closed"), 6.9, "dismissed"),
        ("until_finished", ("dismissed", "closed"), 7, None),
        ("until_finished", ("finished", None), 400, "finished"),
        ("always", ("finished", None), 6.9, "finished"),
        ("always", ("finished", None), 7, None),
        ("always", ("dismissed", "never"), 400, "dismissed"),
        ("until_finished", ("dismissed", "no_tips"), 400, "dismissed"),
    ],
)
def test_when_a_guide_may_return(repeat: str, said: tuple[str, str | None] | None, days: float, why: str | None) -> None:
    guide = a_guide(frequency={"repeat": repeat, "wait_days": 7})
    at = NOW - int(days * DAY_MS)
    word = Said(said[0], said[1], at, at + DAY_MS if said[0] == "later" else None) if said else None
    assert why_not_again(guide, word, NOW) == why


def test_a_schedule_includes_its_first_instant_and_not_its_last() -> None:
    times = [is_scheduled((NOW, NOW + 10), at) for at in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert times == [False, True, True, False]
    assert is_scheduled((None, None), NOW)


RUNS = st.lists(
    st.builds(
        lambda days, kind, free, closed, never: PastRun(
            f"run{days}", kind, free, NOW - int(days * DAY_MS), NOW - int(days * DAY_MS), closed, never and closed
        ),
        st.floats(0, 8), st.sampled_from(["tour", "modal"]), st.booleans(), st.booleans(), st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@given(runs=RUNS, kind=st.sampled_from(["tour", "modal"]), free=st.booleans())
def test_the_budget_as_a_naive_count_of_days(runs: list[PastRun], kind: str, free: bool) -> None:
    why = why_not_now(kind, runs, NOW, "UTC", free=free, no_tips=False, run="new")
    if any(not r.closed and NOW - r.last_at < RUN_MS for r in runs):
        assert why == "busy"
        return
    today = NOW // DAY_MS
    days = [(r.started_at // DAY_MS, r.kind) for r in runs if not r.free and not r.never_came]
    week = [kind_ for day, kind_ in days if day > today - 7]
    over = any(day == today for day, _ in days) or len(week) >= A_WEEK or (kind == "modal" and "modal" in week)
    assert (why is not None) == (over and not free)
