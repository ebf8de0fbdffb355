"""PostgreSQL's old partitions of the raw table go whole: nothing is read, nothing is left to vacuum."""

from sqlalchemy import Connection, Engine, text

from milepost.store.engine import is_sqlite
from milepost.store.events import DAY_MS, PARTITION_LOCK

PREFIX = "events_d"
LIST = (
    "SELECT c.relname, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = 'events'::regclass"
)


def drop_partitions_before(engine: Engine, environment_id: int, before_ms: int) -> int:
    """Drops the days of the key that end before, for every environment at once: `before_ms` is the oldest that any keeps.

    How many rows of this environment went with them. The partition of events without a time of their own stays: its rows
    go by receive day, see `store.events`. On SQLite there are none.
    """
    if is_sqlite(engine):
        return 0
    n = 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": PARTITION_LOCK})
        try:
            for name, is_pending in connection.execute(text(LIST)).all():
                if name.startswith(PREFIX) and 0 < int(name.removeprefix(PREFIX)) < before_ms // DAY_MS:
                    n += _drop(connection, environment_id, name, is_pending=is_pending)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": PARTITION_LOCK})
    return n


def _drop(connection: Connection, environment_id: int, name: str, *, is_pending: bool) -> int:
    """Detached beside writers and readers, who never wait for it; a detachment that was cut off is ended."""
    counted = text(f"SELECT count(*) FROM {name} WHERE environment_id = :e")
    n = int(connection.execute(counted, {"e": environment_id}).scalar_one())
    connection.execute(text(f"ALTER TABLE events DETACH PARTITION {name} {'FINALIZE' if is_pending else 'CONCURRENTLY'}"))
    connection.execute(text(f"DROP TABLE {name}"))
    return n
