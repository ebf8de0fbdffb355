"""Unmodified Segment and RudderStack clients, straight and through a proxy that fails on purpose."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from tests.clients.flaky_proxy import flaky_proxy
from tests.live import LiveServer

HERE = Path(__file__).parent
FAULTS = ["500", "429", "cut_after_store", "html_502"]
N_EVENTS = 230
N_NODE_EVENTS = 80


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("clients")
    live = LiveServer(database=str(folder / "clients.db"), folder=folder).create().start()
    yield live
    live.stop()


def stored_ids(server: LiveServer, name: str) -> Counter[str]:
    return Counter(row["messageId"] for row in server.exported() if row.get("event") == name)


def send_with_segment(host: str, key: str, name: str) -> list[str]:
    client = SegmentClient(key, host=host, max_retries=20, upload_interval=0.2)
    ids = [f"{name}-{i}" for i in range(N_EVENTS)]
    client.identify("segment-1", {"name": "Segment One"})
    for i, message_id in enumerate(ids):
        client.track("segment-1", name, {"i": i, "名": "值"}, {"groupId": "acc-s"}, message_id=message_id)
    client.flush()
    client.join()
    return ids


def send_with_rudder(host: str, key: str, name: str) -> list[str]:
    client = RudderClient(key, host=host, max_retries=20, upload_interval=0.2)
    ids = [f"{name}-{i}" for i in range(N_EVENTS)]
    client.identify("rudder-1", {"name": "Rudder One"})
    for i, message_id in enumerate(ids):
        client.track("rudder-1", name, {"i": i, "名": "值"}, {"groupId": "acc-r"}, message_id=message_id)
    client.flush()
    client.join()
    return ids


def send_with_node(host: str, key: str) -> list[str]:
    done = subprocess.run(
        ["node", "send.mjs", host, key, str(N_NODE_EVENTS)],
        cwd=HERE, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("key_kind", ["write_key", "secret_key"])
def test_segment_python_ids_sent_are_ids_stored_each_once(server: LiveServer, key_kind: str) -> None:
    name = f"Segment {key_kind}"
    ids = send_with_segment(server.url, getattr(server, key_kind), name)
    assert stored_ids(server, name) == Counter(ids)


def test_segment_python_through_a_failing_proxy_stores_each_id_once(server: LiveServer) -> None:
    with flaky_proxy(server.port, FAULTS) as (url, script):
        ids = send_with_segment(url, server.write_key, "Segment Flaky")
        assert [fault for fault in script.met if fault != "pass"] == FAULTS
    assert stored_ids(server, "Segment Flaky") == Counter(ids)


def test_rudder_python_ids_sent_are_ids_stored_each_once(server: LiveServer) -> None:
    ids = send_with_rudder(server.url, server.write_key, "Rudder Plain")
    assert stored_ids(server, "Rudder Plain") == Counter(ids)


def test_rudder_python_through_a_failing_proxy_stores_each_id_once(server: LiveServer) -> None:
    with flaky_proxy(server.port, FAULTS) as (url, script):
        ids = send_with_rudder(url, server.write_key, "Rudder Flaky")
        assert [fault for fault in script.met if fault != "pass"] == FAULTS
    assert stored_ids(server, "Rudder Flaky") == Counter(ids)


@pytest.mark.skipif(not shutil.which("node") or not (HERE / "node_modules").is_dir(), reason="needs Node and npm ci")
def test_segment_node_ids_sent_are_ids_stored_each_once_straight_and_through_faults(server: LiveServer) -> None:
    with flaky_proxy(server.port, FAULTS) as (url, script):
        ids = send_with_node(url, server.write_key)
        assert [fault for fault in script.met if fault != "pass"] == FAULTS
    assert stored_ids(server, "Node Tried") == Counter(ids)
