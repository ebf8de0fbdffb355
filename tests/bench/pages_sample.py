"""The book the console is measured in: 2,000 accounts, 200 features, four weeks of use, guides, scores that are settled."""

import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import msgspec

from milepost.actions.guides import push_guides
from milepost.actions.jobs import Jobs
from milepost.actions.keys import KeyHolder
from milepost.actions.receive import open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.actions.score import refresh_dirty
from milepost.actions.start import open_serving_runtime
from milepost.rules.days import DAY_MS, date_of, day_of
from milepost.wire.event import format_instant
from tests.bench.boot_sample import PLANS, make_guides
from tests.bench.measure import bench_runtime, fill_catalogue
from tests.live import LiveServer

N_ACCOUNTS, N_PEOPLE, N_USES, N_DAYS = 2_000, 4, 40, 28
BATCH = 500


def fill_book(server: LiveServer) -> None:
    """Everything through the actions; the server does not run yet, and finds no job left to do."""
    fill_catalogue(bench_runtime(server.database))
    runtime = open_serving_runtime(bench_runtime(server.database).settings)
    assert runtime.intake is not None
    holder = runtime.keys.find(server.secret_key, runtime.clock())
    assert holder is not None
    push_guides(runtime, runtime.tenants.current(holder.environment_id, runtime.clock()), make_guides(), "bench", publish=True)
    runtime.intake.start()
    try:
        _send(runtime, holder, list(_events(runtime.clock())))
    finally:
        runtime.intake.stop()
    while refresh_dirty(runtime, holder.environment_id):
        pass
    jobs = Jobs(runtime)
    while jobs.tick():
        pass


def _events(now: int) -> Iterator[dict[str, Any]]:
    """Each account's facts, then its uses: few features have most of them, and two in three accounts are small."""
    random_ = random.Random(7)
    today = day_of(now, "UTC")
    for number in range(N_ACCOUNTS):
        account = f"acct-{number}"
        traits = {
            "name": f"Customer {number}", "plan": PLANS[number % 3], "tier": "ABC"[number % 3], "arr": 1_000 * (number % 97 + 1),
            "currency": "EUR", "seats": 20, "started_on": date_of(today - 400).isoformat(),
            "renewal_on": date_of(today + number % 365).isoformat(), "owner_email": "owner@example.test",
        }  # fmt: skip
        yield {"type": "group", "userId": f"{account}-0", "groupId": account, "traits": traits, "timestamp": format_instant(now)}
        for _ in range(N_USES if number % 3 == 0 else N_USES // 2):
            feature = min(int(random_.expovariate(1 / 25)), 149)
            at = format_instant(now - random_.randrange(N_DAYS) * DAY_MS - random_.randrange(DAY_MS))
            yield {
                "type": "track", "userId": f"{account}-{random_.randrange(N_PEOPLE)}", "event": f"Report {feature} Opened",
                "properties": {"rows": 5}, "context": {"groupId": account}, "timestamp": at,
            }  # fmt: skip


def _send(runtime: Runtime, holder: KeyHolder, events: list[dict[str, Any]]) -> None:
    assert runtime.intake is not None
    waiting: deque[Future[Any]] = deque()
    for start in range(0, len(events), BATCH):
        part = [event | {"messageId": f"m-{start + at}"} for at, event in enumerate(events[start : start + BATCH])]
        now = runtime.clock()
        parcel = open_parcel(msgspec.json.encode({"batch": part}), "import")
        tenant = runtime.tenants.current(holder.environment_id, now)
        waiting.append(runtime.intake.submit(read_parcel(parcel, "import", holder, tenant, now)))
        _settle(waiting, most=8)
    _settle(waiting, most=0)


def _settle(waiting: "deque[Future[Any]]", most: int) -> None:
    """Waits until so many are on their way at most."""
    while len(waiting) > most:
        refused = waiting.popleft().result(120).refused
        if refused:
            raise SystemExit(f"{len(refused)} events of the sample were refused: {refused[0]}")
