"""Events in the Segment HTTP Tracking API's shape, decoded with msgspec.

A request is split into raw events first, so that one bad event never refuses the others.
"""

import datetime as dt
import json
import re
from typing import Any

import msgspec

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class Envelope(msgspec.Struct):
    """A batch, its events still raw."""

    batch: list[msgspec.Raw] | None = None
    sentAt: Any = None
    writeKey: Any = None
    context: Any = None


class WireEvent(msgspec.Struct):
    """One event; every field may be anything, unknown fields are passed over."""

    type: Any = None
    event: Any = None
    name: Any = None
    messageId: Any = None
    userId: Any = None
    anonymousId: Any = None
    groupId: Any = None
    previousId: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None
    sentAt: Any = None
    writeKey: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None


class Reading(msgspec.Struct, gc=False):
    """One event as read: ids as text, times in ms, the body ready to store."""

    message_id: str
    type: str
    name: str | None
    sent_ms: int  # the client's timestamp as sent; 0 when it sent none
    at: int  # server time after skew correction
    user: str | None
    anonymous: str | None
    group: str | None  # account named by the event itself
    previous: str | None
    properties: dict[str, Any]
    traits: dict[str, Any]
    path: str | None
    guide_run: str | None
    token: str | None
    body: str | None
    verified: bool = False
    signed: dict[str, Any] | None = None  # traits inside a verified token
    key: bytes = b""


class Refused(msgspec.Struct, gc=False):
    """An event that goes to bad rows."""

    reason: str
    detail: str
    body: str


envelope_decoder = msgspec.json.Decoder(Envelope)
event_decoder = msgspec.json.Decoder(WireEvent)
encode = msgspec.json.encode


def split_batch(body: bytes) -> list[bytes] | None:
    """The elements of the top-level `batch` list, for bodies that no decoder takes whole; None when there is none."""
    depth, start, inside, last_text, elements = 0, None, False, b"", []
    for token in _TOKEN.finditer(body):
        text = token.group()
        if text[:1] == b'"':
            if depth == 1:
                last_text = text
            continue
        if text in b"[{":
            depth += 1
            if depth == 2 and text == b"[" and last_text == b'"batch"':
                inside = True
            elif depth == 3 and inside:
                start = token.start()
        else:
            if depth == 3 and inside and start is not None:
                elements.append(body[start : token.end()])
            if depth == 2:
                inside = False
            depth -= 1
    return elements or None


def decode_loosely(raw: bytes) -> Any:
    """Python's own decoder: takes NaN and lone surrogates, so that the fault can be named; raises ValueError."""
    try:
        return json.loads(raw)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem


def parse_instant(value: Any) -> int | None:
    """RFC 3339 to ms; None for nothing; raises ValueError for anything else. Without an offset it is UTC."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("not RFC 3339")
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - EPOCH) // MILLISECOND  # whole numbers: a double would lose one ms now and then


def format_instant(at_ms: int) -> str:
    """ms to RFC 3339 with milliseconds, UTC."""
    moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_id(value: Any) -> str | None:
    """Odd ids as text: numbers as they print, empty as none."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    return None
