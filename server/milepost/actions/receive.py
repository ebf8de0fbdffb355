"""From the bytes of a request to a batch ready for the writer: split, read, verified."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from milepost.actions.intake_group import Batch
from milepost.actions.keys import KeyHolder
from milepost.actions.tenant import Tenant
from milepost.errors import BadRequest, Forbidden
from milepost.rules.canonical import MAX_EVENT_BYTES
from milepost.rules.reading import Moment, read_event, refuse
from milepost.wire.event import (
    Envelope,
    Reading,
    Refused,
    decode_small,
    envelope_decoder,
    holds_more_than,
    keyed_decoder,
    parse_instant,
    split_batch,
)

KINDS = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
BATCHES = frozenset({"batch", "b", "import"})
MAX_EVENTS = 5_000
MAX_KEY_BYTES = 400
CUT_OFF = "The body ends before the batch's list does; what came before is in, send the rest again."
_WRITE_KEY = re.compile(rb'"writeKey"\s*:\s*"([pskw]k_[A-Za-z0-9_-]{1,90})"')
BROKEN_END = "What stands around the batch's list can't be read; send again what belongs to it."


@dataclass
class Parcel:
    """A request body opened as far as its events, which are still raw."""

    events: list[bytes]
    write_key: str | None
    sent_at: int | None = None
    token: str | None = None
    whole: Refused | None = None  # the body itself can't be read
    rest: Refused | None = None  # what of a broken batch can't


def open_parcel(body: bytes, route: str) -> Parcel:
    """Splits a batch; a single event is a batch of one. Raises BadRequest for a batch of too many."""
    parcel = _open_batch(body) if route in BATCHES else Parcel([body], _key_of(body))
    if len(parcel.events) > MAX_EVENTS:
        raise _too_many()
    return parcel


def _too_many() -> BadRequest:
    return BadRequest(f"The batch holds more than {MAX_EVENTS} events; split it.", code="too_many")


def _key_of(event: bytes) -> str | None:
    """The key an event carries itself; in one that can't be decoded, the first that looks like a key."""
    try:
        return _text(decode_small(keyed_decoder.decode(event).writeKey, MAX_KEY_BYTES))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _find_key(event)


def _open_batch(body: bytes) -> Parcel:
    try:
        if holds_more_than(body, MAX_EVENTS):
            raise _too_many()
        envelope = envelope_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _open_broken(body)
    key = _text(decode_small(envelope.writeKey, MAX_KEY_BYTES))
    if envelope.batch is None:
        return Parcel([], key, whole=refuse("json", "The body holds no `batch` list.", body))
    if len(envelope.batch) > MAX_EVENTS:
        raise _too_many()
    events = [bytes(raw) for raw in envelope.batch]
    if key is None and events:
        key = _key_of(events[0])
    return Parcel(events, key, _sent_at(envelope), _token(envelope))


def _open_broken(body: bytes) -> Parcel:
    """What can be told apart comes in; the rest is one refused piece, so that its loss is seen."""
    split, key = split_batch(body, MAX_EVENTS), _find_key(body)
    if split is None:
        return Parcel([], key, whole=refuse("json", 'The body is not JSON such as {"batch": […]}.', body))
    rest = None if split.rest is None else refuse("json", CUT_OFF, split.rest)
    try:
        envelope = envelope_decoder.decode(split.around)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        envelope = None
    if envelope is None or envelope.batch:
        return Parcel(split.elements, key, rest=rest or refuse("json", BROKEN_END, split.around))
    return Parcel(split.elements, key, _sent_at(envelope), _token(envelope), rest=rest)


def read_parcel(parcel: Parcel, route: str, holder: KeyHolder, tenant: Tenant, now: int) -> Batch:
    """Every event read or refused with its reason; raises Forbidden for history without a secret key."""
    history = route == "import"
    if history and not holder.is_secret:
        raise Forbidden("/v1/import takes history only with a secret key (sk_…) from your server.")
    kind = None if route in BATCHES else KINDS.get(route, route)
    moment = Moment(now, parcel.sent_at, tenant.retention_days, history)
    readings: list[Reading] = []
    refused = [piece for piece in (parcel.whole, parcel.rest) if piece is not None]
    for raw in parcel.events:
        found = read_event(raw, kind, moment)
        if isinstance(found, Refused):
            refused.append(found)
            continue
        _verify(found, parcel.token, holder, tenant, now)
        readings.append(found)
    return Batch(tenant.id, route, now, holder.is_secret, readings, refused)


def _verify(reading: Reading, token: str | None, holder: KeyHolder, tenant: Tenant, now: int) -> None:
    """A secret key vouches for everything; a token for its own person, and only for the account inside it."""
    if holder.is_secret:
        reading.verified = True
        return
    token = reading.token or token
    claims = tenant.verifier.verify(token, now) if token else None
    if claims is None or claims.user != reading.user:
        return
    if reading.group is not None and reading.group != claims.account:
        return
    reading.group = reading.group or claims.account
    reading.verified = True
    reading.signed = claims.traits or None


def _find_key(body: bytes) -> str | None:
    found = _WRITE_KEY.search(body)
    return found.group(1).decode() if found else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _sent_at(envelope: Envelope) -> int | None:
    try:
        return parse_instant(decode_small(envelope.sentAt, 200))
    except ValueError:
        return None


def _token(envelope: Envelope) -> str | None:
    context = decode_small(envelope.context, MAX_EVENT_BYTES)
    ours = context.get("milepost") if isinstance(context, dict) else None
    token = ours.get("token") if isinstance(ours, dict) else None
    return token if isinstance(token, str) and len(token) <= 8192 else None
