"""Boot, beside a route that answers a constant. `python -m tests.bench.boot [--seconds 1.5] [--rounds 3]`

Measures `POST /v1/boot` on SQLite in the environment of `tests.bench.boot_sample` (20 guides on air, 200 features of which
10 by element, 5,000 people, each body another person): an open loop of 500 boots/s over 200 kept-alive connections,
then a closed loop at 64 connections interleaved with the floor (`tests.bench.floor`, `/constant`); CPU milliseconds of the
server process per boot, and its memory. Ends within 60 seconds, cut off if need be.

Targets: p99 ≤ 10 ms in the open loop; ≥ 0.3 × the floor in the closed one.
"""

import argparse
import json
import os
import signal
import statistics
import time
import urllib.request
from typing import Any

from tests.bench.boot_sample import fill_environment, make_bodies
from tests.bench.measure import cpu_seconds, databases, load, memory_mb, served, served_floor
from tests.live import LiveServer

HEADERS = {"Origin": "https://app.example.test", "Content-Type": "text/plain;charset=UTF-8"}
RATE, OPEN_CONNECTIONS, CONNECTIONS, WITHIN_S = 500, 200, 64, 60
UNLIMITED = {"MILEPOST_PK_EVENTS_PER_S": "1000000", "MILEPOST_ADDRESS_EVENTS_PER_S": "1000000"}  # one address plays all


def first_boot(server: LiveServer) -> dict[str, Any]:
    """What a page without rules is told."""
    body = make_bodies(server.write_key, "")[0].encode()
    request = urllib.request.Request(server.url + "/v1/boot", body, HEADERS)
    with urllib.request.urlopen(request, timeout=20) as answer:
        raw = answer.read()
    found: dict[str, Any] = json.loads(raw)
    print(f"an answer with rules has {len(raw):,} bytes, {len(found['guides'])} guides, {len(found['rules'])} rules")
    return found


class Target:
    """A process and one of its routes under load."""

    def __init__(self, name: str, port: int, pid: int, path: str, bodies: list[str]) -> None:
        self.name, self.port, self.pid, self.path, self.bodies = name, port, pid, path, bodies

    def run(self, connections: int, seconds: float, rate: float = 0.0) -> dict[str, Any]:
        """One run; adds requests/s, CPU milliseconds per request, and errors: not 200, or no answer."""
        before = cpu_seconds(self.pid)
        result = load(
            port=self.port, path=self.path, headers=HEADERS, connections=connections, seconds=seconds, rate=rate,
            bodies=self.bodies,
        )  # fmt: skip
        result["per_s"] = result["n"] / result["seconds"]
        result["cpu_ms"] = (cpu_seconds(self.pid) - before) / result["n_all"] * 1000
        result["errors"] = result["bad"] + result["sent"] - result["n_all"]
        return result


def print_open(target: Target, seconds: float) -> None:
    """500 boots/s, whatever the answers do."""
    result = target.run(OPEN_CONNECTIONS, seconds, RATE)
    print(f"\nopen loop, {RATE} boots/s over {OPEN_CONNECTIONS} connections for {seconds:.0f} s (target: p99 ≤ 10 ms)")
    print(f"  {result['per_s']:,.0f} answers/s, p50 {result['p50_ms']:.1f} ms, p95 {result['p95_ms']:.1f} ms, ", end="")
    print(f"p99 {result['p99_ms']:.1f} ms, {result['errors']} errors; CPU {result['cpu_ms']:.2f} ms per boot", flush=True)


def print_closed(floor: Target, boot: Target, rounds: int, seconds: float) -> None:
    """Turn by turn; the ratio is taken within a round, then the median."""
    pairs = [(floor.run(CONNECTIONS, seconds), boot.run(CONNECTIONS, seconds)) for _ in range(rounds)]
    ratios = sorted(ours["per_s"] / base["per_s"] for base, ours in pairs)
    print(f"\nclosed loop, {CONNECTIONS} connections, {rounds} rounds of {seconds:g} s each")
    for name, runs in (("floor", [base for base, _ in pairs]), ("boot", [ours for _, ours in pairs])):
        middle = {key: statistics.median(run[key] for run in runs) for key in ("per_s", "cpu_ms", "p50_ms", "p99_ms")}
        print(f"  {name:<6}{middle['per_s']:>9,.0f}/s, CPU {middle['cpu_ms']:.3f} ms each, ", end="")
        print(f"p50 {middle['p50_ms']:.1f} ms, p99 {middle['p99_ms']:.1f} ms, {sum(run['errors'] for run in runs)} errors")
    spread = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"  {statistics.median(ratios):.2f} × the floor ({spread}; target ≥ 0.3)", flush=True)


def main() -> None:
    """Everything, then ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(WITHIN_S)
    began = time.monotonic()
    with (
        databases(["sqlite"]) as found,
        served(*found["sqlite"], fill=fill_environment, settings=UNLIMITED) as server,
        served_floor() as (port, pid),
    ):
        print(f"set up in {time.monotonic() - began:.0f} s")
        _measure(server, Target("floor", port, pid, "/constant", []), options)
    print(f"load average {', '.join(f'{value:.1f}' for value in os.getloadavg())}; {time.monotonic() - began:.0f} s in all")


def _measure(server: LiveServer, floor: Target, options: argparse.Namespace) -> None:
    assert server.process is not None
    bodies = make_bodies(server.write_key, first_boot(server)["rules_etag"])
    boot = Target("boot", server.port, server.process.pid, "/v1/boot", bodies)
    floor.bodies = bodies  # the same bytes in, so that only the answer differs
    boot.run(CONNECTIONS, 1.0)  # warm up
    print_open(boot, max(5.0, options.seconds))
    print_closed(floor, boot, options.rounds, options.seconds)
    resident, most = memory_mb(boot.pid)
    print(f"\nmemory {resident:.0f} MB now, {most:.0f} MB at most")


def _give_up(*_: object) -> None:
    raise SystemExit(f"not done after {WITHIN_S} s; stopped")


if __name__ == "__main__":
    main()
