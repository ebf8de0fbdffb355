"""A really running server on each kind of database, and short words to speak to it as a Segment client does."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from milepost.store.engine import open_engine
from tests.live import LiveServer
from tests.web.segment.speaker import Speaker

LIMITS = ("PK", "ADDRESS", "IDENTITY")
ROOMY = {f"MILEPOST_{name}_EVENTS_PER_S": "1000000" for name in LIMITS} | {"MILEPOST_LOG_LEVEL": "warning"}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def segment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    """One server for all contract tests of a kind of database; its flood limits are out of the way."""
    folder = tmp_path_factory.mktemp("segment")
    if request.param == "sqlite":
        database = str(folder / "segment.db")
        shutil.copy(request.getfixturevalue("sqlite_template"), database)
    else:
        database = make_database(request)
    yield from serve(database, folder, ROOMY)


@pytest.fixture
def strict(sqlite_database: str, tmp_path: Path) -> Iterator[Speaker]:
    """A server of its own whose flood limits are small: 2 events a second and address, 20 at once."""
    yield from serve(sqlite_database, tmp_path, {"MILEPOST_ADDRESS_EVENTS_PER_S": "2"})


def make_database(request: pytest.FixtureRequest) -> str:
    cluster = request.getfixturevalue("postgresql_cluster")
    template = request.getfixturevalue("postgresql_template")
    name = f"live_{uuid.uuid4().hex}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return str(cluster.url(name))


def serve(database: str, folder: Path, settings: dict[str, str]) -> Iterator[Speaker]:
    live = LiveServer(database=database, folder=folder, settings=settings).create().start()
    engine = open_engine(database)
    yield Speaker(live, engine)
    engine.dispose()
    live.stop()
