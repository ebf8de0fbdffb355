"""We change nothing in the host, and nothing of the host changes us."""

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import BODY, card, press, wait_until, wait_until_it_points
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
LOOKS = """() => {
  const root = document.querySelector('milepost-guide').shadowRoot;
  const wanted = ['display', 'position', 'color', 'backgroundColor', 'fontSize', 'fontFamily', 'lineHeight', 'padding',
    'borderRadius', 'textTransform',
                  'letterSpacing', 'width', 'visibility', 'opacity', 'cursor', 'direction', 'textAlign', 'boxSizing',
                    'fontWeight', 'whiteSpace'];
  return [...root.querySelectorAll('.card, h2, p, small, button, .arrow')].map((el) => {
    const style = getComputedStyle(el); return wanted.map((name) => style[name]).join(' | ') });
}"""
HOSTILE = """addEventListener('DOMContentLoaded', () => { const s = new CSSStyleSheet; s.replaceSync(`
  * { all: unset !important; display: none !important } html, body, button, p { display: block !important }
  milepost-guide, milepost-guide::part(x) { display: none !important; opacity: 0 !important;
    transform: scale(.1) !important; filter: blur(9px) !important }
  html { font-size: 62.5%; line-height: 3; letter-spacing: 9px; text-transform: uppercase; --accent: red;
    --surface: red; --text: red; --pad: 90px }
  .card, .primary, .x, .foot, .top { background: red !important; position: static !important } `);
  document.adoptedStyleSheets = [s] });"""


def test_resets_and_names_of_the_host_change_nothing_in_us(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", backdrop="spotlight"), step("two", "filter"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    plain = page.evaluate(LOOKS)
    assert len(plain) > 5
    page.evaluate("localStorage.clear()")
    page.goto(site.page("/hostile", BODY, script=HOSTILE))
    expect(card(page)).to_contain_text("Title one")
    assert page.evaluate(LOOKS) == plain
    press(page, "Next")
    expect(card(page)).to_contain_text("Title two")


def test_our_only_trace_is_one_element_of_ours(page: Page, told: Told, site: Site) -> None:
    told.guides = [
        tour(step("one", "import", backdrop="spotlight"), step("two", "filter", interaction="block"), step("three", kind="modal"))
    ]
    watching = """window.marks = []; new MutationObserver((all) => all.forEach(({type, target, addedNodes}) => {
      if (type === 'attributes' && !['milepost-guide', 'link'].includes(target.localName)) marks.push(target.localName);
      addedNodes.forEach((node) => marks.push('+' + node.nodeName.toLowerCase())) })).observe(document,
        {attributes: true, childList: true, subtree: true, characterData: true});"""
    page.goto(site.page("/", BODY))
    page.evaluate("localStorage.clear()")
    page.goto(site.page("/", BODY, script=f"addEventListener('DOMContentLoaded', () => {{ {watching} }});"))
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    press(page, "Next")
    press(page, "Done")
    told.wait_for_progress("finished")
    traces = page.evaluate("marks")
    assert set(traces) <= {"+milepost-guide", "+link"}
    assert traces.count("+milepost-guide") == 1
    assert page.evaluate("[...document.documentElement.children].map((el) => el.localName)") == ["head", "body"]
    assert page.evaluate("document.styleSheets.length + document.adoptedStyleSheets.length") == 0
    assert page.context.cookies() == []


def test_inside_the_hosts_open_dialog_without_closing_it(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "inside"), step("two", "import"), trigger={"on": "manual"})]
    body = (
        BODY + "<dialog id=d><p>Some words of the dialog</p><p>and more <button data-testid=inside>Inside</button></p></dialog>"
    )
    page.goto(site.page("/", body))
    told.wait_for(lambda: told.boots)
    page.evaluate("() => { d.showModal(); milepost('show', 'first_steps') }")
    expect(card(page)).to_contain_text("Title one")
    assert page.evaluate("document.querySelector('milepost-guide').parentNode.id") == "d"
    wait_until_it_points(page, "inside")
    press(page, "Next")
    assert page.evaluate("d.open")
    page.wait_for_function("d.childNodes.length === 2")


def test_polluted_and_frozen_prototypes_do_not_hurt(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", backdrop="spotlight"), step("two", kind="modal"))]
    pollution = """Object.prototype.extra = 'x'; Array.prototype.extra = () => 1; Array.prototype.last = 1;
      String.prototype.extra = 2;
      Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Function.prototype);
        Object.freeze(Promise.prototype);
      Element.prototype.remove2 = 1; window.name = 'x'; window.event = 1; window.status = 'y';"""
    page.goto(site.page("/", BODY, script=pollution))
    press(page, "Next")
    press(page, "Done")
    page.evaluate("milepost('track', 'Used', {a: 1})")
    told.wait_for_progress("finished")
    told.wait_for(lambda: told.events("Used"))


@pytest.mark.parametrize(
    "patch",
    [
        "JSON.parse = JSON.stringify = () => { throw new Error('patched') };",
        "window.fetch = () => { throw new Error('patched') };",
        "window.fetch = undefined;",
        "window.fetch = () => new Promise(() => {});",
        "window.fetch = () => Promise.resolve('nonsense');",
        "Promise.all = Promise.race = () => { throw new Error('patched') };",
        "window.MutationObserver = window.IntersectionObserver = window.ResizeObserver = undefined;",
        "Element.prototype.attachShadow = () => { throw new Error('patched') };",
        "navigator.sendBeacon = () => { throw new Error('patched') };",
        "crypto.getRandomValues = () => { throw new Error('patched') };",
        "history.replaceState = history.pushState = () => { throw new Error('patched') };",
    ],
)
def test_patched_built_ins_never_reach_the_host_as_errors(page: Page, told: Told, site: Site, patch: str) -> None:
    told.guides = [tour(step("one", "import"), step("two", kind="modal"))]
    page.goto(site.page("/", BODY, script=patch))
    page.evaluate(
        "() => { milepost('track', 'Used'); milepost('identify', 'bob'); milepost('group', 'acme'); "
        "milepost('page'); milepost('show', 'first_steps') }"
    )
    page.wait_for_timeout(250)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.evaluate("() => { history; milepost('reset'); milepost('destroy') }")
    page.wait_for_timeout(50)  # the fixture asserts that the console stayed silent


@pytest.mark.parametrize(
    "storage",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied') }});",
        "Object.defineProperty(window, 'localStorage', {value: null});",
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') };",
    ],
)
def test_without_storage_everything_works_on_the_page(page: Page, told: Told, site: Site, storage: str) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    page.goto(site.page("/", BODY, script=storage))
    press(page, "Next")
    press(page, "Done")
    page.evaluate("milepost('track', 'Used')")
    told.wait_for_progress("finished")
    told.wait_for(lambda: told.events("Used"))


def test_a_video_is_not_asked_for_before_a_click(page: Page, told: Told, site: Site) -> None:
    """Under a policy that names no `media-src`, a guide with a video breaks nothing."""
    blocks = [{"type": "heading", "text": "Watch"}, {"type": "video", "src": "/film.mp4", "title": "The board in a minute"}]
    told.guides = [tour(step("one", "import", blocks=blocks))]
    watching = "window.broken = []; addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective));"
    page.goto(site.page("/", BODY, script=watching))
    play = card(page).get_by_role("button", name="The board in a minute")
    expect(play).to_be_visible()
    expect(card(page).locator("video")).to_have_count(0)
    page.wait_for_timeout(100)
    assert page.evaluate("broken") == []
    site.policy += "; media-src 'self'"
    page.reload()
    play.click()
    expect(card(page).locator("video[src='/film.mp4'][controls]")).to_be_visible()
    assert page.evaluate("broken") == []


def test_an_unknown_block_and_an_unsafe_address_show_nothing(page: Page, told: Told, site: Site) -> None:
    blocks = [
        {"type": "heading", "text": "<b>Title</b>"},
        {"type": "hologram", "src": "x"},
        {"type": "image", "src": "javascript:alert(1)", "alt": "no"},
        {
            "type": "text",
            "text": [
                {"text": "a link", "link": "javascript:alert(1)"},
                {"text": " and ", "bold": True},
                {"text": "good", "link": "https://x.test/"},
            ],
        },
    ]
    theme = {"mode": "light", "light": {"accent": "url(//evil.test/x)", "radius": "3px", "font": "host"}}
    told.themes = {"default": theme}
    told.guides = [tour(step("one", "import", blocks=blocks))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("<b>Title</b>")
    expect(card(page).locator("img, video, iframe")).to_have_count(0)
    assert card(page).locator("a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))") == ["https://x.test/"]
    assert (
        page.evaluate("getComputedStyle(document.querySelector('milepost-guide').shadowRoot.querySelector('.card')).borderRadius")
        == "3px"
    )


def test_the_way_back_is_kept(driver: Playwright, told: Told, site: Site) -> None:
    """The browser keeps the page for its back button; Playwright's own flags switch that off, so this one has its own."""
    told.guides = [tour(step("one", "import"))]
    flags = ["--disable-back-forward-cache"]
    browser = driver.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS), ignore_default_args=flags)
    page = browser.new_page()
    site.page("/next", "<p>Next</p>", identify=False)
    page.goto(
        site.page("/", BODY, script="window.mine = 1; addEventListener('pageshow', (e) => { window.persisted = e.persisted });")
    )
    expect(card(page)).to_contain_text("Title one")
    page.goto(site.url + "/next")
    page.go_back(wait_until="commit")
    wait_until(page, "window.persisted === true")
    expect(card(page)).to_contain_text("Title one")
    press(page, "Got it")
    told.wait_for_progress("finished")
    browser.close()
