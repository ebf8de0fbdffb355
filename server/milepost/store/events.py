"""The raw table: one row per event, clustered by its key; PostgreSQL keeps one partition a day."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, text

from milepost.store import driver
from milepost.store.engine import is_sqlite, writing

DAY_MS = 86_400_000
COLUMNS = (
    "environment_id, key, message_id, type, name, at, received_at, day, anonymous_id, end_user_id, account_id, "
    "ordinals, catalogue_version, guided, verified, excluded, body"
)
_TYPED = (
    "environment_id, key bytea, message_id text, type text, name text, at, received_at, day, anonymous_id text, end_user_id, "
    "account_id, ordinals text, catalogue_version, guided, verified, excluded text, body text"
)
_INSERT = f"INSERT INTO events ({COLUMNS}) SELECT {COLUMNS} FROM v"
PARTITION_LOCK = 7_281_001


def find_existing_keys(connection: Connection, environment_id: int, keys: Iterable[bytes]) -> set[bytes]:
    """Which of these events are stored already."""
    sql = "SELECT key FROM events WHERE environment_id = ? AND key IN {in}"
    return {bytes(row[0]) for row in driver.fetch_in(connection, sql, [environment_id], keys)}


def insert_events(connection: Connection, environment_id: int, rows: Sequence[tuple[Any, ...]]) -> set[bytes]:
    """Stores this environment's rows (columns as in COLUMNS, ascending by key); answers the keys not there before."""
    if any(row[0] != environment_id for row in rows):
        raise ValueError("a row of another environment")
    if is_sqlite(connection):
        driver.write_rows(connection, _TYPED, _INSERT, rows)
        return {row[1] for row in rows}
    found = driver.fetch_rows(connection, _TYPED, f"{_INSERT} ON CONFLICT DO NOTHING RETURNING key", rows)
    return {bytes(row[0]) for row in found}


def ensure_partitions(engine: Engine, known: set[int], slots: Iterable[int]) -> None:
    """Makes PostgreSQL's partitions for these days of the key (0 = events without a time), once per process."""
    missing = sorted(set(slots) - known)
    if not missing or is_sqlite(engine):
        known.update(missing)
        return
    with writing(engine) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": PARTITION_LOCK})
        for slot in missing:
            low = "MINVALUE" if slot == 0 else f"'\\x{(slot * DAY_MS).to_bytes(6, 'big').hex()}'"
            high = f"'\\x{((slot + 1) * DAY_MS).to_bytes(6, 'big').hex()}'"
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS events_d{slot} PARTITION OF events FOR VALUES FROM ({low}) TO ({high})"
            )
    known.update(missing)


def read_events(connection: Connection, environment_id: int, after: bytes = b"", limit: int = 5000) -> list[tuple[Any, ...]]:
    """Up to `limit` rows (COLUMNS) after a key, in key order."""
    sql = f"SELECT {COLUMNS} FROM events WHERE environment_id = ? AND key > ? ORDER BY key LIMIT ?"
    return driver.fetch(connection, sql, (environment_id, after, limit))


def iterate_events(connection: Connection, environment_id: int) -> Iterator[tuple[Any, ...]]:
    """Every row of the environment in key order, read in slices."""
    after = b""
    while rows := read_events(connection, environment_id, after):
        yield from rows
        after = bytes(rows[-1][1])


def update_ordinals(connection: Connection, environment_id: int, rows: Sequence[tuple[str | None, int, bytes]]) -> None:
    """Re-decided matches: rows of (ordinals as JSON, catalogue version, key)."""
    sql = "UPDATE events SET ordinals = ?, catalogue_version = ? WHERE environment_id = ? AND key = ?"
    driver.execute_many(connection, sql, [(o, v, environment_id, k) for o, v, k in rows])


def delete_events_before(connection: Connection, environment_id: int, before_ms: int, limit: int) -> int:
    """Retention: drops up to `limit` rows whose own time (or, without one, receive time) lies before."""
    first, before = (1).to_bytes(6, "big"), before_ms.to_bytes(6, "big")
    n = _delete_range(connection, environment_id, first, before, limit)
    return n if n >= limit else n + _delete_untimed(connection, environment_id, first, before_ms, limit - n)


def _delete_range(connection: Connection, environment_id: int, first: bytes, before: bytes, limit: int) -> int:
    """The oldest by key, as one range."""
    where = "environment_id = ? AND key >= ? AND key < ?"
    rows = driver.fetch(
        connection, f"SELECT key FROM events WHERE {where} ORDER BY key LIMIT 1 OFFSET ?", (environment_id, first, before, limit)
    )
    end = bytes(rows[0][0]) if rows else before
    return driver.execute(connection, f"DELETE FROM events WHERE {where}", (environment_id, first, end))


def _delete_untimed(connection: Connection, environment_id: int, first: bytes, before_ms: int, limit: int) -> int:
    """Those without a time of their own go by receive time."""
    keys = driver.fetch(
        connection,
        "SELECT key FROM events WHERE environment_id = ? AND key < ? AND received_at < ? LIMIT ?",
        (environment_id, first, before_ms, limit),
    )
    driver.execute_many(
        connection, "DELETE FROM events WHERE environment_id = ? AND key = ?", [(environment_id, bytes(k[0])) for k in keys]
    )
    return len(keys)
