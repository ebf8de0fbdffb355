"""Events in the Segment HTTP Tracking API's shape, decoded with msgspec.

A request is split into raw events first, so that one bad event never refuses the others.
"""

import datetime as dt
import json
import re
from itertools import islice
from typing import Any, NamedTuple

import msgspec

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})
# Possessive, and an open string runs to the end: no body makes either pattern look at a byte twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]++', re.DOTALL)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-9]{2})?"
)
_FLAT = re.compile(r"\[,*+\]|\{,*+\}")
MOST_TOKENS = 1_000_000
MOST_DEPTH = 10_000
FEW_COMMAS = 150_000


class Envelope(msgspec.Struct):
    """A batch, everything in it still raw: nothing is built before its size is known."""

    batch: list[msgspec.Raw] | None = None
    sentAt: msgspec.Raw = msgspec.Raw()
    writeKey: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()


class _RawBatch(msgspec.Struct):
    """The batch as one piece."""

    batch: msgspec.Raw = msgspec.Raw()


class Keyed(msgspec.Struct):
    """Only the key of a single event."""

    writeKey: msgspec.Raw = msgspec.Raw()


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
    verified: bool = False  # by a token; only where a cap refused what was good


envelope_decoder = msgspec.json.Decoder(Envelope)
raw_batch_decoder = msgspec.json.Decoder(_RawBatch)
keyed_decoder = msgspec.json.Decoder(Keyed)
event_decoder = msgspec.json.Decoder(WireEvent)
encode = msgspec.json.encode


def holds_more_than(body: bytes, most: int) -> bool:
    """Whether a batch has more elements than that, told without building any of them; raises msgspec.DecodeError.

    Texts and all that is no structure go, then flat lists and objects from the inside out, until only the commas
    between the elements are left. (What nests deeper than any event may stays, and its commas count.)
    """
    if body.count(b",") <= FEW_COMMAS:
        return False
    structure = bytearray()
    for piece in _STRUCTURE.finditer(raw_batch_decoder.decode(body).batch):
        if piece.group()[:1] != b'"':
            structure += piece.group()
    left = structure.replace(b"{}", b"").replace(b"[]", b"")[1:-1].decode()
    for _ in range(20):
        before, left = left, _FLAT.sub("", left)
        if len(before) == len(left):
            break
    return left.count(",") >= most


class Split(NamedTuple):
    """A batch taken apart by its brackets."""

    elements: list[bytes]
    around: bytes  # the body with an empty list instead
    rest: bytes | None  # what follows the last element of a list that never ends as a list does; None when it does


def split_batch(body: bytes, most: int) -> Split | None:
    """The elements of the top-level `batch` list, for bodies that no decoder takes whole; None when there is none.

    What stands between two objects and is more than a comma is an element, too: nothing goes unseen. Stops after `most`
    + 1 elements, and gives up on a body that is nothing but brackets.
    """
    depth, opened, done, start, last_text = 0, -1, 0, -1, b""
    elements: list[bytes] = []
    for token in islice(_TOKEN.finditer(body), MOST_TOKENS):
        text = token.group()
        if text[:1] == b'"':
            if depth == 1:
                last_text = text
        elif text in b"[{":
            depth += 1
            if depth == 2 and text == b"[" and last_text == b'"batch"':
                opened = done = token.end()
            elif depth == 3 and opened >= 0:
                start = token.start()
                elements += _between(body, done, start)
                done = start
            elif depth > MOST_DEPTH:
                return None
        else:
            if depth == 3 and start >= 0:
                done = token.end()
                elements.append(body[start:done])
                start = -1
            elif depth == 2 and opened >= 0:
                if text != b"]":
                    break
                elements += _between(body, done, token.start())
                return Split(elements, body[:opened] + body[token.start() :], None) if elements else None
            depth -= 1
        if len(elements) > most:
            break
    return Split(elements, body[:opened] + b"]}", body[done:]) if elements else None


def _between(body: bytes, start: int, end: int) -> list[bytes]:
    found = body[start:end].strip(b" \t\r\n,")
    return [found] if found else []


def decode_small(raw: msgspec.Raw, most_bytes: int) -> Any:
    """A member of the envelope; None when it is absent, too large or nested without end."""
    if not 0 < len(bytes(raw)) <= most_bytes:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def decode_loosely(raw: bytes) -> Any:
    """Python's own decoder: takes NaN and lone surrogates, so that the fault can be named; raises ValueError."""
    try:
        return json.loads(raw)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem


def parse_instant(value: Any) -> int | None:
    """RFC 3339 to ms; None for nothing; raises ValueError for anything else. Without an offset it is UTC.

    As its section 5.6 allows: t and z, and a space for T. The usual `2026-11-24T09:30:00.000Z` is told by its marks alone.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("not RFC 3339")
    is_usual = len(value) == 24 and value[10] == "T" and value[19] == "." and value[23] == "Z" and value[7] == "-"
    if not is_usual or value[11:13] == "24":
        if _INSTANT.fullmatch(value) is None:
            raise ValueError("not RFC 3339")
        value = value.upper()  # Python takes only T and Z
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - EPOCH) // MILLISECOND  # whole numbers: a double would lose one ms now and then


def format_instant(at_ms: int) -> str:
    """ms to RFC 3339 with milliseconds, UTC."""
    return (EPOCH + at_ms * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_id(value: Any) -> str | None:
    """Odd ids as text: numbers as they print, empty as none."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    return None
