"""Runs the application under uvicorn, with deadlines for slow headers."""

import asyncio
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from milepost.settings import Settings

HEADER_DEADLINE_S = 15


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own, but a client that drips its headers is cut off after 15 seconds."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection must bring its first headers in time."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._disarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Every further request must, too."""
        super().on_message_begin()
        self._arm()

    def on_headers_complete(self) -> None:
        """The headers are here; the body has a deadline of its own."""
        self._disarm()
        super().on_headers_complete()

    def _arm(self) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(HEADER_DEADLINE_S, self._cut)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def make_server(app: Starlette, settings: Settings, **options: Any) -> uvicorn.Server:
    """A uvicorn server on the settings' host and port, with uvloop and httptools."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level=settings.log_level,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
        **options,
    )
    return uvicorn.Server(config)
