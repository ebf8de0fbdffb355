"""The inbox of names no feature covers: make a feature, put aside with undo, then count the last days too."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.feature_board import read_feature_board
from milepost.actions.recount import recount
from milepost.actions.unmatched import OTHER, accept_unmatched, ignore_unmatched, list_ignored, list_unmatched, restore_unmatched
from milepost.errors import Conflict, Invalid
from milepost.rules.days import date_of, day_of
from milepost.web.api_shapes import runtime_of
from milepost.web.feature_form import SAID
from milepost.web.guard import actor, tenant
from milepost.web.inputs import field, form
from milepost.web.pages import go, render, translations
from milepost.web.pages_feature_form import TAKEN
from milepost.web.tables import Key, arrange, read_order
from milepost.wire.feature import Feature

DEFAULT_DAYS = 28
COLUMNS: dict[str, Key] = {"name": lambda u: u.name.casefold(), "n": lambda u: u.n, "last": lambda u: u.last_at}


def unmatched_page(request: Request) -> Response:
    """Event names and page templates with counts, most seen first."""
    return _show(request)


def make_feature(request: Request) -> Response:
    """One click: a feature with one rule for the name; then the offer to count the past."""
    kind, name = _which(request)
    key, title = field(request, "key", longest=200), field(request, "title", longest=500)
    errors = _find_errors(request, key, title)
    if errors:
        return _show(request, status=422, at=(kind, name), errors=errors)
    try:
        accept_unmatched(runtime_of(request), tenant(request), kind, name, actor(request).public_id, key=key, title=title)
    except Conflict:
        return _show(request, status=409, at=(kind, name), errors={"key": translations(request).gettext(TAKEN)})
    except Invalid as problem:
        return _show(request, status=422, at=(kind, name), errors={"key": translations(request).say(problem)})
    return _go_on(request, made=key)


def ignore(request: Request) -> Response:
    """Puts a name aside; the page offers to undo it."""
    kind, name = _which(request)
    ignore_unmatched(runtime_of(request), tenant(request), kind, name, actor(request).public_id)
    return _show(request, ignored=(kind, name))


def restore(request: Request) -> Response:
    """Undoes an ignoring."""
    kind, name = _which(request)
    restore_unmatched(runtime_of(request), tenant(request), kind, name, actor(request).public_id)
    return go(request, "unmatched_page")


def recount_page(request: Request) -> Response:
    """The difference first; with `do=apply` it is written and audited."""
    runtime, held = runtime_of(request), tenant(request)
    days = _read_days(request, held.retention_days)
    first = day_of(runtime.clock(), held.zone) - days + 1
    apply = field(request, "do", longest=10) == "apply"
    found = recount(runtime, held, first, actor(request).public_id, apply=apply)
    names = {line.feature.key: line.feature.name for line in read_feature_board(runtime, held).lines}
    keys = sorted({*found.gained, *found.lost}, key=lambda k: -(found.gained[k] + found.lost[k]))
    rows = [(key, names.get(key, key), found.gained[key], found.lost[key]) for key in keys]
    return render(request, "recount.html", found=found, rows=rows, days=days, first=date_of(first))


def _show(
    request: Request, *, status: int = 200, at: tuple[str, str] | None = None, errors: dict[str, str] | None = None,
    ignored: tuple[str, str] | None = None,
) -> Response:  # fmt: skip
    runtime, held = runtime_of(request), tenant(request)
    found = list_unmatched(runtime, held)
    order = read_order(request, COLUMNS, "n", is_down=True)
    made = request.query_params.get("made", "")
    lines = read_feature_board(runtime, held).lines if made else []
    return render(
        request,
        "unmatched.html",
        status=status,
        names=arrange(found, COLUMNS, order),
        order=order,
        ignored_names=list_ignored(runtime, held),
        at=at,
        errors=errors or {},
        typed={"key": field(request, "key"), "title": field(request, "title")} if at else {},
        ignored=ignored,
        made=next((line.feature for line in lines if line.feature.key == made), None),
        days=min(DEFAULT_DAYS, held.retention_days),
        retention_days=held.retention_days,
        other=OTHER,
    )


def _go_on(request: Request, *, made: str) -> Response:
    answer = go(request, "unmatched_page")
    answer.headers["location"] += f"?made={made}"
    return answer


def _which(request: Request) -> tuple[str, str]:
    kind, name = field(request, "kind", longest=10), _raw(request, "name")
    if kind not in {"event", "page"}:
        raise Invalid("kind is event or page.")
    return kind, name


def _raw(request: Request, name: str) -> str:
    """Untrimmed: a name of an event may begin or end with spaces."""
    value = form(request).get(name, "")
    return value if isinstance(value, str) else ""


def _find_errors(request: Request, key: str, title: str) -> dict[str, str]:
    said = translations(request).gettext
    errors = {}
    try:
        Feature(key=key, name="x")
    except ValueError:
        errors["key"] = said(SAID["key"])
    if not 0 < len(title) <= 200:
        errors["title"] = said(SAID["name"])
    return errors


def _read_days(request: Request, most: int) -> int:
    text = field(request, "days", longest=6)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Invalid(f"Count 1 to {most} days; raw events are kept no longer.")
    return int(text)


BASE = "/e/{environment}/unmatched"
routes = [
    Route(BASE, unmatched_page, methods=["GET"], name="unmatched_page"),
    Route(BASE + "/make", make_feature, methods=["POST"], name="make_feature"),
    Route(BASE + "/ignore", ignore, methods=["POST"], name="ignore_name"),
    Route(BASE + "/restore", restore, methods=["POST"], name="restore_name"),
    Route(BASE + "/recount", recount_page, methods=["POST"], name="recount_page"),
]
