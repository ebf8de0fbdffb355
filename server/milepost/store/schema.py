"""Brings a database to the newest revision and says which one it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


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
    with engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        return before, MigrationContext.configure(connection).get_current_revision()


def current_revision(engine: Engine) -> str | None:
    """None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """What this program's code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()
