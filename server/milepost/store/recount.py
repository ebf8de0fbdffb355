"""Reads derived roll-ups again where a recount has changed `usage`; its months are rows per day then, see store/months.py."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.events import COLUMNS
from milepost.store.rollups import find_spans


def read_events_by_key(connection: Connection, environment_id: int, keys: Iterable[bytes]) -> list[tuple[Any, ...]]:
    """These raw rows as they are now, columns as in `store.events.COLUMNS`."""
    sql = f"SELECT {COLUMNS} FROM events WHERE environment_id = ? AND key IN {{in}}"
    return driver.fetch_in(connection, sql, [environment_id], keys)


def drop_empty_usage(connection: Connection, environment_id: int, keys: Iterable[tuple[int, int, int, int]]) -> None:
    """Takes rows away that count nothing any more; keys are (account, ordinal, day, end user)."""
    driver.execute_many(
        connection,
        "DELETE FROM usage WHERE environment_id = ? AND account_id = ? AND ordinal = ? AND day = ? AND end_user_id = ? "
        "AND n = 0 AND n_guided = 0",
        [(environment_id, *key) for key in sorted(keys)],
    )


def restore_days(connection: Connection, environment_id: int, days: Iterable[tuple[int, int]]) -> None:
    """The bitmaps of these (account, day)."""
    wanted = sorted(days)
    accounts = sorted({account for account, _ in wanted})
    bits: dict[tuple[int, int], int] = dict.fromkeys(wanted, 0)
    for account in accounts:
        sql = "SELECT DISTINCT day, ordinal FROM usage WHERE environment_id = ? AND account_id = ? AND n > 0 AND day IN {in}"
        mine = [day for a, day in wanted if a == account]
        for day, ordinal in driver.fetch_in(connection, sql, [environment_id, account], mine):
            bits[account, day] |= 1 << ordinal
    driver.execute_many(
        connection,
        "DELETE FROM account_day WHERE environment_id = ? AND account_id = ? AND day = ?",
        [(environment_id, *key) for key, value in bits.items() if not value],
    )
    driver.execute_many(
        connection,
        "INSERT INTO account_day (environment_id, account_id, day, bitmap) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (environment_id, account_id, day) DO UPDATE SET bitmap = excluded.bitmap",
        [(environment_id, *key, value.to_bytes((value.bit_length() + 7) // 8, "little")) for key, value in bits.items() if value],
    )


def restore_last(connection: Connection, environment_id: int, pairs: Iterable[tuple[int, int]]) -> None:
    """First and last unguided day of these (account, ordinal), from the bitmaps as they are now."""
    wanted = sorted(pairs)
    sql = "SELECT account_id, day, bitmap FROM account_day WHERE environment_id = ? AND account_id IN {in}"
    spans = find_spans(driver.fetch_in(connection, sql, [environment_id], sorted({account for account, _ in wanted})))
    for account, ordinal in wanted:
        first, last = spans.get((account, ordinal), (None, None))
        key = (environment_id, account, ordinal)
        driver.execute(connection, "DELETE FROM feature_last WHERE environment_id = ? AND account_id = ? AND ordinal = ?", key)
        if first is not None:
            driver.execute(
                connection,
                "INSERT INTO feature_last (environment_id, account_id, ordinal, first_day, last_day) VALUES (?, ?, ?, ?, ?)",
                (*key, first, last),
            )
