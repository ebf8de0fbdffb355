"""Rows that count nowhere yet, by the subject they wait for."""

from collections.abc import Sequence

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.events import COLUMNS


def insert_waiting(connection: Connection, environment_id: int, rows: Sequence[tuple[str, bytes]]) -> None:
    """Rows of (subject, key)."""
    sql = "INSERT INTO waiting_events (environment_id, subject, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    driver.execute_many(connection, sql, [(environment_id, subject, key) for subject, key in rows])


def take_waiting(connection: Connection, environment_id: int, subject: str) -> list[tuple]:  # type: ignore[type-arg]
    """The waiting rows themselves (COLUMNS of events, key order); they wait no longer."""
    named = ", ".join(f"e.{c.strip()}" for c in COLUMNS.split(","))
    rows = driver.fetch(
        connection,
        f"SELECT {named} FROM waiting_events w JOIN events e ON e.environment_id = w.environment_id AND e.key = w.key "
        "WHERE w.environment_id = ? AND w.subject = ? ORDER BY e.key",
        (environment_id, subject),
    )
    driver.execute(connection, "DELETE FROM waiting_events WHERE environment_id = ? AND subject = ?", (environment_id, subject))
    return rows


def set_owners(connection: Connection, environment_id: int, rows: Sequence[tuple[int, int | None, str | None, bytes]]) -> None:
    """Rows of (end user, account or none, why left out, key): events that waited get their person and account."""
    sql = "UPDATE events SET end_user_id = ?, account_id = ?, excluded = ? WHERE environment_id = ? AND key = ?"
    driver.execute_many(connection, sql, [(u, a, x, environment_id, k) for u, a, x, k in rows])


def delete_waiting_before(connection: Connection, environment_id: int, before_ms: int, limit: int) -> int:
    """Retention: forgets up to `limit` rows whose events are too old to be there."""
    rows = driver.fetch(
        connection,
        "SELECT subject, key FROM waiting_events WHERE environment_id = ? AND key >= ? AND key < ? LIMIT ?",
        (environment_id, (1).to_bytes(6, "big"), before_ms.to_bytes(6, "big"), limit),
    )
    sql = "DELETE FROM waiting_events WHERE environment_id = ? AND subject = ? AND key = ?"
    driver.execute_many(connection, sql, [(environment_id, subject, bytes(key)) for subject, key in rows])
    return len(rows)
