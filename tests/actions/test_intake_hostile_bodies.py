"""What a hostile body may cost: the memory is measured, and a body that once took hours is simply read."""

import gzip
import json
import os
import threading
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from milepost.actions.receive import MAX_EVENTS, open_parcel
from milepost.errors import BadRequest, TooLarge, TooManyRequests
from milepost.web.bodies import FREE_BYTES, ROOM_BYTES, Room, Seat, gunzip, read_body
from tests.apart import run_apart

MIB = 1024 * 1024
BODY = 4 * MIB
MOST_BYTES = 32 * MIB


def filled(head: bytes, unit: bytes, tail: bytes = b"") -> bytes:
    return head + unit * ((BODY - len(head) - len(tail)) // len(unit)) + tail


HOSTILE = {
    "millions of numbers": filled(b'{"batch":[', b"1,", b"1]}"),
    "millions of objects": filled(b'{"batch":[', b"{},", b"{}]}"),
    "millions of members": filled(b'{"batch":[', b'{"a":1,"b":[1]},', b"{}]}"),
    "a heavy context": filled(b'{"batch":[],"context":[', b"{},", b"{}]}"),
    "a heavy sentAt": filled(b'{"batch":[],"sentAt":[', b"{},", b"{}]}"),
    "a heavy key": filled(b'{"batch":[],"writeKey":[', b"{},", b"{}]}"),
    "one event of millions of parts": filled(b'{"batch":[[', b"{},", b"{}]]}"),
    "nothing but open brackets": filled(b'{"batch":[', b"["),
    "an open text of escaped quotes": filled(b'{"batch":["', b'\\"'),
    "the same, ending in half an escape": filled(b'{"batch":["', b'\\"', b"\\"),
    "half a key over and over": filled(b"", b'"writeKey" : "pk_'),
    "objects behind what is no JSON": filled(b'{"batch":[NaN,', b"{},", b"{}]}"),
    "texts behind what is no JSON": filled(b'{"batch":[NaN,', b'"",', b"1]}"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("route", ["batch", "track"])
def test_a_hostile_body_is_opened_or_refused_in_little_memory(name: str, route: str) -> None:
    body = HOSTILE[name]
    tracemalloc.start()
    with suppress(BadRequest):
        assert len(open_parcel(body, route).events) <= MAX_EVENTS
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MOST_BYTES


def test_a_dense_batch_of_honest_events_is_not_mistaken_for_a_hostile_one() -> None:
    """More commas than the quick look allows, and exactly as many events as one batch may hold."""
    event = {"type": "track", "event": "a,b[{", "properties": {"list": list(range(40)), "deep": [[[[{"x": "]},"}]]]]}}
    body = json.dumps({"context": {"list": [1] * 9_000}, "batch": [event] * MAX_EVENTS}).encode()
    assert len(open_parcel(body, "batch").events) == MAX_EVENTS
    body = json.dumps({"batch": [event] * (MAX_EVENTS + 1)}).encode()
    with pytest.raises(BadRequest):
        open_parcel(body, "batch")


def test_ninety_nine_good_events_survive_one_that_no_decoder_takes() -> None:
    good = json.dumps({"type": "track", "event": 'quo"te [{', "writeKey": "pk_one"})
    for bad in ('{"a":NaN}', '{"a":"\\ud800"}', '{"a":' + "[" * 5_000 + "]" * 5_000 + "}", '{"a":1e999}'):
        body = '{"sentAt":"x","batch":[' + ",".join([good] * 50 + [bad] + [good] * 49) + "]}"
        parcel = open_parcel(body.encode(), "batch")
        assert (len(parcel.events), parcel.events.count(good.encode()), parcel.write_key) == (100, 99, "pk_one")


def test_a_gzip_bomb_stops_at_the_limit_in_little_memory() -> None:
    bomb = gzip.compress(bytes(512 * MIB // 8), compresslevel=9)
    nested = bomb * 4
    for body in (bomb, nested):
        tracemalloc.start()
        with pytest.raises(TooLarge):
            gunzip(body, BODY)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < MOST_BYTES


def test_a_gzip_body_of_countless_members_is_refused_and_one_of_several_is_read() -> None:
    """Twenty bytes each: what follows a member must not be copied once for each of 200,000 of them."""
    empty = gzip.compress(b"", mtime=0)
    with pytest.raises(BadRequest):
        gunzip(empty * 2_000, BODY)
    pieces = [os.urandom(50_000), b"", b"x" * 200_000, b"y"]
    assert gunzip(b"".join(gzip.compress(piece) for piece in pieces), BODY) == b"".join(pieces)
    for broken in (gzip.compress(b"x" * 90_000)[:-3], gzip.compress(b"x") + b"no gzip", b"\x1f\x8b"):
        with pytest.raises(BadRequest):
            gunzip(broken, BODY)


@given(st.lists(st.binary(max_size=100) | st.integers(0, 200_000).map(lambda n: b"z" * n), min_size=1, max_size=5))
def test_whatever_was_compressed_comes_back_and_is_counted_as_it_comes(pieces: list[bytes]) -> None:
    taken: list[int] = []
    plain = b"".join(pieces)
    assert gunzip(b"".join(gzip.compress(piece) for piece in pieces), BODY, taken.append) == plain
    assert sum(taken) == len(plain)


def test_a_large_gzip_body_is_inflated_beside_the_event_loop() -> None:
    body = gzip.compress(os.urandom(100_000))
    threads: set[int] = set()

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    run_apart(read_body(request, BODY, lambda _: threads.add(threading.get_ident())))
    assert len(threads) == 2


def test_large_requests_share_a_room_and_small_ones_need_no_seat() -> None:
    room = Room()
    n = ROOM_BYTES // BODY
    seats = [Seat(room) for _ in range(n)]
    for seat in seats:
        seat.take(BODY)
    with pytest.raises(TooManyRequests) as refused:
        Seat(room).take(BODY)
    assert refused.value.retry_after_s
    Seat(room).take(FREE_BYTES)
    for seat in seats:
        with seat:
            pass
    assert room.held == 0
