"""The usual events request, answered in front of routing, guard and walls: nothing they would do is left undone.

Taken here is a small POST with one plain body, from a key this process knows. Whatever is unusual in it, or can't be told
without asking the database, goes the general way (`segment_api.receive`), with the body as it came.
"""

import asyncio
import logging
from functools import lru_cache

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from milepost.actions.broadcast import hold_broadcast
from milepost.actions.intake_group import Batch, Receipt
from milepost.actions.keys import KeyHolder
from milepost.actions.receive import open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.web.bodies import BODY_DEADLINE_S, TooSlow
from milepost.web.lane import again, headers_for, usual_fields, whole_body
from milepost.web.segment_api import (
    ANSWER_WITHIN_S,
    ROUTES,
    answer_problem,
    charge,
    charge_people,
    presented_key,
    shown,
    store_is_slow,
)  # fmt: skip

log = logging.getLogger(__name__)
Key = tuple[str | None, KeyHolder | None]  # as presented, and whom it speaks for as far as that is known
RENEW_AFTER_MS = 400
MOST_RENEWED = 10_000
ROUTE_OF = {f"/v1/{route}": route for route in ROUTES}


class EventsLane(Starlette):
    """The application with the lane in front of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way is decided on the path alone, then on what the headers say."""
        route = ROUTE_OF.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        fields = usual_fields(scope) if route is not None else None
        if route is None or fields is None:
            await super().__call__(scope, receive, send)
            return
        presented = presented_key(fields.get(b"authorization", b"").decode("latin-1"))
        holder = self._known(presented, fields) if presented else None
        if presented and holder is None:
            await super().__call__(scope, receive, send)
            return
        try:
            content = await self._take(route, fields, (presented, holder), scope, receive, send)
        except Exception as problem:  # the boundary: the client is told what to do, and keeps its events
            await answer_problem(problem)(scope, receive, send)
            return
        if content is not None:
            await send({"type": "http.response.start", "status": 200, "headers": headers_for(len(content))})
            await send({"type": "http.response.body", "body": content})

    async def _take(
        self, route: str, fields: dict[bytes, bytes], key: Key, scope: Scope, receive: Receive, send: Send
    ) -> bytes | None:
        """The answer; None when the general way has given it."""
        intake, is_read = self.state.runtime.intake, False
        try:
            async with asyncio.timeout(BODY_DEADLINE_S) as deadline:
                message = await receive()
                is_read = True
                batch = self._read(route, fields, key, scope, message) if intake is not None else None
                if batch is not None:
                    deadline.reschedule(asyncio.get_running_loop().time() + ANSWER_WITHIN_S)
                    return _content(await intake.submit_from_loop(batch))
        except TimeoutError as problem:
            raise (store_is_slow() if is_read else TooSlow()) from problem
        await super().__call__(scope, again(message, receive), send)
        return None

    def _read(self, route: str, fields: dict[bytes, bytes], key: Key, scope: Scope, message: Message) -> Batch | None:
        """None for a body that is not here as a whole, can't be read as one, or names a key that must be looked up."""
        body = whole_body(message)
        if body is None:
            return None
        runtime: Runtime = self.state.runtime
        now = runtime.clock()
        parcel = open_parcel(body, route)
        presented, holder = key if key[1] is not None else (parcel.write_key, self._known(parcel.write_key, fields))
        tenant = runtime.tenants.held(holder.environment_id, now) if holder is not None else None
        if holder is None or tenant is None or parcel.whole is not None or not parcel.events:
            return None
        charge(self.state, scope["client"], holder, len(parcel.events))
        self._renew_in_time(str(presented), holder, now)
        batch = read_parcel(parcel, route, holder, tenant, now)
        charge_people(self.state, holder, batch)
        return batch

    def _renew_in_time(self, key: str, holder: KeyHolder, now: int) -> None:
        """One of the requests after half the time lets a thread read the key and its environment again."""
        renewed: dict[str, int] = self.state.runtime.caches.get("renewed", 0, 0, dict)
        if now - renewed.get(key, 0) < RENEW_AFTER_MS:
            return
        if len(renewed) > MOST_RENEWED:
            renewed.clear()
        renewed[key] = now
        asyncio.get_running_loop().run_in_executor(None, _renew, self.state.runtime, key, holder.environment_id)

    def _known(self, presented: str | None, fields: dict[bytes, bytes]) -> KeyHolder | None:
        """Whom the key speaks for, as far as that is known without asking, and nothing about its use is odd."""
        if presented is None:
            return None
        runtime: Runtime = self.state.runtime
        fresh, holder = runtime.keys.held(presented, runtime.clock())
        return None if not fresh or holder is None or (holder.is_secret and b"origin" in fields) else holder


def _renew(runtime: Runtime, key: str, environment_id: int) -> None:
    """What fails here fails again, and is answered, when what is held has grown old."""
    try:
        runtime.keys.renew(key, runtime.clock())
        runtime.tenants.renew(environment_id, runtime.clock(), lambda tenant: hold_broadcast(runtime, tenant))
    except Exception:
        log.exception("a key and its environment could not be read again")


def _content(receipt: Receipt) -> bytes:
    if receipt.stored == receipt.received:
        return _all_stored(receipt.stored)
    return shown(receipt)


@lru_cache(maxsize=1024)
def _all_stored(n: int) -> bytes:
    return shown(Receipt(received=n, stored=n))
