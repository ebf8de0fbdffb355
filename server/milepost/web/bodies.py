"""Reads request bodies: capped, within a deadline, gunzipped as a bounded stream."""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from milepost.errors import BadRequest, MilepostError, TooLarge, TooManyRequests

BODY_DEADLINE_S = 30
EVENTS_LIMIT = 4 * 1024 * 1024
PIECE = 64 * 1024
FREE_BYTES = 128 * 1024
ROOM_BYTES = 64 * 1024 * 1024


class TooSlow(MilepostError):
    """The body did not arrive within 30 seconds."""

    status = 408
    code = "too_slow"


@dataclass
class Room:
    """Bytes of large bodies between their first byte and their answer, over all requests of this process."""

    held: int = 0


@dataclass
class Seat:
    """What one request holds of the room; small requests need none, so that large ones can't keep them out."""

    room: Room
    seen: int = 0
    charged: int = 0

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: object) -> None:
        self.room.held -= self.charged

    def take(self, n: int) -> None:
        """So many bytes more; raises TooManyRequests when the room is full."""
        self.seen += n
        beyond = min(n, max(0, self.seen - FREE_BYTES))
        if beyond and self.room.held - self.charged and self.room.held + beyond > ROOM_BYTES:
            raise TooManyRequests("Too many large requests are waiting; send the same events again.", retry_after_s=1)
        self.charged += beyond
        self.room.held += beyond


def take_freely(n: int) -> None:
    """For routes whose bodies are small or rare."""


async def read_body(request: Request, limit: int, take: Callable[[int], None] = take_freely) -> bytes:
    """The plain bytes; raises TooLarge, TooSlow or BadRequest. At most `limit` bytes are ever held, plain or not.

    `take` is told of every piece, as it comes and once more as it is inflated, and may raise.
    """
    check_lengths(request, limit)
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            body = await _gather(request, limit, take)
    except TimeoutError as problem:
        raise TooSlow from problem
    except ClientDisconnect as problem:
        raise BadRequest("The connection ended before the body did.") from problem
    if request.headers.get("content-encoding", "").lower() == "gzip" or body[:2] == b"\x1f\x8b":
        return gunzip(body, limit, take)
    return body


def check_lengths(request: Request, limit: int) -> None:
    """Before anything is read: one way to say the length, and not more than allowed."""
    length = request.headers.get("content-length")
    if length is not None and "transfer-encoding" in request.headers:
        raise BadRequest("Send Content-Length or Transfer-Encoding, not both.")
    if length is not None and (not (length.isascii() and length.isdecimal()) or int(length) > limit):
        raise TooLarge(f"The body has {length} bytes; this route takes {limit}.")


async def _gather(request: Request, limit: int, take: Callable[[int], None]) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than the {limit} bytes this route takes.")
        take(len(part))
        parts.append(part)
    return b"".join(parts)


def gunzip(body: bytes, limit: int, take: Callable[[int], None] = take_freely) -> bytes:
    """Inflates in pieces and stops at the limit; several gzip members after each other are one body."""
    parts: list[bytes] = []
    left, rest = limit, body
    while rest:
        n = len(parts)
        left, rest = _inflate_member(rest, left, limit, parts)
        take(sum(len(part) for part in parts[n:]))
    return b"".join(parts)


def _inflate_member(body: bytes, left: int, limit: int, parts: list[bytes]) -> tuple[int, bytes]:
    """(bytes that may still come, what follows the member)."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    rest = body
    while not inflater.eof:
        try:
            piece = inflater.decompress(rest, PIECE)
        except zlib.error as problem:
            raise BadRequest("The body says gzip but does not inflate.", code="gzip") from problem
        rest = inflater.unconsumed_tail
        left -= len(piece)
        if left < 0:
            raise TooLarge(f"The body is larger than {limit} bytes when inflated.")
        if not piece and not rest and not inflater.eof:
            raise BadRequest("The gzip body ends too early.", code="gzip")
        parts.append(piece)
    return left, inflater.unused_data
