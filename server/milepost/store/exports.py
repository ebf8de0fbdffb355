"""Reads for exports: internal ids to the vendor's own, and whole tables in key order."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from milepost.store import driver
from milepost.store.months import spread
from milepost.store.tables.scores import live_scores, settled_scores

PAGE = 5_000


def read_user_keys(connection: Connection, environment_id: int) -> dict[int, str]:
    """{internal id: vendor's id} of end users."""
    rows = driver.fetch(connection, "SELECT id, key FROM end_users WHERE environment_id = ?", (environment_id,))
    return {int(i): k for i, k in rows}


def read_account_keys(connection: Connection, environment_id: int) -> dict[int, str]:
    """{internal id: vendor's id} of accounts."""
    rows = driver.fetch(connection, "SELECT id, key FROM accounts WHERE environment_id = ?", (environment_id,))
    return {int(i): k for i, k in rows}


def read_feature_keys(connection: Connection, environment_id: int) -> dict[int, str]:
    """{ordinal: key}."""
    rows = driver.fetch(connection, "SELECT ordinal, key FROM features WHERE environment_id = ?", (environment_id,))
    return {int(o): k for o, k in rows}


def iterate_usage(connection: Connection, environment_id: int) -> Iterator[tuple[Any, ...]]:
    """(account, ordinal, day, end user, span, n, n_guided) in key order; what was folded comes day by day, as it was."""
    for _, rows in groupby(_iterate_rows(connection, environment_id), key=lambda row: row[:2]):
        yield from _by_day(rows)


def _by_day(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Of one account and feature, by day and end user."""
    counts: dict[tuple[int, int], list[int]] = {}
    for account, ordinal, first, user, _span, n, guided, days in rows:
        pair = account, ordinal
        for day, uses in spread(first, n, days):
            counts.setdefault((day, user), [0, 0])[0] += uses
        if guided:
            counts.setdefault((first, user), [0, 0])[1] += guided
    for (day, user), (n, guided) in sorted(counts.items()):
        yield (*pair, day, user, 1, n, guided)


def _iterate_rows(connection: Connection, environment_id: int) -> Iterator[tuple[Any, ...]]:
    after: tuple[int, ...] = (0, -1, -1, -1)
    sql = (
        "SELECT account_id, ordinal, day, end_user_id, span, n, n_guided, days FROM usage WHERE environment_id = ? "
        "AND (account_id, ordinal, day, end_user_id) > (?, ?, ?, ?) "
        "ORDER BY account_id, ordinal, day, end_user_id LIMIT ?"
    )
    while rows := driver.fetch(connection, sql, (environment_id, *after, PAGE)):
        yield from rows
        after = rows[-1][:4]


def iterate_scores(connection: Connection, environment_id: int) -> Iterator[Mapping[str, Any]]:
    """Settled rows by day and account, then the live ones; `kind` says which."""
    for kind, table in (("settled", settled_scores), ("live", live_scores)):
        query = select(table).where(table.c.environment_id == environment_id).order_by(table.c.day, table.c.account_id)
        for row in connection.execute(query).mappings():
            yield {"kind": kind, **row}
