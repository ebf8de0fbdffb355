"""The environment boot is measured in: 20 guides on air, 5,000 people, what they used, finished and have open."""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from milepost.actions.guides import push_guides
from milepost.actions.keys import KeyHolder
from milepost.actions.receive import open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.actions.start import open_serving_runtime
from milepost.store import driver
from milepost.store import engine as db
from milepost.store import runs as run_store
from milepost.wire.event import format_instant
from milepost.wire.guide import Guide
from tests.bench.measure import bench_runtime, fill_catalogue
from tests.bench.sample import N_ACCOUNTS, N_PEOPLE
from tests.live import LiveServer

N_GUIDES, N_STEPS = 20, 5
ROLES, PLANS = ("analyst", "manager", "admin", "clerk"), ("free", "pro", "enterprise")
BATCH, AT_ONCE = 500, 8


def make_guides() -> list[Guide]:
    """20 tours of five steps in two languages; who sees one depends on role, plan and use of a feature."""
    return [Guide.model_validate(_guide(number)) for number in range(N_GUIDES)]


def _guide(number: int) -> dict[str, Any]:
    role = {"fact": "user.role", "op": "in", "value": [ROLES[number % 4], ROLES[(number + 1) % 4]]}
    plan = {"fact": "account.plan", "op": "is", "value": PLANS[number % 3]}
    unused = {"fact": f"feature.feature-{number}.uses", "op": "lt", "value": 1}
    return {
        "apiVersion": "guide/v1", "key": f"guide-{number}", "name": f"Guide {number}", "kind": "tour", "priority": number,
        "pages": [f"/area-{number}/**"], "audience": ({"all": [role, plan]}, {"all": [role, unused]}, plan, unused)[number % 4],
        "steps": [_step(number, step) for step in range(N_STEPS)],
    }  # fmt: skip


def _step(number: int, step: int) -> dict[str, Any]:
    text = "Choose the columns you need here; what you choose is kept for you, and your colleagues keep theirs."
    button = {"type": "button", "id": "next", "text": {"en": "Next", "zh-CN": "下一步"}, "actions": [{"do": "next"}]}
    return {
        "id": f"step-{step}",
        "target": {
            "locators": [{"by": "testid", "value": f"g{number}-{step}"}, {"by": "text", "value": f"Columns {number} {step}"}]
        },
        "blocks": [
            {"type": "heading", "text": {"en": f"Columns, step {step}", "zh-CN": f"列，第 {step} 步"}},
            {"type": "text", "text": {"en": text, "zh-CN": "在这里选择您需要的列；您的选择会为您保留，同事们的也一样。"}},
            button,
        ],
    }


def make_bodies(write_key: str, etag: str) -> list[str]:
    """One for each person, as the SDK asks; four pages in five have the rules of this etag already."""
    return [json.dumps(_asking(write_key, etag, person)) for person in range(N_PEOPLE)]


def _asking(write_key: str, etag: str, person: int) -> dict[str, Any]:
    asking = {
        "writeKey": write_key, "userId": f"user-{person}", "account": f"acct-{person % N_ACCOUNTS}",
        "anonymousId": f"anon-{person:032d}", "session": f"ses-{person:032d}", "sdk": "0.1.0",
        "path": f"/area-{person % N_GUIDES}/item", "locale": "zh-CN" if person % 3 == 0 else "en-GB",
    }  # fmt: skip
    return asking | ({"rules_etag": etag} if person % 5 else {})


def fill_environment(server: LiveServer) -> None:
    """Everything, through the actions; the server does not run yet."""
    runtime, holder = open_filled(server)
    send_all(runtime, holder, _events(format_instant(runtime.clock())))
    _leave_traces(runtime, holder.environment_id)


def open_filled(server: LiveServer) -> tuple[Runtime, KeyHolder]:
    """An environment with the catalogue and the guides, and the holder of its secret key."""
    fill_catalogue(bench_runtime(server.database))
    runtime = open_serving_runtime(bench_runtime(server.database).settings)
    holder = runtime.keys.find(server.secret_key, runtime.clock())
    assert holder is not None
    push_guides(runtime, runtime.tenants.current(holder.environment_id, runtime.clock()), make_guides(), "bench", publish=True)
    return runtime, holder


def _events(now: str) -> Any:
    """Every account's plan, every person's role, and one use by every second person."""
    for number in range(N_ACCOUNTS):
        traits = {"name": f"Customer {number}", "plan": PLANS[number % 3]}
        yield {"type": "group", "userId": f"user-{number}", "groupId": f"acct-{number}", "traits": traits, "timestamp": now}
    for person in range(N_PEOPLE):
        common = {"userId": f"user-{person}", "context": {"groupId": f"acct-{person % N_ACCOUNTS}"}, "timestamp": now}
        traits = {"name": f"Person {person}", "email": f"p{person}@customer.test", "role": ROLES[person % 4]}
        yield common | {"type": "identify", "traits": traits}
        if person % 2:
            yield common | {"type": "track", "event": f"Report {person // 2 % N_GUIDES} Opened", "properties": {"rows": 5}}


def send_all(runtime: Runtime, holder: KeyHolder, events: Iterable[dict[str, Any]], route: str = "batch") -> None:
    """Through the intake, which is started and stopped; stops the command when one is refused."""
    intake = runtime.intake
    assert intake is not None
    named = ({**event, "messageId": f"m-{number}"} for number, event in enumerate(events))
    intake.start()
    try:
        while part := list(islice(named, BATCH * AT_ONCE)):
            now = runtime.clock()
            tenant = runtime.tenants.current(holder.environment_id, now)
            bodies = [msgspec.json.encode({"batch": part[start : start + BATCH]}) for start in range(0, len(part), BATCH)]
            waiting = [intake.submit(read_parcel(open_parcel(body, route), route, holder, tenant, now)) for body in bodies]
            refused = [refusal for future in waiting for refusal in future.result(120).refused]
            if refused:
                raise SystemExit(f"{len(refused)} events of the sample were refused: {refused[0]}")
    finally:
        intake.stop()


def _leave_traces(runtime: Runtime, environment_id: int) -> None:
    """Every person has finished three guides; one in five has a tour under way."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        marks = (environment_id,)
        people = driver.fetch(connection, "SELECT id, account_id FROM end_users WHERE environment_id = ? ORDER BY id", marks)
        guides = [row[0] for row in driver.fetch(connection, "SELECT id FROM guides WHERE environment_id = ? ORDER BY id", marks)]
        for at, (person, account) in enumerate(people):
            for number in range(3):
                guide = guides[(at + number * 5) % len(guides)]
                run_store.save_state(connection, environment_id, guide, person, state="finished", reason=None, at=now)
            if at % 5 == 0:
                run_store.insert_run(
                    connection, environment_id, f"run_{at:08d}", guides[(at + 1) % len(guides)], 1, end_user_id=person,
                    account_id=account, free=False, now=now,
                )  # fmt: skip
