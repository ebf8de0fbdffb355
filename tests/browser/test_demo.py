"""The demo as a person starts it and plays its script: one process, a real browser, the figures of the stories."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from milepost.demo.book.stories import CASTINGS, FOODS, LOGISTICS, MEDIA, RETAILER
from tests.demo.running import LINKS_WITHIN_S, SCRIPT_WITHIN_S, Demo, free_pair

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DAY_MS = 86_400_000
LIVE_WITHIN_S = 5.0


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


def wait_until(holds: Callable[[], bool], seconds: float) -> float:
    """Seconds until it held."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
        time.sleep(0.1)
    return time.monotonic() - started


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


def test_a_guide_leads_over_two_pages_and_only_what_follows_alone_counts(
    demo: Demo, context: BrowserContext, complaints: list[str]
) -> None:
    page = sign_in(context, demo, f"{CASTINGS}-01")
    before = demo.live(CASTINGS)
    page.goto(f"{demo.host_url}/approvals")
    card = page.locator("milepost-guide .card").first
    expect(card).to_contain_text("A colleague waits for your answer", timeout=15_000)
    page.get_by_test_id("approval-first").click()
    expect(card).to_contain_text("Approve it here")
    page.get_by_test_id("approve-leave").click()
    expect(card).to_contain_text("The next request is yours alone")
    wait_until(lambda: demo.live(CASTINGS)["guided_only"] == 1, LIVE_WITHIN_S)
    guided = demo.live(CASTINGS)
    assert guided["coverage"]["n"] == before["coverage"]["n"] == 3
    assert guided["activated_on"] is None
    page.get_by_role("button", name="Done").click()
    expect(card).to_have_count(0)
    page.wait_for_timeout(5_500)  # the five seconds after a run in which use still counts as guided
    page.goto(f"{demo.host_url}/approvals")
    page.get_by_test_id("approval-first").click()
    page.get_by_test_id("approve-leave").click()
    expect(page.get_by_test_id("notice")).to_be_visible()
    wait_until(lambda: demo.live(CASTINGS)["coverage"]["n"] == 4, LIVE_WITHIN_S)
    after = demo.live(CASTINGS)
    assert (after["coverage"]["of"], after["guided_only"]) == (31, 0)
    assert after["activated_on"] is not None
    parts = {item["id"]: item["points"] for item in after["items"]}
    earlier = {item["id"]: item["points"] for item in before["items"]}
    gained = parts["adoption.coverage"] - earlier["adoption.coverage"]
    assert gained == pytest.approx(100 * 0.5 / 3 * (1 / 31) / 0.5)  # a third of the group's 50 points, full at 0.5
    assert complaints == []


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
