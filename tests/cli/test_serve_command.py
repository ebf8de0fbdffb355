"""`milepost serve`: what stops the start, and several processes on PostgreSQL."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import command_environment, free_port, milepost

PATIENCE_S = 150  # machines are shared and slow; no verdict hangs on it
ANOTHER_KEY = "YW5vdGhlci1rZXktYW5vdGhlci1rZXktMzItYnl0ZXM="


def start(database: str, folder: Path, *options: str, **settings: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "milepost.cli.main", "serve", "--database", database, *options]
    environment = command_environment(folder) | settings
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def make_workspace(database: str, folder: Path) -> dict[str, str]:
    created: dict[str, str] = json.loads(
        milepost("workspace", "create", "--name", "T", "--owner-email", "o@e.test", "--json", database=database, folder=folder)
    )
    return created


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_another_secret_key_stops_the_start(postgresql_database: str, tmp_path: Path, options: tuple[str, ...]) -> None:
    make_workspace(postgresql_database, tmp_path)
    server = start(postgresql_database, tmp_path, *options, MILEPOST_SECRET_KEY=ANOTHER_KEY)
    assert server.wait(PATIENCE_S) == 2
    assert "MILEPOST_SECRET_KEY is not the key it was sealed with" in (tmp_path / "serve.log").read_text()


def test_several_processes_need_postgresql(sqlite_database: str, tmp_path: Path) -> None:
    server = start(sqlite_database, tmp_path, "--workers", "2")
    assert server.wait(PATIENCE_S) == 2
    assert "SQLite has one writer" in (tmp_path / "serve.log").read_text()


def test_several_processes_count_a_repeated_event_once(postgresql_database: str, tmp_path: Path) -> None:
    key, port = make_workspace(postgresql_database, tmp_path)["secret_key"], free_port()
    server = start(postgresql_database, tmp_path, "--workers", "2", "--port", str(port))
    try:
        wait_until(lambda: (tmp_path / "serve.log").read_text().count("Application startup complete") == 2)
        event = {"type": "track", "event": "X", "userId": "u"}
        body = json.dumps({"writeKey": key, "batch": [event | {"messageId": f"m{i}"} for i in range(5)]})
        answers = [send(port, body) for _ in range(12)]  # a connection each: both processes answer
        assert sum(answer["stored"] for answer in answers) == 5
        assert sum(answer["duplicate"] for answer in answers) == 55
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE_S)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def send(port: int, body: str) -> dict[str, int]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/batch", body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
        return found
