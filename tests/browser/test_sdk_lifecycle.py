"""How a guide begins, moves and leaves."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import button, step, tour
from tests.browser.sdk_page import BODY, LISTENING, card, heard, press, show, wait_until
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
BY_HAND = {"on": "manual"}
THREE = (step("one", "import"), step("two", "filter"), step("three", "new"))


def ready(page: Page, site: Site, script: str = "") -> None:
    """Opens the page and waits until the server's answer is in."""
    page.goto(site.page("/", BODY, script=LISTENING + script))
    wait_until(page, "heard.includes('ready')")


def test_nothing_is_in_the_page_before_a_guide_starts(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE, trigger=BY_HAND)]
    ready(page, site)
    assert page.evaluate("[...document.documentElement.children].map((el) => el.localName)") == ["head", "body"]
    assert page.evaluate("document.querySelectorAll('link, style').length") == 0
    assert page.evaluate("document.documentElement.getAttributeNames()") == ["lang"]


def test_a_guide_starts_at_any_step_and_out_of_range_at_the_first(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE, trigger=BY_HAND)]
    ready(page, site)
    for begin, title in ((1, "two"), ("three", "three"), (99, "one"), (-1, "one"), ("nope", "one"), (None, "one")):
        show(page, step=begin)
        expect(card(page)).to_contain_text(f"Title {title}")
        press(page, "Close")
        expect(page.locator("milepost-guide")).to_have_count(0)


def test_next_past_the_end_and_back_before_the_start_never_throw(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    ready(page, site)
    expect(card(page)).to_contain_text("Title one")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    expect(card(page)).to_contain_text("Title two")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    told.wait_for_progress("finished")
    expect(page.locator("milepost-guide")).to_have_count(0)
    assert [what for what, *_ in told.progress()].count("finished") == 1


def test_the_last_reachable_step_says_done(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "renamed"), step("three", "gone"))]
    ready(page, site)
    press(page, "Done")
    told.wait_for_progress("finished")
    assert told.progress() == [
        ("shown", "one", None),
        ("step", "one", None),
        ("missing", "two", "missing"),
        ("missing", "three", "missing"),
        ("finished", "one", None),
    ]


def test_an_authors_next_says_done_when_nothing_follows(page: Page, told: Told, site: Site) -> None:
    blocks = [{"type": "heading", "text": "Tick"}, button("Next", {"do": "next"})]
    told.guides = [tour(step("one", "import", blocks=blocks), step("two", "renamed", wait_ms=200))]
    ready(page, site)
    expect(page.locator("milepost-guide .primary")).to_have_text("Done")
    press(page, "Done")
    told.wait_for_progress("finished", "one")


def test_when_what_follows_is_gone_the_card_stays_and_says_done(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    ready(page, site)
    expect(page.locator("milepost-guide .primary")).to_have_text("Next")
    page.evaluate("() => { window.kept = document.querySelector('[data-testid=filter]'); kept.hidden = true }")
    press(page, "Next")
    expect(page.locator("milepost-guide .primary")).to_have_text("Done")
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("() => { kept.hidden = false }")
    expect(card(page)).to_contain_text("Title two")
    press(page, "Back")
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("() => { kept.hidden = true }")
    press(page, "Next")
    press(page, "Done")
    told.wait_for_progress("finished", "one")
    assert ("missing", "two", "missing") in told.progress()


def test_what_a_click_brings_is_waited_for_even_at_the_end(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", advance=[{"on": "click"}]), step("two", "late"))]
    ready(page, site)
    expect(card(page)).to_contain_text("Title one")
    page.get_by_test_id("import").click()
    page.wait_for_timeout(100)
    page.evaluate("() => { document.querySelector('[data-testid=new]').dataset.testid = 'late' }")
    expect(card(page)).to_contain_text("Title two")


def test_starting_twice_is_one_guide(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE, trigger=BY_HAND)]
    ready(page, site)
    page.evaluate("() => { milepost('show', 'first_steps'); milepost('show', 'first_steps') }")
    expect(card(page)).to_contain_text("Title one")
    show(page)
    page.wait_for_timeout(150)
    expect(page.locator("milepost-guide")).to_have_count(1)
    assert len(told.claims) == 1


def test_who_asks_again_for_a_guide_that_waits_unseen_gets_it_anew(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter", pages=["/elsewhere"]), trigger=BY_HAND)]
    ready(page, site)
    show(page)
    press(page, "Next")
    page.evaluate("history.pushState({}, '', '/aside')")
    expect(page.locator("milepost-guide")).to_have_count(0)
    show(page)
    expect(card(page)).to_contain_text("Title one")
    told.wait_for(lambda: len(told.claims) == 2)


def test_the_end_removes_every_node_and_listener(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE, trigger=BY_HAND)]
    ready(page, site)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def cycle(times: int) -> dict[str, float]:
        for _ in range(times):
            show(page)
            press(page, "Next")
            press(page, "Next")
            press(page, "Done")
            expect(page.locator("milepost-guide")).to_have_count(0)
        page.evaluate("() => { heard.length = 0 }")
        page.wait_for_timeout(600)  # the outbox has sent
        for _ in range(3):
            devtools.send("HeapProfiler.collectGarbage")
        return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}

    before, after = cycle(3), cycle(12)
    assert after["JSEventListeners"] <= before["JSEventListeners"]
    assert after["Nodes"] <= before["Nodes"] + 2
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 150_000


def test_two_guides_keep_separate_state(page: Page, told: Told, site: Site) -> None:
    first = tour(*THREE, trigger=BY_HAND)
    second = tour(step("a", "new"), step("b", "import"), guide="second", trigger=BY_HAND)
    told.guides = [first, second]
    ready(page, site)
    show(page)
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    show(page, "second")
    expect(card(page)).to_contain_text("Title a")
    expect(card(page)).to_contain_text("Step 1 of 2")
    press(page, "Close")
    show(page)
    expect(card(page)).to_contain_text("Title one")
    told.wait_for(lambda: len(told.claims) == 3)
    assert [claim["guide"] for claim in told.claims] == ["first_steps", "second", "first_steps"]
    assert len({claim["run"] for claim in told.claims}) == 3


def test_close_may_ask(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE)]
    ready(page, site, "window.mayClose = false; milepost('on', 'beforeClose', async () => mayClose);")
    press(page, "Close")
    page.wait_for_timeout(100)
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    page.evaluate("() => { mayClose = true }")
    press(page, "Close")
    told.wait_for_progress("dismissed", "two")


def test_a_hook_before_a_step_may_stop_it(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE)]
    stop = "window.stopped = 'two'; milepost('on', 'beforeStep', async ({step}) => { await 0; return step !== stopped });"
    ready(page, site, stop)
    press(page, "Next")
    page.wait_for_timeout(100)
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("() => { stopped = '' }")
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    told.wait_for_progress("step", "two")
    assert [p[1] for p in told.progress() if p[0] == "step"] == ["one", "two"]


def test_a_hook_that_never_answers_is_passed_over_and_reported_once(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE)]
    ready(page, site, "milepost('on', 'beforeStep', ({step}) => step === 'two' ? new Promise(() => {}) : true);")
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two", timeout=4000)
    press(page, "Next")
    expect(card(page)).to_contain_text("Title three")
    assert heard(page).count("timeout") == 1


def test_an_error_in_one_listener_never_breaks_another_and_the_order_is_fixed(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE)]
    throwing = "['shown','step','finished','beforeStep'].forEach((n) => milepost('on', n, () => { throw new Error('mine') }));"
    page.goto(site.page("/", BODY, script=throwing + LISTENING))
    press(page, "Next")
    press(page, "Back")
    press(page, "Next")
    press(page, "Next")
    press(page, "Done")
    expect(page.locator("milepost-guide")).to_have_count(0)
    walk = ["one", "two", "one", "two", "three"]
    steps = [f"{name}:{where}" for where in walk for name in ("beforeStep", "step")]
    assert heard(page) == ["ready", steps[0], "shown:one", *steps[1:], "finished:three"]


def test_an_empty_step_list_waits_for_its_steps(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour()]
    ready(page, site)
    show(page)
    page.wait_for_timeout(100)
    expect(page.locator("milepost-guide")).to_have_count(0)
    assert told.claims == []
    told.guides = [tour(*THREE)]
    page.evaluate("milepost('group', 'other')")
    expect(card(page)).to_contain_text("Title one")


def test_a_button_may_do_several_things(page: Page, told: Told, site: Site) -> None:
    blocks = [
        {"type": "heading", "text": "Choose"},
        button("Jump", {"do": "go_to", "step": "three"}),
        button("Other", {"do": "start", "guide": "second"}),
    ]
    told.guides = [tour(step("one", blocks=blocks), *THREE[1:]), tour(step("a", "new"), guide="second", trigger=BY_HAND)]
    ready(page, site)
    press(page, "Jump")
    expect(card(page)).to_contain_text("Title three")
    press(page, "Back")
    press(page, "Back")
    press(page, "Other")
    expect(card(page)).to_contain_text("Title a")
    told.wait_for_progress("finished", "one")


def test_destroy_leaves_nothing_and_a_new_init_begins_anew(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(*THREE)]
    ready(page, site)
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("milepost('destroy')")
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.evaluate("() => { milepost('track', 'Late'); milepost('init', 'pk_test_000000', {quiet_ms: 0}) }")
    told.wait_for(lambda: told.events("Late"))
    expect(card(page)).to_contain_text("Title one")
