"""Brings a database to the newest revision and says which one it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from milepost.store.engine import is_sqlite

MIGRATION_LOCK = 0x6D696C65706F7374  # "milepost"


def data_folder(name: str) -> Path:
    """`migrations` or `guides`: inside the wheel, or at the top of a checkout."""
    here = Path(__file__).resolve().parents[1]
    packed = here / "_data" / name
    return packed if packed.is_dir() else here.parents[1] / name


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    return config


def migrate(engine: Engine) -> tuple[str | None, str | None]:
    """(revision before, revision after)."""
    config = _config()
    with engine.connect() as connection, _alone(connection):
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        return before, MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Processes that start together migrate one after the other. SQLite has one server, and its own lock."""
    if is_sqlite(connection):
        yield
        return
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.commit()  # the lock belongs to the session, not to this transaction
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


def current_revision(engine: Engine) -> str | None:
    """None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """What this program's code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()
