"""Bad rows: what was refused and why, sent again once its cause is repaired; the ledger that always balances."""

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import audit
from milepost.actions.bad_rows import Replay, replay_bad_rows
from milepost.actions.runtime import Runtime
from milepost.actions.setup import read_books
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid
from milepost.store import engine as db
from milepost.store import ledger
from milepost.web.guard import actor, environment_row, tenant
from milepost.web.inputs import field
from milepost.web.pages import render, translations
from milepost.web.translations import Catalogue

PAGE_ROWS = 50
AT_ONCE = 500
SHOWN_CHARACTERS = 4_000


@dataclass(frozen=True)
class Shown:
    """One refused row as the page shows it; `raw` is text, never markup."""

    id: int
    received_at: int
    route: str
    reason: str
    detail: str
    name: str
    raw: str
    is_cut: bool
    replayed_at: int | None


def bad_rows_page(request: Request) -> Response:
    """Newest first; `?reason=` filters, `?before=` pages on."""
    return _render(request, None)


def _render(request: Request, replay: Replay | None, *, problem: str = "", status: int = 200) -> Response:
    runtime: Runtime = request.app.state.runtime
    environment = tenant(request)
    books = read_books(runtime, environment)
    reason, before = request.query_params.get("reason", ""), _whole(request.query_params.get("before", ""))
    with db.reading(runtime.engine) as connection:
        rows = ledger.list_bad_rows(connection, environment.id, before_id=before, reason=reason, limit=PAGE_ROWS + 1)
    words = translations(request)
    shown = [_shown(row, words) for row in rows[:PAGE_ROWS]]
    if replay is not None:
        replay.reasons = tuple(words.tell(said) for said in replay.reasons)
    return render(
        request,
        "bad_rows.html",
        status=status,
        books=books,
        rows=shown,
        reason=reason,
        next_id=shown[-1].id if len(rows) > PAGE_ROWS else None,
        is_first=before is None,
        replay=replay,
        problem=problem,
        at_once=AT_ONCE,
        mode=environment_row(request)["identity_mode"],
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _shown(row: tuple[object, ...], words: Catalogue) -> Shown:
    id_, received_at, route, reason, detail, body, _trusted, replayed_at = row
    text = str(body)
    return Shown(
        int(str(id_)), int(str(received_at)), str(route), str(reason), words.tell(str(detail)), _name(text),
        text[:SHOWN_CHARACTERS], len(text) > SHOWN_CHARACTERS, int(str(replayed_at)) if replayed_at is not None else None,
    )  # fmt: skip


def _name(body: str) -> str:
    """ "track Report Opened", as far as the body can be read."""
    try:
        value = msgspec.json.decode(body.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    found = (value.get("type"), value.get("event") or value.get("name"))
    return " ".join(part[:120] for part in found if isinstance(part, str))


def replay_rows(request: Request) -> Response:
    """One row, or all of a reason, read anew as history; says what became of them."""
    runtime: Runtime = request.app.state.runtime
    environment, row, reason = tenant(request), _whole(field(request, "row")), field(request, "of_reason", longest=100)
    ids = [row] if row is not None else _of_reason(runtime, environment, reason)
    if not ids:
        raise Invalid("Name a row or a reason that has rows left to send again.")
    result = replay_bad_rows(runtime, environment, ids)
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection,
            environment.workspace_id,
            now=runtime.clock(),
            actor=actor(request).public_id,
            action="bad_rows.replayed",
            subject=reason or str(row),
            environment_id=environment.id,
            stored=result.stored,
            duplicate=result.duplicate,
            refused=result.refused,
        )
    return _render(request, result)


def _of_reason(runtime: Runtime, environment: Tenant, reason: str) -> list[int]:
    """The oldest rows of a reason that were not sent again yet, at most 500 at once."""
    with db.reading(runtime.engine) as connection:
        return ledger.list_unreplayed(connection, environment.id, reason, AT_ONCE)


routes = [
    Route("/e/{environment}/bad-rows", bad_rows_page, name="bad_rows_page"),
    Route("/e/{environment}/bad-rows/replay", replay_rows, methods=["POST"], name="replay_rows"),
]
