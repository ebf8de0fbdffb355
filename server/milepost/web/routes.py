"""Every route of the server, each behind its row of the permission table."""

from collections.abc import Sequence
from types import ModuleType

from starlette.middleware import Middleware
from starlette.routing import Route

from milepost.errors import SettingError
from milepost.web import (
    api_accounts,
    api_contacts,
    api_drafts,
    api_features,
    api_guides,
    api_health,
    api_signals,
    api_tasks,
    builder_api,
    openapi,
    operations,
    pages_account,
    pages_accounts,
    pages_articles,
    pages_audit,
    pages_bad_rows,
    pages_builder,
    pages_checkpoints,
    pages_contacts,
    pages_editor,
    pages_environment,
    pages_feature_form,
    pages_features,
    pages_guide_why,
    pages_guides,
    pages_health,
    pages_heatmap,
    pages_import,
    pages_keys,
    pages_login,
    pages_members,
    pages_setup,
    pages_tasks,
    pages_touches,
    pages_unmatched,
    sdk_api,
    sdk_files,
    segment_api,
    static_files,
)
from milepost.web.guard import Guard
from milepost.web.inputs import BODY_LIMIT
from milepost.web.permissions import PERMISSIONS

# One line per module; the order decides where two paths could match, and every route before the right one is tried: what
# machines call comes first. `segment_api` stands after `sdk_api`, because it takes /v1/{route}.
MODULES: tuple[ModuleType, ...] = (
    sdk_api,
    segment_api,
    operations,
    openapi,
    static_files,
    pages_login,
    pages_setup,
    pages_bad_rows,
    pages_environment,
    pages_members,
    pages_keys,
    pages_audit,
    pages_account,
    pages_accounts,
    pages_contacts,
    pages_touches,
    pages_tasks,
    pages_checkpoints,
    pages_builder,
    pages_feature_form,
    pages_features,
    pages_unmatched,
    pages_articles,
    pages_editor,
    pages_guide_why,
    pages_guides,
    pages_health,
    pages_import,
    pages_heatmap,
    builder_api,
    sdk_files,
    api_features,
    api_accounts,
    api_contacts,
    api_tasks,
    api_signals,
    api_health,
    api_drafts,
    api_guides,
)
BODY_LIMITS = {"import_accounts": 9 * 1024 * 1024}  # a file of 8 MiB, and the form around it


def all_routes(modules: Sequence[ModuleType] = MODULES) -> list[Route]:
    """Guarded routes; raises SettingError for a route without a row, and for a name used twice."""
    routes: list[Route] = [route for module in modules for route in module.routes]
    names = [route.name for route in routes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingError(f"Two routes are called {', '.join(twice)}; names must differ.")
    return [guarded(route) for route in routes]


def guarded(route: Route) -> Route:
    """The same route behind the guard."""
    if route.name not in PERMISSIONS:
        raise SettingError(f"The route {route.name} ({route.path}) has no row in web/permissions.py.")
    guard = Middleware(
        Guard,
        name=route.name,
        permission=PERMISSIONS[route.name],
        body_limit=BODY_LIMITS.get(route.name, BODY_LIMIT),
    )
    return Route(
        route.path,
        route.endpoint,
        methods=sorted(route.methods) if route.methods else None,
        name=route.name,
        include_in_schema=route.include_in_schema,
        middleware=[guard],
    )
