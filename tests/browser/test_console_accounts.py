"""The CSM's pages in a real browser: accessible, nothing sideways, alive without a reload, walked by keyboard."""

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import watch
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "a sentence works well"
PAGES = (
    "accounts",
    "accounts?sort=health&dir=asc",
    "accounts?q=nothing-is-called-so",
    "accounts/acme",
    "accounts/acme?day=2026-01-01",
    "heatmap",
    "heatmap?view=table",
)
WIDTHS = (320, 375, 1280, 1920)
LIVE_WITHIN_MS = 5000
FEATURES = [
    {"key": f"f{n}", "name": f"Feature {n}", "module": f"Module {n % 3}", "core": n % 4 == 0,
     "rules": [{"on": "event", "name": f"Event {n}"}]}
    for n in range(9)
]  # fmt: skip
NAMES = ["Acme", "恒远精密 Hengyuan", "<b>Bold & Sons</b>", "Überlang " * 12, "W" * 120, "\u202egnp.exe"]


def ask(server: LiveServer, method: str, path: str, document: Any) -> None:
    """One call with the secret key."""
    basic = base64.b64encode(f"{server.secret_key}:".encode()).decode()
    scheme = f"Bearer {server.secret_key}" if path.startswith("/api/") else f"Basic {basic}"
    headers = {"Authorization": scheme, "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(document).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status < 300


def track(n: int, *, account: str = "acme", user: str = "ann", days_ago: int = 0, guide: str = "") -> dict[str, Any]:
    """A use of feature n."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    context: dict[str, Any] = {"groupId": account} | ({"milepost": {"guide": guide}} if guide else {})
    return {"type": "track", "event": f"Event {n}", "userId": user, "context": context, "timestamp": at.isoformat()}


def fill(server: LiveServer) -> None:
    """Nine features, six accounts with names of every kind, two of nine features used by the first."""
    ask(server, "PUT", "/api/v1/catalogue", {"apiVersion": "features/v1", "features": FEATURES})
    events: list[dict[str, Any]] = []
    for n, name in enumerate(NAMES):
        key = "acme" if n == 0 else f"k{n}"
        traits = {"name": name, "plan": "pro", "tier": "ABC"[n % 3], "arr": 10_000 * (n + 1), "employees": 20, "seats": 10,
                  "started_on": "2025-03-01", "renewal_on": "2027-06-01", "owner_email": "owner@example.test"}  # fmt: skip
        events.append({"type": "group", "userId": f"u{n}", "groupId": key, "traits": traits})
        events += [track(i, account=key, user=f"u{n}", days_ago=d) for i in range(2 + n % 4) for d in (1, 2, 3, 8, 9)]
    events.append({"type": "identify", "userId": "ann", "traits": {"name": "Ann Lee", "role": "manager"}})
    events += [track(n, account="k5", user="zed", days_ago=5) for n in range(8)]  # Event 8 never came: its rule is unproven
    ask(server, "POST", "/v1/import", {"batch": events})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("console")
    server = LiveServer(str(folder / "milepost.db"), folder).create().start()
    fill(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cookies(server: LiveServer, chromium: Browser) -> Any:
    """The owner, logged in once, with the first password changed."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("#em", server.created["owner"]["email"])
    page.fill("#pw", server.created["owner"]["password"])
    page.click("button[type=submit]")
    page.fill("#current", server.created["owner"]["password"])
    page.fill("#new", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url(re.compile("/e/production/"))
    page.goto(f"{server.url}/e/production/accounts/acme")
    expect(page.locator("#live-coverage")).to_be_visible(timeout=15_000)
    held = context.cookies()
    context.close()
    return held


@pytest.fixture
def logged_in(context: BrowserContext, cookies: Any) -> BrowserContext:
    context.add_cookies(cookies)
    return context


@pytest.fixture(autouse=True)
def in_english(chromium: Browser, cookies: Any, server: LiveServer) -> None:
    """Every test begins with a reader of English: the language is kept with the member."""
    context = chromium.new_context()
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{server.url}/e/production/heatmap?q=none")
    page.locator("button[name=locale][value=en]").click()
    context.close()


def open_page(context: BrowserContext, server: LiveServer, path: str, width: int = 1280) -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/e/production/{path}")
    return page


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "zh-CN")])
def test_no_page_breaks_a_rule_of_accessibility(
    chromium: Browser, cookies: Any, server: LiveServer, scheme: Any, language: str
) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    watch(context, complaints)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{server.url}/e/production/accounts")
    page.locator(f"button[name=locale][value={language}]").click()
    found_by_page = {}
    for path in PAGES:
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{server.url}/e/production/{path}")
            page.evaluate("() => document.querySelectorAll('main details').forEach((d) => { if (!d.name) d.open = true; })")
            found = violations(page)
            if found:
                found_by_page[f"{path} at {width}"] = found
    assert page.evaluate("() => document.documentElement.lang") == language
    context.close()
    assert found_by_page == {}
    assert complaints == []


def test_nothing_goes_sideways_at_any_width(logged_in: BrowserContext, server: LiveServer) -> None:
    page = logged_in.new_page()
    for path in PAGES:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{server.url}/e/production/{path}")
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, f"{path} at {width}"


def test_a_use_moves_the_open_page_within_five_seconds(logged_in: BrowserContext, server: LiveServer) -> None:
    page = open_page(logged_in, server, "accounts/acme")
    coverage = page.locator("#live-coverage .score-figure")
    expect(coverage).to_contain_text("2 of 9".replace(" of ", "\u00a0").split("\u00a0")[0])
    module = page.locator("#live-coverage details").first
    module.locator("summary").click()
    module.locator("summary").focus()
    page.evaluate("() => { window.still = true; }")
    ask(server, "POST", "/v1/batch", {"batch": [track(7, guide="run_1")]})
    expect(coverage).to_contain_text("+1 in guides only", timeout=LIVE_WITHIN_MS)
    expect(coverage.locator("b")).to_have_text("2")
    ask(server, "POST", "/v1/batch", {"batch": [track(7)]})
    expect(coverage.locator("b")).to_have_text("3", timeout=LIVE_WITHIN_MS)
    expect(coverage).not_to_contain_text("in guides only")
    assert page.evaluate("() => window.still") is True  # no reload
    assert page.evaluate("() => document.activeElement.closest('details')?.open") is True
    expect(page.locator("[data-announce]")).to_contain_text("Updated: coverage 3")


def test_the_heat_map_is_one_stop_and_arrows_walk_it(logged_in: BrowserContext, server: LiveServer) -> None:
    page = open_page(logged_in, server, "heatmap")
    grid = page.locator("table[data-grid]")
    assert grid.evaluate("(table) => table.querySelectorAll('[tabindex=\"0\"]').length") == 1
    grid.locator("[tabindex='0']").focus()
    said = page.locator("[data-grid-said]")
    first = said.inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert said.inner_text() != first
    assert "Feature" in said.inner_text()
    page.keyboard.press("Home")
    assert page.evaluate("() => document.activeElement.tagName") == "A"  # the account's name leads to its page
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+End")
    assert page.evaluate("() => document.activeElement.closest('tr').className") == "share"
    assert grid.evaluate("(table) => table.querySelectorAll('[tabindex=\"0\"]').length") == 1
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => document.activeElement.closest('table')") is None


def test_filters_are_links_a_keyboard_can_open_and_close(logged_in: BrowserContext, server: LiveServer) -> None:
    page = open_page(logged_in, server, "accounts")
    chip = page.locator(".chip-box", has_text="Tier").first
    chip.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(chip.locator(".menu-box")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chip.locator(".menu-box")).to_be_hidden()
    assert chip.locator("summary").evaluate("(summary) => summary === document.activeElement")
    page.keyboard.press("Enter")
    chip.get_by_role("link", name="B", exact=True).click()
    expect(page.locator("table.portfolio tbody tr")).to_have_count(2)


def test_every_page_works_without_script(chromium: Browser, cookies: Any, server: LiveServer) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{server.url}/e/production/accounts")
    page.locator("th a.sort", has_text="Account").click()
    assert "sort=name" in page.url
    page.locator("table.portfolio tbody").get_by_role("link", name="Acme", exact=True).click()
    page.locator("#live-coverage summary").first.click()
    page.fill("#day", "2026-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main")).to_contain_text("As of the end of")
    context.close()


def test_hostile_names_are_text(logged_in: BrowserContext, server: LiveServer) -> None:
    page = open_page(logged_in, server, "accounts")
    expect(page.get_by_role("link", name="<b>Bold & Sons</b>").first).to_be_visible()
    assert page.locator("main b", has_text=re.compile("^Bold")).count() == 0
