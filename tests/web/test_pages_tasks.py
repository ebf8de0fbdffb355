"""My tasks: made, seen by day, done in one click, snoozed with a reason, taken back; the same by API and as CSV."""

import re

import pytest
from starlette.testclient import TestClient

from milepost.actions.score import refresh_dirty
from tests.factories import Sandbox
from tests.web.reading import cells, console, plain

BASE = "/e/production"


@pytest.fixture
def client(sandbox: Sandbox) -> TestClient:
    sandbox.send(sandbox.event(account="a1"))
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return console(sandbox, "csm")


def opened(client: TestClient, path: str) -> str:
    """A page."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def add(client: TestClient, **fields: str) -> str:
    """The id of a new task."""
    answer = client.post(f"{BASE}/tasks/_new", data={"account": "a1", "owner": "csm@example.test", "back": "tasks"} | fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("of=")[2]


def test_tasks_stand_by_day_and_one_click_does_them(sandbox: Sandbox, client: TestClient) -> None:
    late = add(client, title="Call <i>Ann</i>", due_on="2026-11-15")
    add(client, title="Send figures", due_on="2026-11-18")
    add(client, title="Visit", due_on="2026-12-20")
    page = opened(client, f"{BASE}/tasks")
    assert "<i>Ann" not in page
    said = plain(page)
    assert "To do 3 Overdue 1 Due today 1 Later 1 Done 0" in said
    assert re.search(r"Overdue 1 Call <i>Ann</i> a1 3 days late .* Send figures a1 today .* Visit a1 20 Dec 2026", said)
    assert "Tasks 3" in plain(opened(client, f"{BASE}/accounts/a1"))
    assert cells(opened(client, f"{BASE}/accounts?owner=all"), "c-touch") == ["never 3 tasks · Log a1"]
    done = client.post(f"{BASE}/tasks/{late}/done", data={"back": "tasks"})
    after = opened(client, done.headers["location"])
    assert "To do 2 Overdue 0" in plain(after)
    undo = re.search(r'class="toast".*?action="([^"]+)"', after, re.S)
    assert undo
    client.post(undo.group(1), data={"back": "tasks"})
    assert "To do 3 Overdue 1" in plain(opened(client, f"{BASE}/tasks"))
    assert "Call <i>Ann</i>,a1,a1,csm@example.test,2026-11-15" in client.get(f"{BASE}/tasks.csv").text
    assert "Nothing to do here" in opened(console(sandbox, "admin"), f"{BASE}/tasks")


def test_a_snooze_needs_a_reason_and_a_later_day(client: TestClient) -> None:
    task = add(client, title="Call", due_on="2026-11-15")
    bare = client.post(f"{BASE}/tasks/{task}/snooze", data={"until": "2026-12-01", "reason": ""})
    assert bare.status_code == 422
    assert "Write the reason" in bare.text
    early = client.post(f"{BASE}/tasks/{task}/snooze", data={"until": "2026-11-18", "reason": "on leave"})
    assert early.status_code == 422
    assert "Choose a day after today." in early.text
    fine = client.post(f"{BASE}/tasks/{task}/snooze", data={"until": "2026-12-01", "reason": "on leave", "back": "tasks"})
    assert "snoozed: on leave 1 Dec 2026" in plain(opened(client, fine.headers["location"]))
    wrong = client.post(f"{BASE}/tasks/{task}", data={"title": " ", "due_on": "soon"})
    assert wrong.status_code == 422
    assert "Write what is to be done" in wrong.text
    assert "A day such as" in wrong.text


def test_the_api_makes_does_snoozes_and_deletes(sandbox: Sandbox, client: TestClient) -> None:
    here = "?environment=production"
    made = client.post(f"/api/v1/tasks{here}", json={"account_id": "a1", "title": "Call", "due_on": "2026-11-20"})
    assert made.status_code == 201
    place = f"/api/v1/tasks/{made.json()['id']}"
    assert client.post(f"{place}/snooze{here}", json={"until": "2026-12-01", "reason": "on leave"}).status_code == 204
    held = client.get(f"/api/v1/tasks{here}").json()["tasks"][0]
    assert (held["owner"], held["place"], held["snoozed_until"]) == ("csm@example.test", "later", "2026-12-01")
    assert client.post(f"{place}/done{here}").status_code == 204
    assert client.get(f"/api/v1/tasks{here}").json()["tasks"][0]["place"] == "done"
    assert client.delete(f"{place}{here}").status_code == 204
    assert client.get(f"/api/v1/tasks{here}").json()["tasks"] == []
    nobody = {"account_id": "nobody", "title": "Call", "due_on": "2026-11-20"}
    assert client.post(f"/api/v1/tasks{here}", json=nobody).status_code == 404
    viewer = console(sandbox, "viewer")
    assert viewer.post(f"{place}/done{here}").status_code == 403
    assert "Mark done" not in opened(viewer, f"{BASE}/tasks?owner=all")
