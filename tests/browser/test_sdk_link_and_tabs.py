"""Links, tabs, consent, the browser floor: what the page may ask of the SDK, and what it keeps to itself."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import BODY, card, press, wait_until
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
BY_HAND: dict[str, Any] = {"trigger": {"on": "manual"}}
KEPT = "Object.keys(localStorage).filter((name) => name.startsWith('milepost'))"


def test_a_link_starts_a_guide_once_and_leaves_the_address(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(step("one", "import"), guide="linked", linkable=True, **BY_HAND),
        tour(step("x", "new"), guide="private", **BY_HAND),
    ]
    url = site.page("/", BODY)
    page.goto(url + "?a=1#section&milepost=linked")
    expect(card(page)).to_contain_text("Title one")
    assert page.url == url + "?a=1#section"
    assert told.claims[0]["linked"] is True
    press(page, "Got it")
    told.wait_for_progress("finished")
    page.goto(url + "#milepost=private")
    wait_until(page, "location.hash === ''")
    page.evaluate("location.hash = 'milepost=linked'")
    expect(card(page)).to_contain_text("Title one")
    assert [claim["guide"] for claim in told.claims] == ["linked", "linked"]


def test_a_link_survives_the_login_page_between(page: Page, told: Told, site: Site) -> None:
    site.page("/login", "<h1>Who are you?</h1>", identify=False)
    site.page("/deals", BODY)
    page.goto(site.url + "/login#milepost=linked")
    told.wait_for(lambda: told.boots)
    wait_until(page, "location.hash === ''")
    assert not told.claims
    told.guides = [tour(step("one", "import"), guide="linked", linkable=True, **BY_HAND)]
    page.goto(site.url + "/deals")
    expect(card(page)).to_contain_text("Title one")
    press(page, "Got it")
    told.wait_for_progress("finished")
    page.reload()
    told.wait_for(lambda: len(told.boots) > 2)
    assert len(told.claims) == 1


def test_tabs_go_on_and_end_together(context: BrowserContext, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"), step("three", "new"))]
    url = site.page("/", BODY)
    first, second = context.new_page(), context.new_page()
    first.goto(url)
    expect(card(first)).to_contain_text("Title one")
    told.wait_for_progress("step", "one")
    second.goto(url)
    expect(card(second)).to_contain_text("Title one")
    assert len(told.claims) == 1
    press(second, "Next")
    expect(card(first)).to_contain_text("Title two", timeout=2000)
    press(first, "Next")
    expect(card(second)).to_contain_text("Title three", timeout=2000)
    press(first, "Close")
    expect(second.locator("milepost-guide")).to_have_count(0, timeout=2000)
    told.wait_for_progress("dismissed")
    assert [what for what, *_ in told.progress()].count("dismissed") == 1


def test_without_consent_nothing_is_sent_or_kept(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"))]
    page.goto(site.page("/", BODY, options="{quiet_ms: 0, consent: false}"))
    page.evaluate(
        "() => { milepost('track', 'Early'); milepost('group', 'acme'); milepost('page'); milepost('show', 'first_steps') }"
    )
    page.wait_for_timeout(700)
    assert told.asked == []
    assert page.evaluate(KEPT) == []
    page.evaluate("() => { milepost('consent', true); milepost('identify', 'ada') }")
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("milepost('track', 'Used')")
    told.wait_for(lambda: told.events("Used"))
    assert told.events("identify")
    assert page.evaluate(KEPT) != []
    page.evaluate("() => { milepost('track', 'Last'); milepost('consent', false) }")
    wait_until(page, "!document.querySelector('milepost-guide')")
    sent = len(told.asked)
    page.evaluate("() => { milepost('track', 'Late'); milepost('identify', 'bob') }")
    page.wait_for_timeout(700)
    assert page.evaluate(KEPT) == []
    page.reload()
    page.wait_for_timeout(300)
    assert len(told.asked) == sent
    assert not told.events("Early") + told.events("Late") + told.events("Last")


def test_reset_is_not_me_and_forgets_the_run(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    told.guides, told.open_runs = [], []
    page.evaluate("milepost('reset')")
    expect(page.locator("milepost-guide")).to_have_count(0)
    boot = told.wait_for(lambda: len(told.boots) > 1 and told.boots[-1])
    assert "userId" not in boot
    assert boot["anonymousId"] != told.boots[0]["anonymousId"]


def test_below_the_browser_floor_usage_is_told_and_nothing_shown(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"))]
    page.add_init_script("delete Document.prototype.adoptedStyleSheets; delete ShadowRoot.prototype.adoptedStyleSheets;")
    page.goto(site.page("/", BODY))
    page.evaluate("() => { milepost('show', 'first_steps'); milepost('track', 'Used') }")
    told.wait_for(lambda: told.events("Used"))
    assert told.boots
    assert not told.claims
    assert page.locator("milepost-guide").count() == 0


def test_a_run_that_waits_unseen_for_half_an_hour_blocks_nothing(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(step("one", "import"), step("two", "absent", missing="wait", pages=["/other"])),
        tour(step("x", "new"), guide="next"),
    ]
    page.clock.install()
    page.goto(site.page("/", BODY))
    page.clock.run_for(1000)
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    page.clock.run_for(1000)
    page.clock.fast_forward("31:00")
    told.open_runs = []
    page.evaluate("history.pushState(null, '', '/?later'); history.pushState(null, '', '/elsewhere')")
    for _ in range(40):  # the clock stands still while answers are on their way
        page.clock.run_for(1000)
        page.wait_for_timeout(50)
        if card(page).is_visible():
            break
    expect(card(page)).to_contain_text("Title x")
