"""Health models: versions, what validation says of one, publishing from YAML, and which one scores."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.feature_history import read_author_names
from milepost.actions.health import HeldModel, activate_model, check_model, judge_model, list_models, publish_model
from milepost.actions.trial import review_model, try_model
from milepost.errors import Invalid, NotFound
from milepost.store import engine as db
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import actor, tenant
from milepost.web.inputs import field, form
from milepost.web.pages import go, render
from milepost.wire.health import HealthModel

LINE = re.compile(r"\bline (\d+)")
AROUND = 2


def health_page(request: Request) -> Response:
    """The chosen version (default: the one that scores) with its facts, beside all the others."""
    return _show(request)


def publish(request: Request) -> Response:
    """`do=check` judges the text; `do=publish` makes a version of it that scores from now on."""
    source = _read_source(request)
    do = field(request, "do", longest=10)
    try:
        if do != "publish":
            model, _verdict = check_model(source, "YAML")
            return _show(request, source=source, draft=model)
        held, _verdict = publish_model(
            runtime_of(request), tenant(request), source, actor(request).public_id, activate=bool(field(request, "activate"))
        )
    except Invalid as problem:
        return _show(request, status=422, source=source, problems=list(problem.parts or (problem.detail,)))
    return _go(request, held)


def activate(request: Request) -> Response:
    """Another published version scores from now on."""
    key, version = request.path_params["model"], field(request, "version", longest=9)
    if not version.isdecimal():
        raise Invalid("version is a whole number.")
    activate_model(runtime_of(request), tenant(request), key, int(version), actor(request).public_id)
    answer = go(request, "health_page")
    answer.headers["location"] += f"?model={key}&version={version}"
    return answer


def _show(
    request: Request, *, status: int = 200, source: str | None = None, draft: HealthModel | None = None,
    problems: list[str] | None = None,
) -> Response:  # fmt: skip
    runtime, held_tenant = runtime_of(request), tenant(request)
    with db.reading(runtime.engine) as connection:
        models = list_models(connection, held_tenant.id)
        names = read_author_names(connection, held_tenant.workspace_id)
        chosen = _choose(request, models)
        if chosen is None:
            raise NotFound("There is no such version of a health model.")
        judged = draft or chosen.model
        verdict = judge_model(connection, held_tenant.id, judged)
    # a text with faults has no facts: those of the chosen version stand
    trial = review_model(runtime, held_tenant, chosen) if draft is None else try_model(runtime, held_tenant, draft)
    return render(
        request,
        "health.html",
        status=status,
        models=models,
        names=names,
        chosen=chosen,
        active=next((m for m in models if m.active), None),
        judged=judged,
        verdict=verdict,
        trial=trial,
        warnings=verdict.warnings + trial.warnings,
        source=source if source is not None else chosen.source,
        is_open=source is not None,
        is_checked=draft is not None,
        problems=problems or [],
        excerpts=_excerpts(source or "", problems or []),
        unconnected=sorted({a.playbook for a in judged.alerts if a.playbook}),
        channels=sorted({c for a in judged.alerts for c in a.channels}),
    )


def _choose(request: Request, models: list[HeldModel]) -> HeldModel | None:
    key, version = request.query_params.get("model"), request.query_params.get("version", "")
    if not key:
        return next((m for m in models if m.active), models[0] if models else None)
    return next((m for m in models if m.key == key and (not version or str(m.version) == version)), None)


def _excerpts(source: str, problems: list[str]) -> list[list[tuple[int, str, bool]]]:
    """For each fault that names a line: (number, text, is it the line) of the lines around it."""
    lines = source.splitlines()
    found = []
    for problem in problems:
        named = LINE.search(problem)
        if named is None:
            continue
        at = int(named[1])
        span = range(max(1, at - AROUND), min(len(lines), at + AROUND) + 1)
        found.append([(n, lines[n - 1], n == at) for n in span])
    return found


def _read_source(request: Request) -> str:
    """As it was typed, lines ended by LF as in a file."""
    value = form(request).get("source", "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _go(request: Request, held: HeldModel) -> Response:
    answer = go(request, "health_page")
    answer.headers["location"] += f"?model={held.key}&version={held.version}"
    return answer


BASE = "/e/{environment}/health"
routes = [
    Route(BASE, health_page, methods=["GET"], name="health_page"),
    Route(BASE, publish, methods=["POST"], name="publish_health_model"),
    Route(BASE + "/{model}/activate", activate, methods=["POST"], name="activate_health_model"),
]
