"""The builder in Linden HR, under its strict policy: a feature named by pointing, a step placed and played, and nothing left."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from milepost.demo.book.stories import CASTINGS
from milepost.demo.workspace import find_tenant
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.web.sdk_files import manifest
from tests.browser import axe
from tests.browser.story_stage import Story, open_story, wait_until

pytestmark = pytest.mark.browser
GUIDE = "first-leave-approval"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("builder")
    (folder / "milepost.db").write_bytes(sqlite_template.read_bytes())
    with open_story(folder) as opened:
        yield opened


@pytest.fixture
def console(context: BrowserContext, story: Story) -> Page:
    """The owner in the console, who is somebody of a customer in Linden HR, too."""
    page = context.new_page()
    page.goto(f"{story.host_url}/login")
    page.get_by_test_id(f"as-{CASTINGS}-01").click()
    page.wait_for_url(f"{story.host_url}/")
    page.goto(f"{story.url}/login")
    page.locator("[name=email]").fill(story.state.owner_email)
    page.locator("[name=password]").fill(story.state.owner_password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/e/production/**")
    return page


def open_product(console: Page, link: str, address: str) -> Page:
    """From the console into the product; the code is out of the address by then."""
    console.get_by_role("link", name=link).click()
    console.get_by_label("Address of your product").fill(address)
    with console.context.expect_page() as opened:
        console.get_by_role("button", name="Open your product").click()
    page = opened.value
    page.wait_for_url(address)
    return page


def panel(page: Page) -> Locator:
    return page.locator("milepost-builder .panel")


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Milepost builder")


def point_at(page: Page, target: Locator) -> None:
    """With the mouse, on the glass that lies over the page."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.click(box["x"] + 4, box["y"] + 4)


def end(page: Page) -> None:
    """Nothing of the builder stays: no node, no storage, the page's own function back."""
    bar(page).get_by_role("button", name="End").click()
    expect(page.locator("milepost-builder")).to_have_count(0)
    assert page.evaluate("Object.keys(sessionStorage)") == []
    assert "mpb_" not in page.evaluate("location.href + JSON.stringify(localStorage)")


def test_a_feature_is_named_by_pointing_and_its_next_click_is_counted(console: Page, story: Story) -> None:
    console.goto(f"{story.url}/e/production/features")
    page = open_product(console, "Tag in your product", f"{story.host_url}/approvals")
    expect(bar(page)).to_contain_text("Owner (sample) in Production")
    expect(panel(page)).to_contain_text("Approve leave in bulk")  # it is known, and lit
    expect(page.locator("milepost-builder .light.known")).to_have_count(1)
    assert page.evaluate("window.opener") is None
    assert axe.violations(page) == []

    panel(page).get_by_role("button", name="Point at an element").click()
    tick = page.get_by_test_id("bulk-select")
    point_at(page, tick)
    expect(panel(page)).to_contain_text("1 element lit")
    expect(tick).not_to_be_checked()  # the page heard nothing of it
    expect(panel(page)).to_contain_text("Sure")
    panel(page).get_by_label("Name").fill("<img src=x onerror=alert(1)> Pick all")
    expect(panel(page).get_by_label("Key")).to_have_value("img_src_x_onerror_alert_1_pick_all")
    panel(page).get_by_label("Key").fill("pick_all")
    panel(page).get_by_label("Module").fill("Leave")
    panel(page).get_by_label("Core").check()
    panel(page).get_by_label("Pages").select_option("/approvals/**")
    assert axe.violations(page) == []
    panel(page).get_by_role("button", name="Continue").click()
    expect(panel(page)).to_contain_text("it counts from the first use on")
    panel(page).get_by_role("button", name="Publish").click()
    expect(panel(page)).to_contain_text("“<img src=x onerror=alert(1)> Pick all” is published")
    expect(panel(page)).to_contain_text("seen 0 times in the last hour")
    tick.click()
    expect(panel(page)).to_contain_text("seen 1 time in the last hour", timeout=20_000)

    tenant = find_tenant(story.runtime, story.state)
    with db.reading(story.runtime.engine) as connection:
        row = feature_store.find_feature(connection, tenant.id, "pick_all")
    assert row is not None
    assert (row["name"], row["core"], row["module"]) == ("<img src=x onerror=alert(1)> Pick all", 1, "Leave")
    assert json.loads(row["rules"]) == [
        {
            "on": "element",
            "path": "/approvals/**",
            "target": {
                "locators": [
                    {"by": "testid", "value": "bulk-select"},
                    {"by": "role", "name": "Select all", "value": "checkbox"},
                ]
            },
        }
    ]

    # By keys alone, on the next page, which is loaded anew: the session went along.
    page.get_by_test_id("tab-reports").click()
    page.wait_for_url(f"{story.host_url}/reports")
    panel(page).get_by_role("button", name="Point at an element").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("heading", name="New feature")).to_be_visible()
    panel(page).get_by_role("button", name="Back").click()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(page.locator("milepost-guide")).to_have_count(0)  # no guide stands in the author's way
    end(page)
    page.reload()
    page.get_by_role("heading", name="Reports").first.wait_for()
    expect(page.locator("milepost-builder")).to_have_count(0)


def test_a_step_is_placed_where_it_belongs_and_the_draft_is_played(console: Page, story: Story) -> None:
    console.goto(f"{story.url}/e/production/guides/{GUIDE}")
    page = open_product(console, "Place in your product", f"{story.host_url}/approvals")
    expect(panel(page).get_by_role("listitem").first).to_contain_text("found here")
    panel(page).get_by_role("button", name="Add a step").click()
    panel(page).get_by_label("Heading").fill("All at once")
    panel(page).get_by_label("Text", exact=True).fill("Tick here to answer every request.")
    panel(page).get_by_role("button", name="Point at an element").click()
    point_at(page, page.get_by_test_id("bulk-select"))
    panel(page).get_by_label("Card stands").select_option("right")
    assert axe.violations(page) == []
    panel(page).get_by_role("button", name="Play from here").click()
    card = page.get_by_role("dialog")
    expect(card).to_contain_text("Tick here to answer every request.")
    bar(page).get_by_role("button", name="Stop playing").click()
    expect(card).to_have_count(0)

    tenant = find_tenant(story.runtime, story.state)

    def stored() -> dict:
        with db.reading(story.runtime.engine) as connection:
            row = guide_store.find_guide(connection, tenant.id, GUIDE)
        assert row is not None
        return dict(json.loads(row["draft"]))

    placed = stored()["steps"][1]
    assert (placed["placement"], placed["pages"]) == ("right", ["/approvals"])
    assert placed["target"]["locators"][0] == {"by": "testid", "value": "bulk-select"}
    with db.reading(story.runtime.engine) as connection:
        row = guide_store.find_guide(connection, tenant.id, GUIDE)
    assert row is not None
    assert [event for event in story.guide_events() if row["public_id"] in event] == []  # a draft that is played is nobody's run

    before = len(stored()["steps"])
    panel(page).get_by_role("button", name="Record clicks").click()
    page.get_by_test_id("approval-first").click()
    page.wait_for_url("**/approvals/*")
    page.get_by_test_id("approve-leave").click()
    wait_until(lambda: len(stored()["steps"]) == before + 2, 15, "two clicks are two steps")
    assert [step["advance"] for step in stored()["steps"][-2:]] == [[{"on": "click"}]] * 2
    bar(page).get_by_role("button", name="Stop recording").click()
    end(page)


def test_a_link_that_was_used_opens_nothing_and_a_page_without_one_loads_nothing(
    console: Page, story: Story, complaints: list[str]
) -> None:
    console.goto(f"{story.url}/e/production/features")
    asked: list[str] = []
    console.context.on("request", lambda request: asked.append(request.url))
    page = console.context.new_page()
    page.goto(f"{story.host_url}/approvals#milepost-builder=mpb_AAAAAAAAAAAAAAAAAAAAAAAA")
    expect(page.get_by_role("alert")).to_contain_text("This link was used already")
    assert page.url == f"{story.host_url}/approvals"
    page.evaluate("window.postMessage({ milepost: 'builder', code: 'mpb_x' }, '*')")  # nobody listens
    assert len(complaints) == 1
    assert "blocked by CORS policy" in complaints.pop()  # not even the refusal can be read
    bar(page).get_by_role("button", name="Close").click()
    expect(page.locator("milepost-builder")).to_have_count(0)
    assert any("/v1/builder/open" in url for url in asked)
    assert not any("mpb_" in url.partition("#")[0] for url in asked)
    chunk = manifest()["chunks"]["builder"]
    assert any(chunk["path"] in url for url in asked)
    asked.clear()
    with page.expect_response("**/v1/boot"):
        page.goto(f"{story.host_url}/reports")
    assert not any(chunk["path"] in url for url in asked)
