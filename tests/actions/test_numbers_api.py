"""The management API of numbers, through the real application, with a secret key."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from milepost.actions.health import read_preset
from milepost.actions.score import refresh_dirty
from milepost.web.app import create_app
from milepost.wire.event import format_instant
from tests.factories import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> TestClient:
    headers = {"Authorization": f"Bearer {sandbox.workspace.secret_key}"}
    return TestClient(create_app(sandbox.runtime), base_url="http://127.0.0.1:8000", headers=headers)


LEAVE: dict[str, Any] = {"key": "leave", "name": "Leave", "core": True, "rules": [{"on": "event", "name": "Leave"}]}


def test_a_feature_is_made_used_and_seen_in_the_account(client: TestClient, sandbox: Sandbox) -> None:
    made = client.post("/api/v1/features", json=LEAVE)
    assert (made.status_code, made.json()["created"]) == (201, ["leave"])
    assert client.post("/api/v1/features", json=LEAVE).json()["code"] == "conflict"
    sandbox.send(sandbox.event("Leave", account="acme/1"))
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    account = client.get("/api/v1/accounts/acme%2F1").json()
    assert account["live"]["coverage"] == {"n": 1, "of": 1, "share": 1.0}
    assert account["features"][0]["state"] == "tried"
    listed = client.get("/api/v1/accounts").json()
    assert [a["account_id"] for a in listed["accounts"]] == ["acme/1"]
    assert client.get("/api/v1/features").json()["features"][0]["uses_last_hour"] == 1
    assert client.get("/api/v1/heatmap").json()["rows"][0]["states"] == ["tried"]


def test_problems_are_rfc_9457(client: TestClient) -> None:
    missing = client.get("/api/v1/accounts/nobody")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json()["code"] == "not_found"
    wrong = client.post("/api/v1/features", json=LEAVE | {"cadence": "sometimes", "owner": "me"})
    assert wrong.status_code == 422
    assert {e["pointer"] for e in wrong.json()["errors"]} == {"/cadence", "/owner"}
    renamed = client.put("/api/v1/features/other", json=LEAVE)
    assert renamed.status_code == 422


def test_the_catalogue_goes_out_and_in(client: TestClient) -> None:
    document = {"apiVersion": "features/v1", "features": [LEAVE, LEAVE | {"key": "roster", "name": "Roster"}]}
    assert client.post("/api/v1/catalogue/preview", json=document).json()["created"] == ["leave", "roster"]
    assert client.put("/api/v1/catalogue", json=document).json()["version"] == 1
    pulled = client.get("/api/v1/catalogue").json()
    assert client.put("/api/v1/catalogue", json=pulled).json()["unchanged"] == ["leave", "roster"]
    merged = client.post("/api/v1/features/roster/merge", json={"into": "leave"})
    assert merged.json()["version"] == 2
    assert client.get("/api/v1/features/roster").json()["feature"]["key"] == "leave"


def test_the_inbox_offers_names_and_a_recount(client: TestClient, sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event("Report Exported"))
    line = client.get("/api/v1/unmatched").json()["unmatched"][0]
    assert line["suggested_key"] == "report_exported"
    accepted = client.post("/api/v1/unmatched/accept", json={"kind": "event", "name": "Report Exported"})
    assert accepted.status_code == 201
    today = format_instant(sandbox.clock())[:10]
    told = client.post("/api/v1/catalogue/recount", json={"from": today}).json()
    assert (told["changed"], told["gained"], told["applied"]) == (1, {"report_exported": 1}, False)
    assert client.post("/api/v1/catalogue/recount", json={"from": today, "apply": True}).json()["applied"] is True


def test_signals_are_idempotent_and_reach_the_score(client: TestClient, sandbox: Sandbox) -> None:
    client.post("/api/v1/features", json=LEAVE)
    sandbox.send(sandbox.event("Leave"))
    at = format_instant(sandbox.clock() - 1000)
    answers = [
        {"type": "nps", "account_id": "a1", "external_id": f"n{n}", "at": at, "value": value}
        for n, value in enumerate((10, 9, 3))
    ]
    for _ in range(2):
        assert client.post("/api/v1/signals", json={"signals": answers}).json() == {"accepted": 3}
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    items = {i["id"]: i for i in client.get("/api/v1/accounts/a1").json()["live"]["items"]}
    assert (round(items["sentiment.nps"]["value"]), items["sentiment.nps"]["n"]) == (33, 3)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"at": "2026-W48-2"}, "RFC|instant such as"), ({"at": "0099-11-24T00:00:00Z"}, "2000 and 2099"), ({"at": ""}, "instant"),
        ({"at": "2030-01-01T00:00:00Z"}, "in the future"), ({"closed_at": "9999-01-01T00:00:00Z"}, "closed_at"),
        ({"closed_at": "20261124T230000Z"}, "closed_at is"),
    ],
)  # fmt: skip
def test_a_signal_with_a_time_that_can_not_be_is_refused(client: TestClient, times: dict[str, str], said: str) -> None:
    signal = {"type": "nps", "account_id": "a1", "external_id": "n1", "at": "2026-11-01T00:00:00Z"} | times
    refused = client.post("/api/v1/signals", json={"signals": [signal]})
    assert refused.status_code == 422
    assert re.search(said, refused.json()["detail"])
    assert client.get("/api/v1/accounts/a1").status_code == 404


def test_starter_warns_of_the_dead_account_and_is_published_once_its_feature_is_there(client: TestClient) -> None:
    verdict = client.post("/api/v1/health/validate", json={"source": read_preset("starter")}).json()
    assert (verdict["reachable_min"], verdict["reachable_max"], verdict["dead_account"]) == (35, 80, 50)
    assert any("never alarm" in warning for warning in verdict["warnings"])
    assert any("advanced_report" in warning for warning in verdict["warnings"])
    assert client.post("/api/v1/health/models", json={"source": read_preset("starter")}).status_code == 422
    client.post("/api/v1/features", json=LEAVE | {"key": "advanced_report"})
    published = client.post("/api/v1/health/models", json={"source": read_preset("starter")})
    assert published.json()["verdict"]["reachable_max"] == 100
    assert published.json()["model"]["version"] == 2
    assert [m["id"] for m in client.get("/api/v1/health/models").json()["models"] if m["active"]] == ["starter"]
    back = client.post("/api/v1/health/models/adoption/activate", json={})
    assert back.json()["active"] is True


def test_a_checkpoint_over_a_feature_that_is_not_there_is_refused(client: TestClient) -> None:
    checkpoint = {"key": "first", "name": "First", "parts": [{"feature": "nothing"}], "is_activation": True}
    assert client.put("/api/v1/checkpoints/first", json=checkpoint).status_code == 422
    client.post("/api/v1/features", json=LEAVE)
    checkpoint["parts"] = [{"feature": "leave"}]
    assert client.put("/api/v1/checkpoints/first", json=checkpoint).status_code == 200
    assert client.get("/api/v1/checkpoints").json()["checkpoints"][0]["is_activation"] is True
    assert client.delete("/api/v1/checkpoints/first").status_code == 204


def test_a_stranger_is_told_to_log_in(client: TestClient) -> None:
    assert client.get("/api/v1/accounts", headers={"Authorization": "Bearer sk_wrong"}).status_code == 401
