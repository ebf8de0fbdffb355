"""Short words for tests of guides: a guide, a person who boots, claims and walks through it."""

import itertools
from types import SimpleNamespace
from typing import Any

import msgspec

from milepost.actions.boot import answer_boot
from milepost.actions.claim import decide_claim
from milepost.actions.guides import push_guides
from milepost.wire.boot import BootAnswer, BootRequest, ClaimAnswer, ClaimRequest
from milepost.wire.guide import Guide
from tests.factories import Sandbox

_numbers = itertools.count(1)


def a_step(name: str, **more: Any) -> dict[str, Any]:
    """A card that points at a test id."""
    target = {"locators": [{"by": "testid", "value": name}]}
    return {"id": name, "target": target, "blocks": [{"type": "text", "text": f"Text of {name}"}]} | more


def a_guide(key: str = "intro", *steps: str, **more: Any) -> Guide:
    """A tour of these steps, for everybody."""
    content = {
        "apiVersion": "guide/v1", "key": key, "name": key.title(), "kind": "tour",
        "steps": [a_step(name) for name in steps or ("one", "two")],
    }  # fmt: skip
    return Guide.model_validate(content | more)


def publish(sandbox: Sandbox, *guides: Guide) -> dict[str, str]:
    """{key: public id} of guides put on air."""
    saved = push_guides(sandbox.runtime, sandbox.tenant, guides, "test", publish=True)
    return {one.key: one.public_id for one in saved}


def boot(sandbox: Sandbox, user: str | None = "u1", *, secret: bool = False, **more: Any) -> SimpleNamespace:
    """What the page of this person is told, field by field; None for what is left out."""
    asking = BootRequest(userId=user, **more)
    answer = answer_boot(sandbox.runtime, sandbox.holder(secret=secret), sandbox.tenant, asking)
    told = msgspec.json.decode(msgspec.json.encode(answer))
    return SimpleNamespace(**dict.fromkeys(BootAnswer.__struct_fields__) | told)


def offered(sandbox: Sandbox, user: str | None = "u1", **more: Any) -> list[str]:
    """Keys of the guides that may start unasked, highest priority first."""
    return [g["key"] for g in boot(sandbox, user, **more).guides if g["trigger"]["on"] != "manual"]


def claim(
    sandbox: Sandbox, guide: str, user: str = "u1", *, version: int = 1, run: str | None = None, secret: bool = False, **more: Any
) -> tuple[str, ClaimAnswer]:
    """(run, answer), decided in the writer's transaction."""
    run = run or f"run_{next(_numbers):08d}"
    asking = ClaimRequest(userId=user, guide=guide, version=version, run=run, **more)
    assert sandbox.runtime.intake is not None
    holder = sandbox.holder(secret=secret)
    future = sandbox.runtime.intake.in_transaction(
        lambda connection: decide_claim(connection, sandbox.runtime, holder, asking, sandbox.clock())
    )
    return run, future.result(30)


def word(sandbox: Sandbox, run: str, what: str, step: str | None = "one", *, user: str = "u1", **more: Any) -> dict[str, Any]:
    """A `$guide` event of now."""
    at, account = more.pop("at", sandbox.clock()), more.pop("account", "a1")
    properties = {"run": run, "what": what, "step": step, "version": 1} | more
    told = {k: v for k, v in properties.items() if v is not None}
    return sandbox.event("$guide", user=user, account=account, at=at, properties=told)


def say(sandbox: Sandbox, run: str, what: str, step: str | None = "one", **more: Any) -> None:
    """Sends that event."""
    sandbox.send(word(sandbox, run, what, step, **more))
