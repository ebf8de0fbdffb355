"""Boot and claim as a page asks: plain text, any origin, hostile bodies, floods, races, and a server that is killed."""

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from milepost.web.app import create_app
from tests.factories import Sandbox
from tests.guide_factories import a_guide, publish
from tests.live import LiveServer

PAGE = {"Origin": "https://app.example", "Content-Type": "text/plain"}


@pytest.fixture
def client(sandbox: Sandbox) -> TestClient:
    return TestClient(create_app(sandbox.runtime), headers=PAGE)


def ask(client: TestClient, sandbox: Sandbox, path: str = "/v1/boot", **more: Any) -> Any:
    return client.post(path, content=json.dumps({"writeKey": sandbox.workspace.write_key, "userId": "u1"} | more))


def test_a_page_of_any_origin_boots_and_claims_without_a_preflight(client: TestClient, sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    booted = ask(client, sandbox)
    assert (booted.status_code, booted.headers["access-control-allow-origin"]) == (200, "*")
    assert "set-cookie" not in booted.headers
    assert [g["guide"] for g in booted.json()["guides"]] == [ids["intro"]]
    claimed = ask(client, sandbox, "/v1/claim", guide=ids["intro"], version=1, run="run_00000001")
    assert (claimed.status_code, claimed.json()) == (200, {"ok": True})
    again = ask(client, sandbox, "/v1/claim", guide=ids["intro"], version=1, run="run_00000002")
    assert (again.status_code, again.json()) == (200, {"ok": False, "reason": "busy"})


@pytest.mark.parametrize("path", ["/v1/boot", "/v1/claim"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"userId": ["u"]}', b'{"userId": "' + b"u" * 501 + b'"}', b"[" * 20_000,
        b'{"userId": "a\\u0000b"}', b'{"userId": "\\ud800"}', b'{"path": 7}', b'{"a":1e999999}', b"x" * 40_000,
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)  # fmt: skip
def test_hostile_bodies_are_answered_with_code_and_message(client: TestClient, sandbox: Sandbox, path: str, body: bytes) -> None:
    key = sandbox.workspace.write_key.encode()
    keyed = body[:1] + b'"writeKey": "' + key + b'", ' + body[1:] if body.startswith(b'{"') else body
    answer = client.post(path, content=keyed)
    fine = path == "/v1/boot" and b"1e999999" in body  # an unknown field is passed over
    assert answer.status_code in ({200} if fine else {400, 401, 413, 422}), answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    if not fine:
        assert {"code", "message"} <= answer.json().keys()
    assert ask(client, sandbox).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"run": "x"}, 422),
        ({"version": 0}, 422),
        ({"guide": None}, 422),
        ({"writeKey": "pk_nobody"}, 401),
        ({"writeKey": ""}, 401),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(
    client: TestClient, sandbox: Sandbox, change: dict[str, Any], status: int
) -> None:
    content: dict[str, Any] = {"guide": "gde_x", "version": 1, "run": "run_00000001"} | change
    assert ask(client, sandbox, "/v1/claim", **content).status_code == status
    assert ask(client, sandbox, "/v1/claim", guide="gde_x", version=1, run="run_00000001").json()["reason"] == "gone"


def test_a_secret_key_in_a_page_is_refused(client: TestClient, sandbox: Sandbox) -> None:
    assert ask(client, sandbox, writeKey=sandbox.workspace.secret_key).status_code == 403


def test_a_flood_is_told_how_long_to_wait(sandbox: Sandbox) -> None:
    slow = replace(sandbox.runtime, settings=replace(sandbox.runtime.settings, address_events_per_s=1))
    client = TestClient(create_app(slow), headers=PAGE)
    answers = [ask(client, sandbox) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_one_person_who_floods_waits_and_nobody_else_does(sandbox: Sandbox) -> None:
    """A secret key knows no such limit."""
    slow = replace(sandbox.runtime, settings=replace(sandbox.runtime.settings, identity_events_per_s=2))
    client = TestClient(create_app(slow))

    def send(user: str, n: int, key: str, size: int = 10) -> Any:
        batch = [sandbox.event(user=user, properties={"p": "x" * size}) for _ in range(n)]
        return client.post("/v1/batch", json={"batch": batch}, auth=(key, ""))

    public, secret = sandbox.workspace.write_key, sandbox.workspace.secret_key
    answers = [send("u1", 10, public), send("u1", 10, public, 8_000), send("u1", 4, public), send("u1", 4, public, 8_000)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) == 3
    assert send("u2", 10, public).status_code == 200
    assert send("u1", 100, secret).status_code == 200
    assert sandbox.rows("SELECT count(*) FROM events") == [(130,)]


def test_claims_of_one_person_are_charged_like_events(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    slow = replace(sandbox.runtime, settings=replace(sandbox.runtime.settings, identity_events_per_s=1))
    client = TestClient(create_app(slow), headers=PAGE)
    asked = [{"guide": ids["intro"], "version": 1, "run": f"run_{n:08d}"} for n in range(12)]
    answers = [ask(client, sandbox, "/v1/claim", **one) for one in asked]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert ask(client, sandbox, "/v1/claim", **asked[-1] | {"userId": "u2"}).json() == {"ok": True}


def post(server: LiveServer, path: str, key: str, **more: Any) -> Any:
    body = json.dumps({"writeKey": key} | more).encode()
    request = urllib.request.Request(server.url + path, data=body, headers={"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def call(server: LiveServer, method: str, path: str, content: Any) -> Any:
    headers = {"Authorization": f"Bearer {server.secret_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, data=json.dumps(content).encode(), headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture
def server(database: str, tmp_path: Path) -> Iterator[LiveServer]:
    live = LiveServer(database=database, folder=tmp_path).create().start()
    yield live
    live.stop()


def test_racing_browsers_get_one_yes_and_a_dismissed_guide_survives_kill_9(server: LiveServer) -> None:
    guides = [a_guide(f"g{i}", goal_feature=None).model_dump(mode="json", by_alias=True) for i in range(3)]
    pushed = call(server, "POST", "/api/v1/guides/push", {"guides": guides, "publish": True})
    ids = [one["id"] for one in pushed["guides"]]
    person = {"userId": "u1", "account": "a1"}

    def claim(n: int) -> tuple[str, bool]:
        run = f"run_race{n:04d}"
        return run, post(server, "/v1/claim", server.write_key, guide=ids[n % 3], version=1, run=run, **person)["ok"]

    with ThreadPoolExecutor(16) as browsers:
        answers = list(browsers.map(claim, range(32)))
    (won,) = [run for run, ok in answers if ok]
    said = {"run": won, "version": 1, "step": "one", "what": "dismissed", "reason": "never"}
    event = {"type": "track", "event": "$guide", "messageId": "m1", "userId": "u1", "properties": said}
    assert post(server, "/v1/batch", server.write_key, batch=[event])["stored"] == 1
    server.kill()
    server.start()
    there = post(server, "/v1/boot", server.write_key, **person)
    dismissed = ids[int(won[-4:]) % 3]
    assert {guide["guide"] for guide in there["guides"]} == set(ids) - {dismissed}
    assert there["open_runs"] == []
    again = post(server, "/v1/claim", server.write_key, guide=dismissed, version=1, run="run_again001", **person)
    assert again == {"ok": False, "reason": "dismissed"}
    assert post(server, "/v1/batch", server.write_key, batch=[event])["duplicate"] == 1
