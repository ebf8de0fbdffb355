"""Processes under measurement: started, loaded, their CPU seconds and memory read from /proc."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from milepost.actions.features import push_catalogue
from milepost.actions.runtime import Runtime
from milepost.actions.start import open_runtime
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.store.environments import read_all_environments
from tests.bench.sample import make_catalogue
from tests.live import LiveServer, free_port
from tests.postgresql import find_programs, make_cluster

TICK = os.sysconf("SC_CLK_TCK")


def load(**plan: Any) -> dict[str, Any]:
    """Runs one plan in a process of its own; see `tests.bench.load`."""
    command = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the load generator failed: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    if result["bad"] or result["lost"]:
        print(f"  ! {result['bad']} answers were not 200, {result['lost']} connections were lost; {result['sample']}")
    return result


def cpu_seconds(pid: int) -> float:
    """User and system time of the process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mb(pid: int) -> tuple[float, float]:
    """(resident now, most ever) in MB."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


@contextmanager
def served_floor() -> Iterator[tuple[int, int]]:
    """(port, pid) of the floor."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.floor", str(port)])
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def served(
    database: str, folder: Path, fill: Callable[[LiveServer], None] | None = None, settings: dict[str, str] | None = None
) -> Iterator[LiveServer]:
    """Milepost as an operator starts it, with a workspace and the sample catalogue, or what `fill` puts in."""
    server = LiveServer(database, folder, settings=settings or {})
    server.create()
    if fill is None:
        fill_catalogue(bench_runtime(database))
    else:
        fill(server)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def bench_runtime(database: str) -> Runtime:
    """A runtime of this process over the same database, for setting up and looking."""
    key = "dGVzdC1vbmx5LXNlY3JldC1rZXktMzItYnl0ZXMhISE="
    return open_runtime(Settings(database=database, secret_key=key))


def fill_catalogue(runtime: Runtime) -> None:
    """The sample catalogue into the only environment."""
    with db.reading(runtime.engine) as connection:
        environment_id = read_all_environments(connection)[0]["id"]
    push_catalogue(runtime, runtime.tenants.current(environment_id, runtime.clock()), make_catalogue(), "bench")


@contextmanager
def databases(names: list[str]) -> Iterator[dict[str, tuple[str, Path]]]:
    """{sqlite | postgresql: (address, folder)}, fresh, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        found: dict[str, tuple[str, Path]] = {}
        cluster = None
        for name in names:
            place = Path(folder) / name
            place.mkdir()
            found[name] = (str(place / "milepost.db"), place)
        programs = find_programs()
        if "postgresql" in names and programs is not None:
            cluster = make_cluster(programs)
            found["postgresql"] = (cluster.url(), found["postgresql"][1])
        elif "postgresql" in names:
            print("PostgreSQL is not installed; left out.")
            del found["postgresql"]
        try:
            yield found
        finally:
            if cluster is not None:
                cluster.stop()
