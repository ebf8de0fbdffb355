"""Making, changing, retiring and merging features: the effect on every account is shown before anything is published."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.feature_board import find_feature, list_features
from milepost.actions.features import merge_feature, retire_feature, save_feature
from milepost.actions.preview import Preview, preview_catalogue, preview_merge
from milepost.errors import Conflict, Invalid, MilepostError
from milepost.rules.days import day_number
from milepost.web.api_shapes import runtime_of
from milepost.web.feature_form import Draft, draft_of, edit_rules, empty_draft, read_draft, to_feature, translate_errors
from milepost.web.guard import actor, tenant
from milepost.web.inputs import field, form
from milepost.web.pages import go, render, translations
from milepost.wire.feature import Feature


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


SHOWN = 50  # accounts that move most
TAKEN = _("A feature has this key already, or had it once. Choose another.")


def new_feature(request: Request) -> Response:
    """An empty form."""
    return _show_form(request, empty_draft(), None)


def edit_feature(request: Request) -> Response:
    """The form filled with what is published."""
    feature = _read(request)
    return _show_form(request, draft_of(feature), feature)


def create_feature(request: Request) -> Response:
    """The posted form of a new feature: another row, a preview, or publishing."""
    return _take(request, None)


def change_feature(request: Request) -> Response:
    """The posted form of a feature that is there; its key stays."""
    return _take(request, _read(request))


def retire(request: Request) -> Response:
    """Preview, then leave both sides from a day on."""
    feature, on = _read(request), _read_day(request)
    if field(request, "do") == "publish":
        retire_feature(runtime_of(request), tenant(request), feature.key, day_number(on), actor(request).public_id)
        return go(request, "feature_page", feature=feature.key)
    planned = feature.model_copy(update={"retired_on": on})
    found = preview_catalogue(runtime_of(request), tenant(request), [planned], SHOWN)
    return _show_preview(request, found, feature, "retire", [("on", on)], day=on)


def unretire(request: Request) -> Response:
    """Takes a retiring back."""
    feature = _read(request).model_copy(update={"retired_on": None})
    save_feature(runtime_of(request), tenant(request), feature, actor(request).public_id)
    return go(request, "feature_page", feature=feature.key)


def merge(request: Request) -> Response:
    """Preview, then count for another feature from a day on."""
    feature, on, into = _read(request), _read_day(request), field(request, "into", longest=80)
    if field(request, "do") == "publish":
        merge_feature(runtime_of(request), tenant(request), feature.key, into, day_number(on), actor(request).public_id)
        return go(request, "feature_page", feature=feature.key)
    found = preview_merge(runtime_of(request), tenant(request), feature.key, into, day_number(on), SHOWN)
    return _show_preview(request, found, feature, "merge", [("on", on), ("into", into)], day=on, into=into)


def _take(request: Request, held: Feature | None) -> Response:
    draft, do = read_draft(form(request)), field(request, "do", longest=40)
    if held is not None:
        draft.values["key"] = held.key
    if do not in {"preview", "publish"}:
        return _show_form(request, draft, held, focus=edit_rules(draft, do))
    feature = to_feature(draft)
    if feature is not None and held is None and _is_taken(request, feature.key):
        draft.errors["key"] = TAKEN
    if feature is None or draft.errors:
        return _show_form(request, draft, held, status=422)
    if do == "preview":
        found = preview_catalogue(runtime_of(request), tenant(request), [feature], SHOWN)
        return _show_preview(request, found, feature, "edit" if held else "new", draft.pairs())
    try:
        save_feature(runtime_of(request), tenant(request), feature, actor(request).public_id, create=held is None)
    except (Conflict, Invalid) as problem:
        return _show_form(request, draft, held, status=problem.status, problem=problem)
    return go(request, "feature_page", feature=feature.key)


def _is_taken(request: Request, key: str) -> bool:
    lines = list_features(runtime_of(request), tenant(request))
    return any(key in {line.feature.key, *line.feature.aliases} for line in lines)


def _show_form(
    request: Request,
    draft: Draft,
    held: Feature | None,
    *,
    status: int = 200,
    focus: str = "",
    problem: MilepostError | None = None,
) -> Response:
    lines = list_features(runtime_of(request), tenant(request))
    words = translations(request)
    return render(
        request,
        "feature_form.html",
        status=status,
        draft=draft,
        held=held,
        errors=translate_errors(draft, words.tell),
        problem=words.say(problem) if problem else "",
        focus=focus,
        modules=sorted({line.feature.module for line in lines if line.feature.module}),
        plans=sorted({plan for line in lines for plan in line.feature.plans or []}),
    )


def _show_preview(
    request: Request, found: Preview, feature: Feature, kind: str, pairs: list[tuple[str, str]], **more: Any
) -> Response:
    context: dict[str, Any] = {"found": found, "feature": feature, "kind": kind, "pairs": pairs, "day": "", "into": ""} | more
    return render(request, "feature_preview.html", **context)


def _read(request: Request) -> Feature:
    return find_feature(runtime_of(request), tenant(request), request.path_params["feature"])


def _read_day(request: Request) -> str:
    text = field(request, "on", longest=20)
    try:
        day_number(text)
    except ValueError as problem:
        raise Invalid("Write a day such as 2026-11-24.") from problem
    return text


BASE = "/e/{environment}/features"
routes = [
    Route(BASE + "/_new", new_feature, methods=["GET"], name="new_feature"),
    Route(BASE + "/_new", create_feature, methods=["POST"], name="create_feature"),
    Route(BASE + "/{feature}/edit", edit_feature, methods=["GET"], name="edit_feature"),
    Route(BASE + "/{feature}/edit", change_feature, methods=["POST"], name="change_feature"),
    Route(BASE + "/{feature}/retire", retire, methods=["POST"], name="retire_feature"),
    Route(BASE + "/{feature}/bring-back", unretire, methods=["POST"], name="unretire_feature"),
    Route(BASE + "/{feature}/merge", merge, methods=["POST"], name="merge_feature"),
]
