"""A guide over page loads and routes; what the server may refuse; when a guide keeps still."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import button, step, tour
from tests.browser.sdk_page import BODY, LISTENING, card, heard, press, show, wait_until
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
HOOKED = "milepost('on', 'shown', () => {});"


def two_pages(site: Site) -> str:
    """A page and the one its link leads to."""
    site.page("/second", BODY + "<p>Second</p>")
    return site.page("/first", "<p>words before</p><p>and <a href=/second data-testid=link>On</a></p>" + BODY)


def test_a_real_click_leads_to_the_next_step_on_the_next_page(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(
            step("one", "link", pages=["/first"], advance=[{"on": "click"}]),
            step("two", "filter", pages=["/second"]),
            step("three", "new"),
        )
    ]
    page.goto(two_pages(site))
    expect(card(page)).to_contain_text("Title one")
    expect(card(page).get_by_role("button", name="Next")).to_have_count(0)
    told.wait_for_progress("step", "one")
    page.get_by_test_id("link").click()
    page.wait_for_url("**/second")
    expect(card(page)).to_contain_text("Title two")
    press(page, "Next")
    page.reload()
    expect(card(page)).to_contain_text("Title three")
    press(page, "Done")
    told.wait_for_progress("finished")
    assert len(told.claims) == 1, "resuming the same run needs no claim"
    assert len({event["properties"]["run"] for event in told.events("$guide")}) == 1
    assert [what for what, *_ in told.progress()].count("shown") == 1
    told.guides = []
    page.reload()
    told.wait_for(lambda: len(told.boots) == 4)
    expect(page.locator("milepost-guide")).to_have_count(0)


def test_a_step_of_another_page_waits_there_and_is_reached_by_routes(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(step("one", "import"), step("two", "filter", pages=["/deals/*"]), step("three", "new", pages=["/reports"]))
    ]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    expect(card(page)).to_contain_text("Waiting for the page…")
    page.evaluate("history.pushState({}, '', '/deals/42')")
    expect(card(page)).to_contain_text("Title two")
    page.evaluate("history.pushState({}, '', '/elsewhere')")
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.wait_for_timeout(600)
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.evaluate("history.back()")
    expect(card(page)).to_contain_text("Title two")
    press(page, "Next")
    page.evaluate("history.replaceState({}, '', '/reports')")
    expect(card(page)).to_contain_text("Title three")
    told.wait_for(lambda: len(told.events("page")) >= 5)
    paths = [event["properties"]["path"] for event in told.events("page")]
    assert paths == ["/", "/deals/:id", "/elsewhere", "/deals/:id", "/reports"]


def test_away_from_its_page_a_step_waits_without_a_word(page: Page, told: Told, site: Site) -> None:
    """Who pressed "next" is told for a moment; nobody else, on no other page."""
    told.guides = [
        tour(
            step("one", "import", pages=["/first"]),
            step("two", "filter", pages=["/second"], wait_ms=4000),
            step("three", "new"),
        )
    ]
    page.goto(two_pages(site))
    press(page, "Next")
    expect(card(page)).to_contain_text("Waiting for the page…")
    expect(card(page).get_by_role("button", name="Skip")).to_have_count(0)
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.goto(site.page("/third", BODY))
    told.wait_for(lambda: len(told.boots) == 2)
    page.wait_for_timeout(700)
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.goto(f"{site.url}/second")
    expect(card(page)).to_contain_text("Title two")
    assert {event["properties"]["what"] for event in told.events("$guide")} <= {"shown", "step"}


@pytest.mark.parametrize("away", [True, False])
def test_the_notice_that_it_waits_closes_like_any_card(page: Page, told: Told, site: Site, away: bool) -> None:
    told.guides = [tour(step("one", "import"), step("two", "nowhere", missing="wait", pages=["/second"] if away else None))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    expect(card(page)).to_contain_text("Waiting for the page…")
    page.locator("milepost-guide summary").click()
    menu = page.locator("milepost-guide .menu")
    expect(menu.get_by_role("button")).to_have_text(["Later", "Don't show this again", "Turn all tips off"])
    box = menu.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 720
    page.keyboard.press("Escape")
    expect(page.locator("milepost-guide")).to_have_count(0)
    told.wait_for_progress("dismissed", "two")
    assert told.progress()[-1] == ("dismissed", "two", "closed")


def test_input_addresses_and_events_advance(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(
            step("one", "name", advance=[{"on": "input", "value": "Ada"}]),
            step("two", "import", advance=[{"on": "url", "path": "/saved/**"}]),
            step("three", "filter", advance=[{"on": "event", "event": "Deal Won"}]),
            step("four", "new", advance=[{"on": "input", "target": {"locators": [{"by": "testid", "value": "name"}]}}]),
            step("five", "new"),
        )
    ]
    page.goto(site.page("/", "<p><input data-testid=name aria-label=Name></p>" + BODY))
    expect(card(page)).to_contain_text("Title one")
    page.get_by_test_id("name").press_sequentially("Ad")
    expect(card(page)).to_contain_text("Title one")
    page.get_by_test_id("name").press_sequentially("a")
    expect(card(page)).to_contain_text("Title two")
    page.evaluate("history.pushState({}, '', '/saved/1')")
    expect(card(page)).to_contain_text("Title three")
    page.evaluate("milepost('track', 'Deal Won')")
    expect(card(page)).to_contain_text("Title four")
    page.get_by_test_id("name").fill("Bob")
    page.get_by_test_id("name").blur()
    expect(card(page)).to_contain_text("Title five")


def test_what_was_dismissed_or_finished_does_not_come_back(page: Page, told: Told, site: Site) -> None:
    """A slow server may still offer it, even as an open run."""
    told.guides = [tour(step("one", "import"))]
    page.goto(site.page("/", BODY))
    press(page, "Close")
    told.wait_for_progress("dismissed")
    run = told.claims[0]["run"]
    told.open_runs = [{"run": run, "guide": "first_steps", "version": 1, "step": "one"}]
    told.claim = {"ok": False, "reason": "dismissed"}
    page.reload()
    told.wait_for(lambda: len(told.claims) == 2)
    page.wait_for_timeout(150)
    expect(page.locator("milepost-guide")).to_have_count(0)


def test_a_run_goes_on_where_another_device_left_it(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"), step("three", "new"))]
    told.open_runs = [{"run": "run_0192aaaa", "guide": "first_steps", "version": 1, "step": "two"}]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title two")
    press(page, "Close")
    told.wait_for_progress("dismissed", "two")
    assert told.claims == []
    assert {event["properties"]["run"] for event in told.events("$guide")} == {"run_0192aaaa"}
    assert [what for what, *_ in told.progress()] == ["step", "dismissed"]


def test_a_run_that_ended_elsewhere_ends_here(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    told.wait_for_progress("step", "two")
    told.guides, told.open_runs = [], [{"run": "run_other000", "guide": "unknown", "version": 1, "step": None}]
    page.reload()
    told.wait_for(lambda: len(told.boots) == 2)
    page.wait_for_timeout(150)
    expect(page.locator("milepost-guide")).to_have_count(0)


@pytest.mark.parametrize("trouble", ["refused", "error", "garbage", "silent"])
def test_without_the_servers_yes_nothing_is_shown(page: Page, told: Told, site: Site, trouble: str) -> None:
    told.guides = [tour(step("one", "import"))]
    if trouble == "refused":
        told.claim = {"ok": False, "reason": "budget_day"}
    else:
        answers = {"error": (500, b"{}", {}), "garbage": (200, b"<html>no</html>", {}), "silent": (200, b"", {})}
        told.trouble["/v1/claim"] = [answers[trouble]]
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: "POST /v1/claim" in told.asked)
    page.wait_for_timeout(200)
    expect(page.locator("milepost-guide")).to_have_count(0)
    assert told.events("$guide") == []


def test_the_claim_says_who_and_what_before_the_first_paint(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), version=7)]
    page.goto(site.page("/", BODY, script=HOOKED))
    expect(card(page)).to_be_visible()
    claim = told.claims[0]
    assert claim["run"].startswith("run_")
    assert len(claim["run"]) == 36
    assert (claim["guide"], claim["version"], claim["free"]) == ("first_steps", 7, False)
    assert (claim["userId"], claim["account"], claim["token"]) == ("ada", "acme", "signed.by.host")
    press(page, "Close")
    expect(page.locator("milepost-guide")).to_have_count(0)
    show(page)
    told.wait_for(lambda: len(told.claims) == 2)
    assert told.claims[1]["free"] is True, "who asks for a guide does not pay with attention"


def test_no_tips_is_kept(page: Page, told: Told, site: Site) -> None:
    told.guides, told.no_tips = [tour(step("one", "import"))], True
    page.goto(site.page("/", BODY, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.wait_for_timeout(100)
    expect(page.locator("milepost-guide")).to_have_count(0)
    show(page)
    expect(card(page)).to_be_visible()


def test_a_guide_waits_for_its_page_its_element_or_its_event(page: Page, told: Told, site: Site) -> None:
    late = {"locators": [{"by": "testid", "value": "late"}]}
    told.guides = [
        tour(step("a", "import"), guide="by_page", pages=["/deals"]),
        tour(step("b", "import"), guide="by_element", trigger={"on": "element", "target": late}),
        tour(step("c", "import"), guide="by_event", trigger={"on": "event", "event": "Deal Won"}),
    ]
    page.goto(site.page("/", BODY, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.wait_for_timeout(100)
    assert told.claims == []
    page.evaluate("history.pushState({}, '', '/deals')")
    expect(card(page)).to_contain_text("Title a")
    press(page, "Close")
    page.evaluate(
        "() => { const b = document.createElement('button'); b.dataset.testid = 'late'; "
        "b.textContent = 'late'; document.body.append(b) }"
    )
    expect(card(page)).to_contain_text("Title b")
    press(page, "Close")
    page.evaluate("milepost('track', 'Deal Won')")
    expect(card(page)).to_contain_text("Title c")
    told.wait_for(lambda: len(told.claims) == 3)


def test_never_while_typing_over_a_dirty_form_or_an_open_dialog(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), trigger={"on": "event", "event": "Go"})]
    form = "<form id=f><input id=i aria-label=Name></form><dialog id=d><p>Host</p></dialog>"
    page.goto(site.page("/", BODY + form, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.focus("#i")
    page.evaluate("milepost('track', 'Go')")
    page.wait_for_timeout(150)
    assert told.claims == [], "a field has the focus"
    page.evaluate("() => { d.showModal() }")
    page.wait_for_timeout(150)
    assert told.claims == [], "the host's dialog is open"
    page.evaluate("() => { d.close(); i.blur() }")
    expect(card(page)).to_contain_text("Title one")


def test_not_in_the_first_three_seconds_unless_asked(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import")), tour(step("two", "filter"), guide="second", trigger={"on": "manual"})]
    page.goto(site.page("/", BODY, script=LISTENING, options="{}"))
    wait_until(page, "heard.includes('ready')")
    show(page, "second")
    expect(card(page)).to_contain_text("Title two")
    press(page, "Close")
    expect(card(page)).to_contain_text("Title one", timeout=6000)
    assert page.evaluate("performance.now()") > 3000


def test_an_address_opens_after_the_rest_of_the_button_is_done(page: Page, told: Told, site: Site) -> None:
    blocks = [{"type": "heading", "text": "Go"}, button("Open", {"do": "open", "url": "/second"}, {"do": "next"})]
    told.guides = [tour(step("one", blocks=blocks), step("two", "filter"))]
    page.goto(two_pages(site))
    press(page, "Open")
    page.wait_for_url("**/second")
    expect(card(page)).to_contain_text("Title two")


def test_another_person_on_the_same_page_gets_a_clean_start(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    page.goto(site.page("/", BODY, script=LISTENING))
    press(page, "Next")
    told.guides = []
    page.evaluate("milepost('identify', 'bob', {}, {account: 'other'})")
    expect(page.locator("milepost-guide")).to_have_count(0)
    told.wait_for(lambda: any(boot.get("userId") == "bob" for boot in told.boots))
    boot = told.boots[-1]
    assert boot["anonymousId"] != told.boots[0]["anonymousId"]
    assert boot["account"] == "other"
    assert "token" not in boot
    kept: dict[str, Any] = json.loads(page.evaluate("localStorage['milepost.pk_test_000000.me']"))
    assert "r" not in kept
    assert "dismissed:two" not in heard(page)


def test_a_slow_yes_for_one_person_shows_nothing_to_the_next(page: Page, told: Told, site: Site) -> None:
    """The claim of the first person is still under way when another one logs in."""
    told.guides = [tour(step("one", "import"))]
    held = (
        "const real = fetch; window.free = []; window.fetch = async (to, what) => "
        "{ if (to.endsWith('claim')) await new Promise((done) => free.push(done)); return real(to, what) };"
    )
    page.goto(site.page("/", BODY, script=held))
    wait_until(page, "free.length === 1")
    told.guides = [tour(step("other", "filter"), guide="second")]
    page.evaluate("milepost('identify', 'bob')")
    wait_until(page, "free.length === 2")
    page.evaluate("free[0]()")
    told.wait_for(lambda: len(told.claims) == 1)
    page.wait_for_timeout(150)
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.evaluate("free[1]()")
    expect(card(page)).to_contain_text("Title other")


def test_a_click_beside_the_card_does_what_the_author_says(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(
            step("one", "import", backdrop="dim"),
            step("two", "import", backdrop="spotlight", overlay_click="next"),
            step("three", kind="modal", overlay_click="close"),
        )
    ]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    page.mouse.click(900, 600)
    page.wait_for_timeout(80)
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    page.mouse.click(900, 600)
    expect(card(page)).to_contain_text("Title three")
    page.mouse.click(640, 360)
    page.wait_for_timeout(80)
    expect(card(page)).to_contain_text("Title three")
    page.mouse.click(20, 700)
    told.wait_for_progress("dismissed", "three")
