"""Tasks: by account, by owner, and how many are open."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, update

from milepost.store import driver
from milepost.store.tables.tasks import tasks

COLUMNS = (
    "id", "public_id", "account_id", "touch_id", "title", "note", "owner_email", "due_on", "snoozed_until", "snooze_reason",
    "done_at", "created_at", "changed_at", "deleted_at", "before",
)  # fmt: skip


class TaskRow(NamedTuple):
    """A row; `due_on` and `snoozed_until` days, `done_at` in ms."""

    id: int
    public_id: str
    account_id: int
    touch_id: int | None
    title: str
    note: str
    owner_email: str | None
    due_on: int
    snoozed_until: int | None
    snooze_reason: str
    done_at: int | None
    created_at: int
    changed_at: int
    deleted_at: int | None
    before: str | None


SELECT = f"SELECT {', '.join(COLUMNS)} FROM tasks WHERE environment_id = ?"


def list_tasks(connection: Connection, environment_id: int, account_id: int | None = None) -> list[TaskRow]:
    """Those not deleted, of one account or of all, by due day."""
    mine, values = ("AND account_id = ?", (account_id,)) if account_id is not None else ("", ())
    sql = f"{SELECT} AND deleted_at IS NULL {mine} ORDER BY due_on, id"
    return [TaskRow._make(row) for row in driver.fetch(connection, sql, (environment_id, *values))]


def find_task(connection: Connection, environment_id: int, public_id: str) -> TaskRow | None:
    """By id, a deleted one too."""
    rows = driver.fetch(connection, f"{SELECT} AND public_id = ?", (environment_id, public_id))
    return TaskRow._make(rows[0]) if rows else None


def find_task_of_touch(connection: Connection, environment_id: int, touch_id: int) -> TaskRow | None:
    """The task of a touch's next step, a deleted one too."""
    rows = driver.fetch(connection, f"{SELECT} AND touch_id = ?", (environment_id, touch_id))
    return TaskRow._make(rows[0]) if rows else None


def count_open_tasks(connection: Connection, environment_id: int) -> dict[int, int]:
    """{account: tasks neither done nor deleted}."""
    sql = (
        "SELECT account_id, count(*) FROM tasks WHERE environment_id = ? AND deleted_at IS NULL AND done_at IS NULL "
        "GROUP BY account_id"
    )
    return {int(account): int(n) for account, n in driver.fetch(connection, sql, (environment_id,))}


def insert_task(connection: Connection, environment_id: int, **values: Any) -> int:
    """The internal id of a new task."""
    statement = insert(tasks).values(environment_id=environment_id, **values).returning(tasks.c.id)
    return int(connection.execute(statement).scalar_one())


def update_task(connection: Connection, environment_id: int, task_id: int, **values: Any) -> None:
    """Changes columns of one task."""
    mine = (tasks.c.environment_id == environment_id, tasks.c.id == task_id)
    connection.execute(update(tasks).where(*mine).values(**values))
