"""Fixtures every room's tests share: a fresh, migrated database of each kind, and a workspace in it."""

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine

from milepost.actions.intake import Intake
from milepost.actions.runtime import Runtime
from milepost.actions.workspaces import CreatedWorkspace, create_workspace
from milepost.settings import Settings
from milepost.store.engine import open_engine
from milepost.store.schema import migrate
from tests.factories import FIRST_MS, SECRET_KEY, Clock, Sandbox
from tests.postgresql import Cluster, find_programs, make_cluster

hypothesis_settings.register_profile("milepost", deadline=None, derandomize=True)
hypothesis_settings.load_profile("milepost")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = open_engine(str(path))
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = make_cluster(programs)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_cluster: Cluster) -> str:
    with psycopg.connect(postgresql_cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_milepost")
    engine = open_engine(postgresql_cluster.url("template_milepost"))
    migrate(engine)
    engine.dispose()
    return "template_milepost"


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "milepost.db"
    shutil.copy(sqlite_template, path)
    return str(path)


@pytest.fixture
def postgresql_database(postgresql_cluster: Cluster, postgresql_template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")  # type: ignore[call-overload]
    yield postgresql_cluster.url(name)
    with psycopg.connect(postgresql_cluster.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database; the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_engine(database)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock(FIRST_MS)


@pytest.fixture
def runtime(database: str, engine: Engine, clock: Clock) -> Iterator[Runtime]:
    """A runtime whose intake writer runs."""
    settings = Settings(database=database, secret_key=SECRET_KEY)
    bare = Runtime(settings, engine, clock)
    from milepost.actions.follow import FOLLOWERS

    intake = Intake(engine, settings, clock, bare.tenants, FOLLOWERS)
    intake.start()
    yield replace(bare, intake=intake)
    intake.stop()


@pytest.fixture
def workspace(runtime: Runtime) -> CreatedWorkspace:
    return create_workspace(runtime, name="Test", owner_email="owner@example.test")


@pytest.fixture
def sandbox(runtime: Runtime, workspace: CreatedWorkspace, clock: Clock) -> Sandbox:
    """Short words for tests: send events, read what was counted."""
    return Sandbox(runtime, workspace, clock)
