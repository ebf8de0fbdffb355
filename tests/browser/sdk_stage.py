"""A small Milepost server and a small host product, both on loopback, for the SDK's browser tests.

The host product is another origin (`localhost` against `127.0.0.1`), under a strict CSP, Trusted Types and COEP. The
server answers what a test tells it to and remembers everything that arrived.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from milepost.web.sdk_files import SHARED, bundles

KEY = "pk_test_000000"
WAIT_S = 10.0
Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class Told:
    """What the fake server answers, and what it was told; tests change it while it runs."""

    guides: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    themes: dict[str, Any] = field(default_factory=dict)
    open_runs: list[dict[str, Any]] = field(default_factory=list)
    standing: list[dict[str, Any]] = field(default_factory=list)
    help: Callable[[dict[str, Any]], dict[str, Any]] = lambda _asked: {}
    no_tips: bool = False
    claim: dict[str, Any] = field(default_factory=lambda: {"ok": True})
    clock_offset_ms: int = 0
    trouble: dict[str, list[Answer]] = field(default_factory=dict)  # path → answers given first, in order
    broken: bool = False  # the connection is closed without a word
    boots: list[dict[str, Any]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Each event once, in the order of arrival; `name` is an event name or a type."""
        seen: dict[str, dict[str, Any]] = {}
        for batch in list(self.batches):
            for event in batch["batch"]:
                seen.setdefault(event["messageId"], event)
        return [event for event in seen.values() if name in (None, event.get("event"), event["type"])]

    def close_runs(self, batch: list[dict[str, Any]]) -> None:
        """A run that was finished, dismissed or missing to the end is open no more."""
        over = {
            event["properties"]["run"] for event in batch if event.get("event") == "$guide" and event["properties"].get("over")
        }
        self.open_runs = [run for run in self.open_runs if run["run"] not in over]

    def progress(self) -> list[tuple[Any, ...]]:
        """(what, step, reason) of each guide event, in the order the page made them."""
        made = sorted(self.events("$guide"), key=lambda event: str(event["timestamp"]))
        return [(p["what"], p.get("step"), p.get("reason")) for p in (event["properties"] for event in made)]

    def wait_for(self, met: Callable[[], Any], what: str = "the server to be told") -> Any:
        """Until `met()` is true; fails with what did arrive."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            found = met()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"waited {WAIT_S} s for {what}; events: {self.events()!r}")

    def wait_for_progress(self, what: str, step: str | None = None) -> None:
        """Until a guide event of this kind has arrived."""
        self.wait_for(lambda: any(p[0] == what and step in (None, p[1]) for p in self.progress()), f"{what} {step}")


@dataclass
class Site:
    """The host product: pages by path, the policy they are served under."""

    pages: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"Cross-Origin-Embedder-Policy": "require-corp"})
    scripts: dict[str, str] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    url: str = ""
    sdk_url: str = ""

    def page(
        self,
        path: str,
        body: str,
        head: str = "",
        script: str = "",
        html: str = 'lang="en"',
        identify: bool = True,
        options: str = "{quiet_ms: 0}",
        doctype: str = "<!doctype html>",
    ) -> str:
        """Adds a page with the snippet, as a customer would write it; answers its address."""
        who = "milepost('identify', 'ada', {name: 'Ada'}, {account: 'acme', token: 'signed.by.host'});" if identify else ""
        name = f"/app{len(self.scripts)}.js"
        self.scripts[name] = (
            "window.milepost ||= function () { (milepost.q ||= []).push(arguments) };"
            f"milepost('init', '{KEY}', {options});{who}{script}"
        )
        self.pages[path] = (
            f"{doctype}<html {html}><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>Host</title>{head}<script src='{name}'></script>"
            f"<script async src='{self.sdk_url}/sdk/milepost.js'></script></head><body>{body}</body></html>"
        )
        return self.url + path


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _server_handler(told: Told) -> type[BaseHTTPRequestHandler]:
    cors = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Retry-After",
        "Content-Type": "application/json",
    }

    class Handler(_Quiet):
        def do_GET(self) -> None:
            bundle = bundles().get(self.path.removeprefix("/sdk/").split("?")[0])
            if bundle is None:
                return self.say(404, b"", {})
            return self.say(200, bundle.plain, SHARED | {"Content-Type": "text/javascript", "Cache-Control": "no-store"})

        def do_OPTIONS(self) -> None:
            told.asked.append("OPTIONS " + self.path)
            self.say(204, b"", cors)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            told.asked.append("POST " + self.path)
            if told.broken:
                self.close_connection = True
                return None
            waiting = told.trouble.get(self.path)
            if waiting:
                status, text, headers = waiting.pop(0)
                return self.say(status, text, cors | headers)
            return self.say(200, json.dumps(self.answer(json.loads(body))).encode(), cors)

        def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
            if self.path == "/v1/claim":
                told.claims.append(asked)
                if told.claim["ok"]:
                    told.open_runs.append({name: asked[name] for name in ("run", "guide", "version")} | {"step": None})
                return told.claim
            if self.path == "/v1/help":
                return told.help(asked)
            if self.path == "/v1/batch":
                told.batches.append(asked)
                told.close_runs(asked["batch"])
                return {"success": True}
            told.boots.append(asked)
            now = int(time.time() * 1000) + told.clock_offset_ms
            reply: dict[str, Any] = {"now": now, "rules_etag": "e1", "identity": "verified", "guides": told.guides}
            if told.standing:
                reply["standing"] = told.standing
            reply |= {"open_runs": told.open_runs, "no_tips": told.no_tips}
            return reply if asked.get("rules_etag") == "e1" else reply | {"rules": told.rules, "themes": told.themes}

    return Handler


def _site_handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(_Quiet):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path in site.scripts:
                return self.say(
                    200, site.scripts[path].encode(), {"Content-Type": "text/javascript", "Cache-Control": "no-store"}
                )
            if path not in site.pages:
                return self.say(404, b"no such page", {"Content-Type": "text/plain"})
            headers = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": site.policy,
                "Cache-Control": "no-cache",
            }
            asked = {name: value for name, value in (headers | site.headers).items() if value}
            return self.say(200, site.pages[path].encode(), asked)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            site.posted.append(self.path)
            self.say(303, b"", {"Location": self.path})

    return Handler


@contextmanager
def _serve(make: Callable[[], type[BaseHTTPRequestHandler]]) -> Iterator[tuple[ThreadingHTTPServer, int]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), make())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def open_stage() -> Iterator[tuple[Told, Site]]:
    """Both servers, running."""
    told, site = Told(), Site()
    with _serve(lambda: _server_handler(told)) as (_, sdk_port), _serve(lambda: _site_handler(site)) as (_, site_port):
        site.sdk_url, site.url = f"http://127.0.0.1:{sdk_port}", f"http://localhost:{site_port}"
        site.policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' {site.sdk_url}",
                f"connect-src {site.sdk_url}",
                "style-src 'none'",
                "img-src 'self'",
                "form-action 'self'",
                "require-trusted-types-for 'script'",
                "trusted-types 'none'",
            )
        )
        yield told, site
