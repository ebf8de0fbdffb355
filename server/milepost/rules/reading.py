"""Reads one raw event: canonical, with its times corrected, or refused with a reason."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from milepost.rules.canonical import MAX_EVENT_BYTES, find_fault, is_suspicious
from milepost.rules.days import DAY_MS
from milepost.rules.keeping import keep_refused, kept_context, page_path, without_noise
from milepost.wire.event import TYPES, Reading, Refused, WireEvent, as_id, decode_loosely, encode, event_decoder, parse_instant

WEEK_MS = 7 * DAY_MS
HOUR_MS = 3_600_000
MAX_ID = 500
NOTHING: dict[str, Any] = {}
VIEWS = frozenset({"page", "screen"})


@dataclass(frozen=True)
class Moment:
    """When and how a request came."""

    received_at: int
    sent_at: int | None
    retention_days: int
    history: bool  # /v1/import with a secret key, or the import command


def read_event(raw: bytes, kind: str | None, moment: Moment, nameless: str | None = None) -> Reading | Refused:
    """`kind` is the type the route says (None in a batch). Never raises for anything a client sent.

    `nameless` is the id of an event that brings none, where one can be told from where it stands; else it is random.
    """
    if len(raw) > MAX_EVENT_BYTES:
        return refuse("too_large", f"The event has {len(raw)} bytes; {MAX_EVENT_BYTES} are allowed.", raw, kind)
    try:
        event = event_decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _name_the_fault(raw, kind)
    if is_suspicious(raw):
        fault = find_fault(msgspec.structs.asdict(event))
        if fault:
            return refuse(*fault, raw, kind)
    try:
        return _read(event, kind, moment, raw, nameless)
    except ValueError:
        return refuse("timestamp", "A time is not RFC 3339 (such as 2026-11-24T09:30:00.000Z).", raw, kind)


def refuse(reason: str, detail: str, raw: bytes, kind: str | None = None) -> Refused:
    """What may be kept of the body goes with it."""
    return Refused(reason, detail, keep_refused(raw, kind))


def _name_the_fault(raw: bytes, kind: str | None) -> Refused:
    try:
        value = decode_loosely(raw)
    except (ValueError, UnicodeDecodeError) as problem:
        reason = "depth" if "deep" in str(problem) else "json"
        return refuse(reason, "The event is not valid JSON, or nests too deeply.", raw, kind)
    if not isinstance(value, dict):
        return refuse("json", "An event is a JSON object.", raw, kind)
    fault = find_fault(value) or ("json", "The event is not valid JSON.")
    return refuse(*fault, raw, kind)


def _read(event: WireEvent, kind: str | None, moment: Moment, raw: bytes, nameless: str | None) -> Reading | Refused:
    type_ = kind or event.type
    if not isinstance(type_, str) or type_ not in TYPES:
        return refuse("type", f"The type is {str(type_)[:40]!r}; it must be one of {', '.join(sorted(TYPES))}.", raw, kind)
    context = event.context if isinstance(event.context, dict) else {}
    name = event.event if type_ == "track" else event.name
    if type_ == "track" and (not isinstance(name, str) or not name or len(name) > 300):
        return refuse("name", "A track event needs `event`, a text of 1 to 300 characters.", raw, kind)
    user, anonymous = as_id(event.userId), as_id(event.anonymousId)
    group = as_id(event.groupId) if type_ == "group" else as_id(context.get("groupId"))
    if type_ == "group" and group is None:
        return refuse("group", "A group event needs `groupId`.", raw, kind)
    if user is None and anonymous is None:
        return refuse("identity", "The event needs `userId` or `anonymousId`.", raw, kind)
    message_id = as_id(event.messageId) or nameless or f"srv-{uuid.uuid4().hex}"
    if len(message_id) > MAX_ID or len(user or "") > MAX_ID or len(anonymous or "") > MAX_ID or len(group or "") > MAX_ID:
        return refuse("id", f"An id is longer than {MAX_ID} characters.", raw, kind)
    sent = parse_instant(event.timestamp)
    if sent is None:
        sent = parse_instant(event.originalTimestamp)
    own_sent_at = None if event.sentAt is None else parse_instant(event.sentAt)
    client_sent_at = moment.sent_at if own_sent_at is None else own_sent_at
    at = moment.received_at
    if sent is not None:
        at = sent if client_sent_at is None else moment.received_at - (client_sent_at - sent)
        late = _clock_fault(sent, at, moment)
        if late:
            return refuse("clock", late, raw, kind)
    properties = event.properties if isinstance(event.properties, dict) else {}
    traits = event.traits if isinstance(event.traits, dict) else context.get("traits")
    traits = traits if isinstance(traits, dict) else {}
    milepost = context.get("milepost")
    milepost = milepost if isinstance(milepost, dict) else NOTHING
    path = page_path(type_, properties, context)
    reading = Reading(
        message_id=message_id,
        type=type_,
        name=name if isinstance(name, str) else None,
        sent_ms=sent or 0,
        at=at,
        user=user,
        anonymous=anonymous,
        group=group,
        previous=None if event.previousId is None else as_id(event.previousId),
        properties=properties,
        traits=traits,
        path=path,
        guide_run=_text(milepost.get("guide")) if milepost else None,
        token=_text(milepost.get("token"), 8192) if milepost else None,
        body=None,
        key=event_key(sent or 0, message_id),
    )
    reading.body = _body(reading, context, milepost)
    return reading


def event_key(sent_ms: int, message_id: str) -> bytes:
    """16 bytes: 48-bit client timestamp as sent, 80-bit hash of the message id. See the decision record."""
    return sent_ms.to_bytes(6, "big") + hashlib.blake2b(message_id.encode(), digest_size=10).digest()


def _clock_fault(sent: int, at: int, moment: Moment) -> str | None:
    now, oldest = moment.received_at, moment.received_at - moment.retention_days * DAY_MS
    if not max(oldest, 1) <= sent <= now + DAY_MS:
        return f"The event's own time lies outside the last {moment.retention_days} days; check the sender's clock."
    if moment.history:
        if at < 1:
            return "The event's corrected time lies before 1970; check the sender's clock."
        return None if at <= now + HOUR_MS else "The event lies in the future; check the sender's clock."
    if not now - WEEK_MS <= at <= now + HOUR_MS:
        return "The event is older than 7 days or in the future; import history with a secret key through /v1/import."
    return None


def _body(reading: Reading, context: dict[str, Any], milepost: dict[str, Any]) -> str | None:
    """JSON {p: properties, t: traits, c: context}, empty parts left out; addresses only as templates."""
    parts: dict[str, Any] = {}
    properties = reading.properties
    if reading.type in VIEWS:
        properties = without_noise(properties)
    if properties:
        parts["p"] = properties
    if reading.traits and reading.type in {"identify", "group"}:
        parts["t"] = reading.traits
    kept = kept_context(context, milepost, reading.group if reading.type != "group" else None, reading.path)
    if kept:
        parts["c"] = kept
    return encode(parts).decode() if parts else None


def _text(value: Any, most: int = MAX_ID) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= most else None
