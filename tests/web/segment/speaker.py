"""Speaks HTTP to a running server byte by byte as the test wants it, and looks into its database."""

import base64
import gzip
import http.client
import itertools
import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from milepost.store import engine as db
from tests.live import LiveServer

NAMES = itertools.count()
DAY_S = 86_400


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def stamp(offset_s: float = 0, base: float | None = None) -> str:
    """RFC 3339 of now plus so many seconds, in ms."""
    moment = datetime.fromtimestamp((time.time() if base is None else base) + offset_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(key: str) -> dict[str, str]:
    """The header most clients send."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@dataclass
class Speaker:
    """A client of one server."""

    live: LiveServer
    engine: Engine
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    def event(self, **more: Any) -> dict[str, Any]:
        """A track event of now with an id that no other test has."""
        event = {"type": "track", "event": "Tried", "messageId": f"m-{next(NAMES)}", "userId": "u1", "timestamp": stamp()}
        return {name: value for name, value in (event | more).items() if value is not ...}

    def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        zipped: bool = False,
    ) -> Answer:
        """POSTs JSON (or bytes as they are); `key` "" is the write key, None is no key in the header."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if zipped else {})
        if key is not None:
            sent |= basic(key or self.live.write_key)
        return self.ask("POST", path, gzip.compress(data) if zipped else data, sent | (headers or {}))

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own; a redirect is not followed."""
        link = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=30)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            link.close()

    def raw(self, *pieces: bytes, timeout_s: float = 30.0) -> bytes:
        """Writes bytes to a socket and reads until the server closes or is silent that long."""
        with socket.create_connection(("127.0.0.1", self.live.port), timeout=timeout_s) as link:
            got = b""
            with suppress(ConnectionError):  # refused in the middle: the answer is there all the same
                for piece in pieces:
                    link.sendall(piece)
            with suppress(TimeoutError, ConnectionError):
                while part := link.recv(65_536):
                    got += part
            return got

    def stored(self, *message_ids: str, columns: str = "message_id") -> list[tuple[Any, ...]]:
        """Rows of `events` with these ids; people and accounts by the vendor's own ids as `u.key` and `a.key`."""
        sql = (
            f"SELECT {columns} FROM events e "
            "LEFT JOIN end_users u ON u.environment_id = e.environment_id AND u.id = e.end_user_id "
            "LEFT JOIN accounts a ON a.environment_id = e.environment_id AND a.id = e.account_id "
            "WHERE e.message_id = :id ORDER BY e.key"
        )
        with db.reading(self.engine) as connection:
            return [tuple(row) for one in message_ids for row in connection.execute(text(sql), {"id": one})]

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Any table."""
        with db.reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def newest_bad_row(self) -> tuple[Any, ...]:
        """(reason, detail, body) of the last refused event."""
        return self.rows("SELECT reason, detail, body FROM bad_rows ORDER BY id DESC LIMIT 1")[0]

    def ledger(self) -> dict[str, int]:
        """The sums of the books."""
        names = ("received", "stored", "duplicate", "refused", "overflow")
        row = self.rows(f"SELECT {', '.join(f'coalesce(sum({n}), 0)' for n in names)} FROM ledger")[0]
        return {name: int(value) for name, value in zip(names, row, strict=True)}
