"""Touches: every call, meeting, visit, mail, message and note, and when an account was last reached."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, update

from milepost.store import driver
from milepost.store.tables.contacts import touches

COLUMNS = (
    "id", "public_id", "account_id", "external_id", "contact_id", "kind", "outcome", "at", "minutes", "note", "next_step",
    "next_on", "by_email", "created_at", "changed_at", "deleted_at", "before",
)  # fmt: skip


class TouchRow(NamedTuple):
    """A row; `at` in ms, `next_on` a day, `before` JSON of the fields before the last change."""

    id: int
    public_id: str
    account_id: int
    external_id: str | None
    contact_id: int | None
    kind: str
    outcome: str
    at: int
    minutes: int | None
    note: str
    next_step: str
    next_on: int | None
    by_email: str | None
    created_at: int
    changed_at: int
    deleted_at: int | None
    before: str | None


SELECT = f"SELECT {', '.join(COLUMNS)} FROM touches WHERE environment_id = ?"


def list_touches(
    connection: Connection, environment_id: int, account_id: int | None = None, limit: int = 100_000
) -> list[TouchRow]:
    """Those not deleted, of one account or of all, newest first."""
    mine, values = ("AND account_id = ?", (account_id,)) if account_id is not None else ("", ())
    sql = f"{SELECT} AND deleted_at IS NULL {mine} ORDER BY at DESC, id DESC LIMIT ?"
    return [TouchRow._make(row) for row in driver.fetch(connection, sql, (environment_id, *values, limit))]


def find_touch(connection: Connection, environment_id: int, public_id: str) -> TouchRow | None:
    """By id, a deleted one too."""
    rows = driver.fetch(connection, f"{SELECT} AND public_id = ?", (environment_id, public_id))
    return TouchRow._make(rows[0]) if rows else None


def find_touch_by_external_id(connection: Connection, environment_id: int, external_id: str) -> TouchRow | None:
    """By the sender's id, a deleted one too."""
    rows = driver.fetch(connection, f"{SELECT} AND external_id = ?", (environment_id, external_id))
    return TouchRow._make(rows[0]) if rows else None


def read_last_touches(connection: Connection, environment_id: int, outcomes: Iterable[str]) -> dict[int, int]:
    """{account: the newest instant} of touches with one of these outcomes."""
    wanted = sorted(outcomes)
    sql = (
        "SELECT account_id, max(at) FROM touches WHERE environment_id = ? AND deleted_at IS NULL "
        f"AND outcome IN ({', '.join('?' * len(wanted))}) GROUP BY account_id"
    )
    return {int(a): int(at) for a, at in driver.fetch(connection, sql, (environment_id, *wanted))}


def read_last_contact_touches(connection: Connection, environment_id: int, outcomes: Iterable[str]) -> dict[int, int]:
    """{contact: the newest instant}, by the same rule."""
    wanted = sorted(outcomes)
    sql = (
        "SELECT contact_id, max(at) FROM touches WHERE environment_id = ? AND deleted_at IS NULL AND contact_id IS NOT NULL "
        f"AND outcome IN ({', '.join('?' * len(wanted))}) GROUP BY contact_id"
    )
    return {int(c): int(at) for c, at in driver.fetch(connection, sql, (environment_id, *wanted))}


def insert_touch(connection: Connection, environment_id: int, **values: Any) -> int:
    """The internal id of a new touch."""
    statement = insert(touches).values(environment_id=environment_id, **values).returning(touches.c.id)
    return int(connection.execute(statement).scalar_one())


def update_touch(connection: Connection, environment_id: int, touch_id: int, **values: Any) -> None:
    """Changes columns of one touch."""
    mine = (touches.c.environment_id == environment_id, touches.c.id == touch_id)
    connection.execute(update(touches).where(*mine).values(**values))
