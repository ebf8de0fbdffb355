"""Several processes on PostgreSQL, each with a writer of its own: the same events from all sides still count once."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from milepost.actions.features import push_catalogue
from milepost.actions.follow import FOLLOWERS
from milepost.actions.intake import Intake
from milepost.actions.intake_group import Receipt
from milepost.actions.receive import open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import ledger
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, Sandbox
from tests.faults.recount import counted_rollups, kept_rollups

N_WRITERS = 3
NAMES = ("Leave", "Report", "Other")


@pytest.fixture
def database(postgresql_database: str) -> str:
    """SQLite has one writing process by design."""
    return postgresql_database


def make_events(box: Sandbox) -> list[dict[str, Any]]:
    dice = random.Random(7)
    return [
        box.event(
            dice.choice(NAMES),
            user=f"u{dice.randint(0, 9)}",
            account=f"a{dice.randint(0, 3)}",
            at=box.clock() - dice.randint(0, 5 * DAY_MS),
        )
        for _ in range(300)
    ]


def test_writers_that_get_the_same_events_at_the_same_time_count_each_once(sandbox: Sandbox) -> None:
    features = [Feature(key=n.lower(), name=n, rules=[EventRule(on="event", name=n)]) for n in NAMES[:2]]
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=features), "test")
    runtime, events = sandbox.runtime, make_events(sandbox)
    writers = []
    for _ in range(N_WRITERS):  # each as a process of its own would have it: its own caches, its own memory
        own = Runtime(runtime.settings, runtime.engine, runtime.clock)
        writers.append(Intake(own.engine, own.settings, own.clock, own.tenants, FOLLOWERS))
    for writer in writers:
        writer.start()

    def send(number: int) -> list[Receipt]:
        dice, tenant, holder = random.Random(number), sandbox.tenant, sandbox.holder()
        waiting, receipts = [*events], []
        dice.shuffle(waiting)
        while waiting:
            piece, waiting = waiting[:20], waiting[20:]
            parcel = open_parcel(msgspec.json.encode({"batch": piece}), "batch")
            batch = read_parcel(parcel, "batch", holder, tenant, sandbox.clock())
            receipts.append(writers[number % N_WRITERS].submit(batch).result(60))
        return receipts

    with ThreadPoolExecutor(2 * N_WRITERS) as threads:
        receipts = [receipt for found in threads.map(send, range(2 * N_WRITERS)) for receipt in found]
    for writer in writers:
        writer.stop()
    assert sum(receipt.stored for receipt in receipts) == 300
    assert sum(receipt.duplicate for receipt in receipts) == 300 * (2 * N_WRITERS - 1)
    assert sandbox.rows("SELECT count(*), count(DISTINCT message_id) FROM events") == [(300, 300)]
    assert kept_rollups(runtime.engine) == counted_rollups(runtime.engine)
    with db.reading(runtime.engine) as connection:
        books = ledger.read_installation_ledger(connection)
    assert books["received"] == books["stored"] + books["duplicate"] == 300 * 2 * N_WRITERS
