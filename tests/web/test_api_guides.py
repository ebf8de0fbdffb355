"""Guides over the management API: documents in, publication, versions, reports, roles."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from milepost.web.app import create_app
from milepost.wire.codecs.guide_yaml import dump_guide_yaml
from tests.factories import Sandbox
from tests.guide_factories import a_guide, claim, offered, say
from tests.web.console import URL, become

BASE = "/api/v1/guides"


@pytest.fixture
def api(sandbox: Sandbox) -> TestClient:
    headers = {"Authorization": f"Bearer {sandbox.workspace.secret_key}"}
    return TestClient(create_app(sandbox.runtime), base_url=URL, headers=headers)


def document(key: str = "intro", **more: Any) -> dict[str, Any]:
    return a_guide(key, **more).model_dump(mode="json", by_alias=True, exclude_defaults=True)


def push(api: TestClient, *guides: dict[str, Any], **more: Any) -> Any:
    return api.post(f"{BASE}/push", json={"guides": list(guides)} | more)


def test_a_guide_goes_from_document_to_air_and_back(api: TestClient, sandbox: Sandbox) -> None:
    made = push(api, document()).json()["guides"][0]
    assert (made["outcome"], made["status"], made["version"], made["published"]) == ("created", "draft", None, False)
    assert api.post(f"{BASE}/intro/publish").json() == {"version": 1}
    assert push(api, document(name="New"), publish=True).json()["guides"][0]["version"] == 2
    assert api.post(f"{BASE}/{made['id']}/restore", json={"version": 1}).json() == {"version": 3}
    versions = api.get(f"{BASE}/intro/versions").json()["versions"]
    assert [(v["version"], v["on_air"], v["guide"]["name"]) for v in versions] == [
        (3, True, "Intro"),
        (2, False, "New"),
        (1, False, "Intro"),
    ]
    assert api.post(f"{BASE}/intro/status", json={"status": "paused"}).status_code == 204
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == []
    shown = api.get(f"{BASE}/intro").json()
    assert (shown["status"], shown["draft"]["name"], shown["is_draft_on_air"]) == ("paused", "New", False)
    assert [g["key"] for g in api.get("/api/v1/guide-documents").json()["guides"]] == ["intro"]


def test_a_draft_may_come_as_yaml(api: TestClient) -> None:
    text = dump_guide_yaml(a_guide(name="名称"))
    answer = api.put(f"{BASE}/intro", content=text.encode(), headers={"Content-Type": "application/yaml"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "created")
    wrong = api.put(f"{BASE}/intro", content=b"kind: fax", headers={"Content-Type": "application/yaml"})
    assert (wrong.status_code, "line 1, kind" in wrong.json()["detail"]) == (422, True)
    assert api.put(f"{BASE}/other", json=document()).status_code == 422


def test_what_stops_a_publication_comes_as_pointers(api: TestClient) -> None:
    refused = push(api, document(goal_feature="nowhere"), publish=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "unpublishable")
    assert refused.json()["errors"] == [
        {"pointer": "/guides/0/goal_feature", "message": "The catalogue has no feature “nowhere”."}
    ]
    assert api.get(BASE).json() == {"guides": []}
    told = push(api, document(goal_feature="nowhere"), dry_run=True).json()
    assert (told["dry_run"], told["guides"][0]["problems"][0]["blocks"]) == (True, True)


def test_the_report_counts_what_happened(api: TestClient, sandbox: Sandbox) -> None:
    push(api, document(goal_feature=None), publish=True)
    guide = api.get(f"{BASE}/intro").json()["id"]
    run, _ = claim(sandbox, guide)
    say(sandbox, run, "shown")
    say(sandbox, run, "missing", "two", reason="ambiguous")
    say(sandbox, run, "dismissed", "one", reason="later")
    funnel = api.get(f"{BASE}/intro").json()["funnel"]
    assert (funnel["shown"], funnel["finished"], funnel["people"], funnel["accounts"]) == (1, 0, 1, 1)
    assert funnel["steps"] == [
        {"step": "one", "shown": 1, "missing": {}}, {"step": "two", "shown": 0, "missing": {"ambiguous": 1}},
    ]  # fmt: skip
    assert {name: n for name, n in funnel["ended"].items() if n} == {"later": 1}
    assert funnel["goal"] is None
    assert [(g["key"], g["shown_28d"]) for g in api.get(BASE).json()["guides"]] == [("intro", 1)]


def test_themes_are_colours_and_nothing_else(api: TestClient) -> None:
    assert api.put("/api/v1/themes/night", json={"dark": {"accent": "#fff"}}).status_code == 200
    assert list(api.get("/api/v1/themes").json()["themes"]) == ["night"]
    for value in ("url(//a.example/x)", "red;}", "<b>", "x" * 81):
        assert api.put("/api/v1/themes/night", json={"dark": {"accent": value}}).status_code == 422, value
    assert api.put("/api/v1/themes/Big Name", json={}).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"guides": []}, 422), ({"guides": [{}]}, 422), ({"guides": [document() | {"x": 1}]}, 422),
        ({"guides": [document(), document()]}, 422), ({"guides": [document()], "who": "me"}, 422), ([], 422),
        ({"guides": [document(name="a\x00b")]}, 422),
    ],
)  # fmt: skip
def test_a_push_that_makes_no_sense_is_refused_whole(api: TestClient, body: Any, status: int) -> None:
    assert api.post(f"{BASE}/push", json=body).status_code == status
    assert api.get(BASE).json() == {"guides": []}


def test_unknown_guides_and_versions_are_not_found(api: TestClient) -> None:
    push(api, document())
    assert api.get(f"{BASE}/nothing").status_code == 404
    assert api.post(f"{BASE}/nothing/publish").status_code == 404
    assert api.post(f"{BASE}/intro/restore", json={"version": 1}).status_code == 404
    assert api.post(f"{BASE}/intro/status", json={"status": "published"}).status_code == 409


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("csm", 403), ("author", 200)])
def test_only_authors_change_guides(sandbox: Sandbox, role: str, status: int) -> None:
    somebody = become(sandbox, role)
    assert somebody.client.post(f"{BASE}/push", json={"guides": [document()]}).status_code == status
    assert somebody.get(BASE).status_code == 200
