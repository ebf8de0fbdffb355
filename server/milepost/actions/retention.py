"""Drops raw events older than the environment keeps them: whole partitions where PostgreSQL has them, then slices by key."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import ledger
from milepost.store import waiting as waiting_store
from milepost.store.partitions import drop_partitions_before

DAY_MS = 86_400_000
SLICE = 2_000
PAUSE_S = 0.02  # the writer's turn


def apply_retention(runtime: Runtime, environment_id: int) -> int:
    """How many events went; roll-ups stay. Bad rows, and what waits for an owner, go by the same horizon."""
    with db.reading(runtime.engine) as connection:
        kept = {e["id"]: e["retention_days"] for e in environment_store.read_all_environments(connection)}
    now = runtime.clock()
    before = now - kept[environment_id] * DAY_MS
    total = drop_partitions_before(runtime.engine, environment_id, now - max(kept.values()) * DAY_MS)
    total += _in_slices(runtime, lambda c: event_store.delete_events_before(c, environment_id, before, SLICE))
    _in_slices(runtime, lambda c: waiting_store.delete_waiting_before(c, environment_id, before, SLICE))
    _in_slices(runtime, lambda c: ledger.delete_bad_rows_before(c, environment_id, before, SLICE))
    return total


def _in_slices(runtime: Runtime, delete: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with db.writing(runtime.engine) as connection:
            gone = delete(connection)
        total += gone
        if gone < SLICE:
            return total
        time.sleep(PAUSE_S)
