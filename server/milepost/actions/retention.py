"""Drops raw events older than the environment keeps them, in slices between the writer's groups."""

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import ledger

DAY_MS = 86_400_000
SLICE = 2_000


def apply_retention(runtime: Runtime, environment_id: int) -> int:
    """How many events went; roll-ups stay. Bad rows go by the same horizon."""
    with db.reading(runtime.engine) as connection:
        days = environment_store.read_environment(connection, environment_id)["retention_days"]
    before, total = runtime.clock() - days * DAY_MS, 0
    while True:
        with db.writing(runtime.engine) as connection:
            gone = event_store.delete_events_before(connection, environment_id, before, SLICE)
            if gone < SLICE:
                ledger.delete_bad_rows_before(connection, environment_id, before)
        total += gone
        if gone < SLICE:
            return total
