"""The write-ahead log is moved beside the writer, and begins anew."""

import threading
import time
from pathlib import Path

from sqlalchemy import text

from milepost.actions import wal
from milepost.store import engine as db


def test_the_log_is_moved_into_the_database_and_begins_anew(sqlite_database: str) -> None:
    engine = db.open_engine(sqlite_database)
    keeper = wal.WalKeeper(engine)
    log = Path(f"{sqlite_database}-wal")

    def write(n: int) -> None:
        for number in range(n):
            with db.writing(engine) as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS filled (x TEXT)"))
                connection.execute(text("INSERT INTO filled VALUES (:x)"), {"x": "y" * 100_000 + str(number)})

    write(20)
    once = log.stat().st_size
    keeper._keep()
    write(20)
    assert log.stat().st_size < 2 * once  # what was moved is written over
    keeper._keep()
    write(1)
    assert db.checkpoint(engine) < 60
    engine.dispose()


def test_the_keeper_moves_the_log_when_enough_was_noted_and_ends_when_told(sqlite_database: str) -> None:
    engine = db.open_engine(sqlite_database)
    with db.writing(engine) as connection:
        connection.execute(text("CREATE TABLE filled (x TEXT)"))
        connection.execute(text("INSERT INTO filled VALUES (:x)"), {"x": "y" * 1_000_000})
    database = Path(sqlite_database)
    assert database.stat().st_size < 1_000_000  # it stands in the log
    keeper = wal.WalKeeper(engine)
    keeper.start()
    keeper.note(wal.EVENTS)
    deadline = time.monotonic() + 30
    while database.stat().st_size < 1_000_000 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert database.stat().st_size > 1_000_000
    keeper.stop()
    assert "wal-keeper" not in {thread.name for thread in threading.enumerate()}
    engine.dispose()
