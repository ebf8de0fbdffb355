"""Token buckets: a flood gets its rate and its burst, never more; who was told to wait is served when the wait is over."""

from hypothesis import given
from hypothesis import strategies as st

from milepost.web.buckets import BURST, Buckets, address_prefix

RATE = 50


@given(st.lists(st.tuples(st.integers(1, 700), st.integers(0, 20_000)), max_size=60))
def test_nobody_gets_more_than_a_burst_and_the_rate(asked: list[tuple[int, int]]) -> None:
    """Only the last batch may be larger than what was left: it is paid back by waiting."""
    buckets, now, taken, largest = Buckets(RATE), 0, 0, 0
    for n, pause_ms in asked:
        now += pause_ms
        if buckets.take("k", n, now) is None:
            taken, largest = taken + n, max(largest, n)
    assert taken <= RATE * BURST + RATE * now / 1000 + largest


@given(st.lists(st.integers(1, 2_000), min_size=1, max_size=20))
def test_who_waits_as_told_is_served(batches: list[int]) -> None:
    buckets, now = Buckets(RATE), 0
    for n in batches:
        wait_s = buckets.take("k", n, now)
        if wait_s is not None:
            assert wait_s >= 1
            now += wait_s * 1000
            assert buckets.take("k", n, now) is None


def test_one_flood_does_not_touch_another_key() -> None:
    buckets = Buckets(RATE)
    while buckets.take("flood", 100, 0) is None:
        pass
    assert buckets.take("honest", 100, 0) is None


def test_an_address_of_version_six_counts_by_its_network() -> None:
    assert address_prefix("2001:db8::1") == address_prefix("2001:db8::ffff:1") != address_prefix("2001:db8:0:1::1")
    assert address_prefix("192.0.2.1") != address_prefix("192.0.2.2")
    assert address_prefix("not an address") == "not an address"
