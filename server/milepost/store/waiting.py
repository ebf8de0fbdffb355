"""Rows that count nowhere yet, by the subject they wait for."""

from collections.abc import Sequence

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.events import COLUMNS


def insert_waiting(connection: Connection, environment_id: int, rows: Sequence[tuple[str, bytes]]) -> None:
    """Rows of (subject, key)."""
    columns = "environment_id, subject text, key bytea"
    names = "environment_id, subject, key"
    sql = f"INSERT INTO waiting_events ({names}) SELECT {names} FROM v WHERE true ON CONFLICT DO NOTHING"
    driver.write_rows(connection, columns, sql, [(environment_id, subject, key) for subject, key in rows])


def take_waiting(connection: Connection, environment_id: int, subject: str) -> list[tuple]:  # type: ignore[type-arg]
    """The waiting rows themselves (COLUMNS of events, key order); they wait no longer."""
    mine = "FROM waiting_events WHERE environment_id = ? AND subject = ?"
    keys = [row[0] for row in driver.fetch(connection, f"SELECT key {mine}", (environment_id, subject))]
    if not keys:  # the common case, asked for every new person
        return []
    sql = f"SELECT {COLUMNS} FROM events WHERE environment_id = ? AND key IN {{in}}"
    rows = driver.fetch_in(connection, sql, [environment_id], keys)
    driver.execute(connection, f"DELETE {mine}", (environment_id, subject))
    return sorted(rows, key=lambda row: bytes(row[1]))


def set_owners(connection: Connection, environment_id: int, rows: Sequence[tuple[int, int | None, str | None, bytes]]) -> None:
    """Rows of (end user, account or none, why left out, key): events that waited get their person and account."""
    driver.write_rows(
        connection,
        "environment_id, end_user_id, account_id, excluded text, key bytea",
        "UPDATE events SET end_user_id = v.end_user_id, account_id = v.account_id, excluded = v.excluded FROM v "
        "WHERE events.environment_id = v.environment_id AND events.key = v.key",
        [(environment_id, *row) for row in rows],
    )


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
