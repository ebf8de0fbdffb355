"""Log in, log out, first password, language and theme, and where `/` leads."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from milepost.actions import login as login_action
from milepost.actions.runtime import Runtime
from milepost.actions.setup import has_any_event
from milepost.errors import MilepostError
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.web.buckets import address_prefix
from milepost.web.cookies import LANGUAGE, THEME, clear_session, set_preference, set_session
from milepost.web.guard import actor, admission
from milepost.web.inputs import field, form
from milepost.web.pages import THEMES, go, render, translations
from milepost.web.translations import LOCALES


def safe_path(wanted: str) -> str:
    """A path of our own, else "/": never another host."""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    plain = is_ours and "\\" not in wanted and all(character.isprintable() for character in wanted)
    return wanted if plain else "/"


def login(request: Request) -> Response:
    """The form; who is logged in already goes home."""
    if actor(request).kind == "member":
        return RedirectResponse("/", 303)
    return render(request, "login.html", email="", problem="", next=safe_path(request.query_params.get("next", "/")))


def log_in(request: Request) -> Response:
    """Opens a session, or shows the form again with what is wrong."""
    runtime: Runtime = request.app.state.runtime
    email, wanted = field(request, "email", longest=254), safe_path(field(request, "next") or "/")
    password = form(request).get("password", "")
    address = address_prefix(request.client.host if request.client else "unknown")
    try:
        opened = login_action.log_in(
            runtime, email=email, password=str(password), address=address, is_long=bool(field(request, "stay"))
        )
    except MilepostError as problem:
        if problem.error_code not in {"login", "login_throttled"}:
            raise
        said = translations(request).say(problem)
        headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s else {}
        return render(request, "login.html", status=problem.status, headers=headers, email=email, problem=said, next=wanted)
    return set_session(RedirectResponse(wanted, 303), runtime.settings, opened, runtime.clock())


def log_out(request: Request) -> Response:
    """Ends the session on the server and in the browser."""
    runtime: Runtime = request.app.state.runtime
    login_action.log_out(runtime, actor(request).session_hash)
    return clear_session(RedirectResponse("/login", 303), runtime.settings)


def password(request: Request) -> Response:
    """The form to change one's password; the first one must be changed."""
    return render(request, "password.html", problem="", is_done=False)


def change_password(request: Request) -> Response:
    """Changes it, ends every other session, goes on with a new one."""
    runtime: Runtime = request.app.state.runtime
    who, fields = actor(request), form(request)
    new = str(fields.get("new", ""))
    words = translations(request)
    if new != str(fields.get("again", "")):
        return render(request, "password.html", status=422, problem=words.gettext("The two new passwords differ."), is_done=False)
    is_long = who.session_expires_at - runtime.clock() > login_action.SHORT_MS
    try:
        opened = login_action.change_password(
            runtime, who.workspace_id, who.public_id, current=str(fields.get("current", "")), new=new, is_long=is_long
        )
    except MilepostError as problem:
        return render(request, "password.html", status=problem.status, problem=words.say(problem), is_done=False)
    return set_session(RedirectResponse("/", 303), runtime.settings, opened, runtime.clock())


def preferences(request: Request) -> Response:
    """Language or theme: with the member when one is logged in, and on this browser."""
    runtime: Runtime = request.app.state.runtime
    response = RedirectResponse(safe_path(field(request, "back") or "/"), 303)
    language, theme = field(request, "locale"), field(request, "theme")
    chosen: dict[str, str] = {}
    if language in LOCALES:
        chosen["locale"] = language
        set_preference(response, runtime.settings, LANGUAGE, language)
    if theme in THEMES:
        chosen["theme"] = theme
        set_preference(response, runtime.settings, THEME, theme)
    who = actor(request)
    if chosen and who.member_id is not None:
        with db.writing(runtime.engine) as connection:
            workspace_store.update_member(connection, who.workspace_id, who.member_id, **chosen)
    return response


def home_of(request: Request) -> Response:
    """The first page of another environment."""
    return home(request)


def home(request: Request) -> Response:
    """To the portfolio; to the set-up list while nothing has come in."""
    environment = admission(request).environment
    if environment is None:
        return render(request, "problem.html", status=404, code="no_environment", detail="", errors=[])
    has_begun = has_any_event(request.app.state.runtime, environment["id"])
    if has_begun and "accounts_page" in request.app.state.route_names:
        return go(request, "accounts_page")
    return go(request, "setup_page")


routes = [
    Route("/login", login, name="login"),
    Route("/login", log_in, methods=["POST"], name="log_in"),
    Route("/logout", log_out, methods=["POST"], name="log_out"),
    Route("/password", password, name="password"),
    Route("/password", change_password, methods=["POST"], name="change_password"),
    Route("/preferences", preferences, methods=["POST"], name="preferences"),
    Route("/e/{environment}", home_of, name="home_of"),
    Route("/", home, name="home"),
]
