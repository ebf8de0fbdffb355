"""What is shown adds up."""

from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.rounding import round_to_sum

POINTS = st.lists(st.floats(-100, 100, allow_nan=False), min_size=1, max_size=20)


@given(POINTS)
def test_shown_parts_add_up_to_the_shown_sum(values: list[float]) -> None:
    shown = round_to_sum(values)
    assert round(sum(shown), 6) == round(round(sum(values), 1), 6)


@given(POINTS)
def test_no_part_moves_by_more_than_its_last_place(values: list[float]) -> None:
    assert all(abs(a - b) < 0.1 + 1e-6 for a, b in zip(values, round_to_sum(values), strict=True))


def test_thirds_of_a_hundred_add_up_to_a_hundred() -> None:
    assert sorted(round_to_sum([100 / 3] * 3)) == [33.3, 33.3, 33.4]


def test_nothing_adds_up_to_nothing() -> None:
    assert round_to_sum([]) == []
