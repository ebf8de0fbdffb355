"""What comes in: hostile values have one verdict, good ones come back identical, times are corrected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.canonical import find_fault
from milepost.rules.reading import Moment, event_key, read_event
from milepost.wire.event import Reading, Refused, format_instant

NOW = 1_795_000_000_000
DAY_MS = 86_400_000
MOMENT = Moment(NOW, None, 400, history=False)
GOOD: dict[str, Any] = {"type": "track", "event": "X", "messageId": "m1", "userId": "u1"}


def read(raw: bytes | dict[str, Any], moment: Moment = MOMENT, kind: str | None = None) -> Reading | Refused:
    return read_event(raw if isinstance(raw, bytes) else json.dumps(raw).encode(), kind, moment)


def with_property(text: str) -> bytes:
    return b'{"type":"track","event":"X","messageId":"m1","userId":"u1","properties":{"p":' + text.encode() + b"}}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"a\\u0000b"', "text"), ('"\\ud800"', "text"), ('"\\udc00\\ud800"', "text"), ("NaN", "number"), ("-Infinity", "number"),
        ("1e999", "number"), ("-1e400", "number"), ("9223372036854775808", "number"), ("-9223372036854775809", "number"),
        ("1" * 400, "number"), ("[" * 17 + "]" * 17, "depth"), ('{"a":' * 40 + "1" + "}" * 40, "depth"),
        ("[" + "1," * 2100 + "1]", "nodes"), ('"' + "x" * 8193 + '"', "string"), ('"' + "密" * 2731 + '"', "string"),
        ('"' + "x" * 33_000 + '"', "too_large"), ("[" * 20_000, "json"), ("{", "json"), ("01", "json"), ("'x'", "json"),
        ('{"\\u0000":1}', "text"),
    ],
)  # fmt: skip
def test_a_hostile_value_is_refused_with_its_reason(text: str, reason: str) -> None:
    found = read(with_property(text))
    assert isinstance(found, Refused)
    assert found.reason in ({reason, "depth"} if reason == "json" else {reason})
    assert "\x00" not in found.body
    found.body.encode()  # can be stored anywhere
    assert found.detail.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775807", "-9223372036854775808", "1e22",
        "0.1", "-0.0", '"\\ud83d\\ude00"', '"\\u00e9"', '"' + "x" * 8192 + '"',
        "[" * 13 + "]" * 13, "null", "true", '{"a":1,"a":2}', '"\\u2028"', "[" + "1," * 1500 + "1]",
        '"١٢"', "1.7976931348623157e308",
    ],
)  # fmt: skip
def test_a_good_value_comes_back_identical(text: str) -> None:
    found = read(with_property(text))
    assert isinstance(found, Reading), found
    assert found.body is not None
    assert json.loads(found.body)["p"]["p"] == json.loads(text)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10), inner, max_size=4),
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_stored_as_it_came_or_refused_for_a_reason_that_holds(value: Any) -> None:
    found = read(GOOD | {"properties": {"p": value}})
    fault = find_fault({"properties": {"p": value}})
    if isinstance(found, Refused):
        assert fault is not None or found.reason in {"depth", "nodes", "string", "too_large"}
    else:
        assert found.body is not None
        assert json.loads(found.body)["p"] == {"p": value}


@given(st.binary(max_size=300))
def test_no_bytes_raise(raw: bytes) -> None:
    assert isinstance(read(raw), Refused)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "timestamp", "sentAt", "context", "traits", "properties", "groupId", "previousId"]), JSON
    )
)
def test_no_event_of_odd_types_raises(odd: dict[str, Any]) -> None:
    found = read(GOOD | odd)
    assert isinstance(found, Reading | Refused)
    if isinstance(found, Reading):
        assert len(found.key) == 16


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "tracks"}, "type"), ({"type": None}, "type"), ({"event": ""}, "name"), ({"event": 5}, "name"),
        ({"event": "x" * 301}, "name"), ({"userId": None}, "identity"), ({"userId": ""}, "identity"),
        ({"userId": "u" * 501}, "id"), ({"messageId": "m" * 501}, "id"), ({"type": "group"}, "group"),
        ({"timestamp": "soon"}, "timestamp"), ({"timestamp": 5}, "timestamp"),
        ({"timestamp": format_instant(NOW + 2 * DAY_MS)}, "clock"), ({"timestamp": format_instant(NOW - 8 * DAY_MS)}, "clock"),
        ({"timestamp": format_instant(NOW - 401 * DAY_MS)}, "clock"), ({"timestamp": "1969-12-31T23:59:59Z"}, "clock"),
    ],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    found = read(GOOD | change)
    assert isinstance(found, Refused)
    assert found.reason == reason


def test_history_reaches_back_to_the_horizon() -> None:
    history = Moment(NOW, None, 400, history=True)
    assert isinstance(read(GOOD | {"timestamp": format_instant(NOW - 399 * DAY_MS)}, history), Reading)
    assert isinstance(read(GOOD | {"timestamp": format_instant(NOW - 401 * DAY_MS)}, history), Refused)


def test_a_skewed_clock_is_corrected_by_when_it_was_sent() -> None:
    """The client's clock is two hours ahead; the event happened five seconds before it was sent."""
    ahead = NOW + 7_200_000
    found = read(GOOD | {"timestamp": format_instant(ahead - 5_000), "sentAt": format_instant(ahead)})
    assert isinstance(found, Reading)
    assert (found.at, found.sent_ms) == (NOW - 5_000, ahead - 5_000)


def test_the_key_is_the_same_on_every_retry_and_differs_by_time_or_id() -> None:
    first = read(GOOD | {"timestamp": format_instant(NOW - 1_000)})
    again = read(GOOD | {"timestamp": format_instant(NOW - 1_000)}, Moment(NOW + 60_000, None, 400, history=False))
    assert isinstance(first, Reading)
    assert isinstance(again, Reading)
    assert first.key == again.key == event_key(NOW - 1_000, "m1")
    assert len({event_key(1, "a"), event_key(2, "a"), event_key(1, "b"), event_key(0, "a")}) == 4
    assert event_key(1, "z") < event_key(2, "a")


def test_ids_come_in_many_kinds() -> None:
    found = read({"type": "track", "event": "X", "userId": 42, "context": {"groupId": 7}})
    assert isinstance(found, Reading)
    assert (found.user, found.group) == ("42", "7")
    assert found.message_id.startswith("srv-")


def test_what_could_name_a_person_in_an_address_stays_out() -> None:
    page = {
        "url": "https://hr.test/leave/42?email=a@b.test#x",
        "path": "/leave/42",
        "referrer": "https://x.test/?q=1",
        "title": "Ann",
    }
    found = read(
        {"type": "page", "userId": "u1", "properties": page, "context": {"ip": "1.2.3.4", "userAgent": "UA", "page": page}}
    )
    assert isinstance(found, Reading)
    assert found.path == "/leave/:id"
    assert json.loads(found.body or "{}") == {"c": {"page": {"path": "/leave/:id"}}}


def test_the_route_says_the_type() -> None:
    found = read({"userId": "u1", "type": "nonsense", "groupId": "a1"}, kind="group")
    assert isinstance(found, Reading)
    assert (found.type, found.group) == ("group", "a1")
