"""Old usage, one row per month; what happened on which day stays in the row, so that a fold loses no number.

A folded row stands at the month's first day, with the month's length as its span. `days` lists the uses of the days
after the first, as JSON {"days after the first": uses}; what `n` has beyond their sum belongs to the first day itself, and
so does guided use, which is never folded.
"""

import json
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.rollups import add_usage

EPOCH = date(1970, 1, 1)
ROW = "account_id, ordinal, day, end_user_id"


def month_of(day: int) -> tuple[int, int]:
    """(first day, length) of the calendar month of a day number."""
    first = (EPOCH + timedelta(days=day)).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return (first - EPOCH).days, (after - first).days


def spread(day: int, n: int, days: str | None) -> list[tuple[int, int]]:
    """[(day, uses)] of a row, folded or not, ascending; days without use are left out."""
    if days is None:
        return [(day, n)] if n else []
    later = {int(after): uses for after, uses in json.loads(days).items()}
    first = n - sum(later.values())
    return [(day, first)] * bool(first) + [(day + after, uses) for after, uses in sorted(later.items())]


def find_unfolded(connection: Connection, environment_id: int, account_id: int, before_day: int) -> list[int]:
    """Features (ordinals) of an account with old days that stand alone."""
    sql = (
        "SELECT DISTINCT ordinal FROM usage WHERE environment_id = ? AND account_id = ? AND day < ? AND span = 1 "
        "AND n_guided = 0 ORDER BY ordinal"
    )
    return [int(row[0]) for row in driver.fetch(connection, sql, (environment_id, account_id, before_day))]


def fold(connection: Connection, environment_id: int, account_id: int, ordinals: Iterable[int], before_day: int) -> int:
    """One row per month and person of these features for all days before `before_day`; how many rows went.

    `before_day` is the first day of a month. Taken out and put in again in one statement each, so that a writer beside
    it waits or adds to what is there.
    """
    n_gone = 0
    for ordinal in ordinals:
        months: dict[tuple[int, int], dict[int, int]] = {}
        rows = driver.fetch(
            connection,
            "DELETE FROM usage WHERE environment_id = ? AND account_id = ? AND ordinal = ? AND day < ? AND span = 1 "
            "AND n_guided = 0 RETURNING day, end_user_id, n",
            (environment_id, account_id, ordinal, before_day),
        )
        for day, user, n in rows:
            uses = months.setdefault((month_of(day)[0], user), {})
            uses[day] = uses.get(day, 0) + n
        _put(connection, environment_id, account_id, ordinal, months)
        n_gone += len(rows) - len(months)
    return n_gone


def _put(
    connection: Connection, environment_id: int, account_id: int, ordinal: int, months: dict[tuple[int, int], dict[int, int]]
) -> None:
    for (first, user), uses in sorted(months.items()):
        key = (environment_id, account_id, ordinal, first, user)
        guided = 0
        held = driver.fetch(
            connection,
            "DELETE FROM usage WHERE environment_id = ? AND account_id = ? AND ordinal = ? AND day = ? AND end_user_id = ? "
            "RETURNING n, n_guided, days",
            key,
        )
        for n, n_guided, days in held:
            guided += n_guided
            for day, more in spread(first, n, days):
                uses[day] = uses.get(day, 0) + more
        later = {str(day - first): n for day, n in sorted(uses.items()) if day != first and n}
        driver.execute(
            connection,
            f"INSERT INTO usage (environment_id, {ROW}, span, n, n_guided, days) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            f"ON CONFLICT (environment_id, {ROW}) DO UPDATE SET span = excluded.span, n = usage.n + excluded.n, "
            "n_guided = usage.n_guided + excluded.n_guided, days = excluded.days",
            (*key, month_of(first)[1], sum(uses.values()), guided, json.dumps(later, separators=(",", ":"))),
        )


def unfold_days(connection: Connection, environment_id: int, days: Iterable[tuple[int, int]]) -> None:
    """Rows per day again for the months of these (account, day): before anything there is decided anew."""
    for account, first in sorted({(account, month_of(day)[0]) for account, day in days}):
        _unfold(connection, environment_id, "account_id = ? AND day = ?", (account, first))


def unfold_month(connection: Connection, environment_id: int, day: int) -> None:
    """Rows per day again of every account, for the month that a rebuild from this day cuts in two."""
    _unfold(connection, environment_id, "day < ? AND day + span > ?", (day, day))


def _unfold(connection: Connection, environment_id: int, where: str, values: tuple[int, ...]) -> None:
    rows = driver.fetch(
        connection,
        f"DELETE FROM usage WHERE environment_id = ? AND {where} AND span > 1 RETURNING {ROW}, n, n_guided, days",
        (environment_id, *values),
    )
    counts: dict[tuple[int, int, int, int], tuple[int, int]] = {}
    for account, ordinal, first, user, n, guided, days in rows:
        for day, uses in spread(first, n, days):
            counts[account, ordinal, day, user] = (uses, 0)
        if guided:
            counts[account, ordinal, first, user] = (counts.get((account, ordinal, first, user), (0, 0))[0], guided)
    add_usage(connection, environment_id, counts)
