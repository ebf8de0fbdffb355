"""A server that is stopped, that loses its database, or that gets more than it can write."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from milepost.store import engine as db
from tests.live import LiveServer
from tests.postgresql import find_programs, make_cluster
from tests.web.segment.conftest import ROOMY, serve
from tests.web.segment.speaker import Answer, Speaker
from tests.web.segment.test_segment_contract_requests import assert_error, assert_taken

LIMIT_S = 60


def until(wanted: int, ask) -> Answer:  # type: ignore[no-untyped-def]
    """Asks again and again until the status is there."""
    ends = time.monotonic() + LIMIT_S
    while time.monotonic() < ends:
        answer: Answer = ask()
        if answer.status == wanted:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"never {wanted}; at last {answer.status}: {answer.body!r}")


@pytest.fixture
def draining(sqlite_database: str, tmp_path: Path) -> Iterator[Speaker]:
    yield from serve(sqlite_database, tmp_path, ROOMY | {"MILEPOST_DRAIN_S": "6"})


def test_a_stop_under_load_fails_readiness_first_and_answers_what_was_taken(draining: Speaker) -> None:
    acknowledged: list[str] = []
    torn: list[str] = []
    enough = threading.Event()

    def send() -> None:
        while not enough.is_set():
            events = [draining.event() for _ in range(20)]
            try:
                answer = draining.post("/v1/batch", {"batch": events})
            except ConnectionRefusedError:  # stopped listening: nothing was taken
                return
            except OSError:  # reset: it still stood in the queue of connections when that was closed
                torn.extend(str(event["messageId"]) for event in events)
                return
            if answer.status == 200:
                acknowledged.extend(str(event["messageId"]) for event in events)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    process = draining.live.process
    assert process is not None
    process.terminate()
    assert until(503, lambda: draining.ask("GET", "/readyz")).body == b"the server is stopping\n"
    assert draining.ask("GET", "/livez").status == 200
    assert_taken(draining.post("/v1/batch", {"batch": [draining.event()]}))
    code = process.wait(LIMIT_S)
    enough.set()
    for thread in threads:
        thread.join()
    draining.live.process = None
    assert code in (0, -15)
    stored = {row[0] for row in draining.rows("SELECT message_id FROM events")}
    assert not set(torn) & stored, "what was taken was not answered"
    assert len(acknowledged) > 0
    assert set(acknowledged) <= stored


def test_a_lost_database_is_503_and_never_401_and_the_process_lives(tmp_path: Path) -> None:
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = make_cluster(programs)
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE lost")
    live = LiveServer(database=cluster.url("lost"), folder=tmp_path, settings=ROOMY).create().start()
    engine = db.open_engine(live.database)
    speaker = Speaker(live, engine)
    try:
        event = speaker.event()
        assert_taken(speaker.post("/v1/batch", {"batch": [event]}))
        cluster.kill()
        for key in ("", "pk_never_seen_before"):
            answer = speaker.post("/v1/batch", {"batch": [event]}, key=key)
            assert_error(answer, 503)
            assert answer.headers["retry-after"].isdecimal()
        assert speaker.ask("GET", "/livez").status == 200
        assert speaker.ask("GET", "/readyz").status == 503
        cluster.start()
        assert until(200, lambda: speaker.ask("GET", "/readyz")).body == b"ok\n"
        answer = until(200, lambda: speaker.post("/v1/batch", {"batch": [event, speaker.event()]}))
        assert (answer.json["stored"], answer.json["duplicate"]) == (1, 1)
    finally:
        engine.dispose()
        live.stop()
        cluster.stop()


def memory_mib(live: LiveServer) -> float:
    assert live.process is not None
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(live.process.pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


@pytest.fixture
def narrow(sqlite_database: str, tmp_path: Path) -> Iterator[Speaker]:
    """A server whose queue holds 500 events."""
    yield from serve(sqlite_database, tmp_path, ROOMY | {"MILEPOST_QUEUE_LIMIT": "500"})


def test_overload_is_shed_with_429_and_flat_memory_and_what_was_taken_is_stored(narrow: Speaker) -> None:
    """The database is held for a moment, so that everything that comes must wait or be turned away."""
    answers: list[Answer] = []

    def send() -> None:
        events = [narrow.event(properties={"text": "x" * 1_000}) for _ in range(100)]
        answers.append(narrow.post("/v1/batch", {"batch": events}, key=narrow.live.secret_key))

    def flood() -> None:
        threads = [threading.Thread(target=send) for _ in range(40)]
        with db.writing(narrow.engine):
            for thread in threads:
                thread.start()
            time.sleep(2)
            assert narrow.ask("GET", "/livez").status == 200
        for thread in threads:
            thread.join()

    flood()
    first = memory_mib(narrow.live)
    for _ in range(3):
        flood()
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {200, 429, 503}
    assert 0 < statuses.count(200) < len(statuses)
    for answer in answers:
        if answer.status != 200:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert narrow.rows("SELECT count(*) FROM events") == [(100 * statuses.count(200),)]
    assert memory_mib(narrow.live) < first + 48
