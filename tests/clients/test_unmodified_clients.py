"""Unmodified Segment and RudderStack clients, straight and through a proxy that fails on purpose, on both databases.

Ids sent = ids stored, each once. Message ids are the clients' own where they make them, ours where they take one.
"""

import json
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient
from sqlalchemy import text

from milepost.store import engine as db
from milepost.store.ledger import read_installation_ledger
from tests.clients.flaky_proxy import flaky_proxy
from tests.live import LiveServer

HERE = Path(__file__).parent
FAULTS = ["500", "429", "cut_after_store", "html_502"]
N_EVENTS = 130  # more than one batch of each client
needs_node = pytest.mark.skipif(
    not shutil.which("node") or not (HERE / "node_modules").is_dir(), reason="needs Node and `npm ci` in tests/clients"
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("clients")
    database = str(folder / "clients.db")
    if request.param == "postgresql":
        cluster, name = request.getfixturevalue("postgresql_cluster"), f"clients_{uuid.uuid4().hex}"
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        database = cluster.url(name)
    live = LiveServer(database=database, folder=folder, settings={"MILEPOST_LOG_LEVEL": "warning"}).create().start()
    yield live
    live.stop()


def stored_ids(server: LiveServer, name: str) -> Counter[str]:
    engine = db.open_engine(server.database)
    with db.reading(engine) as connection:
        rows = connection.execute(text("SELECT message_id FROM events WHERE name = :name"), {"name": name})
        found = Counter(row[0] for row in rows)
    engine.dispose()
    return found


def books(server: LiveServer) -> dict[str, int]:
    engine = db.open_engine(server.database)
    with db.reading(engine) as connection:
        found = read_installation_ledger(connection)
    engine.dispose()
    return found


def send_with_segment(host: str, key: str, name: str) -> list[str]:
    client = SegmentClient(key, host=host, max_retries=20, upload_interval=0.2)
    return drive(client, name)


def send_with_segment_zipped(host: str, key: str, name: str) -> list[str]:
    client = SegmentClient(key, host=host, max_retries=20, upload_interval=0.2, gzip=True)
    return drive(client, name)


def send_with_rudder(host: str, key: str, name: str) -> list[str]:
    client = RudderClient(key, host=host, max_retries=20, upload_interval=0.2)
    return drive(client, name)


def drive(client: "SegmentClient | RudderClient", name: str) -> list[str]:
    ids = [f"{name}-{i}" for i in range(N_EVENTS)]
    client.identify("person-1", {"name": "Person One"})
    client.group("person-1", "acc-1", {"name": "Account One"})
    client.page("person-1", "Category", "Page", {"path": "/leave/42"})
    for i, message_id in enumerate(ids):
        client.track("person-1", name, {"i": i, "名": "值"}, {"groupId": "acc-1"}, message_id=message_id)
    client.flush()
    client.join()
    return ids


def send_with_node(host: str, key: str, name: str) -> list[str]:
    done = subprocess.run(
        ["node", "send.mjs", host, key, name, str(N_EVENTS)],
        cwd=HERE, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


CLIENTS = [
    pytest.param(send_with_segment, id="segment-python"),
    pytest.param(send_with_segment_zipped, id="segment-python-gzip"),
    pytest.param(send_with_rudder, id="rudder-python"),
    pytest.param(send_with_node, id="segment-node", marks=needs_node),
]


@pytest.mark.parametrize("send", CLIENTS)
@pytest.mark.parametrize("key_kind", ["write_key", "secret_key"])
def test_ids_sent_are_ids_stored_each_once(server: LiveServer, send, key_kind: str) -> None:  # type: ignore[no-untyped-def]
    name = f"Plain {send.__name__} {key_kind}"
    ids = send(server.url, getattr(server, key_kind), name)
    assert len(ids) == N_EVENTS
    assert stored_ids(server, name) == Counter(ids)


@pytest.mark.parametrize("send", CLIENTS)
def test_each_id_is_stored_once_through_a_proxy_that_fails_in_four_ways(server: LiveServer, send) -> None:  # type: ignore[no-untyped-def]
    name = f"Flaky {send.__name__}"
    before = books(server)
    with flaky_proxy(server.port, FAULTS) as (url, script):
        ids = send(url, server.write_key, name)
        assert [fault for fault in script.met if fault != "pass"] == FAULTS
    assert stored_ids(server, name) == Counter(ids)
    after = books(server)
    assert after["duplicate"] > before["duplicate"], "the batch whose answer was cut off came again"
    assert after["received"] == after["stored"] + after["duplicate"] + after["refused"] + after["overflow"]
    assert after["refused"] == 0
