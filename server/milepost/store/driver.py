"""The hot statements, straight to the driver: `?` placeholders for both databases."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from milepost.store.engine import is_sqlite

CHUNK = 400


@lru_cache(maxsize=1024)
def _for_psycopg(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


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
    """Rows of a query that ends with `IN (…)`: `sql` holds {in} where the list goes."""
    rows: list[tuple[Any, ...]] = []
    for part in chunks(values):
        marks = ", ".join("?" * len(part))
        rows += fetch(connection, sql.replace("{in}", f"({marks})"), [*first, *part])
    return rows
