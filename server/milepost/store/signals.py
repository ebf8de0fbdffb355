"""Outside facts about accounts: tickets, answers to surveys, and whatever else a vendor's systems report."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.store import driver


class SignalRow(NamedTuple):
    """One fact; `at` and `closed_at` in ms."""

    account_id: int
    end_user_id: int | None
    type: str
    external_id: str
    at: int
    closed_at: int | None
    category: str | None
    value: float | None
    data: dict[str, Any]


COLUMNS = ", ".join(SignalRow._fields)


def find_signal(connection: Connection, environment_id: int, type_: str, external_id: str) -> SignalRow | None:
    """By the sender's own id."""
    sql = f"SELECT {COLUMNS} FROM signals WHERE environment_id = ? AND type = ? AND external_id = ?"
    rows = driver.fetch(connection, sql, (environment_id, type_, external_id))
    return _row(rows[0]) if rows else None


def save_signal(connection: Connection, environment_id: int, row: SignalRow) -> None:
    """Written, or replaced when the sender says it again."""
    driver.execute(
        connection,
        f"INSERT INTO signals (environment_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, type, external_id) DO UPDATE SET account_id = excluded.account_id, "
        "end_user_id = excluded.end_user_id, at = excluded.at, closed_at = excluded.closed_at, "
        "category = excluded.category, value = excluded.value, data = excluded.data",
        (environment_id, *row[:-1], json.dumps(row.data, ensure_ascii=False)),
    )


def read_signals(connection: Connection, environment_id: int, account_ids: Iterable[int]) -> dict[int, list[SignalRow]]:
    """{account: its facts by time}."""
    sql = f"SELECT {COLUMNS} FROM signals WHERE environment_id = ? AND account_id IN {{in}} ORDER BY at, external_id"
    found: dict[int, list[SignalRow]] = {}
    for row in driver.fetch_in(connection, sql, [environment_id], sorted(account_ids)):
        found.setdefault(row[0], []).append(_row(row))
    return found


def find_last_complaint(connection: Connection, environment_id: int, account_id: int) -> int | None:
    """When the account last complained, in ms."""
    sql = "SELECT max(at) FROM signals WHERE environment_id = ? AND account_id = ? AND type = 'ticket' AND category = 'complaint'"
    last = driver.fetch(connection, sql, (environment_id, account_id))[0][0]
    return None if last is None else int(last)


def read_sources(connection: Connection, environment_id: int, until: int) -> dict[str, tuple[int, int]]:
    """{type: (first, last instant before `until`)} of everything the environment ever received."""
    sql = "SELECT type, min(at), max(at) FROM signals WHERE environment_id = ? AND at < ? GROUP BY type"
    return {t: (int(first), int(last)) for t, first, last in driver.fetch(connection, sql, (environment_id, until))}


def _row(row: tuple[Any, ...]) -> SignalRow:
    account, user, type_, external_id, at, closed_at, category, value, data = row
    return SignalRow(account, user, type_, external_id, at, closed_at, category, value, json.loads(data))
