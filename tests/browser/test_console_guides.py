"""Guide pages in a real browser: publish, pause and roll back by clicks; axe, both languages, small screens."""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.test_console_features import ask, send, sideways
from tests.guide_factories import a_guide, a_step
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ("guides", "guides?show=paused", "guides?sort=finished", "guides/intro", "guides/draft", "guides/long")
WIDTHS = (320, 375, 1280)
STEP = [
    {"type": "heading", "text": {"en": "Hello", "zh-CN": "你好"}},
    {"type": "text", "text": [{"text": "Bold ", "bold": True}, {"text": "and a link", "link": "https://a.example/"}]},
    {"type": "list", "ordered": True, "items": ["first", "second"]},
    {"type": "image", "src": "https://a.example/x.png", "alt": "A chart"},
    {"type": "divider"},
    {"type": "button", "id": "go", "text": "Go on", "actions": [{"do": "next"}]},
    {"type": "button", "id": "no", "text": "Not now", "style": "quiet", "actions": [{"do": "later"}]},
]
TREE = {
    "all": [{"fact": "account.plan", "op": "is", "value": "pro"}, {"not": {"fact": "user.role", "op": "is", "value": "W" * 90}}]
}


def document(key: str, **more: Any) -> dict[str, Any]:
    return a_guide(key, **more).model_dump(mode="json", by_alias=True)


def walk(server: LiveServer, guide: str, user: str, *told: dict[str, Any]) -> None:
    """Claimed, then said."""
    run = f"run_{user:0>8}"
    body = {"writeKey": server.write_key, "userId": user, "account": "acme", "guide": guide, "version": 1, "run": run}
    request = urllib.request.Request(f"{server.url}/v1/claim", json.dumps(body).encode(), {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer) == {"ok": True}
    context = {"groupId": "acme"}
    events = [
        {"type": "track", "event": "$guide", "userId": user, "context": context, "properties": e | {"run": run}} for e in told
    ]
    send(server, *events)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("guides")
    live = LiveServer(database=str(folder / "guides.db"), folder=folder).create().start()
    steps = [a_step("one", blocks=STEP, advance=[{"on": "click"}]), a_step("two", kind="modal")]
    published = [
        document("intro", steps=steps),
        document("long", name="W" * 150, audience=TREE, goal_feature=None, pages=["/" + "x" * 200]),
    ]
    ask(live, "POST", "/api/v1/guides/push", {"guides": published, "publish": True})
    ask(live, "POST", "/api/v1/guides/push", {"guides": [document("draft", goal_feature="nowhere")]})
    told = urllib.request.Request(f"{live.url}/api/v1/guides/intro", headers={"Authorization": f"Bearer {live.secret_key}"})
    with urllib.request.urlopen(told, timeout=20) as answer:
        guide = json.load(answer)["id"]
    shown = {"what": "shown", "step": "one"}
    walk(live, guide, "ann", shown, {"what": "step", "step": "two"}, {"what": "finished", "step": "two"})
    walk(
        live,
        guide,
        "bob",
        shown,
        {"what": "missing", "step": "two", "reason": "ambiguous"},
        {"what": "dismissed", "reason": "later"},
    )
    yield live
    live.stop()


def wide_ones(page: Page) -> list[str]:
    """What sticks out, for whoever reads the failure."""
    script = """() => [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 8).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 20))"""
    return list(page.evaluate(script))


def test_an_author_publishes_pauses_and_rolls_back_by_clicks(owner: BrowserContext, server: LiveServer) -> None:
    page = owner.new_page()
    ask(server, "POST", "/api/v1/guides/push", {"guides": [document("clicked", name="First")], "publish": True})
    ask(server, "POST", "/api/v1/guides/push", {"guides": [document("clicked", name="Second")]})
    page.goto("/e/production/guides")
    page.get_by_role("link", name="First", exact=True).click()
    page.get_by_role("button", name="Publish the draft").click()
    expect(page.get_by_role("heading", name="Second", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("Publish again")).click()
    expect(page.get_by_text("Live v3")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused v3")).to_be_visible()
    page.get_by_role("button", name="Retire", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    expect(page.get_by_text("Retired")).to_be_visible()


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_and_nothing_lies_sideways(owner: BrowserContext, path: str, locale: str) -> None:
    page = owner.new_page()
    page.goto("/e/production/guides")
    page.locator(f"button[name=locale][value={locale}]").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"/e/production/{path}")
        assert page.locator("html").get_attribute("lang") == locale
        assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways(page) <= 0, (width, wide_ones(page))
    page.set_viewport_size({"width": 375, "height": 800})
    assert violations(page) == []
    page.locator("button[name=locale][value=en]").click()


def test_the_funnel_is_there_without_script(chromium: Browser, server: LiveServer, owner_state: Path) -> None:
    context = chromium.new_context(base_url=server.url, storage_state=owner_state, java_script_enabled=False)
    page = context.new_page()
    page.goto("/e/production/guides/intro")
    page.locator("button[name=locale][value=en]").click()
    expect(page.get_by_text("for 1 run the target was missing: more than one fits")).to_be_visible()
    expect(page.get_by_text("“Later”")).to_be_visible()
    context.close()
