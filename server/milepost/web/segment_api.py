"""The Segment HTTP Tracking API v1, as unmodified clients speak it. See the ingest reference in the docs."""

import asyncio
import base64
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import audit
from milepost.actions.intake_group import Batch, Receipt
from milepost.actions.keys import KeyHolder
from milepost.actions.receive import Parcel, open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import BadRequest, Forbidden, MilepostError, NotFound, TooManyRequests, Unauthorized, Unavailable
from milepost.store import engine as db
from milepost.web.bodies import EVENTS_LIMIT, Room, Seat, TooSlow, read_body
from milepost.web.buckets import Buckets, address_prefix

log = logging.getLogger(__name__)
ON_LOOP_BYTES = 128 * 1024  # larger bodies are read on a thread
ANSWER_WITHIN_S = 9.0
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", "Cache-Control": "no-store"}
PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type, anonymousid, x-retry-count",
    "Access-Control-Max-Age": "86400",
}
Endpoint = Callable[[Request], Awaitable[Response]]


def answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON with the CORS headers every page may read."""
    body = msgspec.json.encode(content)
    return Response(body, status, headers=CORS | (headers or {}), media_type="application/json")


def answer_error(problem: MilepostError) -> Response:
    """`code` and `message` as texts: what the clients look for before they retry."""
    wait_s = problem.retry_after_s or (1 if problem.status in {TooManyRequests.status, Unavailable.status} else None)
    headers = {"Retry-After": str(wait_s)} if wait_s else {}
    if problem.status == Unauthorized.status:
        headers["WWW-Authenticate"] = 'Basic realm="write key"'
    return answer({"success": False, "code": problem.error_code, "message": problem.detail}, problem.status, headers)


def answer_problem(problem: Exception) -> Response:
    """Any error as its answer; inside an `except`, so that what nobody foresaw is logged with its trace."""
    if isinstance(problem, TooSlow):  # a slow line is a passing fault: for a 4xx the clients would drop the batch for ever
        return answer_error(Unavailable("The body did not arrive in time; send the same events again.", retry_after_s=1))
    if isinstance(problem, MilepostError):
        return answer_error(problem)
    log.exception("an events request failed")
    return answer_error(Unavailable("The server could not take this; send the same events again.", retry_after_s=2))


def store_is_slow() -> Unavailable:
    """The commit did not come in time."""
    return Unavailable("The store is slow; send the same events again.", retry_after_s=2)


def guarded(endpoint: Endpoint) -> Endpoint:
    """Errors as JSON; what nobody foresaw is 503, so that the client keeps its events."""

    async def run(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            return await endpoint(request)
        except Exception as problem:  # the boundary: whatever failed, the client learns what to do
            return answer_problem(problem)

    run.__name__ = endpoint.__name__
    run.__doc__ = endpoint.__doc__
    return run


def presented_key(header: str) -> str | None:
    """The user of a Basic header: where most clients put the write key."""
    if header[:6].lower() != "basic ":
        return None
    try:
        return base64.b64decode(header[6:], validate=True).decode().partition(":")[0] or None
    except ValueError:  # no base64, no UTF-8, no ASCII
        return None


async def find_holder(request: Request, presented: str | None) -> KeyHolder:
    """Whom the key speaks for; raises Unauthorized, or Forbidden for a secret key in a browser."""
    if not presented:
        raise Unauthorized("Send your write key: Basic auth with the key as user name, or `writeKey` in the body.")
    runtime: Runtime = request.app.state.runtime
    now = runtime.clock()
    fresh, holder = runtime.keys.held(presented, now)
    if not fresh:
        holder = await run_in_threadpool(runtime.keys.find, presented, now)
    if holder is None:
        raise Unauthorized("This write key is unknown or revoked; copy the key from the console's Install page.")
    if holder.is_secret and "origin" in request.headers:
        await run_in_threadpool(_tell_admins, runtime, holder, request.headers["origin"][:200])
        raise Forbidden("A secret key (sk_…) came from a web page; revoke it, and use the write key (pk_…) in browsers.")
    return holder


def _tell_admins(runtime: Runtime, holder: KeyHolder, origin: str) -> None:
    told: dict[str, int] = runtime.caches.get("secret_in_browser", holder.environment_id, 0, dict)
    now = runtime.clock()
    if now - told.get(holder.public_id, 0) < 3_600_000:
        return
    told[holder.public_id] = now
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection,
            holder.workspace_id,
            now=now,
            actor="system",
            action="key.secret_in_browser",
            subject=holder.public_id,
            origin=origin,
        )


async def find_tenant(runtime: Runtime, environment_id: int) -> Tenant:
    """The environment as of at most a second ago; raises Unavailable when it can't be read now."""
    now = runtime.clock()
    tenant = runtime.tenants.held(environment_id, now)
    if tenant is not None:
        return tenant
    try:
        return await run_in_threadpool(runtime.tenants.current, environment_id, now)
    except SQLAlchemyError as problem:
        raise Unavailable("The environment can't be read now; try again.", retry_after_s=1) from problem


def limit_flood(request: Request, holder: KeyHolder, n: int) -> None:
    """Raises TooManyRequests when a public key or its address sends more than it may."""
    charge(request.app.state, request.client, holder, n)


def charge(state: State, client: tuple[str, int] | None, holder: KeyHolder, n: int) -> None:
    """The same for an application's state and the client's address."""
    if holder.is_secret:
        return
    now = state.runtime.clock()
    host = client[0] if client else "unknown"
    for buckets, name in ((by_key(state), holder.public_id), (by_address(state), address_prefix(host))):
        wait_s = buckets.take(name, n, now)
        if wait_s is not None:
            raise TooManyRequests("Too many events from this key or address; slow down.", retry_after_s=wait_s)


def charge_people(state: State, holder: KeyHolder, batch: Batch) -> None:
    """Raises TooManyRequests when one person of a public key's events sends more than a person may."""
    charge_each(state, holder, Counter(reading.user or reading.anonymous for reading in batch.readings))


def charge_each(state: State, holder: KeyHolder, asked: Mapping[str | None, int]) -> None:
    """The same for {person: how many events or claims}."""
    if holder.is_secret:
        return
    now, buckets = state.runtime.clock(), by_identity(state)
    for person, n in asked.items():
        wait_s = buckets.take(f"{holder.environment_id}:{person}", n, now)
        if wait_s is not None:
            raise TooManyRequests("Too many events from one person; slow down.", retry_after_s=wait_s)


def by_key(state: object) -> Buckets:
    """The buckets of public keys, made on first use."""
    if not hasattr(state, "key_buckets"):
        state.key_buckets = Buckets(state.runtime.settings.pk_events_per_s)  # type: ignore[attr-defined]
    return state.key_buckets  # type: ignore[attr-defined, no-any-return]


def by_address(state: object) -> Buckets:
    """The buckets of addresses, made on first use."""
    if not hasattr(state, "address_buckets"):
        state.address_buckets = Buckets(state.runtime.settings.address_events_per_s)  # type: ignore[attr-defined]
    return state.address_buckets  # type: ignore[attr-defined, no-any-return]


def by_identity(state: object) -> Buckets:
    """The buckets of people, made on first use."""
    if not hasattr(state, "identity_buckets"):
        state.identity_buckets = Buckets(state.runtime.settings.identity_events_per_s)  # type: ignore[attr-defined]
    return state.identity_buckets  # type: ignore[attr-defined, no-any-return]


def room(state: object) -> Room:
    """Where large bodies wait, made on first use."""
    if not hasattr(state, "body_room"):
        state.body_room = Room()  # type: ignore[attr-defined]
    return state.body_room  # type: ignore[attr-defined, no-any-return]


@guarded
async def receive(request: Request) -> Response:
    """Takes one request of events; answers after the fsynced commit."""
    route = str(request.path_params["route"])
    if route not in ROUTES:
        raise NotFound(f"There is no /v1/{route}; send events to /v1/batch.")
    presented = presented_key(request.headers.get("authorization", ""))
    holder = await find_holder(request, presented) if presented else None
    with Seat(room(request.app.state)) as seat:
        return await _take(request, route, holder, seat)


async def _take(request: Request, route: str, holder: KeyHolder | None, seat: Seat) -> Response:
    body = await read_body(request, EVENTS_LIMIT, seat.take)
    parcel = open_parcel(body, route) if len(body) <= ON_LOOP_BYTES else await run_in_threadpool(open_parcel, body, route)
    if holder is None:
        holder = await find_holder(request, parcel.write_key)
    limit_flood(request, holder, max(1, len(parcel.events)))
    receipt = await _store(request.app.state, parcel, route, holder, len(body))
    if parcel.whole is not None:
        raise BadRequest(parcel.whole.detail, code=parcel.whole.reason)
    return Response(shown(receipt), headers=CORS, media_type="application/json")


async def _store(state: State, parcel: Parcel, route: str, holder: KeyHolder, size: int) -> Receipt:
    runtime: Runtime = state.runtime
    tenant = await find_tenant(runtime, holder.environment_id)
    now = runtime.clock()
    if size <= ON_LOOP_BYTES:
        batch = read_parcel(parcel, route, holder, tenant, now)
    else:
        batch = await run_in_threadpool(read_parcel, parcel, route, holder, tenant, now)
    charge_people(state, holder, batch)
    if not batch.readings and not batch.refused:
        return Receipt()
    if runtime.intake is None:
        raise Unavailable("This process takes no events.")
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await runtime.intake.submit_from_loop(batch)
    except TimeoutError as problem:
        raise store_is_slow() from problem


def shown(receipt: Receipt) -> bytes:
    """A receipt as clients read it."""
    content: dict[str, object] = {
        "success": True,
        "received": receipt.received,
        "stored": receipt.stored,
        "duplicate": receipt.duplicate,
        "refused": len(receipt.refused) - receipt.overflow,
        "overflow": receipt.overflow,
    }
    if receipt.refused:
        content["reasons"] = [{"code": r.reason, "message": r.detail} for r in receipt.refused[:20]]
    return msgspec.json.encode(content)


@guarded
async def take_metrics(request: Request) -> Response:  # noqa: ARG001
    """The browser client's own metrics: taken and dropped."""
    return answer({"success": True})


@guarded
async def project_settings(request: Request) -> Response:
    """What the Segment browser client asks for first."""
    key = str(request.path_params["key"])
    if (await find_holder(request, key)).is_secret:
        raise Forbidden("A secret key (sk_…) never belongs in an address; use the write key (pk_…) in browsers.")
    host = request.app.state.runtime.settings.url
    integration = {"apiKey": key, "apiHost": f"{host.partition('://')[2]}/v1", "protocol": host.partition("://")[0]}
    return answer({"integrations": {"Segment.io": integration}, "plan": {"track": {}}})


@guarded
async def source_config(request: Request) -> Response:
    """What the RudderStack browser client asks for first."""
    in_address = request.query_params.get("writeKey")
    if in_address and in_address.startswith("sk_"):
        raise Forbidden("A secret key (sk_…) stands in an address, where logs keep it; revoke it, and use the write key (pk_…).")
    holder = await find_holder(request, presented_key(request.headers.get("authorization", "")) or in_address)
    source = {"id": holder.public_id, "enabled": True, "config": {}, "destinations": []}
    return answer({"source": source | {"name": "milepost"}})


ROUTES = frozenset(
    {"batch", "b", "import", "identify", "i", "track", "t", "page", "p", "screen", "s", "group", "g", "alias", "a"}
)
routes = [
    Route("/v1/m", take_metrics, methods=["POST", "OPTIONS"], name="segment_metrics"),
    Route("/v1/projects/{key}/settings", project_settings, methods=["GET", "OPTIONS"], name="segment_settings"),
    Route("/sourceConfig/", source_config, methods=["GET", "OPTIONS"], name="rudder_source_config"),
    Route("/sourceConfig", source_config, methods=["GET", "OPTIONS"], name="rudder_source_config_bare"),
    Route("/v1/{route}", receive, methods=["POST", "OPTIONS"], name="segment_events"),
]
