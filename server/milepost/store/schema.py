"""Brings a database to the newest revision and says which one it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from milepost.errors import SettingError
from milepost.store.engine import is_sqlite
from milepost.store.tables import metadata

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
    """(revision before, revision after); raises SettingError for tables that no migration of this version made."""
    config = _config()
    with engine.connect() as connection, _alone(connection):
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        after = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
    require_columns(engine)
    return before, after


def require_columns(engine: Engine) -> None:
    """Raises SettingError when tables at the newest revision lack what is read: revisions change until they are released."""
    names = sorted(metadata.tables)
    held = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(engine).get_multi_columns(filter_names=names).items()
    }
    for name in names:
        lacking = sorted({column.name for column in metadata.tables[name].columns} - held.get(name, set()))
        if lacking:
            raise SettingError(
                f"An unreleased version of Milepost made this database: its table {name} lacks {', '.join(lacking)}. "
                "Begin with a new database (the demo: --fresh)."
            )


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
