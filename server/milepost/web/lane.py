"""What requests that are answered in front of the router have in common: which are usual enough, and how they are told."""

from functools import lru_cache

from starlette.types import Message, Receive, Scope

from milepost.web.segment_api import CORS, ON_LOOP_BYTES
from milepost.web.walls import MAX_HEADER_BYTES, MAX_HEADERS

UNUSUAL = frozenset({b"transfer-encoding", b"content-encoding"})
GZIP = b"\x1f\x8b"
HEADERS = [(name.lower().encode(), value.encode()) for name, value in CORS.items()]


def usual_fields(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers by name; None where one is there twice or asks for more than the lane can do, or they are too large."""
    headers = scope["headers"]
    fields = dict(headers)
    if len(fields) != len(headers) or len(fields) > MAX_HEADERS or not UNUSUAL.isdisjoint(fields):
        return None
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 6 or int(length) > ON_LOOP_BYTES:
        return None
    return fields if sum(map(len, fields)) + sum(map(len, fields.values())) <= MAX_HEADER_BYTES else None


def again(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives the message first that was taken already."""
    held = [message]

    async def next_message() -> Message:
        return held.pop() if held else await receive()

    return next_message


def whole_body(message: Message) -> bytes | None:
    """The body; None when it is not here as a whole, or not plain."""
    body: bytes = message.get("body", b"")
    return None if message["type"] != "http.request" or message.get("more_body") or body[:2] == GZIP else body


@lru_cache(maxsize=1024)
def headers_for(size: int) -> list[tuple[bytes, bytes]]:
    """Of a JSON answer of so many bytes that every page may read."""
    return [*HEADERS, (b"content-length", b"%d" % size), (b"content-type", b"application/json")]
