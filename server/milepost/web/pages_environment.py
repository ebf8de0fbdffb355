"""One environment: its settings, its signing secret; and the list of all environments of the workspace."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import environments as environment_action
from milepost.actions.runtime import Runtime
from milepost.errors import MilepostError
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import ledger
from milepost.web.guard import actor, environment_row, tenant
from milepost.web.inputs import field, only_fields
from milepost.web.pages import go, render, translations
from milepost.web.tables import arrange, read_order
from milepost.wire.environment import EnvironmentSettings

TEXTS = ("name", "time_zone", "plan_unknown", "active_share_denominator", "holiday_country", "host_url", "identity_jwks")
NUMBERS = ("retention_days", "coverage_window_days")
LISTS = ("internal_domains", "internal_user_ids")
FIELD_OF_CODE = {"time_zone": "time_zone", "environment_key": "key"}
COMMON_ZONES = (
    "UTC", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney",
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo",
)  # fmt: skip


def environment_page(request: Request) -> Response:
    """The settings as they are."""
    return _show(request, _current(request))


def _show(
    request: Request, values: dict[str, Any], *, errors: dict[str, str] | None = None, secret: str = "", status: int = 200
) -> Response:
    return render(
        request,
        "environment.html",
        status=status,
        values=values,
        errors=errors or {},
        secret=secret,
        zones=COMMON_ZONES,
        is_saved=request.query_params.get("saved") == "1",
    )


def _current(request: Request) -> dict[str, Any]:
    row = environment_row(request)
    settings = EnvironmentSettings.model_validate_json(row["settings"])
    values: dict[str, Any] = {name: row[name] for name in environment_action.COLUMNS} | settings.model_dump()
    return values | {name: "\n".join(values[name]) for name in LISTS}


def save_environment(request: Request) -> Response:
    """Every field of the form at once; an unknown one is refused."""
    only_fields(request, *TEXTS, *NUMBERS, *LISTS, "count_guided")
    written: dict[str, Any] = {name: field(request, name) for name in (*TEXTS, *NUMBERS, *LISTS)}
    written["count_guided"] = bool(field(request, "count_guided"))
    changes = dict(written) | {name: written[name].splitlines() for name in LISTS}
    words, shown = translations(request), _current(request) | written
    wrong = {name: words.gettext("Write a whole number.") for name in NUMBERS if not _is_whole(written[name])}
    if wrong:
        return _show(request, shown, errors=wrong, status=422)
    changes |= {name: int(written[name]) for name in NUMBERS}
    environment = tenant(request)
    try:
        environment_action.change_environment(
            request.app.state.runtime, environment.workspace_id, environment.id, actor(request).public_id, changes
        )
    except ValidationError as problem:
        names = {str(error["loc"][0]) for error in problem.errors()}
        said = words.gettext("This is out of bounds; see the note.")
        return _show(request, shown, errors=dict.fromkeys(names, said), status=422)
    except MilepostError as problem:
        return _show(request, shown, errors={_field_of(problem): words.say(problem)}, status=problem.status)
    answer = go(request, "environment_page")
    answer.headers["location"] += "?saved=1"
    return answer


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9


def _field_of(problem: MilepostError) -> str:
    return problem.error_code if problem.error_code in {*TEXTS, *NUMBERS} else "name"


def environment_secret(request: Request) -> Response:
    """The signing secret in plain text, this once on this page."""
    runtime: Runtime = request.app.state.runtime
    environment = tenant(request)
    secret = environment_action.show_identity_secret(runtime, environment.workspace_id, environment.id, actor(request).public_id)
    return _show(request, _current(request), secret=secret)


def rotate_environment_secret(request: Request) -> Response:
    """A new secret, shown at once; the old one verifies for 24 hours more."""
    runtime: Runtime = request.app.state.runtime
    environment = tenant(request)
    secret = environment_action.rotate_identity_secret(
        runtime, environment.workspace_id, environment.id, actor(request).public_id
    )
    return _show(request, _current(request), secret=secret)


def environments_page(request: Request) -> Response:
    """Every environment with what has come in."""
    return _list(request)


def _list(request: Request, *, made: Any = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    runtime: Runtime = request.app.state.runtime
    with db.reading(runtime.engine) as connection:
        rows = environment_store.list_environments(connection, actor(request).workspace_id)
        stored = {row["id"]: ledger.read_ledger(connection, row["id"])["stored"] for row in rows}
    columns = {
        "name": lambda row: row["name"].casefold(),
        "zone": lambda row: row["time_zone"],
        "mode": lambda row: environment_action.IDENTITY_MODES.index(row["identity_mode"]),
        "stored": lambda row: stored[row["id"]],
    }
    order = read_order(request, columns, "name")
    written = {"key": field(request, "key"), "time_zone": field(request, "time_zone") or environment_row(request)["time_zone"]}
    return render(
        request,
        "environments.html",
        status=status,
        rows=arrange(rows, columns, order),
        order=order,
        stored=stored,
        made=made,
        errors=errors or {},
        written=written if not made else {"key": "", "time_zone": written["time_zone"]},
        zones=COMMON_ZONES,
    )


def add_environment(request: Request) -> Response:
    """A further environment; its secret key is shown this once."""
    only_fields(request, "key", "time_zone")
    who, runtime = actor(request), request.app.state.runtime
    try:
        made = environment_action.add_environment(
            runtime, who.workspace_id, who.public_id, key=field(request, "key", longest=80), time_zone=field(request, "time_zone")
        )
    except MilepostError as problem:
        name = FIELD_OF_CODE.get(problem.error_code, "key")
        return _list(request, errors={name: translations(request).say(problem)}, status=problem.status)
    return _list(request, made=made)


routes = [
    Route("/e/{environment}/settings", environment_page, name="environment_page"),
    Route("/e/{environment}/settings", save_environment, methods=["POST"], name="save_environment"),
    Route("/e/{environment}/settings/secret", environment_secret, methods=["POST"], name="environment_secret"),
    Route("/e/{environment}/settings/secret/new", rotate_environment_secret, methods=["POST"], name="rotate_environment_secret"),
    Route("/e/{environment}/environments", environments_page, name="environments_page"),
    Route("/e/{environment}/environments", add_environment, methods=["POST"], name="add_environment"),
]
