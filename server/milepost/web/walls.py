"""Pure ASGI middleware around everything: trusted hosts, size of headers, security headers."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.settings import Settings, is_loopback
from milepost.web.planes import is_api, is_console

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
READABLE = {"Access-Control-Allow-Origin": "*"}  # for the page that sent it
TOO_MANY_HEADERS = {"success": False, "code": "too_large", "message": "The headers are too large."}
TWO_LENGTHS = {
    "success": False,
    "code": "bad_request",
    "message": "Send Content-Length or Transfer-Encoding, not both.",
}

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
PLAIN_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """Host names this server answers to: its public one, and both loopback names when it listens there."""
    own = (urlsplit(settings.url).hostname or "").lower()
    loopback = {"localhost", "127.0.0.1", "::1"} if is_loopback(settings.host) or is_loopback(own) else set()
    return frozenset({own} | loopback)


class HostWall:
    """Console requests must name one of our hosts; machines that send events may call us as they like."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """400 for a foreign Host, 431 for headers without end."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = scope["headers"]
        if len(headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in headers) > MAX_HEADER_BYTES:
            await JSONResponse(TOO_MANY_HEADERS, 431, READABLE)(scope, receive, send)
            return
        names = {name for name, _ in headers}
        if b"content-length" in names and b"transfer-encoding" in names:
            await JSONResponse(TWO_LENGTHS, 400, READABLE | {"Connection": "close"})(scope, receive, send)
            return
        name = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname if _is_plain(scope) else None
        if is_console(scope["path"]) and name not in self.hosts:
            await PlainTextResponse("Unknown host. Set MILEPOST_PUBLIC_URL to the address you use.\n", 400)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_plain(scope: Scope) -> bool:
    """One Host header, of characters a host can have: what `urlsplit` would choke on never reaches it."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and PLAIN_HOST.fullmatch(hosts[0]) is not None


class HeaderWall:
    """Puts the security headers on every console answer that does not set its own."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.page = _headers(settings, PAGE_POLICY)
        self.api = _headers(settings, API_POLICY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leaves the data plane alone: other sites load it on purpose."""
        if scope["type"] != "http" or not is_console(scope["path"]):
            await self.app(scope, receive, send)
            return
        added = self.api if is_api(scope["path"]) else self.page

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with)


def _headers(settings: Settings, policy: str) -> Mapping[str, str]:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }
    if settings.url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
