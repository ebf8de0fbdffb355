"""One page for each way in which a host product is hostile, as the manifest lists them; each also on an older browser."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import card, press, wait_until, wait_until_it_points
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "hostile"
MANIFEST: list[dict[str, Any]] = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
# A page that itself needs what an older browser does not have is met by today's alone.
CASES = {
    f"{entry['page']}-{'older' if is_older else 'today'}": (entry, is_older)
    for entry in MANIFEST
    for is_older in (False, True)
    if not (is_older and entry.get("modern"))
}
# What Chromium 86, Safari 16.4 and Firefox 102 do not have, taken away before any script of the page runs.
OLDER = """
  for (const name of ['popover', 'showPopover', 'hidePopover', 'togglePopover']) delete HTMLElement.prototype[name];
  delete window.navigation; delete Window.prototype.navigation; delete Element.prototype.checkVisibility;
"""
WATCHING = "window.violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective));"


def read(name: str) -> str:
    """A file of the corpus; nothing when there is none."""
    path = HERE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def open_page(page: Page, site: Site, entry: dict[str, Any]) -> None:
    """Serves the page under its headers, and opens it."""
    site.headers |= entry.get("headers", {})
    name = entry["page"]
    address = site.page(
        "/", read(name + ".html"), script=WATCHING + read(name + ".js"), html=entry.get("html", 'lang="en"'),
        doctype=entry.get("doctype", "<!doctype html>"),
    )  # fmt: skip
    page.goto(address)


@pytest.mark.parametrize(("entry", "is_older"), [pytest.param(*one, id=name) for name, one in CASES.items()])
def test_a_guide_plays_on_a_hostile_page(page: Page, told: Told, site: Site, entry: dict[str, Any], is_older: bool) -> None:
    if is_older:
        page.add_init_script(OLDER)
    by_hand = entry.get("start") == "show"
    trigger = {"on": "manual" if by_hand else "page"}
    second = step("two", kind="modal") if entry.get("modal", True) else step("two", "goal")
    told.guides = [tour(step("one", "goal", wait_ms=1500), second, trigger=trigger)]
    if entry["expect"] != "points":
        told.guides = [tour(step("one", "goal", wait_ms=80))]
    open_page(page, site, entry)
    if by_hand:
        page.evaluate("milepost('show', 'first_steps')")
    if entry["expect"] != "points":
        told.wait_for_progress("missing")
        assert ("missing", "one", entry["expect"]) in told.progress()
        assert page.locator("milepost-guide").count() == 0
    else:
        play(page, told, entry)
    assert page.evaluate("violations") == []


def play(page: Page, told: Told, entry: dict[str, Any]) -> None:
    """The card stands at the goal, through the page's trouble; the modal follows; nothing of us is left."""
    point(page, entry)
    if page.evaluate("typeof window.trouble === 'function'"):
        page.evaluate("trouble()")
        page.wait_for_timeout(250)
        point(page, entry)
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    if page.evaluate("typeof window.verify === 'function'"):
        assert page.evaluate("verify()")
    press(page, "Done")
    told.wait_for_progress("finished")
    wait_until(page, "!document.querySelector('milepost-guide')")


def point(page: Page, entry: dict[str, Any]) -> None:
    """Stands beside the goal; inside shadow roots it is enough that it is shown."""
    expect(card(page)).to_contain_text("Title one")
    if not entry.get("deep"):
        wait_until_it_points(page, "goal")
