"""Finding what a step points at: late, missing, vanished, replaced, hidden deep, and never the wrong one."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import BODY, card, press, wait_until_it_points
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
ADD = "(id) => { const b = document.createElement('button'); b.dataset.testid = id; b.textContent = id; document.body.append(b) }"


def test_a_late_target_is_waited_for_and_nothing_is_shown_before(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "late"))]
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: told.claims)
    page.wait_for_timeout(500)
    expect(page.locator("milepost-guide")).to_have_count(0)
    page.evaluate(ADD, "late")
    expect(card(page)).to_contain_text("Title one")
    told.wait_for_progress("step", "one")
    assert told.progress() == [("shown", "one", None), ("step", "one", None)]


def test_waiting_is_visible_and_can_be_skipped(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "late"), step("three", "later", missing="wait"), step("four", "new"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    expect(card(page)).to_contain_text("Waiting for the page…")
    expect(card(page)).to_contain_text("Step 2 of 4")
    page.evaluate(ADD, "late")
    expect(card(page)).to_contain_text("Title two")
    press(page, "Next")
    expect(card(page)).to_contain_text("Waiting for the page…")
    press(page, "Skip")
    expect(card(page)).to_contain_text("Title four")


@pytest.mark.parametrize(
    ("policy", "seen", "told_of"),
    [
        ("skip", "Title three", ("step", "three", None)),
        ("centre", "here it is in words", ("step", "two", None)),
        ("end", None, ("missing", "two", "missing")),
    ],
)
def test_the_author_says_what_a_missing_target_means(
    page: Page, told: Told, site: Site, policy: str, seen: str | None, told_of: tuple[Any, ...]
) -> None:
    told.guides = [tour(step("one", "import"), step("two", "nowhere", missing=policy, wait_ms=150), step("three", "new"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    if seen:
        expect(card(page)).to_contain_text(seen)
    else:
        expect(page.locator("milepost-guide")).to_have_count(0)
    told.wait_for(lambda: told_of in told.progress())
    page.wait_for_timeout(450)  # nothing says "waiting" afterwards
    if seen:
        expect(card(page)).to_contain_text(seen)
    told.wait_for_progress("missing", "two")
    assert next(p for p in told.progress() if p[0] == "missing") == ("missing", "two", "missing")


def test_a_missing_step_is_passed_over_in_the_direction_of_travel_and_told_once(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "nowhere", wait_ms=100), step("three", "new"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    expect(card(page)).to_contain_text("Title three")
    press(page, "Back")
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    press(page, "Done")
    told.wait_for_progress("finished")
    assert [p for p in told.progress() if p[0] == "missing"] == [("missing", "two", "missing")]


def test_a_guide_whose_first_target_never_came_was_never_shown(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "nowhere", wait_ms=100), step("two", "nothing", wait_ms=100))]
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: any(event["properties"].get("over") for event in told.events("$guide")))
    assert {what for what, *_ in told.progress()} == {"missing"}
    assert page.locator("milepost-guide").count() == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<p></p>", "missing"),
        ("<button data-testid=x hidden>x</button>", "invisible"),
        ("<button data-testid=x>x</button><button data-testid=x>x</button>", "ambiguous"),
    ],
)
def test_missing_invisible_and_ambiguous_are_told_apart(page: Page, told: Told, site: Site, body: str, reason: str) -> None:
    told.guides = [tour(step("one", "x", wait_ms=100))]
    page.goto(site.page("/", body))
    told.wait_for_progress("missing")
    assert told.progress()[0] == ("missing", "one", reason)


def test_a_target_that_vanishes_hides_the_card_and_takes_it_back(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", missing="wait"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    page.evaluate("() => { window.kept = document.querySelector('[data-testid=import]'); kept.remove() }")
    expect(card(page)).to_contain_text("Waiting")
    page.evaluate("document.body.prepend(kept)")
    expect(card(page)).to_contain_text("Title one")
    wait_until_it_points(page, "import")
    page.evaluate("() => { kept.hidden = true }")
    expect(card(page)).to_contain_text("Waiting")
    page.evaluate("() => { kept.hidden = false }")
    expect(card(page)).to_contain_text("Title one")
    press(page, "Got it")
    told.wait_for_progress("finished")
    assert [p[0] for p in told.progress()] == ["shown", "step", "finished"]


def test_a_target_that_vanishes_for_good_never_strands_the_person(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter", wait_ms=200), step("three", "new"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    page.evaluate("document.querySelector('[data-testid=filter]').remove()")
    expect(card(page)).to_contain_text("Title three")
    told.wait_for_progress("missing", "two")


def test_a_re_render_replaces_the_node_under_the_card(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    page.goto(site.page("/", BODY))
    press(page, "Next")
    wait_until_it_points(page, "filter")
    page.evaluate(
        "() => { const old = document.querySelector('[data-testid=filter]').parentNode; old.replaceWith(old.cloneNode(true)) }"
    )
    wait_until_it_points(page, "filter")
    page.evaluate("() => { const fresh = document.body.cloneNode(true); document.body.replaceWith(fresh) }")
    wait_until_it_points(page, "filter")
    press(page, "Done")
    told.wait_for_progress("finished")
    assert [p[1] for p in told.progress() if p[0] == "step"] == ["one", "two"]


def test_a_recycled_row_is_not_taken_for_its_old_self(page: Page, told: Told, site: Site) -> None:
    row = {"locators": [{"by": "text", "value": "Fleet renewal"}]}
    told.guides = [tour(step("one", target=None) | {"target": row})]
    page.goto(site.page("/", "<ul><li data-testid=a>Fleet renewal</li><li data-testid=b>Yearly audit</li></ul>"))
    wait_until_it_points(page, "a")
    swap = (
        "() => { const [a, b] = document.querySelectorAll('li'); [a.firstChild.data, "
        "b.firstChild.data] = [b.firstChild.data, a.firstChild.data] }"
    )
    page.evaluate(swap)
    wait_until_it_points(page, "b")


SAVE = {"by": "role", "value": "button", "name": "Save"}
BUTTONS = "<button id=s data-testid=x>Save</button> <button id=c>Cancel</button> <input type=submit id=i aria-label=Send>"


@pytest.mark.parametrize(
    ("body", "locators", "found"),
    [
        (BUTTONS, [{"by": "testid", "value": "x"}, SAVE], "s"),
        (BUTTONS, [{"by": "testid", "value": "renamed"}, SAVE], "s"),  # what finds nothing abstains
        (BUTTONS, [{"by": "testid", "value": "x"}, {"by": "text", "value": "Cancel"}], None),  # a contradiction
        (BUTTONS, [{"by": "attribute", "name": "id", "value": "c"}], "c"),
        (BUTTONS, [{"by": "role", "value": "button", "name": "Send"}], "i"),
        (BUTTONS, [{"by": "structure", "value": "p > button:nth-of-type(2)"}], "c"),
        (BUTTONS, [{"by": "structure", "value": "((not css"}, {"by": "text", "value": "Cancel"}], "c"),
        (BUTTONS, [{"by": "role", "value": "button"}], None),
        ("<button id=s>Save</button><i><button id=t>Save</button></i>", [SAVE], None),
        ("<button id=s><span>Save</span> <b>all</b></button>", [{"by": "text", "value": "Save all"}], "s"),
        ("<button id=s disabled>Save</button>", [SAVE], "s"),
        ("<svg width=40 height=40 data-testid=x id=v><circle cx=20 cy=20 r=18 /></svg>", [{"by": "testid", "value": "x"}], "v"),
        ("<label for=n>Name</label><input id=n>", [{"by": "role", "value": "textbox", "name": "Name"}], "n"),
    ],
)
def test_locators_vote_or_abstain_and_never_choose_wrong(
    page: Page, told: Told, site: Site, body: str, locators: list[dict[str, Any]], found: str | None
) -> None:
    told.guides = [tour(step("one", wait_ms=80) | {"target": {"locators": locators}})]
    page.goto(site.page("/", "<p>Some words of the page come first</p><p>and more of them before " + body))
    if found is None:
        told.wait_for_progress("missing")
        assert page.locator("milepost-guide").count() == 0
        return
    wait_until_it_points(page, found)


def test_targets_in_shadow_roots_frames_and_skipped_content(page: Page, told: Told, site: Site) -> None:
    site.pages["/frame"] = "<!doctype html><p>Inside</p><button data-testid=framed>Framed</button>"
    site.policy += "; frame-src 'self'"
    script = """addEventListener('DOMContentLoaded', () => {
      const nest = (host, depth) => { const root = host.attachShadow({mode: 'open'});
        if (!depth) { const b = document.createElement('button'); b.dataset.testid = 'deep'; b.textContent = 'Deep';
          root.append(b); return }
        const inner = document.createElement('div'); root.append(inner); nest(inner, depth - 1) };
      nest(document.getElementById('nest'), 2);
    });"""
    body = "<div id=nest></div><iframe src=/frame width=300 height=120></iframe><button data-testid=far>Far</button>"
    told.guides = [tour(step("one", "deep"), step("two", "framed", placement="right"), step("three", "far"))]
    page.goto(site.page("/", body, script=script))
    page.frame_locator("iframe").get_by_role("button").wait_for()
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    here = page.frame_locator("iframe").get_by_role("button").bounding_box()
    mine = card(page).bounding_box()
    assert here
    assert mine
    assert 5 <= mine["x"] - here["x"] - here["width"] <= 15
    assert mine["y"] <= here["y"] + here["height"] / 2 <= mine["y"] + mine["height"]
    press(page, "Next")
    wait_until_it_points(page, "far")


def test_a_target_that_comes_late_into_a_shadow_root_is_found(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "inner"))]
    page.goto(site.page("/", "<div id=host></div>"))
    told.wait_for(lambda: told.claims)
    page.evaluate(
        "() => { window.root = document.getElementById('host').attachShadow({mode: 'open'}); document.body.append('x') }"
    )
    page.wait_for_timeout(200)
    page.evaluate(
        "() => { const b = document.createElement('button'); b.dataset.testid = 'inner'; "
        "b.textContent = 'Inner'; root.append(b) }"
    )
    expect(card(page)).to_contain_text("Title one")


def test_content_that_the_browser_skips_is_scrolled_to(page: Page, told: Told, site: Site) -> None:
    style = (
        "const s = new CSSStyleSheet; s.replaceSync('section{content-visibility:auto;"
        "contain-intrinsic-size:1px 1500px}'); document.adoptedStyleSheets = [s];"
    )
    told.guides = [tour(step("one", "far"))]
    page.goto(
        site.page(
            "/",
            "<section>"
            + "<p>row</p>" * 60
            + "</section><section>Some words before it <button data-testid=far>Far</button></section>",
            script=style,
        )
    )
    wait_until_it_points(page, "far")
