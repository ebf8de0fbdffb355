"""Where the time of an event goes: the write path of one process on SQLite, its steps timed in place."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from milepost.actions import intake as intake_module
from milepost.actions import intake_group, receive
from milepost.actions.follow import FOLLOWERS
from milepost.actions.intake import Intake
from milepost.actions.keys import KeyHolder
from milepost.actions.workspaces import create_workspace
from milepost.store import engine as db
from milepost.store import events as event_store
from milepost.store import ledger
from milepost.store.environments import read_all_environments
from milepost.store.schema import migrate
from milepost.wire.event import format_instant
from tests.bench.measure import bench_runtime, fill_catalogue
from tests.bench.sample import PASS, STAMP, make_bodies

STEPS: list[tuple[Any, str, str]] = [
    (receive, "open_parcel", "split the batch"),
    (receive, "read_parcel", "decode, check and read each event"),
    (intake_group, "_drop_repeats", "drop repeats"),
    (intake_group.People, "prepare", "look up people"),
    (intake_group, "_decide", "decide owner, match features"),
    (event_store, "insert_events", "insert raw rows"),
    (intake_group, "_count", "roll-ups"),
    (intake_group, "_list_unmatched", "unmatched inbox"),
    (intake_group, "_book", "ledger"),
]


def print_stages(batch: int = 100, n: int = 400, group: int = 8, warm_up: int = 80) -> None:
    """Microseconds per event of each step, `group` batches in a transaction; HTTP and the event loop are not in it."""
    taken: dict[str, float] = defaultdict(float)
    kept = [(place, name, getattr(place, name)) for place, name, _ in STEPS]
    for place, name, label in STEPS:
        setattr(place, name, _timed(getattr(place, name), label, taken))
    try:
        with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
            took = _run(Path(folder), batch, (n, warm_up), group, taken)
    finally:
        for place, name, function in kept:
            setattr(place, name, function)
    print(f"\nby stage, CPU µs per event ({batch} in a batch, {group} batches in a transaction, SQLite)")
    taken["commit, begin and the rest"] = took - sum(taken.values())
    for label, seconds in taken.items():
        print(f"  {label:<36}{seconds / (batch * n) * 1e6:>7.2f}  {seconds / took:>5.0%}")
    print(f"  {'all':<36}{took / (batch * n) * 1e6:>7.2f}")


def _timed(function: Callable[..., Any], label: str, taken: dict[str, float]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        begin = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            taken[label] += time.thread_time() - begin

    return run


def _run(folder: Path, batch: int, sizes: tuple[int, int], group: int, taken: dict[str, float]) -> float:
    n, warm_up = sizes
    runtime = bench_runtime(str(folder / "milepost.db"))
    migrate(runtime.engine)
    create_workspace(runtime, name="Bench", owner_email="owner@example.test")
    fill_catalogue(runtime)
    with db.reading(runtime.engine) as connection:
        environment_id = read_all_environments(connection)[0]["id"]
    holder = KeyHolder("key_bench", "sk", 1, environment_id)
    intake = Intake(runtime.engine, runtime.settings, runtime.clock, runtime.tenants, FOLLOWERS)
    tenant = runtime.tenants.current(environment_id, runtime.clock())
    bodies = [body.replace(PASS.encode(), b"a0000000") for body in make_bodies(batch, n + warm_up)]
    took = 0.0
    for start in range(0, n + warm_up, group):
        if start == warm_up:  # until then people are made and features are proven
            taken.clear()
            took = 0.0
        stamp = format_instant(runtime.clock()).encode()  # as clients send them: now
        stamped = [body.replace(STAMP.encode(), stamp) for body in bodies[start : start + group]]
        begin = time.thread_time()
        items = []
        for body in stamped:
            read = receive.read_parcel(receive.open_parcel(body, "batch"), "batch", holder, tenant, runtime.clock())
            items.append(intake_module._Item(read, None, Future()))
        intake._write(items)
        took += time.thread_time() - begin
    with db.reading(runtime.engine) as connection:
        assert ledger.read_installation_ledger(connection)["stored"] == batch * (n + warm_up)
    return took


if __name__ == "__main__":
    print_stages()
