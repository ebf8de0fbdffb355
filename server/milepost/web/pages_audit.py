"""The audit log: who did what and when, filtered, as a page and as CSV."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.runtime import Runtime
from milepost.store import audit as audit_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import workspaces as workspace_store
from milepost.web.guard import actor
from milepost.web.pages import figures, render
from milepost.web.tables import answer_csv

PAGE_ROWS = 100
CSV_ROWS = 50_000


@dataclass(frozen=True)
class Line:
    """One act in words: `who` is a name where the member is still known."""

    id: int
    at: int
    who: str
    action: str
    subject: str
    environment: str
    detail: str


def audit_page(request: Request) -> Response:
    """Newest first; `?who=`, `?what=` filter, `?before=` pages on."""
    rows, names = _read(request, PAGE_ROWS + 1)
    lines = rows[:PAGE_ROWS]
    return render(
        request,
        "audit.html",
        lines=lines,
        next_id=lines[-1].id if len(rows) > PAGE_ROWS else None,
        who=request.query_params.get("who", ""),
        what=request.query_params.get("what", ""),
        people=names,
        actions=_actions(request),
        is_first="before" not in request.query_params,
    )


def audit_csv(request: Request) -> Response:
    """The same lines, without pages."""
    rows, _names = _read(request, CSV_ROWS)
    figure = figures(request)
    table = [(figure.iso(x.at), x.who, x.action, x.subject, x.environment, x.detail) for x in rows]
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
        environments = {e["id"]: str(e["name"]) for e in environment_store.list_environments(connection, workspace_id)}
    names = {str(m["public_id"]): str(m["name"] or m["email"]) for m in members}
    return [_line(row, names, environments) for row in found], names


def _line(row: Any, names: dict[str, str], environments: dict[int, str]) -> Line:
    detail = json.loads(row["detail"])
    said = ", ".join(f"{name}: {_plain(value)}" for name, value in detail.items() if value != [])
    return Line(
        row["id"], row["at"], names.get(row["actor"], row["actor"]), row["action"],
        names.get(row["subject"], row["subject"]), environments.get(row["environment_id"], ""), said,
    )  # fmt: skip


def _plain(value: Any) -> str:
    return ", ".join(str(x) for x in value) if isinstance(value, list) else str(value)


def _actions(request: Request) -> list[str]:
    runtime: Runtime = request.app.state.runtime
    with db.reading(runtime.engine) as connection:
        return audit_store.list_actions(connection, actor(request).workspace_id)


routes = [
    Route("/e/{environment}/audit", audit_page, name="audit_page"),
    Route("/e/{environment}/audit.csv", audit_csv, name="audit_csv"),
]
