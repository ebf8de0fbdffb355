"""What runs by itself, in one thread of one process: live rows, the daily run, tracking health, retention.

Each daily run is a row of `job_runs`: a restart catches up and never repeats. On PostgreSQL an advisory lock lets one
process work; on SQLite there is only one.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from milepost.actions.checkpoints import check_everyone
from milepost.actions.fold import fold_before, fold_usage
from milepost.actions.retention import apply_retention
from milepost.actions.runtime import Runtime
from milepost.actions.score import refresh_dirty, run_settled
from milepost.actions.tracking import check_tracking
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import rollups
from milepost.store import scores as score_store
from milepost.store.engine import is_sqlite
from milepost.store.job_lock import holds_job_lock, take_job_lock

log = logging.getLogger(__name__)
POLL_S = 0.5
REST = 2  # parts of rest to one of work: events that come in at full speed mark every account again and again
AFTER_TROUBLE_S = 5.0
CATCH_UP_DAYS = 31
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


class Jobs:
    """Owns the thread; `tick` is one round of work and may be called by tests and commands with a clock of their own."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: Connection | None = None
        self._minute = -1
        self._hours: dict[int, int] = {}

    def start(self) -> None:
        """Starts the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the piece of work at hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._drop_lock()

    def _run(self) -> None:
        pause = POLL_S
        while not self._stopping.wait(pause):
            begin = time.monotonic()
            try:
                pause = POLL_S if self._may_work() and self.tick() else 2 * POLL_S
                pause = max(pause, REST * (time.monotonic() - begin))
            except Exception:  # the thread's boundary: whatever failed is tried again
                log.exception("the jobs stumbled; they go on in a moment")
                self._drop_lock()
                pause = AFTER_TROUBLE_S

    def tick(self) -> int:
        """Refreshes waiting accounts, then whatever is due; how many accounts were refreshed."""
        now = self._runtime.clock()
        with db.reading(self._runtime.engine) as connection:
            environments = environment_store.read_all_environments(connection)
        n = sum(self._guard(partial(refresh_dirty, self._runtime, e["id"])) for e in environments)
        if now // MINUTE_MS != self._minute:
            self._minute = now // MINUTE_MS
            for environment in environments:
                self._guard(partial(self._run_hourly, environment, now))
                self._guard(partial(self._run_daily, environment, now))
        return n

    def _guard(self, work: Callable[[], int]) -> int:
        """One environment's trouble does not stop another's work; a lost database does stop all."""
        try:
            return work()
        except OperationalError:
            raise
        except Exception:  # logged with its trace, and tried again in the next round
            log.exception("a job could not do its work")
            return 0

    def _run_hourly(self, environment: RowMapping, now: int) -> int:
        if self._hours.get(environment["id"]) == now // HOUR_MS:
            return 0
        self._hours[environment["id"]] = now // HOUR_MS
        return sum(check_tracking(self._runtime, environment["id"]))

    def _run_daily(self, environment: RowMapping, now: int) -> int:
        """Every closed day not done yet, oldest first; the first run ever does the last one only."""
        environment_id, daily_run_at = environment["id"], self._runtime.settings.daily_run_at
        last_closed = last_settled_day(now, environment["time_zone"], daily_run_at)
        with db.reading(self._runtime.engine) as connection:
            done = score_store.last_done_run(connection, environment_id, "daily_score")
        first = last_closed if done is None else max(done + 1, last_closed - CATCH_UP_DAYS + 1)
        for day in range(first, last_closed + 1):
            if self._stopping.is_set():
                break
            self._settle(environment_id, day)
        return 0

    def _settle(self, environment_id: int, day: int) -> None:
        runtime = self._runtime
        with db.writing(runtime.engine) as connection:
            if not score_store.start_run(connection, environment_id, "daily_score", day, runtime.clock()):
                return
        check_everyone(runtime, environment_id)
        result = run_settled(runtime, environment_id, day)
        n_dropped = apply_retention(runtime, environment_id)
        self._fold(environment_id)
        with db.writing(runtime.engine) as connection:
            rollups.mark_all_dirty(connection, environment_id, runtime.clock())
            score_store.finish_run(
                connection, environment_id, "daily_score", day, runtime.clock(),
                detail=f"{result.n_written} accounts settled, {n_dropped} events past retention",
            )  # fmt: skip

    def _fold(self, environment_id: int) -> None:
        """Once a month, when one more month is old enough."""
        runtime, before_day = self._runtime, fold_before(self._runtime, environment_id)
        with db.writing(runtime.engine) as connection:
            if not score_store.start_run(connection, environment_id, "usage_fold", before_day, runtime.clock()):
                return
        n = fold_usage(runtime, environment_id, before_day)
        with db.writing(runtime.engine) as connection:
            detail = f"{n} rows of usage folded away"
            score_store.finish_run(connection, environment_id, "usage_fold", before_day, runtime.clock(), detail=detail)

    def _may_work(self) -> bool:
        """On PostgreSQL: whether this process holds the lock; it is held as long as its own connection lives."""
        if is_sqlite(self._runtime.engine):
            return True
        if self._lock is not None:
            return holds_job_lock(self._lock)
        connection = self._runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closing it really closes it, and lets the lock go
        if take_job_lock(connection):
            self._lock = connection
            return True
        connection.close()
        return False

    def _drop_lock(self) -> None:
        if self._lock is not None:
            with suppress(SQLAlchemyError):
                self._lock.close()
            self._lock = None


def last_settled_day(now: int, zone: str, daily_run_at: str) -> int:
    """The newest day that may be settled: yesterday once it is `daily_run_at` in the zone, else the day before."""
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
    hour, minute = map(int, daily_run_at.split(":"))
    return day_of(now, zone) - (1 if (local.hour, local.minute) >= (hour, minute) else 2)
