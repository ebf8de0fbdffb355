"""Reads request bodies: capped, within a deadline, gunzipped as a bounded stream."""

import asyncio
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from milepost.errors import BadRequest, MilepostError, TooLarge, TooManyRequests

BODY_DEADLINE_S = 30
EVENTS_LIMIT = 4 * 1024 * 1024
PIECE = 64 * 1024
FED = 16 * 1024  # what an inflater is given at once: what it leaves over is copied, so it must be little
MOST_MEMBERS = 1_000
ON_LOOP_BYTES = 16 * 1024  # more gzip than that is inflated on a thread
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
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Seat:
    """What one request holds of the room; small requests need none, so that large ones can't keep them out."""

    room: Room
    seen: int = 0
    charged: int = 0

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: object) -> None:
        with self.room.lock:
            self.room.held -= self.charged

    def take(self, n: int) -> None:
        """So many bytes more, from any thread; raises TooManyRequests when the room is full."""
        self.seen += n
        beyond = min(n, max(0, self.seen - FREE_BYTES))
        if not beyond:
            return
        with self.room.lock:
            if self.room.held - self.charged and self.room.held + beyond > ROOM_BYTES:
                raise TooManyRequests("Too many large requests are waiting; send the same events again.", retry_after_s=1)
            self.charged += beyond
            self.room.held += beyond


def take_freely(n: int) -> None:
    """For routes whose bodies are small or rare."""


async def read_body(request: Request, limit: int, take: Callable[[int], None] = take_freely) -> bytes:
    """The plain bytes; raises TooLarge, TooSlow or BadRequest. At most `limit` bytes are ever held, plain or not.

    `take` is told of every piece, as it comes and once more as it is inflated (there by a thread), and may raise.
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
        if len(body) <= ON_LOOP_BYTES:
            return gunzip(body, limit, take)
        return await run_in_threadpool(gunzip, body, limit, take)
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
    """Inflates in pieces and stops at the limit; up to a thousand gzip members after each other are one body."""
    parts: list[bytes] = []
    view, left, start = memoryview(body), limit, 0
    for _ in range(MOST_MEMBERS):
        if start == len(body):
            return b"".join(parts)
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not inflater.eof:
            if start == len(body):
                raise BadRequest("The gzip body ends too early.", code="gzip")
            fed = view[start : start + FED]
            for piece in _inflate(inflater, fed):
                left -= len(piece)
                if left < 0:
                    raise TooLarge(f"The body is larger than {limit} bytes when inflated.")
                take(len(piece))
                parts.append(piece)
            start += len(fed) - len(inflater.unused_data)
    if start < len(body):
        raise BadRequest(f"The gzip body has more than {MOST_MEMBERS} members; send one.", code="gzip")
    return b"".join(parts)


def _inflate(inflater: "zlib._Decompress", fed: memoryview) -> Iterator[bytes]:
    """The pieces this much gives; each byte fed is looked at once."""
    rest: memoryview | bytes = fed
    while True:
        try:
            piece = inflater.decompress(rest, PIECE)
        except zlib.error as problem:
            raise BadRequest("The body says gzip but does not inflate.", code="gzip") from problem
        rest = inflater.unconsumed_tail
        if piece:
            yield piece
        if inflater.eof or (not rest and len(piece) < PIECE):
            return
