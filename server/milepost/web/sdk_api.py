"""What the SDK asks besides sending events: boot, claim and help. Plain text bodies, no preflight, no cookies."""

import asyncio
from concurrent.futures import Future
from typing import TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.boot import answer_boot
from milepost.actions.claim import decide_claim
from milepost.actions.keys import KeyHolder
from milepost.actions.resources import answer_help
from milepost.actions.runtime import Runtime
from milepost.errors import Invalid, Unavailable
from milepost.web.bodies import read_body
from milepost.web.inputs import check_storable
from milepost.web.segment_api import CORS, charge_each, find_holder, find_tenant, guarded, limit_flood
from milepost.wire.boot import Asking, BootRequest, ClaimAnswer, ClaimRequest, HelpRequest

S = TypeVar("S", bound=Asking)
LIMIT = 32 * 1024
CLAIM_WITHIN_S = 5.0
ODD = (b"\\u", b"\x00")  # without these no text of a body holds what can't be stored
BOOT, CLAIM = msgspec.json.Decoder(BootRequest), msgspec.json.Decoder(ClaimRequest)
HELP = msgspec.json.Decoder(HelpRequest)


@guarded
async def boot(request: Request) -> Response:
    """What this end user may see; reads only."""
    asking = read_asking(await read_body(request, LIMIT), BOOT)
    runtime: Runtime = request.app.state.runtime
    holder = await _holder(request, asking.writeKey)
    tenant = await find_tenant(runtime, holder.environment_id)
    return _json(await run_in_threadpool(answer_boot, runtime, holder, tenant, asking))


@guarded
async def claim(request: Request) -> Response:
    """May this guide be painted now? Answered after the writer's commit."""
    asking = read_asking(await read_body(request, LIMIT), CLAIM)
    holder = await _holder(request, asking.writeKey)
    charge_each(request.app.state, holder, {asking.userId or asking.anonymousId: 1})
    return _json(await ask_writer(request.app.state.runtime, holder, asking))


async def ask_writer(runtime: Runtime, holder: KeyHolder, asking: ClaimRequest) -> ClaimAnswer:
    """The decision, once it is on disk."""
    if runtime.intake is None:
        raise Unavailable("This process takes no claims.")
    future: Future[ClaimAnswer] = runtime.intake.in_transaction(
        lambda connection: decide_claim(connection, runtime, holder, asking, runtime.clock())
    )
    try:
        async with asyncio.timeout(CLAIM_WITHIN_S):
            return await asyncio.wrap_future(future)
    except TimeoutError as problem:
        raise Unavailable("The store is slow; don't show the guide.") from problem


@guarded
async def help_centre(request: Request) -> Response:
    """What the resource centre shows this person: for the page, news, a search, one article; reads only."""
    asking = read_asking(await read_body(request, LIMIT), HELP)
    runtime: Runtime = request.app.state.runtime
    holder = await _holder(request, asking.writeKey)
    tenant = await find_tenant(runtime, holder.environment_id)
    return _json(await run_in_threadpool(answer_help, runtime, holder, tenant, asking))


async def _holder(request: Request, key: str) -> KeyHolder:
    holder = await find_holder(request, key)
    limit_flood(request, holder, 1)
    return holder


def read_asking(body: bytes, decoder: "msgspec.json.Decoder[S]") -> S:
    """The request in the body; raises Invalid."""
    try:
        asking = decoder.decode(body)
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Invalid(f"{problem}.") from problem
    if any(part in body for part in ODD):
        check_storable(msgspec.structs.astuple(asking))
    return asking


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), headers=CORS, media_type="application/json")


routes = [
    Route("/v1/boot", boot, methods=["POST", "OPTIONS"], name="sdk_boot"),
    Route("/v1/claim", claim, methods=["POST", "OPTIONS"], name="sdk_claim"),
    Route("/v1/help", help_centre, methods=["POST", "OPTIONS"], name="sdk_help"),
]
