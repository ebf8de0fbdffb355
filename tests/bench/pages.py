"""Every console page at 2,000 accounts × 200 features. `python -m tests.bench.pages [--times 5] [--only heatmap]`

Fills such a book into SQLite (`tests.bench.pages_sample`), then asks a running server for each GET route of the console, one
after the other over one connection: median and p95 of the time to the last byte, CPU milliseconds of the server process
per page, bytes. Target: p95 ≤ 150 ms for every page; exports are shown and have none.
"""

import argparse
import http.client
import os
import time
from dataclasses import dataclass

from milepost.actions.login import open_session
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.store.environments import read_all_environments
from milepost.web.cookies import session_cookie
from milepost.web.routes import all_routes
from tests.bench.measure import bench_runtime, cpu_seconds, databases, memory_mb, served
from tests.bench.pages_sample import fill_book
from tests.live import LiveServer

TARGET_MS = 150
LEFT_OUT = frozenset({"login", "invite", "password", "static", "favicon"})
VALUES = {"account": "acct-300", "feature": "feature-5", "guide": "guide-5"}


@dataclass(frozen=True)
class Measured:
    """Milliseconds; `status` 200 or the page does not count."""

    name: str
    path: str
    status: int
    size: int
    median_ms: float
    p95_ms: float
    cpu_ms: float


def list_pages(environment: str) -> list[tuple[str, str]]:
    """(route name, path) of every GET route a person opens, its first variants included; one that needs more is left out."""
    found = []
    for route in all_routes():
        if not route.methods or "GET" not in route.methods or route.name in LEFT_OUT or not route.path.startswith("/e/"):
            continue
        values = VALUES | {"environment": environment}
        path = route.path.replace(":path}", "}")
        if all(name in values for name in route.param_convertors):
            found.append((route.name, path.format(**values)))
    return found


def open_door(server: LiveServer) -> tuple[dict[str, str], str]:
    """(headers of the owner's session, key of the environment)."""
    runtime = bench_runtime(server.database)
    with db.writing(runtime.engine) as connection:
        environment = read_all_environments(connection)[0]
        member = workspace_store.list_members(connection, environment["workspace_id"])[0]
        workspace_store.update_member(connection, environment["workspace_id"], member["id"], must_change_password=0)
        opened = open_session(connection, member, runtime.clock(), is_long=True)
    return {"Cookie": f"{session_cookie(runtime.settings).name}={opened.value}", "Accept-Language": "en"}, environment["key"]


def ask(server: LiveServer, headers: dict[str, str], name: str, path: str, times: int) -> Measured:
    """The first answer is not counted: templates are compiled with it."""
    assert server.process is not None
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    took, status, size = [], 0, 0
    for number in range(times + 1):
        if number == 1:
            cpu = cpu_seconds(server.process.pid)
        began = time.perf_counter()
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        size, status = len(answer.read()), answer.status
        took.append((time.perf_counter() - began) * 1000)
    used = (cpu_seconds(server.process.pid) - cpu) / times * 1000
    ordered = sorted(took[1:])
    return Measured(name, path, status, size, ordered[len(ordered) // 2], ordered[min(times - 1, times * 95 // 100)], used)


def show(found: Measured) -> None:
    """One line."""
    target = "" if found.path.endswith(".csv") or found.p95_ms <= TARGET_MS else "  ! over the target"
    wrong = "" if found.status == 200 else f"  ! answered {found.status}"
    print(
        f"{found.name:<22}{found.median_ms:>8.0f}{found.p95_ms:>8.0f}{found.cpu_ms:>8.0f}{found.size / 1000:>9.0f}{target}{wrong}"
    )


def main() -> None:
    """Everything, then ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default="", help="route names that hold this text")
    options = parser.parse_args()
    began = time.monotonic()
    with databases(["sqlite"]) as found, served(*found["sqlite"], fill=fill_book) as server:
        print(f"set up in {time.monotonic() - began:.0f} s")
        headers, environment = open_door(server)
        print(f"{'':<22}{'median':>8}{'p95':>8}{'CPU':>8}{'kB':>8}   (ms; target p95 ≤ {TARGET_MS})")
        for name, path in list_pages(environment):
            if options.only in name:
                show(ask(server, headers, name, path, options.times))
        assert server.process is not None
        print(f"memory {memory_mb(server.process.pid)[0]:.0f} MB; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
