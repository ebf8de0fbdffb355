"""The guide editor in a real browser: from a template to the boot answer by hand and by keys; two authors; axe; small screens."""

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
from tests.guide_factories import a_guide
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON_MS = 30_000
FEATURE = {"key": "search", "name": "Search", "rules": [{"on": "event", "name": "Searched"}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("editor")
    live = LiveServer(database=str(folder / "editor.db"), folder=folder).create().start()
    ask(live, "PUT", "/api/v1/catalogue", {"features": [FEATURE]})
    document = a_guide("twice", "one", "two").model_dump(mode="json", by_alias=True)
    ask(live, "POST", "/api/v1/guides/push", {"guides": [document]})
    for user, account, role in (("ann", "acme", "lead"), ("bob", "acme", "dev"), ("cy", "bolt", "lead")):
        seen = {"type": "track", "event": "Searched", "userId": user, "context": {"groupId": account}}
        send(live, {"type": "identify", "userId": user, "traits": {"role": role}}, seen)
    yield live
    live.stop()


def offered(server: LiveServer, user: str, account: str) -> list[dict[str, Any]]:
    """What the page of this person is told."""
    body = {"writeKey": server.write_key, "userId": user, "account": account, "path": "/", "locale": "en"}
    request = urllib.request.Request(f"{server.url}/v1/boot", json.dumps(body).encode(), {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return list(json.load(answer)["guides"])


def preview(page: Page) -> Any:
    """The card that people will see, in the editor's frame."""
    return page.frame_locator("iframe.preview").locator("milepost-guide .card").first


def test_a_guide_from_the_library_is_changed_by_hand_and_reaches_its_audience(owner: BrowserContext, server: LiveServer) -> None:
    page = owner.new_page()
    page.goto("/e/production/guides")
    page.get_by_role("link", name="New guide").click()
    page.get_by_label("Name", exact=True).fill("Search faster")
    page.get_by_role("radio", name=re.compile("Faster than the menu")).check()
    page.get_by_role("button", name="Make the draft").click()
    expect(preview(page)).to_contain_text("Faster than the menu")

    heading = page.get_by_role("textbox", name="Heading, English")
    heading.fill("Found in a second")
    expect(preview(page)).to_contain_text("Found in a second")
    expect(heading).to_be_focused()
    page.get_by_role("textbox", name="Text, English").fill("Press **Ctrl K** anywhere.")
    expect(preview(page).locator("b")).to_have_text("Ctrl K")
    expect(page.locator(".stage-foot")).to_contain_text("Still the template's own words: “比菜单更快”")
    page.get_by_role("textbox", name="Heading, 中文").fill("一秒找到")
    page.get_by_role("textbox", name="Text, 中文").fill("随处按 Ctrl K。")

    page.get_by_role("button", name="Add a step").click()
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()
    page.get_by_role("textbox", name="Heading, English").fill("A step too many")
    expect(page.locator(".step").nth(1)).to_contain_text("A step too many")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".step")).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(page.locator(".step")).to_have_count(2)
    page.locator(".step").nth(1).focus()
    page.keyboard.press("Delete")
    expect(page.locator(".step")).to_have_count(1)

    page.get_by_role("group", name="View").get_by_role("button", name="Who and when").click()
    expect(page.locator("[data-size]")).to_have_text("3 people in 2 accounts")
    fact = page.get_by_role("combobox", name="Fact")
    fact.select_option("user.role")
    page.get_by_role("textbox", name="Value").or_(page.get_by_role("combobox", name="Value")).fill("lead")
    expect(page.locator("[data-size]")).to_have_text("2 people in 2 accounts")
    place = page.get_by_role("link", name="Place in your product")
    expect(place).to_have_attribute("href", "/e/production/guides/search-faster/place")
    page.get_by_label("Begins").select_option("page")
    page.get_by_label("Goal feature").select_option("search")
    expect(page.locator(".stage-foot")).to_contain_text("can be published")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Live v1")).to_be_visible(timeout=SOON_MS)

    (shown,) = offered(server, "ann", "acme")
    assert (shown["key"], shown["steps"][0]["blocks"][0]["text"]) == ("search-faster", "Found in a second")
    assert offered(server, "bob", "acme") == []
    page.goto("/e/production/guides/search-faster/why?user=bob")
    expect(page.get_by_text("The person is not in its audience.")).to_be_visible()
    page.goto("/e/production/guides/search-faster/why?user=ann")
    expect(page.get_by_text("Nothing stands in the way")).to_be_visible()


def test_the_second_author_is_told_and_may_see_theirs(owner: BrowserContext, server: LiveServer) -> None:
    ann, bob = owner.new_page(), owner.new_page()
    for page in (ann, bob):
        page.goto("/e/production/guides/twice/edit")
        expect(preview(page)).to_contain_text("Text of one")
    ann.get_by_role("textbox", name="Text, English").fill("Written first")
    expect(ann.get_by_text(re.compile("^Saved"))).to_be_visible()
    bob.get_by_role("textbox", name="Text, English").fill("Written second")
    expect(bob.get_by_text(re.compile("saved this draft at"))).to_be_visible()
    bob.get_by_role("button", name="See theirs").click()
    expect(bob.get_by_role("textbox", name="Text, English")).to_have_value("Written first")
    bob.keyboard.press("Control+z")
    expect(bob.get_by_role("textbox", name="Text, English")).to_have_value("Written second")
    expect(bob.get_by_text(re.compile("^Saved"))).to_be_visible()


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_editor_is_accessible_and_nothing_lies_sideways(owner: BrowserContext, locale: str) -> None:
    page = owner.new_page()
    page.goto("/e/production/guides")
    page.locator(f"button[name=locale][value={locale}]").click()
    views = page.locator("[data-at^='view/']")
    tabs = page.locator("[data-at^='tab/']")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto("/e/production/guides/twice/edit")
        expect(preview(page)).to_be_visible()
        for index in range(3):
            tabs.nth(index).click()
            assert violations(page) == []
        for index in (1, 2):
            views.nth(index).click()
            assert violations(page) == []
    for width in (320, 375):
        page.set_viewport_size({"width": width, "height": 800})
        for index in range(3):
            views.nth(index).click()
            assert sideways(page) <= 0, (locale, width, index)
    assert violations(page) == []
    for path in ("_new", "twice/changes", "twice/why", "twice/why?user=ann", "twice/why?user=nobody"):
        page.goto(f"/e/production/guides/{path}")
        assert violations(page) == []
        assert sideways(page) <= 0, path
    page.locator("button[name=locale][value=en]").click()


def test_without_script_the_page_leads_to_the_guide(chromium: Browser, server: LiveServer, owner_state: Path) -> None:
    context = chromium.new_context(base_url=server.url, storage_state=owner_state, java_script_enabled=False)
    page = context.new_page()
    page.goto("/e/production/guides/twice/edit")
    page.get_by_role("main").get_by_role("link", name="Twice").click()
    expect(page.get_by_role("heading", name="Twice", exact=True)).to_be_visible()
    context.close()
