"""The audit log: who did what and when, filtered, as a page and as CSV."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.runtime import Runtime
from milepost.store import audit as audit_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import workspaces as workspace_store
from milepost.web.audit_words import say_action, say_detail, say_who
from milepost.web.guard import actor
from milepost.web.pages import figures, render, translations
from milepost.web.tables import answer_csv

PAGE_ROWS = 100
CSV_ROWS = 50_000


@dataclass(frozen=True)
class Line:
    """One act: `who` is a name where the member is still known, `detail` as it was written down, as JSON objects are."""

    id: int
    at: int
    who: str
    action: str
    subject: str
    environment: str
    detail: dict[str, Any]


def audit_page(request: Request) -> Response:
    """Newest first; `?who=`, `?what=` filter, `?before=` pages on."""
    rows, names = _read(request, PAGE_ROWS + 1)
    lines, texts = rows[:PAGE_ROWS], translations(request)
    return render(
        request,
        "audit.html",
        lines=lines,
        next_id=lines[-1].id if len(rows) > PAGE_ROWS else None,
        who=request.query_params.get("who", ""),
        what=request.query_params.get("what", ""),
        people=names,
        actions=[(name, say_action(name, texts)) for name in _actions(request)],
        say_action=partial(say_action, texts=texts),
        say_who=partial(say_who, texts=texts),
        say_detail=partial(say_detail, texts=texts, fmt=figures(request)),
        is_first="before" not in request.query_params,
    )


def audit_csv(request: Request) -> Response:
    """The same lines, without pages."""
    rows, _names = _read(request, CSV_ROWS)
    figure, texts = figures(request), translations(request)
    table = [(figure.iso(x.at), x.who, x.action, x.subject, x.environment, say_detail(x.detail, texts, figure)) for x in rows]
    return answer_csv("audit", ("at", "who", "action", "subject", "environment", "detail"), table)


def _read(request: Request, limit: int) -> tuple[list[Line], dict[str, str]]:
    runtime: Runtime = request.app.state.runtime
    workspace_id = actor(request).workspace_id
    asked = request.query_params
    before = asked.get("before", "")
    with db.reading(runtime.engine) as connection:
        found = audit_store.list_audit(
            connection,
            workspace_id,
            int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
            limit,
            actor=asked.get("who", ""),
            action=asked.get("what", ""),
        )
        members = workspace_store.list_members(connection, workspace_id)
        watched = {row["environment_id"] for row in found if row["action"].startswith("tracking.")}
        features = {
            (held, str(f["ordinal"])): str(f["name"]) for held in watched for f in feature_store.list_features(connection, held)
        }
        environments = {e["id"]: str(e["name"]) for e in environment_store.list_environments(connection, workspace_id)}
    names = {str(m["public_id"]): str(m["name"] or m["email"]) for m in members}
    return [_line(row, names, environments, features) for row in found], names


def _line(row: Any, names: dict[str, str], environments: dict[int, str], features: dict[tuple[int, str], str]) -> Line:
    return Line(
        row["id"], row["at"], names.get(row["actor"], row["actor"]), row["action"],
        _subject(row, names, features), environments.get(row["environment_id"], ""), json.loads(row["detail"]),
    )  # fmt: skip


def _subject(row: Any, names: dict[str, str], features: dict[tuple[int, str], str]) -> str:
    """Whom or what it was done to; empty where the line says it already: oneself, the environment, the workspace."""
    own = row["action"].partition(".")[0] in {"environment", "identity", "workspace"}
    subject = str(row["subject"])
    if row["action"].startswith("tracking."):  # by the rule's number; -1 is the whole environment
        return features.get((row["environment_id"], subject), "")
    return "" if own or subject == row["actor"] else names.get(subject, subject)


def _actions(request: Request) -> list[str]:
    runtime: Runtime = request.app.state.runtime
    with db.reading(runtime.engine) as connection:
        return audit_store.list_actions(connection, actor(request).workspace_id)


routes = [
    Route("/e/{environment}/audit", audit_page, name="audit_page"),
    Route("/e/{environment}/audit.csv", audit_csv, name="audit_csv"),
]
