"""The product pages in a real browser: from the inbox to a recounted feature by clicks, counters alive, small screens, axe."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON_MS = 30_000  # a loaded machine may take its time; none of these waits decides anything
WIDTHS = (320, 375, 1280, 1920)
PAGES = (
    "features",
    "features?show=unproven",
    "features?q=nothing-is-called-so",
    "features/_new",
    "features/leave",
    "features/leave/edit",
    "features/_checkpoints",
    "features/_checkpoints/_new",
    "unmatched",
    "health",
    "health?model=starter&version=1",
    "import-accounts",
)
FEATURES: list[dict[str, Any]] = [
    {"key": "leave", "name": "Request leave", "module": "Leave", "core": True, "cadence": "weekly",
     "rules": [{"on": "event", "name": "Leave", "where": [{"property": "days", "op": "gte", "value": 1}]},
               {"on": "page", "path": "/leave/*"},
               {"on": "element", "target": {"locators": [{"by": "testid", "value": "send"}]}}]},
    {"key": "long", "name": "W" * 120, "module": "恒远精密", "plans": ["pro"], "rules": [{"on": "event", "name": "E" * 200}]},
    {"key": "evil", "name": "<script>document.title='owned'</script>", "rules": [{"on": "event", "name": "<b>"}]},
]  # fmt: skip
CHECKPOINT = {"key": "first", "name": "First leave", "parts": [{"feature": "leave"}], "is_activation": True}


def ask(server: LiveServer, method: str, path: str, document: Any) -> None:
    """One call with the secret key."""
    headers = {"Authorization": f"Bearer {server.secret_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(document).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status < 300


def send(server: LiveServer, *events: dict[str, Any]) -> None:
    """Through the front door, as a client does."""
    body = json.dumps({"writeKey": server.write_key, "batch": list(events)}).encode()
    request = urllib.request.Request(f"{server.url}/v1/batch", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def track(name: str, user: str = "ann", account: str = "acme") -> dict[str, Any]:
    """One event of now."""
    return {"type": "track", "event": name, "userId": user, "context": {"groupId": account}, "properties": {"days": 2}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("features")
    live = LiveServer(database=str(folder / "features.db"), folder=folder).create().start()
    ask(live, "PUT", "/api/v1/catalogue", {"features": FEATURES})
    ask(live, "PUT", "/api/v1/checkpoints/first", CHECKPOINT)
    send(live, track("Leave"), track("Leave", "bob"), track("Report Exported"), track("Report Exported", "bob"), track("X" * 200))
    yield live
    live.stop()


def sideways(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_name_becomes_a_feature_and_its_past_is_counted_by_clicks(owner: BrowserContext, server: LiveServer) -> None:
    page = owner.new_page()
    page.goto("/e/production/unmatched")
    page.get_by_label("Key of the feature for Report Exported").fill("exports")
    page.get_by_role("button", name="Make a feature : Report Exported").click()
    expect(page.get_by_text("Report Exported is a feature now.")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_role("row", name="Report Exported +2 0")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Apply the recount").click()
    expect(page.get_by_text("Applied.", exact=False)).to_be_visible(timeout=SOON_MS)
    page.goto("/e/production/features/exports")
    expect(page.get_by_text("seen 2 times in the last hour")).to_be_visible(timeout=SOON_MS)
    page.evaluate("window.notReloaded = true")
    send(server, track("Report Exported", "cora"))
    expect(page.get_by_text("seen 3 times in the last hour")).to_be_visible(timeout=SOON_MS)
    assert page.evaluate("window.notReloaded") is True


def test_a_feature_is_described_previewed_and_published_without_script(
    chromium: Browser, server: LiveServer, owner_state: Path
) -> None:
    context = chromium.new_context(base_url=server.url, storage_state=owner_state, java_script_enabled=False)
    page = context.new_page()
    page.goto("/e/production/features/_new")
    page.get_by_label("Name", exact=True).fill("Roster")
    page.get_by_label("Key", exact=True).fill("roster")
    page.get_by_label("Event name").fill("Roster Saved")
    page.get_by_role("button", name="Condition on a property").click()
    page.get_by_label("Property").fill("rows")
    page.get_by_label("Value").fill("5")
    page.get_by_role("button", name="Page", exact=True).click()
    page.get_by_label("Path").fill("/roster/*")
    page.get_by_role("button", name="Preview effect").last.click()
    expect(page.get_by_role("heading", name="Publish Roster?")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Roster", exact=True)).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("A page whose path is /roster/*")).to_be_visible(timeout=SOON_MS)
    context.close()


def test_accounts_are_imported_by_clicks(owner: BrowserContext, tmp_path: Path) -> None:
    page = owner.new_page()
    file = tmp_path / "accounts.csv"
    file.write_text('Account,Company,ARR\nacme,"Acme, the castings",48000\nbolt,Bolt,lots\n', encoding="utf-8")
    page.goto("/e/production/import-accounts")
    page.get_by_label("CSV file, UTF-8, up to 8 MiB").set_input_files(file)
    page.get_by_role("button", name="Read the columns").click()
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("Nothing has changed yet.")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("Acme, the castings", exact=True)).to_be_visible(timeout=SOON_MS)
    assert violations(page) == []
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Live numbers of these accounts follow within seconds.")).to_be_visible(timeout=SOON_MS)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_and_nothing_lies_sideways(owner: BrowserContext, path: str) -> None:
    page = owner.new_page()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"/e/production/{path}")
        assert violations(page) == []
    assert page.title() != "owned"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways(page) <= 0, width
    page.set_viewport_size({"width": 375, "height": 800})
    assert violations(page) == []
