"""What condition the database is in: version, durability, clock, whole pages. For `milepost doctor`."""

from dataclasses import dataclass

from sqlalchemy import Engine, text


@dataclass(frozen=True)
class PostgresqlCondition:
    """`number` is the version as PostgreSQL counts (150004); `clock_ms` its own clock."""

    version: str
    number: int
    synchronous_commit: str
    clock_ms: int


def read_postgresql(engine: Engine) -> PostgresqlCondition:
    """As the server says."""
    with engine.connect() as connection:
        version, number, synchronous = (
            str(connection.execute(text(f"SHOW {name}")).scalar_one())
            for name in ("server_version", "server_version_num", "synchronous_commit")
        )
        clock = connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one()
    return PostgresqlCondition(version, int(number), synchronous, int(clock))


@dataclass(frozen=True)
class SqliteCondition:
    """`pages` is "ok" or the first fault SQLite finds."""

    pages: str
    journal_mode: str
    synchronous: str


def read_sqlite(engine: Engine) -> SqliteCondition:
    """Reads every page once."""
    with engine.connect() as connection:
        mode, synchronous, pages = (
            str(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("journal_mode", "synchronous", "quick_check(1)")
        )
    return SqliteCondition(pages, mode, synchronous)
