"""The demo as a person starts it and plays its script: one process, a real browser, the figures of the stories."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from milepost.demo.book.stories import CASTINGS, FOODS, LOGISTICS, MEDIA, RETAILER, TOOLS
from tests.demo.running import LINKS_WITHIN_S, SCRIPT_WITHIN_S, Demo, free_pair

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DAY_MS = 86_400_000
LIVE_WITHIN_MS = 5_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Demo]:
    """Started once for the file; its tests run in order."""
    demo = Demo(folder, free_pair())
    try:
        demo.wait_for("Linden HR", LINKS_WITHIN_S)
        with urlopen(f"{demo.host_url}/login", timeout=20) as page:  # both are there while the history still loads
            assert b"Eldermoor Castings (sample)" in page.read()
        demo.wait_for("The first five minutes", SCRIPT_WITHIN_S)
        yield demo
    finally:
        demo.stop()


def sign_in(context: BrowserContext, demo: Demo, person: str) -> Page:
    page = context.new_page()
    page.goto(f"{demo.host_url}/login")
    page.get_by_test_id(f"as-{person}").click()
    page.wait_for_url(f"{demo.host_url}/")
    return page


def test_story_figures_stand_on_the_api(demo: Demo, folder: Path) -> None:
    castings, foods, logistics = demo.live(CASTINGS), demo.live(FOODS), demo.live(LOGISTICS)
    assert (castings["coverage"]["n"], castings["coverage"]["of"]) == (3, 31)
    assert castings["daily_active_share"] == pytest.approx(0.18)
    assert castings["suspect"] == ["attendance_terminal"]
    assert (foods["coverage"]["n"], foods["coverage"]["of"]) == (24, 31)
    assert round(demo.live(MEDIA)["health"]["score"]) == 52
    assert logistics["activated_on"] is None
    assert demo.get(f"/api/v1/accounts/{RETAILER}")["traits"]["leads_used"] == 9400
    assert (folder / "data/demo.json").stat().st_mode & 0o077 == 0


def test_the_newest_midnight_leaves_out_the_stopped_feature_as_live_does(demo: Demo) -> None:
    both = [demo.get(f"/api/v1/accounts/{key}") for key in (CASTINGS, RETAILER)]
    for account in both:
        assert account["settled"]["suspect"] == account["live"]["suspect"] == ["attendance_terminal"]
        assert account["settled"]["coverage"] == account["live"]["coverage"]


@pytest.fixture
def console(context: BrowserContext, demo: Demo) -> Page:
    """Logged in as the owner, as the demo printed it."""
    page = context.new_page()
    page.goto(f"{demo.url}/login")
    page.locator("[name=email]").fill(demo.state["owner_email"])
    page.locator("[name=password]").fill(demo.state["owner_password"])
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/e/production/**")
    return page


STORIES = {
    CASTINGS: ("Tier A", "41 days", "18 %", "live 3 of 31 · midnight 3 of 31", "5 complaints in 30 days"),
    LOGISTICS: ("Onboarding", "Activated not yet"),
    RETAILER: ("live 6 of 19 · midnight 6 of 19", "Terminal clock-ins", "Its uses are unknown, not zero"),
    FOODS: ("live 24 of 31 · midnight 24 of 31",),
    MEDIA: ("70.9", "52.1", "Complaints 0 → 4", "Core coverage", "Daily active share"),
    TOOLS: ("This customer left", "Healthy"),
}


def test_every_story_can_be_read_on_its_page(demo: Demo, console: Page) -> None:
    for key, sentences in STORIES.items():
        console.goto(f"{demo.url}/e/production/accounts/{key}")
        shown = " ".join(console.locator("main").inner_text().split())
        for sentence in sentences:
            assert sentence in shown, (key, sentence)


def test_what_stopped_for_everybody_is_suspect_and_moves_no_score(demo: Demo, console: Page) -> None:
    console.goto(f"{demo.url}/e/production/features")
    expect(console.get_by_role("region", name="Tracking to look at")).to_contain_text("Terminal clock-ins")
    retailer = demo.get(f"/api/v1/accounts/{RETAILER}")
    assert retailer["live"]["suspect"] == ["attendance_terminal"]
    assert retailer["live"]["coverage"] == retailer["settled"]["coverage"]
    assert not [line for line in retailer["change"] if "coverage" in line["id"]]


def test_the_portfolio_is_a_book_of_all_kinds(demo: Demo, console: Page) -> None:
    console.goto(f"{demo.url}/e/production/accounts")
    expect(console.locator("main")).to_contain_text("120 accounts")
    lines = demo.accounts()
    bands = Counter(line["health"]["band"] for line in lines)
    assert sum(bands.values()) == 120
    assert bands["red"] < 40
    assert min(bands["red"], bands["green"], bands["amber"]) >= 12
    owners = Counter(line["owner_email"] for line in lines)
    assert len(owners) == 6


def test_the_script_holds_from_the_first_line_to_the_third(demo: Demo, context: BrowserContext, console: Page) -> None:
    console.goto(f"{demo.url}/e/production/accounts/{CASTINGS}")
    page = sign_in(context, demo, f"{CASTINGS}-01")
    page.goto(f"{demo.host_url}/approvals")
    card = page.get_by_role("dialog")
    expect(card).to_contain_text("A colleague waits for your answer", timeout=15_000)
    page.get_by_test_id("approval-first").click()
    expect(card).to_contain_text("Approve it here")
    page.get_by_test_id("approve-leave").click()
    expect(card).to_contain_text("The next request is yours alone")
    expect(console.get_by_text("+1 in guides only").first).to_be_visible(timeout=3 * LIVE_WITHIN_MS)
    expect(console.get_by_text("live 3 of 31 · midnight 3 of 31")).to_be_visible()
    card.get_by_role("button", name="Done").click()
    expect(card).to_have_count(0)
    page.wait_for_timeout(5_500)  # the five seconds after a run in which use still counts as guided
    page.goto(f"{demo.host_url}/approvals")
    page.get_by_test_id("approval-first").click()
    page.get_by_test_id("approve-leave").click()
    expect(page.get_by_test_id("notice")).to_be_visible()
    expect(console.get_by_text("live 4 of 31 · midnight 3 of 31")).to_be_visible(timeout=3 * LIVE_WITHIN_MS)


def test_after_a_stop_the_missing_days_come_and_nothing_counts_twice(demo: Demo, folder: Path) -> None:
    demo.stop()
    before, ids = demo.state, demo.exported_ids()
    assert 120_000 < len(ids) == len(set(ids))
    # As if it had not run for two days: what is there already is known by its id.
    stale = before | {"loaded_until": before["loaded_until"] - 2 * DAY_MS}
    (folder / "data/demo.json").write_text(json.dumps(stale))
    again = Demo(folder, demo.port)
    try:
        again.wait_for("The first five minutes", SCRIPT_WITHIN_S)
        assert again.state["secret_key"] == before["secret_key"]
        assert again.state["loaded_until"] >= before["loaded_until"]
    finally:
        again.stop()
    after = again.exported_ids()
    assert len(after) == len(set(after))
    assert set(ids) <= set(after)
