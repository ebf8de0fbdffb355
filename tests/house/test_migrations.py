"""The tables and the migrations say the same, on both databases; a repeated or interrupted migration ends well."""

import importlib.util
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError

from milepost.store.engine import is_sqlite, open_engine
from milepost.store.schema import current_revision, migrate, newest_revision
from milepost.store.tables import metadata
from tests.postgresql import Cluster

ROOT = Path(__file__).resolve().parents[2]


def regenerate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regenerate", ROOT / "migrations" / "regenerate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_migrations_are_what_the_tables_say() -> None:
    """Until the first release. Repair: python migrations/regenerate.py"""
    writer = regenerate()
    for number, (name, module, idea) in enumerate(writer.IDEAS):
        held = (ROOT / "migrations" / "versions" / f"{name}.py").read_text(encoding="utf-8")
        assert held == writer.revision_text(number, name, module, idea), f"{name}: run python migrations/regenerate.py"


def test_a_migrated_database_has_no_drift(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        drift = compare_metadata(context, metadata)
    assert drift == []


def is_ours(_thing: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """Partitions of the raw events are made by day and are no tables of the model."""
    return not (kind in {"table", "index"} and reflected and (name or "").startswith("events_"))


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) == (newest_revision(), newest_revision())
    assert current_revision(engine) == newest_revision()


def test_every_table_is_strict_on_sqlite(engine: Engine) -> None:
    if not is_sqlite(engine):
        pytest.skip("STRICT is SQLite's")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    loose = [n for n, sql in rows if "STRICT" not in sql and n not in {"alembic_version", "sqlite_sequence"}]
    assert loose == []


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return str(tmp_path / "empty.db")
    cluster = request.getfixturevalue("postgresql_cluster")
    name = f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(cluster.url(name))


def test_a_migration_that_fails_half_way_is_taken_up_again(empty_database: str) -> None:
    """Each revision is one transaction: the database stands at the last whole one, and the next try goes on from there."""
    engine = open_engine(empty_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tracking_faults (in_the_way INTEGER)"))
    with pytest.raises(DatabaseError):
        migrate(engine)
    held = current_revision(engine)
    assert held is not None
    assert held != newest_revision()
    tables = set(inspect(engine).get_table_names())
    assert not {"features", "checkpoints"} & tables, "a revision left half of itself behind"
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE tracking_faults"))
    assert migrate(engine) == (held, newest_revision())
    assert {t.name for t in metadata.sorted_tables} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_processes_that_start_together_migrate_one_after_the_other(postgresql_cluster: Cluster) -> None:
    name = f"together_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    engines = [open_engine(postgresql_cluster.url(name)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(migrate, engines))
    assert sorted(before or "" for before, _ in outcomes) == ["", *[newest_revision()] * 3]
    assert {after for _, after in outcomes} == {newest_revision()}
    for engine in engines:
        engine.dispose()
