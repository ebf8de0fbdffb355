"""Checkpoints: milestones over usage, who reached them, and the one that is the activation."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.checkpoints import CheckpointLine, list_checkpoint_lines, retire_checkpoint, save_checkpoint
from milepost.actions.feature_board import ListedFeature, list_features
from milepost.errors import Invalid
from milepost.web import inputs
from milepost.web.api_shapes import runtime_of
from milepost.web.feature_form import SAID
from milepost.web.guard import actor, tenant
from milepost.web.inputs import form
from milepost.web.pages import go, render, translations
from milepost.wire.checkpoint import Checkpoint

MAX_PARTS = 10


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


WORDS = {
    "key": SAID["key"],
    "name": SAID["name"],
    "window_days": _("A whole number of days, 1 to 365."),
    "feature": _("Choose a feature."),
    "uses": _("A whole number, at least 1."),
    "people": _("A whole number, at least 1."),
    "parts": _("Add at least one part."),
}


@dataclass
class Draft:
    """The form's fields as texts; `errors` by field name."""

    key: str = ""
    name: str = ""
    window_days: str = "14"
    is_activation: bool = False
    parts: list[dict[str, str]] = field(default_factory=lambda: [{"feature": "", "uses": "1", "people": "1"}])
    errors: dict[str, str] = field(default_factory=dict)


def checkpoints_page(request: Request) -> Response:
    """The list, with how many accounts have reached each."""
    return _show(request, _lines(request))


def new_checkpoint(request: Request) -> Response:
    """An empty form."""
    return _show_form(request, Draft(), is_new=True)


def edit_checkpoint(request: Request) -> Response:
    """The form filled with what is in force."""
    held = next((x.checkpoint for x in _lines(request) if x.checkpoint.key == request.path_params["checkpoint"]), None)
    if held is None:
        return go(request, "checkpoints_page")
    parts = [{"feature": p.feature, "uses": str(p.uses), "people": str(p.people)} for p in held.parts]
    draft = Draft(held.key, held.name, str(held.window_days), held.is_activation, parts)
    return _show_form(request, draft, is_new=False)


def create_checkpoint(request: Request) -> Response:
    """The posted form of a new one."""
    return _take(request, is_new=True)


def change_checkpoint(request: Request) -> Response:
    """The posted form of one that is there."""
    return _take(request, is_new=False)


def retire(request: Request) -> Response:
    """It is looked at no longer; who reached it stays known."""
    retire_checkpoint(runtime_of(request), tenant(request), request.path_params["checkpoint"], actor(request).public_id)
    return go(request, "checkpoints_page")


def _take(request: Request, *, is_new: bool) -> Response:
    draft, do = _read_draft(request), inputs.field(request, "do", longest=20)
    if not is_new:
        draft.key = request.path_params["checkpoint"]
    if do == "add" and len(draft.parts) < MAX_PARTS:
        draft.parts.append({"feature": "", "uses": "1", "people": "1"})
    elif do.startswith("remove:") and do[7:].isdecimal() and int(do[7:]) < len(draft.parts):
        draft.parts.pop(int(do[7:]))
    if do != "save":
        return _show_form(request, draft, is_new=is_new)
    checkpoint = _to_checkpoint(request, draft)
    if checkpoint is not None and is_new and any(x.checkpoint.key == checkpoint.key for x in _lines(request)):
        draft.errors["key"] = translations(request).gettext(_("There is a checkpoint with this key already."))
    if checkpoint is None or draft.errors:
        return _show_form(request, draft, is_new=is_new, status=422)
    try:
        save_checkpoint(runtime_of(request), tenant(request), checkpoint, actor(request).public_id)
    except Invalid as problem:
        draft.errors["parts"] = translations(request).say(problem)
        return _show_form(request, draft, is_new=is_new, status=422)
    return go(request, "checkpoints_page")


def _read_draft(request: Request) -> Draft:
    fields = form(request)
    numbers = sorted({int(n.split("-")[1]) for n in fields if n.startswith("part-") and n.split("-")[1].isdecimal()})
    parts = [
        {name: inputs.field(request, f"part-{n}-{name}", longest=100) for name in ("feature", "uses", "people")}
        for n in numbers[: MAX_PARTS + 1]
    ]
    return Draft(
        inputs.field(request, "key", longest=200),
        inputs.field(request, "name", longest=500),
        inputs.field(request, "window_days", longest=10),
        bool(inputs.field(request, "is_activation")),
        parts,
    )


def _to_checkpoint(request: Request, draft: Draft) -> Checkpoint | None:
    said = translations(request).tell
    raw: dict[str, Any] = {
        "key": draft.key,
        "name": draft.name,
        "window_days": _whole(draft.window_days),
        "is_activation": draft.is_activation,
        "parts": [{"feature": p["feature"], "uses": _whole(p["uses"]), "people": _whole(p["people"])} for p in draft.parts],
    }
    try:
        return Checkpoint.model_validate(raw)
    except ValidationError as problem:
        for error in problem.errors():
            loc = error["loc"]
            name = f"part-{loc[1]}-{loc[2]}" if len(loc) > 2 else str(loc[0])
            draft.errors.setdefault(name, said(WORDS.get(str(loc[-1]), str(error["msg"]))))
        return None


def _whole(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 10 else text


def _lines(request: Request) -> list[CheckpointLine]:
    return list_checkpoint_lines(runtime_of(request), tenant(request))


def _show(request: Request, lines: list[CheckpointLine]) -> Response:
    names = {key: x.feature.name for x in _features(request) for key in (x.feature.key, *x.feature.aliases)}
    return render(request, "checkpoints.html", lines=lines, names=names)


def _show_form(request: Request, draft: Draft, *, is_new: bool, status: int = 200) -> Response:
    features = [x.feature for x in _features(request) if not x.is_merged]
    return render(request, "checkpoint_form.html", status=status, draft=draft, is_new=is_new, features=features)


def _features(request: Request) -> list[ListedFeature]:
    return list_features(runtime_of(request), tenant(request))


BASE = "/e/{environment}/features/_checkpoints"
routes = [
    Route(BASE, checkpoints_page, methods=["GET"], name="checkpoints_page"),
    Route(BASE + "/_new", new_checkpoint, methods=["GET"], name="new_checkpoint"),
    Route(BASE + "/_new", create_checkpoint, methods=["POST"], name="create_checkpoint"),
    Route(BASE + "/{checkpoint}", edit_checkpoint, methods=["GET"], name="edit_checkpoint"),
    Route(BASE + "/{checkpoint}", change_checkpoint, methods=["POST"], name="change_checkpoint"),
    Route(BASE + "/{checkpoint}/retire", retire, methods=["POST"], name="retire_checkpoint"),
]
