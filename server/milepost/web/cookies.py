"""The three cookies of the console: the session, and two that remember language and theme before login."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from milepost.actions.login import OpenedSession
from milepost.settings import Settings, is_loopback

LANGUAGE = "milepost-language"
THEME = "milepost-theme"
YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class SessionCookie:
    """`__Host-` needs Secure; browsers take that from https and from loopback only."""

    name: str
    secure: bool


def session_cookie(settings: Settings) -> SessionCookie:
    """What the cookie is called on this installation."""
    parts = urlsplit(settings.url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return SessionCookie("__Host-milepost", secure=True)
    return SessionCookie("milepost", secure=False)


def set_session(response: Response, settings: Settings, opened: OpenedSession, now: int) -> Response:
    """Gives the browser the session; a short one ends with the browser."""
    cookie = session_cookie(settings)
    max_age = (opened.expires_at - now) // 1000 if opened.is_long else None
    response.set_cookie(cookie.name, opened.value, max_age=max_age, path="/", secure=cookie.secure, httponly=True, samesite="lax")
    return response


def clear_session(response: Response, settings: Settings) -> Response:
    """Takes the session from the browser."""
    cookie = session_cookie(settings)
    response.delete_cookie(cookie.name, path="/", secure=cookie.secure, httponly=True, samesite="lax")
    return response


def set_preference(response: Response, settings: Settings, name: str, value: str) -> None:
    """Remembers language or theme where nobody is logged in."""
    secure = session_cookie(settings).secure
    response.set_cookie(name, value, max_age=YEAR_S, path="/", secure=secure, httponly=True, samesite="lax")
