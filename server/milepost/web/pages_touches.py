"""Touches: logged in two clicks from an account or a row of the portfolio, changed, deleted, taken back; a list and a CSV."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import touches as actions
from milepost.actions.account_names import name_account
from milepost.actions.contacts import list_contact_lines
from milepost.actions.portfolio import read_owner_names
from milepost.actions.touches import TouchLine
from milepost.errors import Invalid
from milepost.rules.days import date_of
from milepost.rules.touches import KINDS
from milepost.web import inputs
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import actor, doer, tenant, today
from milepost.web.pages import figures, render, translations
from milepost.web.said import go_back, read_said, way_back
from milepost.web.tables import Order, answer_csv, arrange, read_order, read_page, with_query
from milepost.web.work_forms import Draft, new_touch_draft, read_touch_form, touch_draft
from milepost.web.work_words import WorkWords

PAGE_ROWS = 100
COLUMNS: dict[str, Callable[[TouchLine], object]] = {
    "at": lambda line: line.row.at,
    "account": lambda line: line.account_name.casefold(),
    "kind": lambda line: KINDS.index(line.row.kind),
    "by": lambda line: line.row.by_email,
    "next": lambda line: line.row.next_on,
}


def touches_page(request: Request) -> Response:
    """Everybody's touches, newest first; `?account=` keeps one account's, `?by=me` one's own, `?kind=` a kind."""
    lines, order = _read(request)
    page = read_page(request)
    shown = lines[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    account = request.query_params.get("account", "")
    return render(
        request,
        "touches.html",
        lines=shown,
        n_lines=len(lines),
        page=page,
        n_pages=max(1, -(-len(lines) // PAGE_ROWS)),
        page_size=PAGE_ROWS,
        order=order,
        account=account,
        account_name=lines[0].account_name if account and lines else account,
        kind=request.query_params.get("kind", ""),
        is_mine=request.query_params.get("by") == "me",
        link=lambda **changes: with_query(request, **({"page": None, "said": None, "of": None} | changes)),
        people=read_owner_names(runtime_of(request), tenant(request)),
        work=WorkWords(translations(request)),
        said=read_said(request),
        keep=request.url.query,
    )


def touches_csv(request: Request) -> Response:
    """What the page shows, all of it."""
    lines, _order = _read(request)
    words, _ = WorkWords(translations(request)), translations(request).gettext
    fmt = figures(request)
    head = (
        _("When"), _("Account id"), _("Account"), _("Kind"), _("Outcome"), _("Contact"), _("Minutes"), _("Note"), _("Next step"),
        _("Due"), _("Logged by"),
    )  # fmt: skip
    rows = [
        (
            fmt.iso(line.row.at), line.account_key, line.account_name, words.word("touch", line.row.kind),
            words.word("outcome", line.row.outcome), line.contact.name if line.contact else None, line.row.minutes,
            line.row.note, line.row.next_step, None if line.row.next_on is None else date_of(line.row.next_on).isoformat(),
            line.row.by_email,
        )
        for line in lines
    ]  # fmt: skip
    return answer_csv(f"touches-{date_of(today(request)).isoformat()}", head, rows)


def new_touch(request: Request) -> Response:
    """The form, filled as most calls go: a second click logs it."""
    account = request.query_params.get("account", "")
    return _show_form(request, new_touch_draft(request), account)


def create_touch(request: Request) -> Response:
    """The posted form."""
    account = inputs.field(request, "account", longest=500)
    draft, shape, at = read_touch_form(request)
    if shape is None:
        return _show_form(request, draft, account, status=422)
    try:
        made = actions.log_touch(runtime_of(request), tenant(request), account, shape, at, doer(request))
    except Invalid as problem:
        draft.errors["on" if problem.error_code == "not_yet" else "contact"] = translations(request).say(problem)
        return _show_form(request, draft, account, status=422)
    return go_back(request, account, "touch-logged", made)


def edit_touch(request: Request) -> Response:
    """The form with what was logged."""
    line = _held(request)
    return _show_form(request, touch_draft(request, line.row, line.contact), line.account_key, line)


def change_touch(request: Request) -> Response:
    """The posted form of one that is there."""
    line = _held(request)
    draft, shape, at = read_touch_form(request, line.row)
    if shape is None:
        return _show_form(request, draft, line.account_key, line, status=422)
    try:
        actions.change_touch(runtime_of(request), tenant(request), line.row.public_id, shape, at, doer(request))
    except Invalid as problem:
        draft.errors["on" if problem.error_code == "not_yet" else "contact"] = translations(request).say(problem)
        return _show_form(request, draft, line.account_key, line, status=422)
    return go_back(request, line.account_key, "touch-changed", line.row.public_id)


def delete_touch(request: Request) -> Response:
    """Gone from every page and number; the next page offers to take it back."""
    touch = request.path_params["touch"]
    account = actions.delete_touch(runtime_of(request), tenant(request), touch, doer(request))
    return go_back(request, account, "touch-deleted", touch)


def undo_touch(request: Request) -> Response:
    """The deletion or the last change taken back."""
    account = actions.undo_touch(runtime_of(request), tenant(request), request.path_params["touch"], doer(request))
    return go_back(request, account, "undone")


def _held(request: Request) -> TouchLine:
    return actions.read_touch(runtime_of(request), tenant(request), request.path_params["touch"])


def _read(request: Request) -> tuple[list[TouchLine], Order]:
    asked = request.query_params
    lines = actions.list_touch_lines(runtime_of(request), tenant(request), asked.get("account") or None)
    if asked.get("kind") in KINDS:
        lines = [line for line in lines if line.row.kind == asked["kind"]]
    if asked.get("by") == "me":
        lines = [line for line in lines if line.row.by_email == actor(request).email]
    order = read_order(request, COLUMNS, "at", is_down=True)
    return arrange(lines, COLUMNS, order), order


def _show_form(request: Request, draft: Draft, account: str, line: TouchLine | None = None, status: int = 200) -> Response:
    contacts = list_contact_lines(runtime_of(request), tenant(request), account)  # raises NotFound for no such account
    return render(
        request,
        "touch_form.html",
        status=status,
        draft=draft,
        account=account,
        account_name=line.account_name if line else name_account(runtime_of(request), tenant(request), account),
        line=line,
        contacts=contacts,
        **way_back(request),
        work=WorkWords(translations(request)),
    )


BASE = "/e/{environment}/touches"
routes = [
    Route(BASE, touches_page, name="touches_page"),
    Route(BASE + ".csv", touches_csv, name="touches_csv"),
    Route(BASE + "/_new", new_touch, name="new_touch"),
    Route(BASE + "/_new", create_touch, methods=["POST"], name="create_touch"),
    Route(BASE + "/{touch}", edit_touch, name="edit_touch"),
    Route(BASE + "/{touch}", change_touch, methods=["POST"], name="change_touch"),
    Route(BASE + "/{touch}/delete", delete_touch, methods=["POST"], name="delete_touch"),
    Route(BASE + "/{touch}/undo", undo_touch, methods=["POST"], name="undo_touch"),
]
