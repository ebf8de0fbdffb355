"""Events in, beside a floor that only parses. `python -m tests.bench.ingest [--seconds 3] [--rounds 3] [--only sqlite]`

Measures, in one interleaved run: events per second in a closed loop at 1×64, 20×8 and 100×8 (batch × connections) for
Milepost on SQLite and on PostgreSQL and for the floor (`tests.bench.floor`: Starlette, uvloop, httptools, the batch
through a Pydantic model, nothing stored); the median ratio to the floor; CPU seconds of the server process per 100,000
events; p99; memory. Then an open loop of 10,000 events/s in batches of 20, the bytes each stored event takes on both
databases, whether everything acknowledged is there once, and the profile by stage.

Targets (the design's page on events in): ≥ 0.2 × floor at 20×8 and 100×8, ≥ 0.35 × wanted, ≥ 0.6 × at 1×64; p99 ≤ 10 ms
in the open loop; ≤ 150 MB resident; ≤ 200 bytes per stored event on SQLite, ≤ 350 on PostgreSQL, roll-ups included.
"""

import argparse
import base64
import statistics
from typing import Any

from sqlalchemy import text

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import ledger
from tests.bench.measure import bench_runtime, cpu_seconds, databases, load, memory_mb, served, served_floor
from tests.bench.stages import print_stages
from tests.live import LiveServer

SHAPES = [(1, 64, 0.6), (20, 8, 0.2), (100, 8, 0.2)]
TAGS = iter("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" * 20)


def headers_of(server: LiveServer | None) -> dict[str, str]:
    """As a server-side client sends them."""
    key = server.secret_key if server is not None else "sk_none"
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(), "Content-Type": "application/json"}


class Target:
    """A process under load, and what was measured of it."""

    def __init__(self, name: str, port: int, pid: int, server: LiveServer | None = None) -> None:
        self.name, self.port, self.pid, self.server = name, port, pid, server
        self.runs: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self.n_events = 0

    def run(self, batch: int, connections: int, seconds: float, rate: float = 0.0) -> dict[str, Any]:
        """One run; adds events/s and CPU seconds per 100,000 events."""
        before = cpu_seconds(self.pid)
        result = load(
            port=self.port, path="/v1/batch", headers=headers_of(self.server), connections=connections, seconds=seconds,
            rate=rate, batch=batch, tag=next(TAGS),
        )  # fmt: skip
        events = result["n_all"] * batch
        self.n_events += events
        result["events_s"] = result["n"] * batch / result["seconds"]
        result["cpu_100k"] = (cpu_seconds(self.pid) - before) / events * 100_000
        self.runs.setdefault((batch, connections), []).append(result)
        return result


def print_closed(targets: list[Target], rounds: int, seconds: float) -> None:
    """The table of the closed loops; ratios are taken within a round, then the median."""
    for batch, connections, _ in SHAPES:
        for target in targets:  # warm up
            target.run(batch, connections, 0.5)
            target.runs.clear()
        for _ in range(rounds):
            for target in targets:
                target.run(batch, connections, seconds)
        print(f"\n{batch} × {connections}" + f"{'events/s':>22} {'× floor':>9} {'CPU s/100k':>11} {'p50 ms':>8} {'p99 ms':>8}")
        floor = targets[0].runs[batch, connections]
        for target in targets:
            runs = target.runs[batch, connections]
            ratio = statistics.median(run["events_s"] / base["events_s"] for run, base in zip(runs, floor, strict=True))
            middle = {name: statistics.median(run[name] for run in runs) for name in ("events_s", "cpu_100k", "p50_ms", "p99_ms")}
            print(
                f"  {target.name:<12}{middle['events_s']:>14,.0f} {ratio:>9.2f} {middle['cpu_100k']:>11.2f} "
                f"{middle['p50_ms']:>8.1f} {middle['p99_ms']:>8.1f}",
                flush=True,
            )


def print_open(targets: list[Target], seconds: float) -> None:
    """10,000 events/s in batches of 20, whatever the answers do."""
    print("\nopen loop, 10,000 events/s in batches of 20 over 32 connections (target: p99 ≤ 10 ms)")
    for target in targets:
        runs = [target.run(20, 32, seconds, rate=500.0) for _ in range(3)]
        best = min(runs, key=lambda run: run["p99_ms"])
        middle = statistics.median(run["p99_ms"] for run in runs)
        print(
            f"  {target.name:<12} p50 {best['p50_ms']:.1f} ms, p99 {best['p99_ms']:.1f} ms at best, {middle:.1f} ms in the middle"
        )


def print_storage(target: Target) -> None:
    """Bytes per stored event, memory, and the ledger against what was acknowledged."""
    assert target.server is not None
    resident, most = memory_mb(target.pid)
    runtime = bench_runtime(target.server.database)
    with db.reading(runtime.engine) as connection:
        books = ledger.read_installation_ledger(connection)
    n = books["stored"]
    print(f"\n{target.name}: {n:,} events stored, {target.n_events:,} acknowledged; {books['duplicate']} repeats")
    print(f"  memory {resident:.0f} MB now, {most:.0f} MB at most (target ≤ 150)")
    for name, size in table_sizes(runtime):
        if size > n:
            print(f"  {name:<22}{size / n:>7.1f} bytes per event")
    total = sum(size for _, size in table_sizes(runtime))
    print(f"  all                   {total / n:>7.1f} bytes per event (target ≤ {200 if db.is_sqlite(runtime.engine) else 350})")


def table_sizes(runtime: Runtime) -> list[tuple[str, int]]:
    """(table with its indexes, bytes), largest first."""
    if db.is_sqlite(runtime.engine):
        sql = "SELECT 'the file', page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        sql = (
            "SELECT coalesce(parent.relname, c.relname), sum(pg_total_relation_size(c.oid)) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' "
            "LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent "
            "WHERE c.relkind = 'r' GROUP BY 1 ORDER BY 2 DESC"
        )
    with db.reading(runtime.engine) as connection:
        return [(str(name), int(size)) for name, size in connection.execute(text(sql))]


def main() -> None:
    """Everything, then ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    names = [options.only] if options.only else ["sqlite", "postgresql"]
    with databases(names) as found, served_floor() as (port, pid):
        targets = [Target("floor", port, pid)]
        _measure(targets, list(found.items()), options)


def _measure(targets: list[Target], found: list[tuple[str, Any]], options: argparse.Namespace) -> None:
    """One server per database, all at once, so that every round meets the same machine."""
    if found:
        (name, (database, folder)), *rest = found
        with served(database, folder) as server:
            assert server.process is not None
            targets.append(Target(name, server.port, server.process.pid, server))
            _measure(targets, rest, options)
        return
    print_closed(targets, options.rounds, options.seconds)
    print_open(targets[1:], max(5.0, options.seconds))
    for target in targets[1:]:
        print_storage(target)
    print_stages()


if __name__ == "__main__":
    main()
