"""Clients that drip, never end, or say two lengths: cut off, while honest ones are served. Deadlines are shortened here."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from milepost.actions.start import open_serving_runtime
from milepost.actions.workspaces import create_workspace
from milepost.settings import Settings
from milepost.web import bodies
from milepost.web.app import create_app
from milepost.web.server import PatientProtocol, make_server
from tests.factories import SECRET_KEY
from tests.live import free_port

LONG_S = 60.0


class Hasty(PatientProtocol):
    header_deadline_s = 1.5
    body_deadline_s = 2.5
    most_unread_bytes = 1024 * 1024


@dataclass
class Stage:
    """A server in a thread of this process."""

    port: int
    key: str

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONG_S)

    def head(self, *lines: str) -> bytes:
        return "\r\n".join(["POST /v1/batch HTTP/1.1", "Host: x", *lines, "", ""]).encode()


@pytest.fixture
def stage(sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(bodies, "BODY_DEADLINE_S", 1.5)
    settings = Settings(database=sqlite_database, secret_key=SECRET_KEY, port=free_port(), log_level="critical", drain_s=0)
    runtime = open_serving_runtime(settings)
    made = create_workspace(runtime, name="T", owner_email="o@example.test")
    server = make_server(create_app(runtime), settings, Hasty)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Stage(settings.port, made.write_key)
    server.should_exit = True
    thread.join(30)
    runtime.engine.dispose()


def drip(link: socket.socket, piece: bytes) -> bytes:
    """Sends a piece ten times a second until the server hangs up; what it said before. Fails when it never does."""
    link.settimeout(0.1)
    said, ends = b"", time.monotonic() + LONG_S
    while time.monotonic() < ends:
        try:
            part = link.recv(65_536)
            if not part:
                return said
            said += part
        except TimeoutError:
            pass
        except ConnectionError:
            return said
        try:
            link.sendall(piece)
        except OSError:
            return said
    raise AssertionError("the server never hung up")


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said else 0


def post(stage: Stage) -> bytes:
    body = json.dumps({"writeKey": stage.key, "batch": []}).encode()
    with stage.open() as link:
        link.sendall(stage.head(f"Content-Length: {len(body)}", "Connection: close") + body)
        return drip(link, b"")


def test_a_client_that_drips_its_headers_is_cut_off(stage: Stage) -> None:
    with stage.open() as link:
        link.sendall(b"POST /v1/batch HTTP/1.1\r\n")
        assert drip(link, b"X-A: b\r\n") == b""
    assert status(post(stage)) == 200


def test_a_client_that_sends_nothing_at_all_is_cut_off(stage: Stage) -> None:
    with stage.open() as link:
        assert drip(link, b"") == b""


def test_headers_without_end_are_cut_off_long_before_they_fill_the_memory(stage: Stage) -> None:
    with stage.open() as link:
        link.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        n = 0
        with suppress(OSError):  # reset or broken pipe, as the system likes
            while n < 64 * 1024 * 1024:
                n += link.send(b"a" * 65_536)
        assert n < 64 * 1024 * 1024


def test_a_dripping_body_is_answered_503_and_then_cut_off(stage: Stage) -> None:
    """Not 408: clients drop a batch for ever when they are told 4xx, and a slow line is a passing fault."""
    with stage.open() as link:
        link.sendall(stage.head("Content-Length: 1000"))
        said = drip(link, b"x")
    assert status(said) == 503
    assert b"retry-after: " in said
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "unavailable"


def test_a_chunked_body_that_drips_is_cut_off_too(stage: Stage) -> None:
    with stage.open() as link:
        link.sendall(stage.head("Transfer-Encoding: chunked"))
        assert status(drip(link, b"1\r\nx\r\n")) == 503


def test_a_body_that_goes_on_after_its_refusal_ends(stage: Stage) -> None:
    with stage.open() as link:
        link.sendall(stage.head("Content-Length: 900000000"))
        assert status(drip(link, b"x" * 262_144)) == 413


@pytest.mark.parametrize("path", ["/v1/batch", "/login", "/livez", "/api/v1/accounts"])
@pytest.mark.parametrize("order", [0, 1])
def test_two_lengths_are_400_everywhere(stage: Stage, path: str, order: int) -> None:
    lengths = ["Content-Length: 5", "Transfer-Encoding: chunked"]
    with stage.open() as link:
        head = stage.head(*(lengths if order else reversed(lengths))).replace(b"/v1/batch", path.encode())
        link.sendall(head + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        said = drip(link, b"")
    assert status(said) == 400
    assert said.count(b"HTTP/1.1 ") == 1, "what was smuggled behind is not answered"


def test_a_patient_connection_is_not_cut_between_its_requests(stage: Stage) -> None:
    body = json.dumps({"writeKey": stage.key, "batch": []}).encode()
    with stage.open() as link:
        for _ in range(2):
            link.sendall(stage.head(f"Content-Length: {len(body)}") + body[:10])
            time.sleep(0.2)
            link.sendall(body[10:])
            assert status(link.recv(65_536)) == 200
            time.sleep(2.8)  # longer than any deadline of a request
