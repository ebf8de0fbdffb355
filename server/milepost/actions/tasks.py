"""Tasks: made by hand or by a touch's next step; done, snoozed with a reason, deleted, taken back."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.account import require_account
from milepost.actions.account_names import account_key, read_account_names
from milepost.actions.audit import Doer
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound
from milepost.rules.days import day_number, day_of
from milepost.rules.tasks import place_of, wanted_on
from milepost.store import engine as db
from milepost.store import tasks as task_store
from milepost.store.coverage import AccountRow
from milepost.store.tasks import TaskRow
from milepost.wire.ids import new_id
from milepost.wire.task import TaskIn

FIELDS = ("title", "note", "owner_email", "due_on", "snoozed_until", "snooze_reason", "done_at")


@dataclass(frozen=True)
class TaskLine:
    """A task with its account; `place` is overdue, due, later or done, `wanted_on` the day it should be done on."""

    row: TaskRow
    account_key: str
    account_name: str
    place: str
    wanted_on: int


def list_task_lines(runtime: Runtime, tenant: Tenant, account_key: str | None = None) -> list[TaskLine]:
    """Of one account or of all, by the day they should be done; raises NotFound for an account that is not there."""
    today = day_of(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key) if account_key is not None else None
        rows = task_store.list_tasks(connection, tenant.id, account.id if account else None)
        names = read_account_names(connection, tenant.id, {row.account_id for row in rows})
    lines = [_line(row, names.get(row.account_id, ("", "")), today) for row in rows]
    return sorted(lines, key=lambda line: (line.wanted_on, line.row.id))


def read_task(runtime: Runtime, tenant: Tenant, public_id: str) -> TaskLine:
    """One that is not deleted; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        names = read_account_names(connection, tenant.id, {row.account_id})
    return _line(row, names[row.account_id], day_of(runtime.clock(), tenant.zone))


def add_task(runtime: Runtime, tenant: Tenant, account_key: str, task: TaskIn, by: Doer) -> str:
    """Its id; raises NotFound for the account."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key)
        public_id = new_id("tsk", now)
        task_store.insert_task(
            connection, tenant.id, public_id=public_id, account_id=account.id, created_at=now, changed_at=now,
            **_fields(task, account, by),
        )  # fmt: skip
        audit.note(connection, tenant, "task.added", public_id, by, now)
    return public_id


def change_task(runtime: Runtime, tenant: Tenant, public_id: str, task: TaskIn, by: Doer) -> str:
    """The account's id; what was there before is kept for undo. A new due day ends a snooze."""
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        name = account_key(connection, tenant.id, row.account_id)
        fields = _fields(task, require_account(connection, tenant.id, name), by)
        if fields["due_on"] != row.due_on:
            fields |= {"snoozed_until": None, "snooze_reason": ""}
        return _change(connection, tenant, row, fields, "task.changed", by, runtime.clock())


def finish_task(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """The account's id. Done twice, the first time stands."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        return _change(connection, tenant, row, {"done_at": row.done_at or now}, "task.done", by, now)


def snooze_task(runtime: Runtime, tenant: Tenant, public_id: str, until: int, reason: str, by: Doer) -> str:
    """Until a day after today, with a reason; raises Invalid."""
    now = runtime.clock()
    if until <= day_of(now, tenant.zone):
        raise Invalid("Choose a day after today.", code="not_later")
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        fields = {"snoozed_until": until, "snooze_reason": reason.strip(), "done_at": None}
        return _change(connection, tenant, row, fields, "task.snoozed", by, now)


def delete_task(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """The account's id."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        task_store.update_task(connection, tenant.id, row.id, deleted_at=now, changed_at=now)
        audit.note(connection, tenant, "task.deleted", public_id, by, now)
        return account_key(connection, tenant.id, row.account_id)


def undo_task(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """Takes back the deletion, else the last change, done and snooze among them; the account's id."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id, deleted=True)
        if row.deleted_at is not None:
            task_store.update_task(connection, tenant.id, row.id, deleted_at=None, changed_at=now)
            audit.note(connection, tenant, "task.restored", public_id, by, now)
        elif row.before is not None:
            _change(connection, tenant, row, json.loads(row.before), "task.changed", by, now)
        return account_key(connection, tenant.id, row.account_id)


def follow_touch(
    connection: Connection, tenant: Tenant, touch_id: int, account_id: int, step: str, due_on: int | None, by: Doer, now: int
) -> None:
    """A touch's next step is one task: made with it, changed with it, gone with it; one that is done stays as it is."""
    row = task_store.find_task_of_touch(connection, tenant.id, touch_id)
    if row is None:
        if step and due_on is not None:
            task_store.insert_task(
                connection, tenant.id, public_id=new_id("tsk", now), account_id=account_id, touch_id=touch_id, title=step,
                owner_email=by.email, due_on=due_on, created_at=now, changed_at=now,
            )  # fmt: skip
        return
    if row.done_at is not None:
        return
    if not step or due_on is None:
        task_store.update_task(connection, tenant.id, row.id, deleted_at=row.deleted_at or now, changed_at=now)
    elif (row.title, row.due_on) != (step, due_on) or row.deleted_at is not None:
        values = {"title": step, "due_on": due_on, "snoozed_until": None, "snooze_reason": "", "deleted_at": None}
        task_store.update_task(connection, tenant.id, row.id, changed_at=now, **values)


def _line(row: TaskRow, names: tuple[str, str], today: int) -> TaskLine:
    place = place_of(row.due_on, row.snoozed_until, row.done_at, today)
    return TaskLine(row, *names, place, wanted_on(row.due_on, row.snoozed_until))


def _fields(task: TaskIn, account: AccountRow, by: Doer) -> dict[str, Any]:
    owner = task.owner or account.owner_email or by.email
    return {"title": task.title.strip(), "note": task.note.strip(), "owner_email": owner, "due_on": day_number(task.due_on)}


def _require(connection: Connection, environment_id: int, public_id: str, *, deleted: bool = False) -> TaskRow:
    row = task_store.find_task(connection, environment_id, public_id)
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotFound(f"There is no task {public_id!r}.")
    return row


def _change(connection: Connection, tenant: Tenant, row: TaskRow, fields: dict[str, Any], action: str, by: Doer, now: int) -> str:
    """The account's id."""
    held = {name: getattr(row, name) for name in FIELDS}
    if {**held, **fields} != held:
        before = json.dumps(held, ensure_ascii=False)
        task_store.update_task(connection, tenant.id, row.id, **fields, before=before, changed_at=now)
        audit.note(connection, tenant, action, row.public_id, by, now)
    return account_key(connection, tenant.id, row.account_id)
