"""Reads request bodies: capped, within a deadline, gunzipped as a bounded stream."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from milepost.errors import BadRequest, MilepostError, TooLarge

BODY_DEADLINE_S = 30
EVENTS_LIMIT = 4 * 1024 * 1024
PIECE = 64 * 1024


class TooSlow(MilepostError):
    """The body did not arrive within 30 seconds."""

    status = 408
    code = "too_slow"


async def read_body(request: Request, limit: int) -> bytes:
    """The plain bytes; raises TooLarge, TooSlow or BadRequest. At most `limit` bytes are ever held, plain or not."""
    check_lengths(request, limit)
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            body = await _gather(request, limit)
    except TimeoutError as problem:
        raise TooSlow from problem
    except ClientDisconnect as problem:
        raise BadRequest("The connection ended before the body did.") from problem
    if request.headers.get("content-encoding", "").lower() == "gzip" or body[:2] == b"\x1f\x8b":
        return gunzip(body, limit)
    return body


def check_lengths(request: Request, limit: int) -> None:
    """Before anything is read: one way to say the length, and not more than allowed."""
    length = request.headers.get("content-length")
    if length is not None and "transfer-encoding" in request.headers:
        raise BadRequest("Send Content-Length or Transfer-Encoding, not both.")
    if length is not None and (not length.isdigit() or int(length) > limit):
        raise TooLarge(f"The body has {length} bytes; this route takes {limit}.")


async def _gather(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than the {limit} bytes this route takes.")
        parts.append(part)
    return b"".join(parts)


def gunzip(body: bytes, limit: int) -> bytes:
    """Inflates in pieces and stops at the limit."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts, size, rest = [], 0, body
    try:
        while rest and not inflater.eof:
            piece = inflater.decompress(rest, PIECE)
            rest = inflater.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise TooLarge(f"The body is larger than {limit} bytes when inflated.")
            parts.append(piece)
            if not piece and not rest:
                break
    except zlib.error as problem:
        raise BadRequest("The body says gzip but does not inflate.", code="gzip") from problem
    if not inflater.eof:
        raise BadRequest("The gzip body ends too early.", code="gzip")
    return b"".join(parts)
