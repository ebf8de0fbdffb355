"""A touch logged in two clicks, seen where it counts, changed, deleted and taken back; contacts by form, file and API."""

import re

import pytest
from starlette.testclient import TestClient

from milepost.actions.score import refresh_dirty
from tests.factories import Sandbox
from tests.web.reading import cells, console, plain

BASE = "/e/production"


@pytest.fixture
def client(sandbox: Sandbox) -> TestClient:
    sandbox.send(sandbox.event(account="a1"), sandbox.event(account="b/2 ü"))
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return console(sandbox, "csm")


def opened(client: TestClient, path: str) -> str:
    """A page."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def post(client: TestClient, path: str, status: int = 303, **fields: str) -> str:
    """Where a form leads, or the page with its errors."""
    answer = client.post(path, data=fields)
    assert answer.status_code == status, answer.text
    return answer.headers["location"] if status == 303 else answer.text


def toast_action(html: str) -> str:
    """Where the toast's Undo leads."""
    found = re.search(r'class="toast".*?action="([^"]+)"', html, re.S)
    assert found, "no toast"
    return found.group(1)


def test_two_clicks_from_a_row_of_the_portfolio_log_a_call(sandbox: Sandbox, client: TestClient) -> None:
    portfolio = opened(client, f"{BASE}/accounts?owner=all&sort=name&dir=asc")
    assert cells(portfolio, "c-touch") == ["never Log a1", "never Log b/2 ü"]
    form = re.findall(r'class="row-link" href="([^"]+)"', portfolio)[1].replace("&amp;", "&")
    assert "With b/2 ü." in plain(opened(client, form))
    to = post(
        client, f"{BASE}/touches/_new", account="b/2 ü", kind="call", outcome="went_well", back="portfolio", keep="owner=all"
    )
    assert to.startswith(f"{BASE}/accounts?owner=all&said=touch-logged&of=tch_")
    after = opened(client, to)
    assert "Touch logged. Undo" in plain(after)
    assert cells(after, "c-touch")[-1].startswith("just now") or cells(after, "c-touch")[0].startswith("just now")
    post(client, toast_action(after))
    assert [cell.split(" Log")[0] for cell in cells(opened(client, f"{BASE}/accounts"), "c-touch")] == ["never", "never"]


def test_a_touch_is_on_the_accounts_timeline_and_can_be_changed_deleted_and_taken_back(
    sandbox: Sandbox, client: TestClient
) -> None:
    contact = post(client, f"{BASE}/contacts/_new", account="a1", name="Ann Lee", role="Head of HR", sponsor="1")
    person = contact.rpartition("of=")[2]
    fields = {"kind": "meeting", "outcome": "concern", "contact": person, "minutes": "30", "note": "<b>Price</b>"}
    to = post(client, f"{BASE}/touches/_new", account="a1", next_step="Send figures", next_on="2026-12-01", **fields)
    page = opened(client, to)
    assert to.startswith(f"{BASE}/accounts/a1?said=touch-logged")
    assert "Meeting with Ann Lee, concern raised <b>Price</b> Next: Send figures · 1 Dec 2026" in plain(page)
    assert "<b>Price" not in page
    assert "Sponsor Ann Lee last touch just now" in plain(page)
    touch = to.rpartition("of=")[2]
    form = opened(client, f"{BASE}/touches/{touch}")
    assert 'value="meeting" id="f-kind-meeting" checked' in form
    to = post(client, f"{BASE}/touches/{touch}", **(fields | {"note": "Talked about hours"}))
    assert "Talked about hours" in opened(client, to)
    assert "Price" in opened(client, post(client, toast_action(opened(client, to))))
    to = post(client, f"{BASE}/touches/{touch}/delete", back="touches", keep="kind=meeting")
    assert to.startswith(f"{BASE}/touches?kind=meeting&said=touch-deleted")
    deleted = opened(client, to)
    assert "No touch yet" in deleted
    back = post(client, toast_action(deleted), back="touches")
    assert "Meeting with Ann Lee" in plain(opened(client, back))
    text = client.get(f"{BASE}/touches.csv").text
    assert "a1,Meeting,Concern raised,Ann Lee,30,<b>Price</b>" in text.replace("a1,a1", "a1")
    admin = console(sandbox, "admin")
    assert "Deleted a touch" in plain(opened(admin, f"{BASE}/audit"))


@pytest.mark.parametrize(
    ("field", "value", "repair"),
    [
        ("on", "2099-01-01", "A touch has happened already"),
        ("on", "soon", "A day such as"),
        ("minutes", "-1", "A whole number from 0 to 1,440."),
        ("kind", "fax", "Choose one of the list."),
        ("contact", "con_nobody", "This account has no contact con_nobody."),
        ("next_step", "Call again", "Give the day on which the next step is due."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_is_lost(client: TestClient, field: str, value: str, repair: str) -> None:
    fields = {"account": "a1", "kind": "call", "outcome": "neutral", "note": "kept"} | {field: value}
    html = post(client, f"{BASE}/touches/_new", 422, **fields)
    assert repair in plain(html)
    assert ">kept</textarea>" in html
    assert post(client, f"{BASE}/touches/_new", 404, account="nobody", kind="call", outcome="neutral")


def test_contacts_go_out_as_csv_and_come_back_the_same(client: TestClient) -> None:
    first = 'account_id,name,role,email,sponsor\na1,"=cmd()",Head,ann@a.test,yes\na1,Bo,,,\na1,,,,\n'
    said = plain(post(client, f"{BASE}/contacts", 200, text=first))
    assert "2 new, 0 changed, 0 the same already. 1 row was refused: line 4, name" in said
    exported = client.get(f"{BASE}/contacts.csv").text
    assert "'=cmd()" in exported
    assert "0 new, 0 changed, 2 the same already." in plain(post(client, f"{BASE}/contacts", 200, text=exported))
    assert "account_id and name are needed" in plain(post(client, f"{BASE}/contacts", 422, text="name\nAnn"))
    listed = client.get("/api/v1/contacts?environment=production&account=a1").json()
    assert [(c["name"], c["sponsor"], c["source"]) for c in listed["contacts"]] == [("=cmd()", True, "csv"), ("Bo", False, "csv")]


def test_files_with_returns_alone_are_read_and_endless_cells_are_named(client: TestClient) -> None:
    mac = "account_id;name;role\ra1;Ann, B;Head\ra1;Bo;\r"
    assert "2 new, 0 changed" in plain(post(client, f"{BASE}/contacts", 200, text=mac))
    endless = f'account_id,name\na1,Cy\na1,"{"x" * 140_000}'
    says = "Line 3 can&#39;t be read: a cell is too long, or its quote is never closed."
    assert says in post(client, f"{BASE}/contacts", 422, text=endless)
    accounts = f"{BASE}/import-accounts"
    applied = {"do": "apply", "map-account_id": "account_id", "map-name": "name"}
    post(client, accounts, 200, text="account_id;name\ra1;One, Ltd\r", **applied)
    assert "One, Ltd" in opened(client, f"{BASE}/accounts")
    assert says in post(client, accounts, 422, text=endless, **applied)
    assert says.replace("Line 3", "Line 1") in post(client, accounts, 422, text=f'"{"x" * 140_000}\na1')


def test_the_api_logs_lists_and_deletes(client: TestClient) -> None:
    body = {"touches": [{"account_id": "new-one", "external_id": "x1", "kind": "mail", "at": "2026-11-01T08:00:00Z"}]}
    made = client.post("/api/v1/touches?environment=production", json=body)
    assert made.status_code == 200
    assert made.json()["created"] == 1
    assert client.post("/api/v1/touches?environment=production", json=body).json() == {"ids": made.json()["ids"], "created": 0}
    held = client.get("/api/v1/touches?environment=production").json()["touches"]
    assert [(t["account_id"], t["at"], t["kind"]) for t in held] == [("new-one", "2026-11-01T08:00:00.000Z", "mail")]
    assert client.delete(f"/api/v1/touches/{held[0]['id']}?environment=production").status_code == 204
    assert client.get("/api/v1/touches?environment=production").json()["touches"] == []
    bad = {"touches": [{"account_id": "a1", "at": "1969-01-01T00:00:00Z"}]}
    assert client.post("/api/v1/touches?environment=production", json=bad).status_code == 422


def test_a_viewer_reads_and_a_way_back_stays_in_the_house(sandbox: Sandbox, client: TestClient) -> None:
    to = post(client, f"{BASE}/touches/_new", account="a1", kind="call", outcome="neutral", back="https://evil.test", keep="x")
    assert to.startswith(f"{BASE}/accounts/a1?said=")
    viewer = console(sandbox, "viewer")
    page = opened(viewer, f"{BASE}/accounts/a1")
    assert "Log a touch" not in page
    assert "Call, neutral" in plain(page)
    assert viewer.post(f"{BASE}/touches/_new", data={"account": "a1"}).status_code == 403
    viewer.post("/preferences", data={"locale": "zh-CN", "back": "/"})
    assert "跟进记录" in opened(viewer, f"{BASE}/touches")
