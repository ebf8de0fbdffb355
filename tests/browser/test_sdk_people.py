"""People: keyboards, screen readers, languages, settings of their own."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import watch
from tests.browser.sdk_guides import button, step, tour
from tests.browser.sdk_page import BODY, LISTENING, card, press, show, wait_until
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
RICH = [
    {"type": "heading", "text": "See the whole pipeline"},
    {
        "type": "text",
        "text": [
            {"text": "Deals have "},
            {"text": "a board", "bold": True},
            {"text": ", see "},
            {"text": "how", "link": "https://x.test/"},
        ],
    },
    {"type": "list", "items": ["Drag a card", "The forecast follows"]},
    {"type": "divider"},
    {"type": "text", "text": "That is all."},
    button("Not now", {"do": "close"}, style="quiet"),
    button("Learn more", {"do": "next"}, style="secondary"),
    button("Show me", {"do": "next"}),
]


def guides(lang: str) -> list[dict[str, Any]]:
    """A tour of a spotlight, a plain tip, a missing target in words and a modal."""
    steps = (
        step("one", "import", backdrop="spotlight"),
        step("two", "filter"),
        step("three", "nowhere", missing="centre", wait_ms=50),
        step("four", kind="modal", blocks=RICH),
    )
    return [tour(*steps, lang=lang)]


@pytest.mark.parametrize(
    ("lang", "scheme", "forced"),
    [("en", "light", "none"), ("zh-CN", "dark", "none"), ("en", "dark", "active"), ("zh-CN", "light", "none")],
)
def test_axe_finds_nothing_wrong(chromium: Browser, told: Told, site: Site, lang: str, scheme: Any, forced: Any) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme, forced_colors=forced)
    complaints: list[str] = []
    watch(context, complaints)
    page = context.new_page()
    told.guides = guides(lang)
    head = f"<meta name=color-scheme content='{scheme}'>"
    page.goto(site.page("/", f"<main>{BODY}</main>", head=head, html=f'lang="{lang}"'))
    for n in range(4):
        expect(page.locator("milepost-guide")).to_contain_text(["Title one", "Title two", "Title three", "See the whole"][n])
        if n in (0, 3):
            page.locator("milepost-guide summary").click()
        assert violations(page) == [], f"step {n + 1}"
        if n in (0, 3):
            page.locator("milepost-guide summary").click()
        page.locator("milepost-guide .primary").click()
    assert complaints == []
    context.close()


def test_a_card_is_a_dialog_with_name_and_description_announced_once(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"))]
    watching = (
        "window.said = []; window.live = () => "
        "document.querySelector('milepost-guide')?.shadowRoot.querySelector('[role=status]');"
    )
    page.goto(site.page("/", BODY, script=watching))
    dialog = page.get_by_role("dialog", name="Title one")
    expect(dialog).to_have_accessible_description("Text of one.")
    assert page.evaluate("document.activeElement === document.body"), "a tip never takes the focus by itself"
    wait_until(page, "live().textContent !== ''")
    page.evaluate(
        "() => new MutationObserver(() => said.push(live().textContent)).observe(live(), {childList: "
        "true, characterData: true, subtree: true})"
    )
    press(page, "Next")
    expect(page.get_by_role("dialog", name="Title two")).to_be_visible()
    wait_until(page, "said.length > 0")
    page.evaluate("() => { const old = document.querySelector('[data-testid=filter]'); old.replaceWith(old.cloneNode(true)) }")
    page.wait_for_timeout(350)
    said = page.evaluate("said")
    assert len(said) == 1
    assert "Step 2 of 2" in said[0]
    assert "Title two" in said[0]
    assert "Text of two." in said[0]


@pytest.mark.parametrize(
    ("lang", "text", "heard"),
    [
        ("en", "Three days off.", "Tips Three days off. Step 1 of 2."),
        ("zh-CN", "休假三天。", "Tips 休假三天。 第 1 步，共 2 步."),
    ],
)
def test_what_is_said_aloud_has_each_full_stop_once(page: Page, told: Told, site: Site, lang: str, text: str, heard: str) -> None:
    blocks = [{"type": "heading", "text": "Tips"}, {"type": "text", "text": text}]
    told.guides = [tour(step("one", "import", blocks=blocks), step("two", "filter"), lang=lang)]
    page.goto(site.page("/", BODY))
    expect(page.locator("milepost-guide [role=status]")).to_have_text(heard.replace("Tips ", "Tips. "))


def test_the_keyboard_does_everything(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"), step("three", "new"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    page.get_by_test_id("import").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.testid") == "filter", "targets stay in the tab order"
    page.keyboard.press("F6")
    assert page.evaluate("document.activeElement.localName") == "milepost-guide"
    reached = set()
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.shadowRoot?.activeElement ?? document.activeElement).textContent"))
    assert {"···", "Next"} <= reached
    page.keyboard.press("F6")
    page.keyboard.press("F6")
    page.keyboard.press("ArrowRight")
    expect(card(page)).to_contain_text("Title two")
    assert page.evaluate("document.activeElement.localName") == "milepost-guide", "the focus goes along"
    page.keyboard.press("ArrowLeft")
    expect(card(page)).to_contain_text("Title one")
    page.keyboard.press("Escape")
    expect(page.locator("milepost-guide")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.testid") == "filter", "and comes back"
    told.wait_for_progress("dismissed", "one")


def test_escape_and_arrows_can_each_be_switched_off(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", escape=False, arrows=False), step("two", kind="modal", escape=False))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_contain_text("Title one")
    for key in ("Escape", "ArrowRight", "Alt+ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_timeout(80)
    expect(card(page)).to_contain_text("Title one")
    press(page, "Next")
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_timeout(80)
    expect(card(page)).to_contain_text("Title two")
    assert page.evaluate("document.querySelector('milepost-guide').shadowRoot.querySelector('dialog').open")


def test_arrows_are_mirrored_in_right_to_left_guides_and_leave_fields_alone(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"), step("two", "filter"), lang="ar", dir="rtl")]
    page.goto(site.page("/", BODY + "<input id=i value=abc>", html='lang="ar" dir="rtl"'))
    expect(card(page)).to_contain_text("Title one")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(card(page)).to_contain_text("Title two")
    page.focus("#i")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(80)
    expect(card(page)).to_contain_text("Title two")


def test_a_modal_takes_the_focus_keeps_it_and_gives_it_back(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", kind="modal", blocks=RICH), kind="modal", trigger={"on": "manual"})]
    page.goto(site.page("/", BODY, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.get_by_test_id("filter").focus()
    show(page)
    expect(page.get_by_role("dialog", name="See the whole pipeline")).to_be_visible()
    assert page.evaluate("document.activeElement.localName") == "milepost-guide"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.testid ?? null") is None, "the page behind is out of reach"
    page.keyboard.press("Escape")
    expect(page.locator("milepost-guide")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.testid") == "filter"
    told.wait_for_progress("dismissed")


def test_later_never_and_no_tips_are_offered_except_where_the_person_asked(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"))]
    url = site.page("/", BODY, script=LISTENING)
    for name, reason in (("Later", "later"), ("Don't show this again", "never"), ("Turn all tips off", "no_tips")):
        page.goto(url)
        page.locator("milepost-guide summary").click()
        press(page, name)
        told.wait_for(lambda reason=reason: ("dismissed", "one", reason) in told.progress())
        page.evaluate("localStorage.clear()")
    page.goto(url)
    expect(card(page)).to_be_visible()
    press(page, "Close")
    expect(page.locator("milepost-guide")).to_have_count(0)
    show(page)
    expect(card(page)).to_be_visible()
    expect(page.locator("milepost-guide summary")).to_have_count(0)


def test_targets_are_24_px_or_more_and_nothing_moves(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import", backdrop="spotlight"), step("two", kind="modal", blocks=RICH))]
    page.goto(site.page("/", BODY))
    for name in ("Next", "Show me"):
        expect(page.locator("milepost-guide").get_by_role("button", name=name)).to_be_visible()
        if name == "Next":
            page.locator("milepost-guide summary").click()
        sizes = page.locator("milepost-guide button, milepost-guide summary").evaluate_all(
            "(all) => all.filter((el) => el.checkVisibility()).map((el) => { const r = "
            "el.getBoundingClientRect(); return Math.min(r.width, r.height) })"
        )
        assert len(sizes) > 2
        assert min(sizes) >= 24
        if name == "Next":
            page.locator("milepost-guide summary").click()
        moves = page.evaluate("document.querySelector('milepost-guide').shadowRoot.getAnimations().length")
        assert moves == 0
        press(page, name)


def test_forced_colours_keep_borders_and_the_filled_button(chromium: Browser, told: Told, site: Site) -> None:
    context = chromium.new_context(forced_colors="active")
    page = context.new_page()
    told.guides = [tour(step("one", "import", backdrop="spotlight"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_be_visible()
    look = page.evaluate(
        """() => {
          const root = document.querySelector('milepost-guide').shadowRoot;
          const of = (css) => getComputedStyle(root.querySelector(css));
          const card = of('.card');
          return { border: card.borderTopWidth, text: card.color, edge: card.borderTopColor, ground: card.backgroundColor,
                   fill: of('.primary').backgroundColor, ring: of('.ring').outlineStyle, shadow: card.boxShadow };
        }"""
    )
    assert look["border"] == "1px"
    assert look["edge"] != look["ground"]
    assert look["text"] != look["ground"]
    assert look["fill"] != look["ground"]
    assert look["ring"] == "solid"
    assert look["shadow"] == "none"
    context.close()


def test_language_and_direction_are_set_and_our_own_words_speak_it(page: Page, told: Told, site: Site) -> None:
    steps = (step("one", "import"), step("two", "filter"))
    url = site.page("/", BODY, html='lang="en"')
    for lang, direction, word in (
        ("zh-CN", "ltr", "下一步"),
        ("zh", "ltr", "第 1 步，共 2 步"),
        ("ar", "rtl", "Next"),
        ("de", "ltr", "Next"),
    ):
        told.guides = [tour(*steps, lang=lang, dir=direction)]
        page.goto(url)
        expect(card(page)).to_contain_text(word)
        layer = page.locator("milepost-guide .mp")
        assert (layer.get_attribute("lang"), layer.get_attribute("dir")) == (lang, direction)
        page.evaluate("localStorage.clear()")
