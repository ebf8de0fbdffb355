"""What the SDK asks besides sending events: boot and claim. Plain text bodies, no preflight, no cookies."""

import asyncio
from concurrent.futures import Future
from typing import TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.boot import answer_boot
from milepost.actions.claim import decide_claim
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.errors import Invalid, Unavailable
from milepost.web.bodies import read_body
from milepost.web.inputs import check_storable
from milepost.web.segment_api import CORS, find_holder, find_tenant, guarded, limit_flood
from milepost.wire.boot import BootRequest, ClaimAnswer, ClaimRequest

S = TypeVar("S", bound=BaseModel)
LIMIT = 32 * 1024
CLAIM_WITHIN_S = 5.0


@guarded
async def boot(request: Request) -> Response:
    """What this end user may see; reads only."""
    asking = await _read(request, BootRequest)
    runtime: Runtime = request.app.state.runtime
    holder = await _holder(request, asking.writeKey)
    tenant = await find_tenant(runtime, holder.environment_id)
    return _json(await run_in_threadpool(answer_boot, runtime, holder, tenant, asking))


@guarded
async def claim(request: Request) -> Response:
    """May this guide be painted now? Answered after the writer's commit."""
    asking = await _read(request, ClaimRequest)
    runtime: Runtime = request.app.state.runtime
    holder = await _holder(request, asking.writeKey)
    if runtime.intake is None:
        raise Unavailable("This process takes no claims.")
    future: Future[ClaimAnswer] = runtime.intake.in_transaction(
        lambda connection: decide_claim(connection, runtime, holder, asking, runtime.clock())
    )
    try:
        async with asyncio.timeout(CLAIM_WITHIN_S):
            decided = await asyncio.wrap_future(future)
    except TimeoutError as problem:
        raise Unavailable("The store is slow; don't show the guide.") from problem
    return _json(decided)


async def _holder(request: Request, key: str) -> KeyHolder:
    holder = await find_holder(request, key)
    limit_flood(request, holder, 1)
    return holder


async def _read(request: Request, shape: type[S]) -> S:
    body = await read_body(request, LIMIT)
    try:
        asking = shape.model_validate_json(body)
        check_storable(asking.model_dump())
        return asking
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Invalid(f"{where}: {first['msg']}.") from problem


def _json(answer: BaseModel) -> Response:
    body = msgspec.json.encode({name: value for name, value in answer if value is not None})  # plain JSON in every field
    return Response(body, headers=CORS, media_type="application/json")


routes = [
    Route("/v1/boot", boot, methods=["POST", "OPTIONS"], name="sdk_boot"),
    Route("/v1/claim", claim, methods=["POST", "OPTIONS"], name="sdk_claim"),
]
