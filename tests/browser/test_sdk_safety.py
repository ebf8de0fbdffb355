"""Whatever breaks in us, the page never hears of it; whatever a server sends, nothing wrong is drawn; nothing typed leaves."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sdk_guides import button, step, tour
from tests.browser.sdk_guides import testid as by_id
from tests.browser.sdk_page import BODY, card, press
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
CALLS = """
  for (const [method, ...rest] of [
    ['identify', 'ada', {plan: 'pro'}, {account: 'acme'}], ['group', 'acme', {seats: 3}], ['track', 'Used', {a: 1}],
    ['page', 'Deals'],
    ['show', 'first_steps'], ['show', 'first_steps', {step: 'two'}], ['on', 'step', () => { throw new Error('listener') }],
    ['consent', false], ['consent', true], ['reset'], ['identify', 'bo'], ['destroy'],
  ]) milepost(method, ...rest);
"""
# What each part of the SDK leans on, made to throw from the very call on.
FAULTS = {
    "queries": "Document.prototype.querySelector = Document.prototype.querySelectorAll = Element.prototype.closest = boom;",
    "boxes": "Element.prototype.getBoundingClientRect = boom;",
    "styles": "window.getComputedStyle = boom; CSSStyleSheet.prototype.replaceSync = boom;",
    "nodes": "Document.prototype.createElement = boom;",
    "attributes": "Element.prototype.setAttribute = Element.prototype.getAttribute = boom;",
    "append": "Element.prototype.append = Element.prototype.remove = Element.prototype.attachShadow = boom;",
    "popover": "HTMLElement.prototype.showPopover = HTMLElement.prototype.hidePopover = boom;",
    "dialog": "HTMLDialogElement.prototype.showModal = boom;",
    "focus": "HTMLElement.prototype.focus = boom;",
    "listeners": "EventTarget.prototype.addEventListener = EventTarget.prototype.removeEventListener = boom;",
    "observers": "for (const one of [MutationObserver, IntersectionObserver, ResizeObserver]) one.prototype.observe = boom;",
    "callbacks": "Event.prototype.composedPath = boom; Element.prototype.matches = Element.prototype.scrollIntoView = boom;",
    "routes": "Object.defineProperty(Location.prototype, 'pathname', {get: boom}); String.prototype.replace = boom;",
    "stores": "Storage.prototype.getItem = Storage.prototype.setItem = Storage.prototype.removeItem = boom;",
    "text": "JSON.parse = JSON.stringify = boom;",
    "network": "window.fetch = navigator.sendBeacon = AbortController.prototype.abort = boom;",
    "clock": "Date.now = Math.floor = boom;",
    "lists": "Array.prototype.filter = Array.prototype.find = Map.prototype.get = Set.prototype.add = boom;",
}


@pytest.mark.parametrize("when", ["before", "during"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_any_part_never_reaches_the_page(page: Page, told: Told, site: Site, fault: str, when: str) -> None:
    """The `complaints` fixture holds every exception, rejection and console error of the page: none."""
    told.guides = [tour(step("one", "import", advance=[{"on": "click"}]), step("two", kind="modal"))]
    told.rules = [{"feature": "import", "target": by_id("import")}]
    break_it = "const boom = () => { throw new Error('injected') };" + FAULTS[fault]
    if when == "before":
        early = "addEventListener('load', () => {" + break_it + "});"
        page.goto(site.page("/", BODY, script=early))
        page.wait_for_timeout(150)
    else:
        page.goto(site.page("/", BODY))
        expect(card(page)).to_contain_text("Title one")
        act = """document.querySelector('[data-testid=import]').dispatchEvent(
          new MouseEvent('click', {bubbles: true, composed: true}));
          dispatchEvent(new Event('scroll')); dispatchEvent(new Event('resize')); dispatchEvent(new Event('pagehide'));
          dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'})); history.pushState(null, '', '#x');"""
        page.evaluate(
            f"() => {{ const el = document.querySelector('[data-testid=import]'); {break_it} try {{ {act} }} catch {{}} }}"
        )
    failed = page.evaluate(f"() => {{ try {{ {CALLS} }} catch (error) {{ return String(error) }} return '' }}")
    page.wait_for_timeout(120)
    assert failed == ""


def hostile() -> dict[str, Any]:
    """What no author could write, and a broken or foreign server may send."""
    deep: Any = {"type": "text", "text": "x"}
    for _ in range(300):
        deep = {"type": "list", "items": [deep]}
    blocks = [
        {"type": "heading", "text": "Fine"}, {"type": "hologram"}, {"type": "__proto__"}, {"type": "constructor"}, None, 7,
        "text",
        {"type": "text"}, {"type": "text", "text": {"en": "not resolved"}}, {"type": "list"}, {"type": "image"},
        {"type": "button"},
        {"type": "text", "text": [{"text": "go", "link": "java\tscript:alert(1)"}, {"text": "on", "link": "//evil.test"}, None]},
        {"type": "image", "src": "data:text/html,<script>alert(1)</script>"}, deep, {"type": "text", "text": "L" * 200_000},
    ]  # fmt: skip
    return tour(
        step("one", "import", blocks=blocks, kind="hologram", placement="__proto__", backdrop="<b>", advance=[None, {"on": "x"}])
    )


LOCATORS: tuple[Any, ...] = (
    [{"by": "structure", "value": "*" * 300}], [{"by": "__proto__", "value": ":has("}], [{}], [None], "x", [], None,
    [{"by": "attribute", "name": '"]', "value": "x"}], [{"by": "role", "value": "constructor"}], [{"by": "text", "value": ""}],
)  # fmt: skip
RULES = [{"feature": "x", "target": {"locators": [None]}}, {"feature": "y"}, None, {"feature": "z", "target": {"locators": "x"}}]
LOOK = {"accent": "url(//evil.test/x)", "radius": 7, "__proto__": "x"}
CONFIGURATIONS: dict[str, Any] = {
    "blocks": {"guides": [hostile()]},
    "kinds": {"guides": [tour(step("one", "import"), kind=kind) for kind in ("hologram", "__proto__", "constructor")]},
    "no steps": {"guides": [{"guide": "g", "steps": [{}]}, {"guide": "h"}, {}, None, "x"]},
    "no lists": {"guides": {"a": 1}, "rules": "x", "themes": 7, "open_runs": 3},
    "locators": {"guides": [tour(*(step(f"s{i}", {"locators": LOCATORS[i]}, wait_ms=20) for i in range(10)))], "rules": RULES},
    "themes": {"guides": [tour(step("one", "import"))], "themes": {"default": {"mode": "__proto__", "light": LOOK}}},
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_hostile_configuration_draws_nothing_wrong(page: Page, told: Told, site: Site, name: str) -> None:
    for field, value in CONFIGURATIONS[name].items():
        setattr(told, field, value)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: told.boots)
    page.wait_for_timeout(250)
    page.get_by_role("button", name="Import").click()
    page.evaluate("() => { milepost('show', 'g'); milepost('show', 'first_steps'); milepost('track', 'Used') }")
    page.wait_for_timeout(150)
    assert page.evaluate("({}).polluted === undefined && Object.keys(Object.prototype).length === 0")
    assert not [url for url in asked if "evil" in url]
    drawn = page.evaluate(
        "(wrong) => [...document.querySelectorAll('milepost-guide')].flatMap("
        "(el) => [...el.shadowRoot.querySelectorAll(wrong)].map((bad) => bad.outerHTML))",
        "script, iframe, object, embed, img, [href^=java], [href^='//']",
    )
    assert drawn == []
    told.wait_for(lambda: told.events("Used"))


SECRET = "hunter2-Zwiebel"
FIELDS = (
    "<form id=form action=/sent method=post><input id=i1 data-testid=plain><input type=password><input type=email>"
    "<input type=search>"
    "<input type=tel><input type=url><input type=number><textarea></textarea><div contenteditable>x</div>"
    "<label>Note <input id=i2></label><button data-testid=send type=button>Send</button></form>"
)


def test_nothing_typed_is_sent_or_stored(page: Page, told: Told, site: Site) -> None:
    """Secrets in every field while every call is made and a guide listens to what is typed."""
    advance = [{"on": "input", "target": by_id("plain"), "value": "never this"}]
    told.guides = [
        tour(
            step("one", "plain", advance=advance, blocks=[button("Go", {"do": "next"})]),
            step("two", "send"),
            trigger={"on": "manual"},
        )
    ]
    told.rules = [
        {"feature": "plain", "target": {"locators": [{"by": "role", "value": "textbox", "name": "Note"}]}},
        {"feature": "words", "target": {"locators": [{"by": "text", "value": "Send"}]}},
    ]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {json.dumps(request.headers)} {request.post_data or ''}"))
    page.goto(site.page("/", FIELDS))
    told.wait_for(lambda: told.boots)
    page.evaluate("milepost('show', 'first_steps')")
    expect(card(page)).to_be_visible()
    for field in page.locator("input, textarea, [contenteditable]").all():
        number = field.get_attribute("type") == "number"
        field.focus()
        page.keyboard.type("4711471147" if number else SECRET)
    page.locator("[data-testid=send]").dispatch_event("click")
    press(page, "Go")
    expect(card(page)).to_contain_text("Title two")
    page.evaluate(
        "() => { milepost('track', 'Used'); milepost('page'); milepost('group', 'acme'); history.pushState(null, '', '/next') }"
    )
    told.wait_for(lambda: told.events("Used") and told.events("$feature"))
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, window.name])")
    page.evaluate("() => { milepost('reset'); milepost('destroy') }")
    page.wait_for_timeout(100)
    everything = "".join(sent) + kept + json.dumps([told.boots, told.claims, told.batches])
    assert SECRET not in everything
    assert "4711471147" not in everything
    assert len(sent) > 5
