"""Tasks: mine first, by overdue, due and later; made, done, snoozed with a reason, changed, deleted, taken back; as CSV."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import tasks as actions
from milepost.actions.account_names import name_account
from milepost.actions.portfolio import read_owner_names
from milepost.actions.tasks import TaskLine
from milepost.errors import Invalid
from milepost.rules.days import date_of, day_number
from milepost.rules.tasks import PLACES, count_places
from milepost.web import inputs
from milepost.web.api_shapes import iso, runtime_of
from milepost.web.guard import actor, doer, tenant, today
from milepost.web.pages import figures, render, translations
from milepost.web.said import go_back, read_said, way_back
from milepost.web.tables import answer_csv, with_query
from milepost.web.work_forms import Draft, read_shape, read_texts
from milepost.web.work_words import WorkWords
from milepost.wire.task import SnoozeIn, TaskIn

NAMES = ("title", "due_on", "owner", "note")
IN_DAYS = 7
SHOWN = 100


def tasks_page(request: Request) -> Response:
    """One's own, unless `?owner=all`; `?place=done` shows what was done, else all that is open."""
    lines, is_mine = _read(request)
    place = request.query_params.get("place", "")
    shown = [line for line in lines if (line.place == place if place in PLACES else line.place != "done")]
    return render(
        request,
        "tasks.html",
        groups=[(name, [line for line in shown if line.place == name]) for name in PLACES],
        counts=count_places(line.place for line in lines),
        place=place if place in PLACES else "",
        is_mine=is_mine,
        n_shown=len(shown),
        most=SHOWN,
        today=today(request),
        link=lambda **changes: with_query(request, **({"said": None, "of": None} | changes)),
        people=read_owner_names(runtime_of(request), tenant(request)),
        work=WorkWords(translations(request)),
        said=read_said(request),
        keep=request.url.query,
    )


def tasks_csv(request: Request) -> Response:
    """Every task of the page's owner, done ones too."""
    lines, _is_mine = _read(request)
    words, _ = WorkWords(translations(request)), translations(request).gettext
    fmt = figures(request)
    head = (
        _("Task"), _("Account id"), _("Account"), _("Owner"), _("Due"), _("Snoozed until"), _("Reason"), _("State"),
        _("Done at"), _("Note"),
    )  # fmt: skip
    rows = [
        (
            line.row.title, line.account_key, line.account_name, line.row.owner_email, iso(line.row.due_on),
            iso(line.row.snoozed_until), line.row.snooze_reason, words.word("place", line.place),
            None if line.row.done_at is None else fmt.iso(line.row.done_at), line.row.note,
        )
        for line in lines
    ]  # fmt: skip
    return answer_csv(f"tasks-{date_of(today(request)).isoformat()}", head, rows)


def new_task(request: Request) -> Response:
    """The form, due in a week."""
    due = date_of(today(request) + IN_DAYS).isoformat()
    draft = Draft({"title": "", "note": "", "owner": actor(request).email, "due_on": due})
    return _show_form(request, draft, request.query_params.get("account", ""))


def create_task(request: Request) -> Response:
    """The posted form."""
    account = inputs.field(request, "account", longest=500)
    draft, shape = _read_form(request)
    if shape is None:
        return _show_form(request, draft, account, status=422)
    made = actions.add_task(runtime_of(request), tenant(request), account, shape, doer(request))
    return go_back(request, account, "task-added", made)


def edit_task(request: Request) -> Response:
    """The form with what is held, and the one to snooze."""
    row = (line := _held(request)).row
    values = {"title": row.title, "note": row.note, "owner": row.owner_email or "", "due_on": iso(row.due_on) or ""}
    values |= {"until": iso(max(line.wanted_on, today(request)) + IN_DAYS) or "", "reason": row.snooze_reason}
    return _show_form(request, Draft(values), line.account_key, line)


def change_task(request: Request) -> Response:
    """The posted form of one that is there."""
    line = _held(request)
    draft, shape = _read_form(request)
    if shape is None:
        return _show_form(request, draft, line.account_key, line, status=422)
    actions.change_task(runtime_of(request), tenant(request), line.row.public_id, shape, doer(request))
    return go_back(request, line.account_key, "task-changed", line.row.public_id)


def finish_task(request: Request) -> Response:
    """One click."""
    task = request.path_params["task"]
    account = actions.finish_task(runtime_of(request), tenant(request), task, doer(request))
    return go_back(request, account, "task-done", task)


def snooze_task(request: Request) -> Response:
    """Until a later day, with a reason."""
    line = _held(request)
    draft = read_texts(request, ("until", "reason"))
    draft.values |= {"title": line.row.title, "note": line.row.note, "owner": line.row.owner_email or ""}
    draft.values["due_on"] = iso(line.row.due_on) or ""
    shape = read_shape(request, draft, SnoozeIn, {name: draft.values[name] for name in ("until", "reason")})
    if shape is not None:
        try:
            until, task = day_number(shape.until), line.row.public_id
            actions.snooze_task(runtime_of(request), tenant(request), task, until, shape.reason, doer(request))
            return go_back(request, line.account_key, "task-snoozed", task)
        except Invalid as problem:
            draft.errors["until"] = translations(request).say(problem)
    return _show_form(request, draft, line.account_key, line, status=422)


def delete_task(request: Request) -> Response:
    """Gone; the next page offers to take it back."""
    task = request.path_params["task"]
    return go_back(request, actions.delete_task(runtime_of(request), tenant(request), task, doer(request)), "task-deleted", task)


def undo_task(request: Request) -> Response:
    """The deletion or the last change taken back."""
    account = actions.undo_task(runtime_of(request), tenant(request), request.path_params["task"], doer(request))
    return go_back(request, account, "undone")


def _held(request: Request) -> TaskLine:
    return actions.read_task(runtime_of(request), tenant(request), request.path_params["task"])


def _read(request: Request) -> tuple[list[TaskLine], bool]:
    """(lines, whether they are the reader's own)."""
    lines = actions.list_task_lines(runtime_of(request), tenant(request))
    is_mine = request.query_params.get("owner") != "all"
    me = actor(request).email
    return [line for line in lines if not is_mine or line.row.owner_email == me], is_mine


def _read_form(request: Request) -> tuple[Draft, TaskIn | None]:
    draft = read_texts(request, NAMES)
    return draft, read_shape(request, draft, TaskIn, draft.values)


def _show_form(request: Request, draft: Draft, account: str, line: TaskLine | None = None, status: int = 200) -> Response:
    return render(
        request,
        "task_form.html",
        status=status,
        draft=draft,
        account=account,
        account_name=line.account_name if line else name_account(runtime_of(request), tenant(request), account),
        line=line,
        people=read_owner_names(runtime_of(request), tenant(request)),
        **way_back(request),
    )


BASE = "/e/{environment}/tasks"
routes = [
    Route(BASE, tasks_page, name="tasks_page"),
    Route(BASE + ".csv", tasks_csv, name="tasks_csv"),
    Route(BASE + "/_new", new_task, name="new_task"),
    Route(BASE + "/_new", create_task, methods=["POST"], name="create_task"),
    Route(BASE + "/{task}", edit_task, name="edit_task"),
    Route(BASE + "/{task}", change_task, methods=["POST"], name="change_task"),
    Route(BASE + "/{task}/done", finish_task, methods=["POST"], name="finish_task"),
    Route(BASE + "/{task}/snooze", snooze_task, methods=["POST"], name="snooze_task"),
    Route(BASE + "/{task}/delete", delete_task, methods=["POST"], name="delete_task"),
    Route(BASE + "/{task}/undo", undo_task, methods=["POST"], name="undo_task"),
]
