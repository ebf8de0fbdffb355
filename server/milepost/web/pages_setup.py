"""The set-up list and the install page: lights that turn on while one looks, code to copy, identity switched on."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from milepost.actions.environments import IDENTITY_MODES, change_environment
from milepost.actions.runtime import Runtime
from milepost.actions.setup import Latest, Progress, read_progress
from milepost.rules.checklist import Light
from milepost.store import engine as db
from milepost.store import keys as key_store
from milepost.web import install_code
from milepost.web.guard import actor, environment_row, tenant
from milepost.web.inputs import field
from milepost.web.pages import figures, go, render, translations
from milepost.web.sdk_files import manifest

# Where a light is repaired: route, fragment. A page that does not exist gets no link.
FIXES = {
    "events": ("install_page", ""),
    "people": ("install_page", "who"),
    "accounts": ("install_page", "who"),
    "signed": ("install_page", "sign"),
    "features": ("features_page", ""),
    "plans": ("import_page", ""),
    "guides": ("guides_page", ""),
    "scores": ("health_page", ""),
}


def setup_page(request: Request) -> Response:
    """What is done, what waits, and where it is repaired."""
    progress = read_progress(request.app.state.runtime, tenant(request))
    known = request.app.state.route_names
    fixes = {key: (route, fragment) for key, (route, fragment) in FIXES.items() if route in known}
    return render(request, "setup.html", progress=progress, told=_told(request, progress), fixes=fixes)


def setup_lights(request: Request) -> Response:
    """The same lights as JSON, in the reader's language: what the page asks every two seconds."""
    return JSONResponse(_told(request, read_progress(request.app.state.runtime, tenant(request))))


def _told(request: Request, progress: Progress) -> dict[str, Any]:
    figure, _ = figures(request), translations(request).gettext
    lights = {x.key: {"state": x.state, "figure": _figure(request, x)} for x in progress.lights}
    lights["first"] = {"state": progress.light("events").state, "figure": _first(request, progress)}
    return {
        "lights": lights,
        "done": _("%(share)s done") % {"share": figure.of(progress.n_done, len(progress.lights))},
        "unsigned": figure.percent(1 - share) if (share := progress.light("signed").share) is not None else _("no events yet"),
        "latest": _arrival(request, progress.latest) if progress.latest else "",
    }


def _figure(request: Request, light: Light) -> str:
    figure, words = figures(request), translations(request)
    if light.key == "events":
        return words.gettext("in the last 7 days") if light.whole else words.gettext("nothing in 7 days")
    if light.key in {"people", "accounts", "signed"}:
        return figure.percent(light.share)
    if light.key == "guides":
        return figure.number(light.whole)
    return figure.of(light.part, light.whole) if light.whole else figure.number(0)


def _first(request: Request, progress: Progress) -> str:
    """The line under the install page's lamp."""
    figure, _ = figures(request), translations(request).gettext
    if progress.latest is not None:
        return _arrival(request, progress.latest)
    if progress.refused:
        n = sum(n for _reason, n in progress.refused)
        return _("%(n)s refused in the last hour, most for %(reason)s.") % {
            "n": figure.number(n),
            "reason": progress.refused[0][0],
        }
    return _("Nothing has arrived in the last 7 days.")


def _arrival(request: Request, latest: Latest) -> str:
    """ "track “Report Opened” · u1 of a1 · milepost-js 0.1.0 · just now"."""
    figure, _ = figures(request), translations(request).gettext
    who = latest.person or _("nobody identified")
    where = _("%(person)s of %(account)s") % {"person": who, "account": latest.account} if latest.account else who
    what = f"{latest.type} “{latest.name}”" if latest.name else latest.type
    parts = (what, where, latest.library, figure.ago(latest.received_at))
    return " · ".join(part for part in parts if part)


def install_page(request: Request) -> Response:
    """Code with this environment's own values, and the light of the first event."""
    runtime: Runtime = request.app.state.runtime
    environment, url = tenant(request), runtime.settings.url
    way = "server" if request.query_params.get("with") == "server" else "html"
    language = install_code.choose_language(request.query_params.get("sign", ""))
    progress = read_progress(runtime, environment)
    key = _write_key(runtime, environment.workspace_id, environment.id)
    return render(
        request,
        "install.html",
        way=way,
        language=language,
        languages=install_code.LANGUAGES,
        snippet=install_code.snippet(url, key) if key else "",
        builder=install_code.builder(key),
        identify=install_code.IDENTIFY,
        policy=install_code.policy(url),
        clients=[(name, make(url)) for name, make in install_code.CLIENTS],
        signing=install_code.signing(language, environment.public_id),
        origin=url,
        mode=environment_row(request)["identity_mode"],
        progress=progress,
        told=_told(request, progress),
        sizes=manifest(),
        signs=request.query_params.get("sign", language.key),
    )


def _write_key(runtime: Runtime, workspace_id: int, environment_id: int) -> str:
    """The newest public key in force; "" when every one is revoked or runs out."""
    with db.reading(runtime.engine) as connection:
        keys = key_store.list_keys(connection, workspace_id, environment_id)
    good = (k for k in keys if k["kind"] == "pk" and k["revoked_at"] is None and k["expires_at"] is None)
    return next((str(k["shown"]) for k in good), "")


def change_identity_mode(request: Request) -> Response:
    """off, report or enforce; within a second everywhere."""
    runtime: Runtime = request.app.state.runtime
    environment, mode = tenant(request), field(request, "mode", longest=20)
    changes = {"identity_mode": mode} if mode in IDENTITY_MODES else {}
    change_environment(runtime, environment.workspace_id, environment.id, actor(request).public_id, changes)
    return go(request, "install_page", fragment="enforce")


routes = [
    Route("/e/{environment}/setup", setup_page, name="setup_page"),
    Route("/e/{environment}/setup/lights", setup_lights, name="setup_lights"),
    Route("/e/{environment}/install", install_page, name="install_page"),
    Route("/e/{environment}/install/mode", change_identity_mode, methods=["POST"], name="change_identity_mode"),
]
