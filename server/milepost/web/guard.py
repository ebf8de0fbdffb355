"""Stands before every endpoint: who acts, may they, is the request from our own pages, how large is it.

Endpoints run after it and read what it found: `actor(request)` and `tenant(request)` here, forms and JSON in `inputs`.
"""

from urllib.parse import quote, urlsplit

from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from milepost.actions.audit import Doer
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import BadRequest, Forbidden, Unauthorized
from milepost.rules.canonical import find_text_fault
from milepost.rules.days import day_of
from milepost.web.actors import PUBLIC, Actor, Admission, admit
from milepost.web.inputs import BODY_LIMIT, take_body
from milepost.web.permissions import KEY_MAY, is_enough
from milepost.web.planes import is_api, is_console

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_WHILE_PASSWORD_IS_OLD = frozenset({"password", "change_password", "log_out", "preferences", "static", "favicon"})


class Guard:
    """Wraps one route's endpoint with its permission."""

    def __init__(self, app: ASGIApp, *, name: str, permission: str, body_limit: int = BODY_LIMIT) -> None:
        self.app, self.name, self.permission, self.body_limit = app, name, permission, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses by raising; the handlers of the application answer."""
        request = Request(scope, receive)
        if not is_console(scope["path"]):
            await self.app(scope, receive, send)
            return
        _check_text(request)
        found = await self._admit(request)
        state = scope.setdefault("state", {})
        state["admission"] = found
        answer = self._turn_away(request, found.actor)
        if answer is not None:
            await answer(scope, receive, send)
            return
        if scope["method"] not in SAFE:
            if found.actor.kind != "key":
                check_same_site(request)
            receive = await take_body(request, state, self.body_limit)
        await self.app(scope, receive, send)

    async def _admit(self, request: Request) -> Admission:
        if self.name in {"static", "favicon", "openapi"}:
            return PUBLIC
        return await run_in_threadpool(admit, request, key_allowed=is_api(request.scope["path"]))

    def _turn_away(self, request: Request, who: Actor) -> RedirectResponse | None:
        if self.permission in {"public", "key"}:
            return None
        if who.kind == "public":
            if is_api(request.scope["path"]):
                raise Unauthorized("Log in, or send a secret key as `Authorization: Bearer sk_…`.")
            return RedirectResponse(_login_address(request), 303)
        if who.kind == "key":
            if self.permission not in KEY_MAY:
                raise Forbidden("A secret key may not do this; an admin does it in the console.")
            return None
        if who.must_change_password and self.name not in OPEN_WHILE_PASSWORD_IS_OLD:
            if is_api(request.scope["path"]):
                raise Forbidden("Change your first password in the console before anything else.", code="password_first")
            return RedirectResponse("/password", 303)
        if not is_enough(str(who.role), self.permission):
            raise Forbidden(
                "This needs the role %(needed)s; you are %(held)s.", values={"needed": self.permission, "held": who.role}
            )
        return None


def _login_address(request: Request) -> str:
    path = request.url.path
    return "/login" if path == "/" or request.method not in SAFE else f"/login?next={quote(path)}"


def _check_text(request: Request) -> None:
    """NUL and broken UTF-8 in the address answer 400 on every database."""
    for text in (request.scope["path"], *request.query_params.keys(), *request.query_params.values()):
        fault = find_text_fault(text)
        if fault is not None:
            raise BadRequest(fault[1], code=fault[0])


def check_same_site(request: Request) -> None:
    """An unsafe request must come from our own pages; raises Forbidden."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Forbidden("This request came from another site.", code="cross_site")
    if origin is not None and origin not in _own_origins(request):
        raise Forbidden("This request came from another site.", code="cross_site")
    if site is None and origin is None:
        raise Forbidden("The browser did not say where this request came from; use a current browser.", code="cross_site")


def _own_origins(request: Request) -> set[str]:
    """The public address, and the very host the request names: the trusted-host wall has let it in."""
    settings = request.app.state.runtime.settings
    parts = urlsplit(settings.url)
    host = request.headers.get("host", "")
    return {f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{host}", f"{request.url.scheme}://{host}"}


def admission(request: Request) -> Admission:
    """What the guard found; public where no guard ran (error pages)."""
    found = request.scope.get("state", {}).get("admission")
    return found if isinstance(found, Admission) else PUBLIC


def actor(request: Request) -> Actor:
    """Who acts."""
    return admission(request).actor


def doer(request: Request) -> Doer:
    """The same, as actions and the audit log know them."""
    who = actor(request)
    return Doer(who.public_id, who.email or None)


def environment_row(request: Request) -> RowMapping:
    """The environment's row as this request's own transaction read it, where `tenant` may be a second old."""
    row = admission(request).environment
    if row is None:
        raise BadRequest("Name the environment: `?environment=production`.")
    return row


def tenant(request: Request) -> Tenant:
    """The environment this request is about, with its settings and catalogue; raises BadRequest when there is none."""
    runtime: Runtime = request.app.state.runtime
    return runtime.tenants.current(environment_row(request)["id"], runtime.clock())


def today(request: Request) -> int:
    """The day it is in the environment's time zone."""
    runtime: Runtime = request.app.state.runtime
    return day_of(runtime.clock(), tenant(request).zone)
