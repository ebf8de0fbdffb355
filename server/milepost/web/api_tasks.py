"""Management API of tasks."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import tasks as actions
from milepost.actions.tasks import TaskLine
from milepost.rules.days import day_number
from milepost.web.api_contacts import WorkQuery
from milepost.web.api_shapes import answer, iso, runtime_of
from milepost.web.describe import describe
from milepost.web.guard import doer, tenant
from milepost.web.inputs import read_json, read_query
from milepost.web.tables import page_after
from milepost.wire.event import format_instant
from milepost.wire.task import AccountTaskIn, SnoozeIn, TaskList, TaskMade, TaskOut

TAG = "tasks"


@describe(query=WorkQuery, answer=TaskList, tag=TAG)
def list_tasks(request: Request) -> Response:
    """Lists tasks, open and done, by the day on which they should be done."""
    asked = read_query(request, WorkQuery)
    lines = actions.list_task_lines(runtime_of(request), tenant(request), asked.account)
    page, more = page_after(lines, lambda line: line.row.public_id, asked.after, asked.limit)
    return answer(TaskList(tasks=[_show(line) for line in page], next=more))


@describe(body=AccountTaskIn, answer=TaskMade, status=201, tag=TAG, may_fail_with=(404,))
def add_task(request: Request) -> Response:
    """Makes a task for an account that is there."""
    asked = read_json(request, AccountTaskIn)
    made = actions.add_task(runtime_of(request), tenant(request), asked.account_id, asked, doer(request))
    return answer(TaskMade(id=made), 201)


@describe(status=204, tag=TAG, may_fail_with=(404,))
def finish_task(request: Request) -> Response:
    """Marks a task as done."""
    actions.finish_task(runtime_of(request), tenant(request), request.path_params["task"], doer(request))
    return Response(status_code=204)


@describe(body=SnoozeIn, status=204, tag=TAG, may_fail_with=(404,))
def snooze_task(request: Request) -> Response:
    """Puts a task off until a later day, with a reason."""
    asked = read_json(request, SnoozeIn)
    until, task = day_number(asked.until), request.path_params["task"]
    actions.snooze_task(runtime_of(request), tenant(request), task, until, asked.reason, doer(request))
    return Response(status_code=204)


@describe(status=204, tag=TAG, may_fail_with=(404,))
def delete_task(request: Request) -> Response:
    """Deletes a task."""
    actions.delete_task(runtime_of(request), tenant(request), request.path_params["task"], doer(request))
    return Response(status_code=204)


def _show(line: TaskLine) -> TaskOut:
    row = line.row
    return TaskOut(
        id=row.public_id, account_id=line.account_key, title=row.title, note=row.note, owner=row.owner_email,
        due_on=iso(row.due_on) or "", snoozed_until=iso(row.snoozed_until), snooze_reason=row.snooze_reason,
        done_at=None if row.done_at is None else format_instant(row.done_at), place=line.place,
    )  # fmt: skip


BASE = "/api/v1/tasks"
routes = [
    Route(BASE, list_tasks, methods=["GET"], name="api_tasks"),
    Route(BASE, add_task, methods=["POST"], name="api_add_task"),
    Route(BASE + "/{task}", delete_task, methods=["DELETE"], name="api_delete_task"),
    Route(BASE + "/{task}/done", finish_task, methods=["POST"], name="api_finish_task"),
    Route(BASE + "/{task}/snooze", snooze_task, methods=["POST"], name="api_snooze_task"),
]
