"""Keys of an environment: the public one always shown, a secret one once; rotated with overlap, revoked at once."""

from sqlalchemy import RowMapping
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import environments as environment_action
from milepost.actions.runtime import Runtime
from milepost.errors import MilepostError
from milepost.store import engine as db
from milepost.store import keys as key_store
from milepost.web.guard import actor, tenant
from milepost.web.inputs import field, only_fields
from milepost.web.pages import go, render, translations
from milepost.web.tables import arrange, read_order


def keys_page(request: Request) -> Response:
    """Keys in force first, then those that are over."""
    return _show(request)


def _show(
    request: Request, *, made: str = "", kind: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    runtime: Runtime = request.app.state.runtime
    environment, now = tenant(request), runtime.clock()
    with db.reading(runtime.engine) as connection:
        keys = key_store.list_keys(connection, environment.workspace_id, environment.id)

    def is_over(key: RowMapping) -> bool:
        return key["revoked_at"] is not None or (key["expires_at"] is not None and key["expires_at"] <= now)

    columns = {
        "label": lambda key: key["label"].casefold(),
        "kind": lambda key: key["kind"],
        "used": lambda key: key["last_used_on"],
    }
    order = read_order(request, columns, "label")
    return render(
        request,
        "keys.html",
        status=status,
        order=order,
        live=arrange([key for key in keys if not is_over(key)], columns, order),
        over=[key for key in keys if is_over(key)],
        made=made,
        made_kind=kind,
        errors=errors or {},
    )


def add_key(request: Request) -> Response:
    """A new key; a secret one is in this answer and nowhere else."""
    only_fields(request, "kind", "label")
    runtime: Runtime = request.app.state.runtime
    environment, kind = tenant(request), field(request, "kind", longest=10)
    try:
        _, value = environment_action.add_key(
            runtime, environment.workspace_id, environment.id, actor(request).public_id, kind=kind, label=field(request, "label")
        )
    except MilepostError as problem:
        return _show(request, errors={"label": translations(request).say(problem)}, status=problem.status)
    return _show(request, made=value, kind=kind)


def rotate_key(request: Request) -> Response:
    """Its successor; both work for 24 hours."""
    runtime: Runtime = request.app.state.runtime
    environment = tenant(request)
    _, value = environment_action.rotate_key(
        runtime, environment.workspace_id, environment.id, actor(request).public_id, str(request.path_params["key"])
    )
    return _show(request, made=value, kind=value[:2])


def revoke_key(request: Request) -> Response:
    """Stops working within a second."""
    runtime: Runtime = request.app.state.runtime
    environment = tenant(request)
    environment_action.revoke_key(
        runtime, environment.workspace_id, environment.id, actor(request).public_id, str(request.path_params["key"])
    )
    return go(request, "keys_page")


routes = [
    Route("/e/{environment}/keys", keys_page, name="keys_page"),
    Route("/e/{environment}/keys", add_key, methods=["POST"], name="add_key"),
    Route("/e/{environment}/keys/{key}/rotate", rotate_key, methods=["POST"], name="rotate_key"),
    Route("/e/{environment}/keys/{key}/revoke", revoke_key, methods=["POST"], name="revoke_key"),
]
