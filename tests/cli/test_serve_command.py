"""`milepost serve`: what stops the start, and several processes on PostgreSQL."""

import io
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from milepost.demo.__main__ import run as run_demo
from milepost.errors import SettingError
from milepost.store.serving_lock import serving_alone
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


def test_several_processes_fail_readiness_first_and_still_take_events(postgresql_database: str, tmp_path: Path) -> None:
    key, port = make_workspace(postgresql_database, tmp_path)["secret_key"], free_port()
    server = start(postgresql_database, tmp_path, "--workers", "2", "--port", str(port), MILEPOST_DRAIN_S="20")
    try:
        wait_until(lambda: (tmp_path / "serve.log").read_text().count("Application startup complete") == 2)
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: [status(port, "/readyz") for _ in range(8)] == [503] * 8)
        assert status(port, "/livez") == 200
        event = {"type": "track", "event": "X", "userId": "u", "messageId": "late"}
        assert send(port, json.dumps({"writeKey": key, "batch": [event]}))["stored"] == 1
        assert server.wait(PATIENCE_S) in {0, -signal.SIGTERM}
    finally:
        server.kill()


def test_a_sqlite_file_has_one_server_and_commands_go_on_beside_it(sqlite_database: str, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "other-name.db").symlink_to(sqlite_database)
    first = start(sqlite_database, tmp_path, "--port", str(free_port()))
    try:
        wait_until(lambda: "Uvicorn running" in (tmp_path / "serve.log").read_text())
        second = start(str(tmp_path / "other-name.db"), tmp_path / "second", "--port", str(free_port()))
        assert second.wait(PATIENCE_S) == 2
        assert f"Another process serves {sqlite_database} already" in (tmp_path / "second/serve.log").read_text()
        assert make_workspace(sqlite_database, tmp_path)["environment_key"]
        assert first.poll() is None
    finally:
        first.kill()
        first.wait(PATIENCE_S)
    again = start(sqlite_database, tmp_path, "--port", str(free_port()))
    wait_until(lambda: "Uvicorn running" in (tmp_path / "serve.log").read_text())
    again.send_signal(signal.SIGTERM)
    again.wait(PATIENCE_S)


def test_the_demo_touches_no_folder_that_is_served(sqlite_database: str, tmp_path: Path) -> None:
    printed, before = io.StringIO(), Path(sqlite_database).read_bytes()
    assert Path(sqlite_database).name == "milepost.db"
    with serving_alone(sqlite_database), pytest.raises(SettingError, match="Another process serves"):
        run_demo(free_port(), tmp_path, Console(file=printed), fresh=True)
    assert Path(sqlite_database).read_bytes() == before


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as problem:
        return problem.code


def send(port: int, body: str) -> dict[str, int]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/batch", body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
        return found
