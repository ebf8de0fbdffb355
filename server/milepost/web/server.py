"""Runs the application under uvicorn: deadlines for slow clients, an end to endless ones, readiness that fails first."""

import asyncio
import gc
import json
import os
import signal
import threading
import time
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from milepost.settings import Settings

NOT_HTTP = {"success": False, "code": "bad_request", "message": "This is not a request of HTTP/1.1."}
CLOSED_400 = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own, but not for ever: headers have 15 seconds and 64 KiB, bodies 35 seconds."""

    header_deadline_s: float = 15
    body_deadline_s: float = 35  # the application answers after 30; this is for clients who drip on after their answer
    most_header_bytes = 64 * 1024
    most_unread_bytes = 16 * 1024 * 1024  # of a body whose answer is out already
    _deadline: asyncio.TimerHandle | None = None
    _owed: tuple[int, str] = (0, "headers")  # (number of the message, what the client still has to send)
    _armed_for: tuple[int, str] | None = None
    _n_header_bytes = 0
    _n_unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection must bring its first headers in time."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; a deadline is set only for what did not come whole."""
        owed = self._owed
        super().data_received(data)
        if self._owed != self._armed_for:
            self._arm()
        if self._owed[1] == "headers" and self._owed == owed:
            self._n_header_bytes += len(data)
            if self._n_header_bytes > self.most_header_bytes:
                self._cut()

    def on_message_begin(self) -> None:
        """Every further request must bring its headers, too."""
        super().on_message_begin()
        self._owed = (self._owed[0] + 1, "headers")
        self._n_header_bytes = self._n_unread_bytes = 0

    def on_headers_complete(self) -> None:
        """The headers are here; the body is next."""
        self._owed = (self._owed[0], "body")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """What comes after the answer is thrown away, but not without end."""
        super().on_body(body)
        if self.cycle is not None and self.cycle.response_complete:
            self._n_unread_bytes += len(body)
            if self._n_unread_bytes > self.most_unread_bytes:
                self._cut()

    def on_message_complete(self) -> None:
        """Nothing is owed."""
        self._owed = (self._owed[0], "")
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """In JSON, as everything that answers a client of events."""
        content = json.dumps(NOT_HTTP)
        self.transport.write(CLOSED_400.format(len(content), content).encode())
        self.transport.close()

    def _arm(self) -> None:
        self._disarm()
        self._armed_for = self._owed
        seconds = {"headers": self.header_deadline_s, "body": self.body_deadline_s}.get(self._owed[1])
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._cut)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def settle_memory() -> None:
    """What a start made stays: the collector need not walk through it again and again while events wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class DrainingServer(uvicorn.Server):
    """On SIGTERM /readyz fails first; so many seconds later no new connection is taken, and what is in flight ends."""

    def __init__(self, config: uvicorn.Config, app: Starlette, drain_s: int) -> None:
        super().__init__(config)
        self._application, self._drain_s = app, drain_s
        self._drained_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second signal, or Ctrl-C, does not wait."""
        if sig != signal.SIGTERM or self._drained_at is not None or self._drain_s == 0:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._application.state.is_stopping = True
        self._drained_at = time.monotonic() + self._drain_s

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            self.should_exit = True
        return await super().on_tick(counter)


def drain_before_stopping(app: Starlette, drain_s: int) -> None:
    """The same for one process of several, whose server is uvicorn's own: called while that server loads the app."""
    stop = signal.getsignal(signal.SIGTERM)
    if drain_s == 0 or not callable(stop):
        return

    def begin(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, stop)
        app.state.is_stopping = True
        later = threading.Timer(drain_s, os.kill, (os.getpid(), signal.SIGTERM))
        later.daemon = True
        later.start()

    signal.signal(signal.SIGTERM, begin)


def make_server(
    app: Starlette, settings: Settings, protocol: type[PatientProtocol] = PatientProtocol, **options: Any
) -> uvicorn.Server:
    """A uvicorn server on the settings' host and port, with uvloop and httptools."""
    chosen = server_options(settings) | {"http": protocol} | options
    return DrainingServer(uvicorn.Config(app, **chosen), app, settings.drain_s)


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn serves, in one process or in several."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": PatientProtocol,
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_config": None,  # logs are set up already
        "log_level": settings.log_level,
        "server_header": False,
        "date_header": False,
        "proxy_headers": bool(settings.trusted_proxies),  # X-Forwarded-* of anybody else is what anybody can write
        "forwarded_allow_ips": [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()],
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": 20,
    }
