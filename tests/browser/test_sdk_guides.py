"""Guides on the screen: from boot to the last step."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
BODY = "<h1>Deals</h1><button data-testid='import'>Import</button> <button data-testid='filter'>Filter</button>"


def test_a_person_is_walked_through_a_tour(page: Page, told: Told, site: Site) -> None:
    two = step("two", "filter")
    two["blocks"] = [*two["blocks"], {"type": "code", "text": "npm run\n  import"}]
    told.guides = [tour(step("one", "import", backdrop="spotlight"), two)]
    page.goto(site.page("/", BODY))
    card = page.get_by_role("dialog")
    expect(card).to_contain_text("Title one")
    expect(card).to_contain_text("Step 1 of 2")
    card.get_by_role("button", name="Next").click()
    expect(card).to_contain_text("Title two")
    assert card.locator("pre").text_content() == "npm run\n  import"
    card.get_by_role("button", name="Done").click()
    expect(page.locator("milepost-guide")).to_have_count(0)
    told.wait_for_progress("finished")
    assert told.progress() == [
        ("shown", "one", None),
        ("step", "one", None),
        ("step", "two", None),
        ("finished", "two", None),
    ]
    run = told.claims[0]["run"]
    assert {event["properties"]["run"] for event in told.events("$guide")} == {run}
