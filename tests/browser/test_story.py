"""The story: somebody is walked through a guide, then does it alone, and the account's numbers follow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from milepost.demo.book.stories import CASTINGS
from tests.browser.story_stage import Story, load_half_a_year, open_story, wait_until

pytestmark = pytest.mark.browser
LIVE_WITHIN_S = 5.0
ALONE_AFTER_MS = 5_500  # what happens within five seconds of a finished run still counts as guided


@pytest.fixture
def story(tmp_path: Path, sqlite_template: Path) -> Iterator[Story]:
    (tmp_path / "milepost.db").write_bytes(sqlite_template.read_bytes())
    with open_story(tmp_path) as opened:
        load_half_a_year(opened)
        yield opened


def open_host(context: BrowserContext, story: Story, person: int) -> Page:
    """The window of somebody of the account: 0 administers, 1 manages."""
    page = context.new_page()
    page.goto(f"{story.host_url}/login")
    page.get_by_test_id(f"as-{CASTINGS}-{person:02d}").click()
    page.wait_for_url(f"{story.host_url}/")
    return page


def open_account(browser: Browser, story: Story) -> Page:
    """The CSM's window: the account's page, opened once."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en").new_page()
    page.goto(f"{story.url}/login")
    page.locator("[name=email]").fill("csm1@linden.example")
    page.locator("[name=password]").fill(story.state.owner_password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/e/production/**")
    page.goto(f"{story.url}/e/production/accounts/{CASTINGS}")
    page.evaluate("window.never_reloaded = true")
    return page


def part(page: Page, name: str) -> Locator:
    """A row of the health table."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def approve_one(page: Page, story: Story) -> None:
    page.goto(f"{story.host_url}/approvals")
    page.get_by_test_id("approval-first").click()
    page.get_by_test_id("approve-leave").click()
    expect(page.get_by_test_id("notice")).to_be_visible()


def points(live: dict, part: str) -> float:
    return next(item["points"] for item in live["items"] if item["id"] == part)


def test_a_guided_person_then_uses_the_feature_alone_and_the_numbers_follow(
    chromium: Browser, context: BrowserContext, story: Story
) -> None:
    before = story.account()
    assert (before["live"]["coverage"]["n"], before["live"]["coverage"]["of"]) == (3, 31)
    assert (before["settled"]["coverage"]["n"], before["settled"]["coverage"]["of"]) == (3, 31)
    assert story.raw_rows("Leave Approved") == []
    csm = open_account(chromium, story)
    expect(csm.get_by_text("live 3 of 31 · midnight 3 of 31")).to_be_visible()
    expect(part(csm, "Coverage")).to_contain_text("3.2")

    # Walked through the guide over two pages: the use is stored once, marked, and stands beside the number.
    host = open_host(context, story, 1)
    host.goto(f"{story.host_url}/approvals")
    card = host.get_by_role("dialog")
    expect(card).to_contain_text("A colleague waits for your answer", timeout=15_000)
    host.get_by_test_id("approval-first").click()
    expect(card).to_contain_text("Approve it here")
    assert "/approvals/" in host.url
    host.get_by_test_id("approve-leave").click()
    expect(card).to_contain_text("The next request is yours alone")
    wait_until(lambda: story.account()["live"]["guided_only"] == 1, LIVE_WITHIN_S, "guided use beside the number")
    guided = story.account()["live"]
    assert (guided["coverage"]["n"], guided["coverage"]["of"], guided["activated_on"]) == (3, 31, None)
    assert points(guided, "adoption.coverage") == pytest.approx(points(before["live"], "adoption.coverage"))
    assert [mark for _, mark in story.raw_rows("Leave Approved")] == [1]
    expect(csm.get_by_text("+1 in guides only").first).to_be_visible(timeout=LIVE_WITHIN_S * 1000)
    expect(csm.get_by_text("live 3 of 31 · midnight 3 of 31")).to_be_visible()
    card.get_by_role("button", name="Done").click()
    expect(card).to_have_count(0)

    # Alone: one more row, and the live numbers move by what the model says.
    host.wait_for_timeout(ALONE_AFTER_MS)
    approve_one(host, story)
    wait_until(lambda: story.account()["live"]["coverage"]["n"] == 4, LIVE_WITHIN_S, "live coverage 4 of 31")
    expect(csm.get_by_text("live 4 of 31 · midnight 3 of 31")).to_be_visible(timeout=LIVE_WITHIN_S * 1000)
    expect(part(csm, "Coverage")).to_contain_text("4 of 31")
    expect(part(csm, "Coverage")).to_contain_text("4.3")
    expect(csm.get_by_text("in guides only")).to_have_count(0)
    after = story.account()
    assert (after["live"]["coverage"]["of"], after["live"]["guided_only"]) == (31, 0)
    assert after["live"]["activated_on"] is not None
    gained = points(after["live"], "adoption.coverage") - points(before["live"], "adoption.coverage")
    assert gained == pytest.approx(100 * 0.5 * (1 / 3) * (1 / 31) / 0.5)  # a third of 50 points, all of them at 50 %
    rows = story.raw_rows("Leave Approved")
    assert [mark for _, mark in rows] == [1, 0]
    assert len({number for number, _ in rows}) == 2
    assert after["settled"]["coverage"]["n"] == 3

    # The night: what is settled follows.
    story.clock.turn_past_two()
    wait_until(lambda: story.account()["settled"]["day"] != before["settled"]["day"], 30, "the run of 02:00")
    settled = story.account()["settled"]
    assert (settled["coverage"]["n"], settled["coverage"]["of"], settled["guided_only"]) == (4, 31, 0)
    expect(csm.get_by_text("live 4 of 31 · midnight 4 of 31")).to_be_visible(timeout=10_000)
    assert csm.evaluate("window.never_reloaded") is True
    csm.context.close()


def test_a_renamed_target_is_reported_on_the_guides_page(chromium: Browser, context: BrowserContext, story: Story) -> None:
    host = open_host(context, story, 0)
    host.goto(f"{story.host_url}/approvals")
    card = host.get_by_role("dialog")
    card.get_by_role("button", name="Show me").click(timeout=15_000)
    card.get_by_role("button", name="Done").click()  # the last step that can be reached: the third has nothing to point at
    expect(card).to_have_count(0, timeout=15_000)
    host.goto(f"{story.host_url}/")
    wait_until(lambda: any("missing" in row for row in story.guide_events()), 15, "the report of the page")
    csm = open_account(chromium, story)
    csm.goto(f"{story.url}/e/production/guides")
    expect(csm.get_by_text("1 live guide has a target that was not found")).to_be_visible()
    csm.context.close()
