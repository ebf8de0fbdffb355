"""Boot and claim, answered in front of routing, guard and walls: nothing they would do is left undone.

Taken here is a small plain body from a key and an environment this process knows. Whatever is unusual in it goes the
general way (`sdk_api`), with the body as it came. What is held is renewed before it gets old, so that few have to wait.
"""

import asyncio
from typing import Any

import msgspec
from starlette.types import Message, Receive, Scope, Send

from milepost.actions.boot import answer_boot, is_quick
from milepost.actions.runtime import Runtime
from milepost.web.bodies import BODY_DEADLINE_S, TooSlow
from milepost.web.events_lane import EventsLane
from milepost.web.lane import again, headers_for, usual_fields, whole_body
from milepost.web.sdk_api import BOOT, CLAIM, LIMIT, ask_writer, read_asking
from milepost.web.segment_api import answer_problem, charge, charge_each
from milepost.wire.boot import BootRequest, ClaimRequest

DECODERS: "dict[str, msgspec.json.Decoder[Any]]" = {"/v1/boot": BOOT, "/v1/claim": CLAIM}


class SdkLane(EventsLane):
    """The application with both lanes in front of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way is decided on the path and the headers, then on the body."""
        decoder = DECODERS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        fields = usual_fields(scope) if decoder is not None else None
        if decoder is None or fields is None or int(fields[b"content-length"]) > LIMIT:
            await super().__call__(scope, receive, send)
            return
        try:
            message = await _first_message(receive)
            content = await self._answer(decoder, fields, scope, message)
        except Exception as problem:  # the boundary: whatever failed, the page learns what to do
            await answer_problem(problem)(scope, receive, send)
            return
        if content is None:
            await super().__call__(scope, again(message, receive), send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers_for(len(content))})
        await send({"type": "http.response.body", "body": content})

    async def _answer(
        self, decoder: "msgspec.json.Decoder[Any]", fields: dict[bytes, bytes], scope: Scope, message: Message
    ) -> bytes | None:
        """None for the general way: the body came in parts, or somebody must be asked who the key or the person is."""
        body = whole_body(message)
        if body is None or len(body) > LIMIT:
            return None
        runtime: Runtime = self.state.runtime
        asking: BootRequest | ClaimRequest = read_asking(body, decoder)
        now = runtime.clock()
        fresh, holder = runtime.keys.held(asking.writeKey, now)
        tenant = runtime.tenants.held(holder.environment_id, now) if fresh and holder is not None else None
        if holder is None or tenant is None or (holder.is_secret and b"origin" in fields):
            return None
        self._renew_in_time(asking.writeKey, holder, now)
        if isinstance(asking, ClaimRequest):
            charge(self.state, scope["client"], holder, 1)
            charge_each(self.state, holder, {asking.userId or asking.anonymousId: 1})
            return msgspec.json.encode(await ask_writer(runtime, holder, asking))
        if not is_quick(runtime, tenant, asking):
            return None
        charge(self.state, scope["client"], holder, 1)
        return msgspec.json.encode(answer_boot(runtime, holder, tenant, asking))


async def _first_message(receive: Receive) -> Message:
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            return await receive()
    except TimeoutError as problem:
        raise TooSlow from problem
