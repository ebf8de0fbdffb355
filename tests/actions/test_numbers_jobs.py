"""What runs by itself: live rows, the daily run that catches up and never repeats, tracking that stopped."""

import json
import time
from dataclasses import replace

import pytest

from milepost.actions.features import push_catalogue
from milepost.actions.jobs import Jobs, last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.score import refresh_dirty
from milepost.actions.tracking import check_tracking, confirm_fault
from milepost.rules.days import day_number, day_of
from milepost.settings import Settings
from milepost.store.engine import open_engine
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, SECRET_KEY, Sandbox

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    features = [
        Feature(key=key, name=key, core=True, cadence="weekly", rules=[EventRule(on="event", name=key)])
        for key in ("leave", "attendance")
    ]
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=features), "test")
    return sandbox


@pytest.mark.parametrize(("daily_run_at", "before", "after"), [("02:00", 119, 120), ("03:30", 209, 210), ("0:05", 4, 5)])
def test_the_settled_day_ends_at_the_hour_set_in_the_environments_zone(daily_run_at: str, before: int, after: int) -> None:
    day = day_number("2026-11-18")
    in_shanghai = [day * DAY_MS - 8 * HOUR_MS + minutes * MINUTE_MS for minutes in (before, after)]
    assert [last_settled_day(at, "Asia/Shanghai", daily_run_at) for at in in_shanghai] == [day - 2, day - 1]


def test_the_daily_run_waits_for_its_hour(book: Sandbox) -> None:
    today = day_of(book.clock(), "UTC") + 1
    book.clock.turn(ms=today * DAY_MS + 3 * HOUR_MS - book.clock())
    runtime = replace(book.runtime, settings=replace(book.runtime.settings, daily_run_at="03:30"))
    settled = []
    for _half_hour in range(2):
        Jobs(runtime).tick()
        settled.append(book.rows("SELECT for_on FROM job_runs WHERE job = 'daily_score' ORDER BY for_on"))
        book.clock.turn(ms=HOUR_MS // 2)
    assert settled == [[(today - 2,)], [(today - 2,), (today - 1,)]]


def test_daily_run_catches_up_and_never_repeats(book: Sandbox) -> None:
    jobs = Jobs(book.runtime)
    today = day_of(book.clock(), "UTC")
    book.use("leave")
    jobs.tick()
    assert book.rows("SELECT for_on, status FROM job_runs WHERE job = 'daily_score'") == [(today - 1, "done")]
    book.clock.turn(days=3)
    Jobs(book.runtime).tick()
    Jobs(book.runtime).tick()
    rows = book.rows("SELECT for_on, status FROM job_runs WHERE job = 'daily_score' ORDER BY for_on")
    assert rows == [(today + n, "done") for n in (-1, 0, 1, 2)]
    assert book.rows("SELECT count(*) FROM settled_scores") == [(3,)]  # the account started today


def test_a_stopped_run_goes_on(book: Sandbox) -> None:
    book.use("leave", days_ago=2)
    today = day_of(book.clock(), "UTC")
    book.runtime.engine.dispose()
    from milepost.store import engine as db
    from milepost.store import scores as score_store

    with db.writing(book.runtime.engine) as connection:
        score_store.start_run(connection, book.environment_id, "daily_score", today - 1, book.clock())
    Jobs(book.runtime).tick()
    assert book.rows("SELECT status FROM job_runs WHERE job = 'daily_score'") == [("done",)]
    assert book.rows("SELECT count(*) FROM settled_scores") == [(1,)]


def fill_hours(book: Sandbox, *, stop_days_ago: int) -> None:
    """Six weeks of two features, 40 uses a day over the day; `attendance` stops."""
    now = book.clock()
    batch = []
    for day in range(42, -1, -1):
        for hour in range(8):
            at = now - day * DAY_MS - hour * HOUR_MS
            for _ in range(5):
                batch.append(book.event("leave", user="u1", account="a1", at=at))
                if day >= stop_days_ago:
                    batch.append(book.event("attendance", user="u2", account="a1", at=at))
    for start in range(0, len(batch), 1000):
        book.send(*batch[start : start + 1000], route="import")


def test_broken_tracking_is_never_churn(book: Sandbox) -> None:
    fill_hours(book, stop_days_ago=7)
    refresh_dirty(book.runtime, book.environment_id)
    assert check_tracking(book.runtime, book.environment_id) == (1, 0)
    refresh_dirty(book.runtime, book.environment_id)
    n_eligible, features, grounds = book.rows("SELECT n_eligible, features, grounds FROM live_scores")[0]
    keys = dict(book.rows("SELECT key, ordinal FROM features"))
    assert n_eligible == 1
    assert json.loads(grounds)["suspect"] == [keys["attendance"]]
    before = json.loads(features)[str(keys["attendance"])]
    book.clock.turn(days=3)
    refresh_dirty(book.runtime, book.environment_id)
    assert before in {"adopted", "retained"}
    assert check_tracking(book.runtime, book.environment_id)[0] == 1  # by now all events have stopped
    book.send(book.event("attendance"), book.event("leave"))
    assert check_tracking(book.runtime, book.environment_id) == (0, 2)
    assert check_tracking(book.runtime, book.environment_id) == (0, 0)


def test_a_confirmed_silence_counts_as_unused_and_is_not_suspected_again(book: Sandbox) -> None:
    fill_hours(book, stop_days_ago=7)
    check_tracking(book.runtime, book.environment_id)
    ordinal = dict(book.rows("SELECT key, ordinal FROM features"))["attendance"]
    confirm_fault(book.runtime, book.tenant, ordinal, "test")
    assert check_tracking(book.runtime, book.environment_id) == (0, 0)
    refresh_dirty(book.runtime, book.environment_id)
    assert book.rows("SELECT n_eligible FROM live_scores") == [(2,)]


def test_one_of_several_processes_works_and_another_takes_over(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    runtime = Runtime(Settings(database=postgresql_database, secret_key=SECRET_KEY), engine)
    first, second = Jobs(runtime), Jobs(runtime)
    assert [first._may_work(), second._may_work(), first._may_work()] == [True, False, True]
    first.stop()
    assert second._may_work()
    second.stop()
    engine.dispose()


def test_the_thread_refreshes_what_waits(book: Sandbox) -> None:
    book.use("leave")
    jobs = Jobs(book.runtime)
    jobs.start()
    deadline = time.monotonic() + 20
    while not book.rows("SELECT 1 FROM live_scores") and time.monotonic() < deadline:
        time.sleep(0.05)
    jobs.stop()
    assert book.rows("SELECT n_used FROM live_scores") == [(1,)]
