"""Seen from outside, by a system-call trace: no 200 leaves before the log of its database was synced to disk."""

import base64
import http.client
import itertools
import json
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from milepost.wire.event import format_instant
from tests.live import LiveServer
from tests.postgresql import Cluster

N_REQUESTS = 25
CALLS = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"
SYNC_DONE = re.compile(r"^(\d+) +(?:<\.\.\. )?f(?:data)?sync(?:\(\d+<([^>]*)>| resumed>).*= 0")
SYNC_BEGUN = re.compile(r"^(\d+) +f(?:data)?sync\(\d+<([^>]*)> *<unfinished")
ANSWER = re.compile(r'^\d+ +(?:write|writev|sendto|sendmsg)\(.*"HTTP/1\.1 (\d+)')

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed (apt install strace)")


@contextmanager
def traced(log: Path, *pids: int) -> Iterator[None]:
    """Every sync and every answer of these processes and their threads, in one order; skips where tracing is forbidden."""
    who = [word for pid in pids for word in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "40", "-e", CALLS, "-o", str(log), *who], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    said = [tracer.stderr.readline() for _ in pids]
    try:
        if not all("attached" in line for line in said):
            pytest.skip(f"this machine does not allow tracing: {said}")
        yield
        time.sleep(0.2)
    finally:
        tracer.terminate()
        tracer.wait(30)
        tracer.stderr.close()


def syncs_before_each_answer(log: Path, file: str) -> list[int]:
    """For every 200, how many syncs of such a file were completed since the answer before it."""
    found, n, under_way = [], 0, dict[str, str]()
    for line in log.read_text(errors="replace").splitlines():
        begun, done, answer = SYNC_BEGUN.match(line), SYNC_DONE.match(line), ANSWER.match(line)
        if begun:
            under_way[begun[1]] = begun[2]
        elif done:
            n += file in (done[2] or under_way.pop(done[1], ""))
        elif answer and answer[1] == "200":
            found.append(n)
            n = 0
    return found


def send_one_after_the_other(server: LiveServer) -> None:
    """New events, repeats and bad ones, of a person without account, so that no job has anything to write meanwhile."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    key = base64.b64encode(f"{server.secret_key}:".encode()).decode()
    now = format_instant(time.time_ns() // 1_000_000)
    kinds = itertools.cycle([{}, {}, {"messageId": "again"}, {"type": "nonsense"}])
    for i in range(N_REQUESTS):
        event = {"type": "track", "event": "X", "userId": "u", "messageId": f"f{i}", "timestamp": now} | next(kinds)
        link.request("POST", "/v1/batch", json.dumps({"batch": [event]}), {"Authorization": f"Basic {key}"})
        answer = link.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (200, True)
    link.close()


def test_on_sqlite_every_answer_follows_a_sync_of_the_log(sqlite_database: str, tmp_path: Path) -> None:
    server = LiveServer(database=sqlite_database, folder=tmp_path).create().start()
    try:
        send_one_after_the_other(server)  # caches filled
        assert server.process is not None
        with traced(tmp_path / "trace", server.process.pid):
            send_one_after_the_other(server)
    finally:
        server.stop()
    found = syncs_before_each_answer(tmp_path / "trace", ".db-wal")
    assert len(found) == N_REQUESTS
    assert min(found) >= 1, found


def test_on_postgresql_every_answer_follows_a_sync_of_the_log(postgresql_cluster: Cluster, tmp_path: Path) -> None:
    name = f"fsync_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        server = LiveServer(database=postgresql_cluster.url(name), folder=tmp_path).create().start()
        try:
            send_one_after_the_other(server)
            sql = (
                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (datname = %s OR backend_type = 'walwriter')"
            )
            pids = [row[0] for row in connection.execute(sql, [name]).fetchall()]
            assert server.process is not None
            with traced(tmp_path / "trace", server.process.pid, *pids):
                send_one_after_the_other(server)
        finally:
            server.stop()
    found = syncs_before_each_answer(tmp_path / "trace", "/pg_wal/")
    assert len(found) == N_REQUESTS
    assert min(found) >= 1, found


def test_the_trace_would_show_an_answer_without_a_sync(tmp_path: Path) -> None:
    """The reader of traces is no rubber stamp."""
    log = tmp_path / "trace"
    log.write_text(
        "7 fdatasync(5</d/x.db-wal>) = 0\n"
        '8 write(9<socket:[1]>, "HTTP/1.1 200 OK"..., 40) = 40\n'
        "7 fdatasync(5</d/x.db-wal> <unfinished ...>\n"
        '8 sendto(9<socket:[1]>, "HTTP/1.1 200 OK"..., 40) = 40\n'
        "7 <... fdatasync resumed>) = 0\n"
        "7 fdatasync(5</d/other>) = 0\n"
        '8 writev(9<socket:[1]>, [{iov_base="HTTP/1.1 200 OK"..., iov_len=40}], 1) = 40\n'
    )
    assert syncs_before_each_answer(log, ".db-wal") == [1, 0, 1]
