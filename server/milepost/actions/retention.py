"""Drops raw events older than the environment keeps them, in slices between the writer's groups."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import ledger
from milepost.store import waiting as waiting_store

DAY_MS = 86_400_000
SLICE = 2_000
PAUSE_S = 0.02  # the writer's turn


def apply_retention(runtime: Runtime, environment_id: int) -> int:
    """How many events went; roll-ups stay. Bad rows, and what waits for an owner, go by the same horizon."""
    with db.reading(runtime.engine) as connection:
        days = environment_store.read_environment(connection, environment_id)["retention_days"]
    before = runtime.clock() - days * DAY_MS
    total = _in_slices(runtime, lambda c: event_store.delete_events_before(c, environment_id, before, SLICE))
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
