"""The hot statements, straight to the driver: `?` placeholders for both databases.

Many rows go in few statements: each step of SQLite gives up the interpreter's lock and must win it back from the
event loop, and each statement of PostgreSQL is a round of parsing and binding.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Connection

from milepost.store.engine import is_sqlite

CHUNK = 256
LADDER = (256, 128, 64, 32, 16, 8, 4, 2, 1)  # few sizes, so that statements are found prepared
JSON_CHUNK = 2_000


@lru_cache(maxsize=1024)
def _for_psycopg(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def _cursor(connection: Connection) -> Any:
    return connection.connection.driver_connection.cursor()  # type: ignore[union-attr]


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Statements whose answers nobody looks at go to PostgreSQL one after the other, without a wait between them."""
    if is_sqlite(connection):
        yield
        return
    with connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]
        yield


def execute(connection: Connection, sql: str, values: Sequence[Any] = ()) -> int:
    """Runs one statement; how many rows it touched."""
    cursor = _cursor(connection)
    cursor.execute(sql if is_sqlite(connection) else _for_psycopg(sql), values)
    count = int(cursor.rowcount)
    cursor.close()
    return count


def execute_many(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Runs one statement for every row."""
    if not rows:
        return
    cursor = _cursor(connection)
    cursor.executemany(sql if is_sqlite(connection) else _for_psycopg(sql), rows)
    cursor.close()


def write_rows(connection: Connection, columns: str, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Runs one statement that reads the rows as table `v`, in their order; how many rows it touched.

    `columns` names v's columns: whole numbers unless a type follows, such as `account_id, name text, key bytea`.
    """
    n = 0
    for cursor in _run_with_rows(connection, columns, sql, rows):
        n += int(cursor.rowcount)
    return n


def fetch_rows(connection: Connection, columns: str, sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """What such a statement answers."""
    found: list[tuple[Any, ...]] = []
    for cursor in _run_with_rows(connection, columns, sql, rows):
        found += cursor.fetchall()
    return found


def _run_with_rows(connection: Connection, columns: str, sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[Any]:
    if not rows:
        return
    cursor = _cursor(connection)
    if is_sqlite(connection):
        for part in _ladder(rows):
            cursor.execute(_with_values(columns, sql, len(part)), list(chain.from_iterable(part)))
            yield cursor
    else:
        for part in chunks(rows, JSON_CHUNK):
            cursor.execute(_with_json(columns, sql), (msgspec.json.encode(part).decode(),))
            yield cursor
    cursor.close()


def _ladder(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    start = 0
    for size in LADDER:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=512)
def _with_values(columns: str, sql: str, n: int) -> str:
    names = [column.split()[0] for column in columns.split(",")]
    row = f"({', '.join('?' * len(names))})"
    return f"WITH v({', '.join(names)}) AS (VALUES {', '.join([row] * n)}) {sql}"


@lru_cache(maxsize=128)
def _with_json(columns: str, sql: str) -> str:
    """One parameter, a JSON list of lists; bytes travel as base64."""
    parts = []
    for number, column in enumerate(columns.split(",")):
        name, _, kind = column.strip().partition(" ")
        value = f"(r->>{number})"
        cast = f"decode({value}, 'base64')" if kind == "bytea" else f"{value}::{kind or 'bigint'}"
        parts.append(f"{cast} AS {name}")
    return f"WITH v AS (SELECT {', '.join(parts)} FROM jsonb_array_elements(%s::jsonb) AS e(r)) {sql}"


def fetch(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one query."""
    cursor = _cursor(connection)
    cursor.execute(sql if is_sqlite(connection) else _for_psycopg(sql), values)
    rows = cursor.fetchall()
    cursor.close()
    return list(rows)


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Lists of at most `size`."""
    everything = list(values)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def fetch_in(connection: Connection, sql: str, first: Sequence[Any], values: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Rows of a query over a list: `sql` holds `IN {in}` where it goes."""
    rows: list[tuple[Any, ...]] = []
    if not is_sqlite(connection):
        wanted = list(values)
        return fetch(connection, sql.replace("IN {in}", "= ANY(?)"), [*first, wanted]) if wanted else rows
    for part in chunks(values):
        size = next(size for size in reversed(LADDER) if size >= len(part))
        marks = ", ".join("?" * size)
        padding = [part[-1]] * (size - len(part))  # a value named twice is found once
        rows += fetch(connection, sql.replace("{in}", f"({marks})"), [*first, *part, *padding])
    return rows
