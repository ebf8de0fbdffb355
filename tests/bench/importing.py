"""History from a file: `python -m tests.bench.importing [--events 300000]`

Measures `milepost import events FILE` on SQLite with the sample catalogue, as an operator runs it, start of the
process included: events per second of wall time and CPU seconds per 100,000 events; then once more, where every event
is known already. Target (the issue's text): 30,000 events/s on SQLite with two cores of its own.
"""

import argparse
import datetime as dt
import json
import random
import resource
import time
from pathlib import Path

from milepost.store.schema import migrate
from tests.bench.measure import bench_runtime, databases, fill_catalogue
from tests.bench.sample import make_event
from tests.live import milepost

DAYS = 90


def write_file(path: Path, n: int) -> None:
    """`n` events of the last 90 days, oldest first, as a warehouse export has them."""
    random_ = random.Random(2)
    first = dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS)
    step = dt.timedelta(days=DAYS) / n
    with path.open("w") as file:
        for number in range(n):
            stamp = (first + number * step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            file.write(json.dumps(make_event(random_, f"history-{number:09d}", stamp), separators=(",", ":")) + "\n")


def main() -> None:
    """Two runs over the same file, then ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=300_000)
    n = parser.parse_args().events
    with databases(["sqlite"]) as found:
        database, folder = found["sqlite"]
        runtime = bench_runtime(database)
        migrate(runtime.engine)
        milepost("workspace", "create", "--name", "B", "--owner-email", "o@example.test", database=database, folder=folder)
        fill_catalogue(runtime)
        file = folder / "history.jsonl"
        write_file(file, n)
        for label in ("new", "known"):
            cpu, begin = _cpu_of_children(), time.perf_counter()
            printed = milepost("import", "events", str(file), "--json", database=database, folder=folder, within_s=3600)
            took, spent = time.perf_counter() - begin, _cpu_of_children() - cpu
            counts = json.loads(printed)
            print(f"{label:<6} {n / took:>9,.0f} events/s, {spent / n * 100_000:.1f} CPU s per 100,000; {counts}", flush=True)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
