"""Linden HR as an application of its own: it shares nothing with the console but the machine."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import resources
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from milepost.actions.runtime import Clock, system_clock
from milepost.demo.host.data import Data
from milepost.demo.host.forms import FORMS, Form
from milepost.demo.host.pages import DOORS, PAGES, show_login
from milepost.demo.host.visit import Install, Visit, asset_version, find_visit, locale_of, render

Endpoint = Callable[[Request], Awaitable[Response]]
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def create_host(data: Data, install: Install, clock: Clock = system_clock) -> Starlette:
    """The whole product: pages, forms, a strict policy."""
    routes = [Route("/login", _page_without_person, name="login"), Route("/static/{name}", _static, name="static")]
    routes += [Route(path, _door(handler), methods=["POST"]) for path, handler in DOORS.items()]
    routes += [Route(path, _form(handler), methods=["POST"]) for path, handler in FORMS.items()]
    routes += [Route(path, _page(handler), methods=["GET"]) for path, handler in PAGES.items()]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=partial(_guard, policy(install)))],
        exception_handlers={HTTPException: _explain},
    )
    app.router.redirect_slashes = False
    app.state.data, app.state.install, app.state.clock = data, install, clock
    folder = resources.files("milepost.demo.host") / "static"
    app.state.files = {f.name: f.read_bytes() for f in folder.iterdir() if f.name.rpartition(".")[2] in TYPES}
    app.state.assets = {name: f"/static/{name}?{asset_version(content)}" for name, content in app.state.files.items()}
    return app


def policy(install: Install) -> str:
    """What a careful customer allows: its own files and what Milepost's install page asks for, nothing else inline."""
    scripts, connections = install.policy["script-src"], install.policy["connect-src"]
    return (
        f"default-src 'none'; script-src 'self' {scripts}; connect-src 'self' {connections}; style-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


async def _guard(content_policy: str, request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Forms come from our own pages only; every answer carries the policy."""
    origin = request.headers.get("origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.headers.get("host"):
        return Response("This form came from another site.\n", 403)
    answer = await go_on(request)
    answer.headers["Content-Security-Policy"] = content_policy
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _page(handler: Callable[[Visit], Response]) -> Endpoint:
    async def run(request: Request) -> Response:
        visit = await run_in_threadpool(find_visit, request)
        return RedirectResponse("/login", 303) if visit is None else await run_in_threadpool(handler, visit)

    return run


def _form(handler: Callable[[Visit, Form], Response]) -> Endpoint:
    async def run(request: Request) -> Response:
        visit = await run_in_threadpool(find_visit, request)
        if visit is None:
            return RedirectResponse("/login", 303)
        async with request.form(max_fields=200, max_files=0) as form:
            return await run_in_threadpool(handler, visit, form)

    return run


def _door(handler: Endpoint) -> Endpoint:
    async def run(request: Request) -> Response:
        return await handler(request)

    return run


async def _page_without_person(request: Request) -> Response:
    return await run_in_threadpool(show_login, request)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    content = request.app.state.files.get(name)
    if content is None:
        raise HTTPException(404, "This page does not exist.")
    return Response(content, media_type=TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "public, max-age=3600"})


async def _explain(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101  (registered for nothing else)
    detail = problem.detail if problem.status_code != 404 else "This page does not exist."
    visit = await run_in_threadpool(find_visit, request)
    locale = visit.locale if visit else locale_of(request, None)
    return render(request, "problem.html", locale, problem.status_code, visit=visit, flash={}, detail=detail)
