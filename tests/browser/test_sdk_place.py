"""Where the card stands: it follows, flips, shifts, and never covers what it points at."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import boxes, card, press, wait_until, wait_until_it_points
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser

# A page whose target can be put anywhere: `at(left, top)`; taller and wider than the screen.
STAGE = """
const sheet = new CSSStyleSheet;
sheet.replaceSync('body{margin:0;width:3000px;height:3000px}#t{position:absolute;width:80px;height:30px;left:500px;top:300px}');
document.adoptedStyleSheets = [sheet];
window.at = (left, top) => Object.assign(document.getElementById('t').style, {left: left + 'px', top: top + 'px'});
window.style = (css) => { const more = new CSSStyleSheet; more.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, more]; };
"""
TARGET = "<button id=t>Target</button>"
ONE = {"target": {"locators": [{"by": "attribute", "name": "id", "value": "t"}]}}


def open_one(
    page: Page, told: Told, site: Site, body: str = TARGET, script: str = STAGE, html: str = 'lang="en"', **more: object
) -> None:
    """The page with one step at the target."""
    told.guides = [tour(step("one", **(ONE | more)), dir="rtl" if "rtl" in html else "ltr")]
    page.goto(site.page("/", body, script=script, html=html))
    expect(card(page)).to_contain_text("Title one")


def test_it_follows_scrolling_resizing_shifting_and_moving(page: Page, told: Told, site: Site) -> None:
    open_one(page, told, site)
    wait_until_it_points(page, "t")
    page.evaluate("scrollTo(60, 120)")
    wait_until_it_points(page, "t")
    page.set_viewport_size({"width": 900, "height": 600})
    wait_until_it_points(page, "t")
    page.evaluate("at(700, 400)")
    wait_until_it_points(page, "t")
    page.evaluate("style('#t{width:200px;height:60px}')")
    wait_until_it_points(page, "t")
    page.evaluate("style('#t{transform:translate(-90px,-70px)}')")
    wait_until_it_points(page, "t")
    page.evaluate("style('#t{transition:transform .3s;transform:translate(60px,20px)}')")
    page.wait_for_timeout(350)
    wait_until_it_points(page, "t")


def test_it_follows_inside_scrollers_and_when_the_page_shifts_around_it(page: Page, told: Told, site: Site) -> None:
    script = STAGE + (
        "style('#s{width:600px;height:400px;overflow:auto;margin:60px}#in{height:2000px;position:relative}#t{left:200px;top:150px}');"
    )
    open_one(page, told, site, f"<div id=grow></div><div id=s><div id=in>{TARGET}</div></div>", script)
    wait_until_it_points(page, "t")
    page.evaluate("() => { document.getElementById('s').scrollTop = 100 }")
    wait_until_it_points(page, "t")
    page.evaluate("style('#grow{height:90px}')")
    wait_until_it_points(page, "t")


def test_it_flips_shifts_and_clamps_at_every_edge(page: Page, told: Told, site: Site) -> None:
    open_one(page, told, site, script=STAGE + "style('body{width:auto;height:auto;overflow:hidden}');")
    for left, top in ((600, 20), (600, 680), (40, 300), (1180, 300), (40, 20), (1180, 680), (600, 350)):
        page.evaluate("([left, top]) => at(left, top)", [left, top])
        wait_until_it_points(page, "t")
        found = boxes(page, "t")
        above = found["card"][1] < found["target"][1]
        assert above == (top == 680)


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_the_authors_side_is_kept_where_there_is_room(page: Page, told: Told, site: Site, side: str) -> None:
    open_one(page, told, site, placement=side)
    wait_until_it_points(page, "t")
    target, mine = boxes(page, "t")["target"], boxes(page, "t")["card"]
    is_there = {
        "top": mine[1] + mine[3] < target[1],
        "bottom": mine[1] > target[1] + target[3],
        "left": mine[0] + mine[2] < target[0],
        "right": mine[0] > target[0] + target[2],
    }
    assert is_there[side]


def test_a_huge_target_gets_the_card_inside_the_screen(page: Page, told: Told, site: Site) -> None:
    open_one(page, told, site, script=STAGE + "style('#t{left:0;top:0;width:1280px;height:2500px}');")
    found = boxes(page, "t")
    assert found["arrow"] is None
    x, y, width, height = found["card"]
    assert x >= 8
    assert y >= 8
    assert x + width <= 1272
    assert y + height <= 712
    assert page.evaluate("scrollY") == 0


def test_headers_never_cover_the_target_after_scrolling(page: Page, told: Told, site: Site) -> None:
    bars = "<header id=h>Fixed</header><nav id=n>Sticky</nav>"
    css = (
        "#h{position:fixed;top:0;left:0;right:0;height:70px;background:#ccc;z-index:9}"
        "#n{position:sticky;top:70px;height:40px;background:#ddd;z-index:8}#t{top:1700px}"
    )
    open_one(page, told, site, bars + TARGET, STAGE + f"style('{css}');")
    wait_until_it_points(page, "t")
    assert boxes(page, "t")["target"][1] >= 110
    # Half under the header it counts as not seen.
    page.evaluate("() => { milepost('destroy'); scrollTo(0, 1700 - 95); milepost('init', 'pk_test_000000', {quiet_ms: 0}) }")
    expect(card(page)).to_contain_text("Title one")
    wait_until_it_points(page, "t")
    assert boxes(page, "t")["target"][1] >= 110


def test_it_scrolls_only_when_needed_also_in_nested_scrollers_and_smooth_pages(page: Page, told: Told, site: Site) -> None:
    css = (
        "html{scroll-behavior:smooth}#s{position:absolute;top:1500px;width:500px;height:300px;"
        "overflow:auto}#in{height:1800px;position:relative}#t{left:100px;top:1200px}"
    )
    seen = {"locators": [{"by": "attribute", "name": "id", "value": "u"}]}
    told.guides = [tour(step("one", target=None) | {"target": seen}, step("two", **ONE))]
    body = f"<p>words</p><p>and <button id=u>Seen</button></p><div id=s><div id=in>{TARGET}</div></div>"
    page.goto(site.page("/", body, script=STAGE + f"style('{css}');"))
    wait_until_it_points(page, "u")
    assert page.evaluate("scrollY") == 0
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")
    wait_until_it_points(page, "t")
    assert page.evaluate("document.getElementById('s').scrollTop") > 0


@pytest.mark.parametrize(
    "css",
    [
        "html{zoom:1.5}",
        "body{zoom:.8}",
        "body{transform:translate(40px,30px) scale(.9)}",
        "html{zoom:1.25}body{transform:scale(.9)}",
    ],
)
def test_zoom_and_transforms_of_the_page_do_not_mislead_it(page: Page, told: Told, site: Site, css: str) -> None:
    open_one(page, told, site, script=STAGE + f"style('{css}#t{{top:200px;left:400px}}');", backdrop="spotlight")
    wait_until_it_points(page, "t")
    ring, target = boxes(page, "t")["ring"], boxes(page, "t")["target"]
    assert abs(ring[0] + ring[2] / 2 - target[0] - target[2] / 2) < 2
    assert abs(ring[1] + ring[3] / 2 - target[1] - target[3] / 2) < 2


def test_right_to_left_pages_are_mirrored(page: Page, told: Told, site: Site) -> None:
    tall = STAGE + "style('body{width:auto}#t{left:600px;top:0;height:720px}body{height:auto;overflow:hidden}');"
    open_one(page, told, site, script=tall, html='lang="ar" dir="rtl"')
    found = boxes(page, "t")
    assert found["card"][0] + found["card"][2] < found["target"][0]
    cross = page.locator("milepost-guide .cross").bounding_box()
    assert cross
    assert cross["x"] < found["card"][0] + 40


def test_a_screen_of_320_px_holds_every_card(page: Page, told: Told, site: Site) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    told.guides = [tour(step("one", **(ONE | {"backdrop": "spotlight"})), step("two"), step("three", kind="modal"))]
    page.goto(site.page("/", TARGET, script=STAGE + "style('body{width:auto;height:auto}#t{left:120px;top:200px}');"))
    wait_until_it_points(page, "t")
    for name in ("Next", "Next", "Done"):
        x, y, width, height = boxes(page, "t")["card"]
        assert x >= 0
        assert x + width <= 320
        assert y >= 0
        assert y + height <= 568
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        press(page, name)


def test_a_pinched_screen_keeps_the_card_in_what_is_seen(page: Page, told: Told, site: Site) -> None:
    open_one(page, told, site, script=STAGE + "style('#t{left:300px;top:200px}');")
    page.context.new_cdp_session(page).send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1.6})
    wait_until(page, "visualViewport.scale > 1.5")
    page.wait_for_timeout(150)
    x, y, width, height = boxes(page, "t")["card"]
    view = page.evaluate("[visualViewport.offsetLeft, visualViewport.offsetTop, visualViewport.width, visualViewport.height]")
    assert x >= view[0]
    assert y >= view[1]
    assert x + width <= view[0] + view[2] + 1
    assert y + height <= view[1] + view[3] + 1


def test_print_shows_nothing_of_us(page: Page, told: Told, site: Site) -> None:
    open_one(page, told, site, backdrop="spotlight")
    page.emulate_media(media="print")
    assert not card(page).is_visible()
    page.emulate_media(media="screen")
    expect(card(page)).to_be_visible()


def test_standing_still_costs_nothing(page: Page, told: Told, site: Site) -> None:
    """Observers only: no frame loop, no polling."""
    count = """window.ticks = 0;
    for (const name of ['requestAnimationFrame', 'setInterval', 'setTimeout']) {
      const real = window[name]; window[name] = (...rest) => { ticks++; return real.apply(window, rest) } }"""
    open_one(page, told, site, script=STAGE + count, backdrop="spotlight")
    told.wait_for_progress("step")
    page.wait_for_timeout(600)
    page.evaluate("() => { ticks = 0 }")
    page.wait_for_timeout(700)
    assert page.evaluate("ticks") == 0


def test_of_fast_repeated_moves_only_the_last_wins(page: Page, told: Told, site: Site) -> None:
    named = [step(name, **ONE) for name in ("one", "two", "three", "four", "five")]
    told.guides = [tour(*named)]
    page.goto(
        site.page(
            "/",
            TARGET,
            script=STAGE + "milepost('on', 'beforeStep', async () => { await new Promise((f) => setTimeout(f, 30)) });",
        )
    )
    expect(card(page)).to_contain_text("Title one")
    hit = (
        "(keys) => keys.forEach((key) => document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key, bubbles: true, composed: true})))"
    )
    page.evaluate(hit, ["ArrowRight"] * 6)
    page.wait_for_timeout(250)
    expect(card(page)).to_contain_text("Title two")
    page.evaluate(hit, ["ArrowRight", "ArrowRight", "ArrowLeft"])
    expect(card(page)).to_contain_text("Title one")
    expect(page.locator("milepost-guide")).to_have_count(1)
    told.wait_for(lambda: len([p for p in told.progress() if p[0] == "step"]) == 3)
    assert [p[1] for p in told.progress() if p[0] == "step"] == ["one", "two", "one"]


def test_the_spotlight_lets_clicks_through_only_where_the_step_says_so(page: Page, told: Told, site: Site) -> None:
    body = TARGET + "<button id=o data-testid=other>Other</button>"
    count = STAGE + (
        "style('#o{position:absolute;left:900px;top:600px}'); window.hits = []; "
        "addEventListener('click', (e) => e.target.id && hits.push(e.target.id));"
    )
    for interaction, hits in (("allow", ["t"]), ("block", [])):
        open_one(page, told, site, body, count, backdrop="spotlight", interaction=interaction)
        wait_until_it_points(page, "t")
        page.mouse.click(540, 315)
        page.mouse.click(920, 610)
        assert page.evaluate("hits") == hits
        expect(card(page)).to_be_visible()
        page.evaluate("localStorage.clear()")
