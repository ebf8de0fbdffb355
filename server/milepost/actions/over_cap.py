"""A good event that a cap refused: written down as an event again, so that a replay takes it as if nothing had been."""

from typing import Any

import msgspec

from milepost.wire.event import Reading, Refused, encode, format_instant

OVER_CAP = "This hour's limit of new accounts from browsers is reached; create accounts from your server or raise the limit."
UNTRUSTED, BY_KEY, BY_TOKEN = 0, 1, 2  # `bad_rows.trusted`: nobody vouched, a secret key did, a token did


class _Signed(msgspec.Struct):
    """What the token of an event said beyond the event itself."""

    account: str | None = None
    traits: dict[str, Any] | None = None


class _Vouched(msgspec.Struct):
    """A refused event with what its token said."""

    signed: _Signed = msgspec.field(default_factory=_Signed)


def put_aside(reading: Reading, received_at: int) -> Refused:
    """The bad row of a reading; `received_at` as the row keeps it."""
    return Refused("over_cap", OVER_CAP, _write(reading, received_at), verified=reading.verified)


def vouch(reading: Reading, body: str) -> None:
    """Gives a reading back what a token said of it when it was refused; `body` is of a row marked BY_TOKEN."""
    signed = msgspec.json.decode(body, type=_Vouched).signed
    reading.verified = True
    reading.group = reading.group or signed.account
    reading.signed = signed.traits


def _write(reading: Reading, received_at: int) -> str:
    """From what would have been stored; `sentAt` such that the same corrected time comes out again."""
    kept = msgspec.json.decode(reading.body) if reading.body else {}
    event: dict[str, Any] = {
        "type": reading.type,
        "event": reading.name if reading.type == "track" else None,
        "name": reading.name if reading.type != "track" else None,
        "messageId": reading.message_id,
        "userId": reading.user,
        "anonymousId": reading.anonymous,
        "previousId": reading.previous,
        "groupId": reading.group if reading.type == "group" else None,
        "properties": kept.get("p"),
        "traits": reading.traits or None,
        "context": kept.get("c"),
    }
    if reading.sent_ms:
        event["timestamp"] = format_instant(reading.sent_ms)
        event["sentAt"] = format_instant(received_at - reading.at + reading.sent_ms)
    if reading.verified:
        event["signed"] = {"account": reading.group, "traits": reading.signed}
    return encode({name: value for name, value in event.items() if value is not None}).decode()
