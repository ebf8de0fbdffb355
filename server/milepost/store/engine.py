"""Opens the database: SQLite (WAL, synchronous=FULL, one writer) or PostgreSQL (psycopg 3)."""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from milepost.errors import SettingError

BUSY_TIMEOUT_MS = 10_000
TURNS = "milepost_turns"  # the option of an engine that holds its `Turns`


class Turns:
    """Threads of this process write one after the other, first come first served.

    SQLite alone would let each of them sleep and look again, for up to 100 ms at a time. Who waits too long, or holds the
    turn already, goes on without: then SQLite's own lock decides, as it does between processes.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._holder: int | None = None
        self._waiting: deque[tuple[int, threading.Lock]] = deque()

    @contextmanager
    def turn(self, within_s: float = BUSY_TIMEOUT_MS / 1000) -> Iterator[None]:
        """Waits for its turn, and passes it on at the end."""
        is_held = self._take(within_s)
        try:
            yield
        finally:
            if is_held:
                self._pass_on()

    def _take(self, within_s: float) -> bool:
        me = threading.get_ident()
        with self._guard:
            if self._holder == me:
                return False
            if self._holder is None:
                self._holder = me
                return True
            mine = (me, threading.Lock())
            mine[1].acquire()
            self._waiting.append(mine)
        if mine[1].acquire(timeout=within_s):
            return True
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
            return True  # it came just now

    def _pass_on(self) -> None:
        with self._guard:
            self._holder = None
            if self._waiting:
                self._holder, next_one = self._waiting.popleft()
                next_one.release()


def is_safe_sqlite(version: tuple[int, ...]) -> bool:
    """False for the versions that have the WAL-reset corruption bug (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def choose_sqlite() -> ModuleType:
    """The standard library's sqlite3 when it is safe, else pysqlite3; raises SettingError when neither is."""
    if is_safe_sqlite(sqlite3.sqlite_version_info):
        return sqlite3
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        dbapi2 = None
    if dbapi2 is not None and is_safe_sqlite(dbapi2.sqlite_version_info):
        return dbapi2  # type: ignore[no-any-return]
    raise SettingError(
        f"This Python's SQLite is {sqlite3.sqlite_version}, which can corrupt a database in WAL mode. "
        "Install pysqlite3 (pip install pysqlite3), use a Python built with SQLite 3.51.3 or newer, or use PostgreSQL."
    )


def normalise_url(database: str) -> str:
    """`path.db`, `sqlite:///path` and `postgresql://…` as SQLAlchemy wants them."""
    if "://" not in database:
        return f"sqlite+pysqlite:///{database}"
    if database.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + database.split("://", 1)[1]
    return database


def parse_database(database: str) -> URL:
    """A path or a URL in its parts; raises SettingError for what can't be read as one."""
    try:
        return make_url(normalise_url(database))
    except (ArgumentError, ValueError) as problem:  # the address is not shown: it may hold a password
        raise SettingError(
            "MILEPOST_DATABASE is no address of a database; write a SQLite path or postgresql://user:password@host:port/name, "
            "with @, : and / in the password as %40, %3A and %2F."
        ) from problem


def open_engine(database: str) -> Engine:
    """An engine whose connections are ready to use; `database` is a path or a URL."""
    url = parse_database(database)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(str(url))
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True, hide_parameters=True)
    raise SettingError(f"MILEPOST_DATABASE names {url.get_backend_name()}; use a SQLite path or a postgresql:// URL.")


def _open_sqlite(url: str) -> Engine:
    module = choose_sqlite()
    engine = create_engine(
        url,
        module=module,
        poolclass=QueuePool,
        pool_size=16,
        max_overflow=32,
        hide_parameters=True,  # an error must not carry rows into the log
        execution_options={TURNS: Turns()},
        pool_use_lifo=True,  # the last one used has the warmest cache; those not needed stay small
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "wal_autocheckpoint=16000",  # where nobody else does it: see `checkpoint`
        ):
            try:
                connection.execute(f"PRAGMA {pragma}")
            except module.OperationalError:  # locked, read-only, no room: the driver's own words say it
                raise
            except module.DatabaseError as problem:
                raise SettingError(f"{engine.url.database} is no SQLite database: {problem}.") from problem

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("milepost_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def is_sqlite(target: Engine | Connection) -> bool:
    """Which of the two databases this is."""
    return target.dialect.name == "sqlite"


def read_data_version(connection: Connection) -> int | None:
    """SQLite: another number once any other connection has committed. None where that can't be told."""
    if not is_sqlite(connection):
        return None
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA data_version")
    return int(cursor.fetchall()[0][0])


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection in one read transaction: everything read in it is of the same moment."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def glancing(engine: Engine) -> Iterator[Connection]:
    """A connection for one statement that reads: what it finds is of one moment anyway."""
    with engine.connect() as connection:
        yield connection


def open_for_writing(engine: Engine) -> Connection:
    """A connection whose transactions are write transactions, to be kept: its statements and pages stay at hand."""
    return engine.connect().execution_options(milepost_write=True)


def checkpoint(engine: Engine) -> int:
    """Moves what SQLite's log holds into the database, as far as readers and writers let it; the pages the log has.

    The log begins anew with the next write, when all of it was moved.
    """
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return int(cursor.fetchall()[0][1])


def turn_to_write(engine: Engine) -> AbstractContextManager[None]:
    """Holds this process's place at SQLite's one pen; PostgreSQL takes many."""
    turns: Turns | None = engine.get_execution_options().get(TURNS)
    return turns.turn() if turns is not None else nullcontext()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one write transaction; commits (fsynced) at the end, rolls back on any error."""
    with turn_to_write(engine), open_for_writing(engine) as connection, connection.begin():
        yield connection
