"""Adds the roll-ups again from the raw rows; decisions stored with a row are never made anew."""

from collections.abc import Callable

from sqlalchemy import Connection

from milepost.actions.intake_memory import Memory
from milepost.actions.intake_rollups import Additions, write_additions
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import months, rollups

DAY_MS = 86_400_000


def rebuild_rollups(
    connection: Connection, environment_id: int, from_day: int, progress: Callable[[int], None] = lambda _: None
) -> int:
    """How many rows were added. Roll-ups of days before `from_day` are taken as given; `from_day` must be complete in raw."""
    months.unfold_month(connection, environment_id, from_day)
    rollups.clear_rollups(connection, environment_id, from_day)
    additions, n = Additions(), 0
    for row in event_store.iterate_events(connection, environment_id):
        if row[7] >= from_day:
            additions.add(row)
        n += 1
        if n % 20_000 == 0:
            progress(n)
    write_additions(connection, environment_id, additions, Memory())
    rollups.restore_feature_last(connection, environment_id, from_day)
    rollups.mark_all_dirty(connection, environment_id, 0)
    environment_store.raise_generation(connection, environment_id)  # a writer forgets which days it has seen there
    progress(n)
    return n
