"""Renders pages: templates, language, theme, navigation and what every page knows."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from milepost import __version__
from milepost.actions.runtime import Runtime
from milepost.web.cookies import THEME, session_cookie
from milepost.web.figures import Figures
from milepost.web.guard import admission
from milepost.web.navigation import navigation
from milepost.web.permissions import PERMISSIONS, is_enough
from milepost.web.translations import LOCALES, Catalogue, catalogue, choose_locale
from milepost.web.words import Words

STATIC = Path(__file__).parent / "static"
THEMES = ("auto", "light", "dark")


@lru_cache(maxsize=4)
def _templates(locale: str) -> Environment:
    """One environment per language; autoescape always on, an unknown name is an error."""
    templates = Environment(
        loader=PackageLoader("milepost.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.install_gettext_translations(catalogue(locale), newstyle=True)  # type: ignore[attr-defined]
    templates.globals["asset"] = asset
    return templates


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file; its hash is in it, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def locale(request: Request) -> str:
    """The language of this request: en or zh-CN."""
    return choose_locale(request, admission(request).actor)


def translations(request: Request) -> Catalogue:
    """For texts that are made in Python: `_ = translations(request).gettext`."""
    return catalogue(locale(request))


def figures(request: Request) -> Figures:
    """Numbers and dates for this reader."""
    runtime: Runtime = request.app.state.runtime
    environment = admission(request).environment
    return Figures(locale(request), environment["time_zone"] if environment else "UTC", runtime.clock())


def theme(request: Request) -> str:
    """auto, light or dark."""
    who = admission(request).actor
    wanted = who.theme if who.kind == "member" else request.cookies.get(THEME, "auto")
    return wanted if wanted in THEMES else "auto"


def may(request: Request, route_name: str) -> bool:
    """Whether the actor has the permission of this route: to show a button or leave it out."""
    permission = PERMISSIONS[route_name]
    if permission in {"public", "key"}:
        return True
    return is_enough(admission(request).actor.role or "", permission)


def render(
    request: Request, name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """The page. Beside what is passed, templates know what `common` below names."""
    found = admission(request)
    settings = request.app.state.runtime.settings
    common: dict[str, Any] = {
        "actor": found.actor,
        "environment": found.environment,
        "environments": found.environments,
        "path": request.url.path,
        "locale": locale(request),
        "locales": LOCALES,
        "theme": theme(request),
        "themes": THEMES,
        "fmt": figures(request),
        "words": Words(translations(request)),
        "tell": translations(request).tell,
        "nav": navigation(request, found),
        "may": lambda route_name: may(request, route_name),
        "url": lambda route_name, **values: str(request.app.url_path_for(route_name, **_values(request, route_name, values))),
        "version": __version__,
        "is_unencrypted": not session_cookie(settings).secure,
    }
    text = _templates(common["locale"]).get_template(name).render(common | context)
    return HTMLResponse(text, status, headers=dict(headers or {}))


def _values(request: Request, route_name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Fills the environment of the page into links that need one."""
    environment = admission(request).environment
    if environment is not None and "environment" not in values and route_name in request.app.state.environment_routes:
        return {"environment": environment["key"]} | values
    return values


def go(request: Request, route_name: str, *, fragment: str = "", **values: Any) -> RedirectResponse:
    """303 to another page, as after every form."""
    address = str(request.app.url_path_for(route_name, **_values(request, route_name, values)))
    return RedirectResponse(address + (f"#{fragment}" if fragment else ""), 303)
