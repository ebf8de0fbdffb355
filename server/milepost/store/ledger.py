"""received = stored + duplicate + refused + overflow, counted in the transaction of the rows; and the refused rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from milepost.store import driver

COUNTERS = ("received", "stored", "duplicate", "refused", "overflow")


def add_to_ledger(connection: Connection, environment_id: int, day: int, route: str, counts: Mapping[str, int]) -> None:
    """Adds to the counters of one receive day and route."""
    values = [counts.get(name, 0) for name in COUNTERS]
    sums = ", ".join(f"{name} = ledger.{name} + excluded.{name}" for name in COUNTERS)
    driver.execute(
        connection,
        f"INSERT INTO ledger (environment_id, day, route, {', '.join(COUNTERS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (environment_id, day, route) DO UPDATE SET {sums}",
        (environment_id, day, route, *values),
    )


def read_ledger(connection: Connection, environment_id: int) -> dict[str, int]:
    """{counter: sum over all days and routes}."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTERS)
    row = driver.fetch(connection, f"SELECT {sums} FROM ledger WHERE environment_id = ?", (environment_id,))[0]
    return {name: int(value) for name, value in zip(COUNTERS, row, strict=True)}


def read_installation_ledger(connection: Connection) -> dict[str, int]:
    """{counter: sum over everything}: for the operator's metrics, which name nobody."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTERS)
    row = driver.fetch(connection, f"SELECT {sums} FROM ledger")[0]
    return {name: int(value) for name, value in zip(COUNTERS, row, strict=True)}


def insert_bad_rows(connection: Connection, environment_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of (received_at, route, reason, detail, body, trusted)."""
    driver.execute_many(
        connection,
        "INSERT INTO bad_rows (environment_id, received_at, route, reason, detail, body, trusted) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(environment_id, *row) for row in rows],
    )


def list_bad_rows(
    connection: Connection, environment_id: int, *, before_id: int | None = None, reason: str = "", limit: int = 100
) -> list[tuple[Any, ...]]:
    """(id, received_at, route, reason, detail, body, trusted, replayed_at), newest first."""
    where, values = "environment_id = ?", [environment_id]
    if before_id is not None:
        where += " AND id < ?"
        values.append(before_id)
    extra: list[Any] = []
    if reason:
        where += " AND reason = ?"
        extra.append(reason)
    return driver.fetch(
        connection,
        "SELECT id, received_at, route, reason, detail, body, trusted, replayed_at FROM bad_rows "
        f"WHERE {where} ORDER BY id DESC LIMIT ?",
        [*values, *extra, limit],
    )


def count_bad_rows(connection: Connection, environment_id: int) -> list[tuple[str, int]]:
    """(reason, rows not replayed yet), most first."""
    sql = (
        "SELECT reason, count(*) FROM bad_rows WHERE environment_id = ? AND replayed_at IS NULL "
        "GROUP BY reason ORDER BY 2 DESC, 1"
    )
    return [(str(r), int(n)) for r, n in driver.fetch(connection, sql, (environment_id,))]


def list_unreplayed(connection: Connection, environment_id: int, reason: str, limit: int) -> list[int]:
    """Ids of rows of this reason that were not sent again yet, oldest first."""
    sql = "SELECT id FROM bad_rows WHERE environment_id = ? AND reason = ? AND replayed_at IS NULL ORDER BY id LIMIT ?"
    return [int(row[0]) for row in driver.fetch(connection, sql, (environment_id, reason, limit))]


def find_bad_row(connection: Connection, environment_id: int, row_id: int) -> tuple[Any, ...] | None:
    """One row, as `list_bad_rows` gives it."""
    rows = driver.fetch(
        connection,
        "SELECT id, received_at, route, reason, detail, body, trusted, replayed_at FROM bad_rows "
        "WHERE environment_id = ? AND id = ?",
        (environment_id, row_id),
    )
    return rows[0] if rows else None


def mark_replayed(connection: Connection, environment_id: int, row_id: int, now: int) -> None:
    """The row was sent again and stored."""
    driver.execute(
        connection, "UPDATE bad_rows SET replayed_at = ? WHERE environment_id = ? AND id = ?", (now, environment_id, row_id)
    )


def delete_bad_rows_before(connection: Connection, environment_id: int, before_ms: int, limit: int) -> int:
    """Retention of up to `limit` refused rows; how many went."""
    return driver.execute(
        connection,
        "DELETE FROM bad_rows WHERE environment_id = ? AND id IN "
        "(SELECT id FROM bad_rows WHERE environment_id = ? AND received_at < ? LIMIT ?)",
        (environment_id, environment_id, before_ms, limit),
    )
