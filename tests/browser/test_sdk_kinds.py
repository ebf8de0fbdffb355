"""Further kinds in a page: each drawn by its own chunk, by keyboard, without a fault that axe sees, and told to the server."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import watch
from tests.browser.sdk_guides import button, step, tour
from tests.browser.sdk_page import BODY, wait_until
from tests.browser.sdk_stage import Site, Told

pytestmark = pytest.mark.browser
TALL = f"<main>{BODY}" + "<p>words</p>" * 80 + "</main>"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def heading(words: str) -> dict[str, Any]:
    return {"type": "heading", "text": words}


def kind(name: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return tour(*steps, guide=name, kind=name, **more)


def part(name: str, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "blocks": list(blocks)} | more


def answered(told: Told) -> list[tuple[Any, Any]]:
    return [
        (e["properties"]["question"], e["properties"]["value"]) for e in told.events("$guide") if "question" in e["properties"]
    ]


def has_room(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_banner_pushes_the_page_and_stays_away_once_closed(page: Page, told: Told, site: Site) -> None:
    act = button("See it", {"do": "open", "url": "/other"}, style="quiet")
    told.standing = [kind("banner", part("line", text("Maintenance on Saturday"), act), place="top")]
    page.goto(site.page("/", TALL))
    bar = page.locator("milepost-banner .bar")
    expect(bar).to_contain_text("Maintenance")
    top = page.locator("h1").bounding_box()
    assert top
    assert top["y"] > 48
    told.wait_for_progress("shown", "line")
    assert told.claims[0]["guide"] == "banner"
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 600})
    assert has_room(page)
    bar.get_by_role("button", name="Close").click()
    expect(page.locator("milepost-banner")).to_have_count(0)
    told.wait_for_progress("dismissed", "line")


def test_a_checklist_folds_keeps_its_place_and_tells_what_is_done(page: Page, told: Told, site: Site) -> None:
    tasks = [
        part("a", heading("First")),
        part("b", heading("Second"), text("Why"), button("Show me", {"do": "start", "guide": "t"})),
    ]
    tasks.append(part("c", heading("Third")))
    done = {"done": ["a"], "by_hand": ["c"], "ordered": False}
    told.standing = [kind("checklist", *tasks, title="Get started") | done]
    told.guides = [tour(step("one", "import"), guide="t", trigger={"on": "manual"})]
    page.goto(site.page("/", TALL))
    ours = page.locator("milepost-standing")
    expect(ours.get_by_text("1 of 3 done")).to_be_visible()
    expect(ours.get_by_text("Why")).to_be_visible()
    assert violations(page) == []
    ours.get_by_role("button", name="Fold").click()
    wait_until(page, "document.querySelector('milepost-standing').shadowRoot.activeElement.className === 'pillbox'")
    page.reload()
    pill = ours.get_by_role("button", name="Get started")
    expect(pill).to_be_visible()
    pill.focus()
    page.keyboard.press("Enter")
    ours.get_by_role("button", name="Third").press("Enter")
    ours.get_by_role("button", name="I have done this").click()
    expect(ours.get_by_text("2 of 3 done")).to_be_visible()
    told.wait_for_progress("step", "c")
    ours.get_by_role("button", name="Show me").click()
    expect(page.locator("milepost-guide .card")).to_contain_text("Title one")
    expect(pill).to_be_visible()
    page.locator("milepost-guide").get_by_role("button", name="Got it").click()
    told.standing[0]["done"] = ["a", "b", "c"]
    told.wait_for_progress("finished", "a")
    expect(ours.get_by_text("3 of 3 done")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 600})
    pill.click()
    assert has_room(page)
    page.keyboard.press("Escape")
    expect(pill).to_be_focused()


def test_a_survey_asks_by_keyboard_branches_and_answers_once(page: Page, told: Told, site: Site) -> None:
    nps = {"type": "question", "id": "nps", "ask": "nps", "low": "Not likely", "high": "Very likely"}
    why = {"type": "question", "id": "why", "ask": "text", "text": "Why?", "required": False}
    options = [{"id": "x", "text": "Speed"}, {"id": "y", "text": "Price"}]
    pick = {"type": "question", "id": "pick", "ask": "choice", "options": options}
    mood = {"type": "question", "id": "mood", "ask": "csat", "options": options}
    told.guides = [
        kind(
            "survey",
            part(
                "one", heading("How likely?"), nps, why, branches=[{"question": "nps", "op": "gte", "value": 9, "step": "three"}]
            ),
            part("two", heading("What is wrong?"), pick),
            part("three", heading("And these?"), mood),
        )
    ]
    told.standing = [kind("checklist", part("task", heading("Begin")), title="Get started", done=[], collapsed=True, key="list")]
    page.goto(site.page("/", TALL))
    ours = page.locator("milepost-guide")
    pill = page.locator("milepost-standing").get_by_role("button", name="Get started")
    expect(ours.get_by_role("heading", name="How likely?")).to_be_visible()
    expect(page.locator("milepost-standing .dock")).to_have_count(1)
    expect(page.locator("milepost-standing .dock")).to_be_hidden()  # the card has the corner to itself
    expect(ours.get_by_text("Why?")).to_be_hidden()
    expect(ours.locator(".say")).to_contain_text("How likely?")
    assert violations(page) == []
    ours.get_by_role("button", name="Next").click()
    expect(ours.get_by_role("alert")).to_have_text("Answer this first.")
    page.keyboard.press("ArrowLeft")
    expect(ours.get_by_role("radio", name="10")).to_be_checked()
    ours.get_by_label("Why?").fill("It is quick")
    page.set_viewport_size({"width": 320, "height": 640})
    assert has_room(page)
    sizes = ours.locator(".nps label").evaluate_all("all => all.map((one) => [one.offsetWidth, one.offsetHeight])")
    assert min(min(size) for size in sizes) >= 24
    ours.get_by_role("button", name="Next").click()
    expect(ours.get_by_role("heading", name="And these?")).to_be_visible()
    assert violations(page) == []
    for name in ("Speed", "Price"):
        ours.get_by_role("radiogroup", name=name).get_by_role("radio", name="Good", exact=True).check(force=True)
    ours.get_by_role("button", name="Send").click()
    expect(ours.get_by_role("heading", name="Thank you")).to_be_visible()
    assert violations(page) == []
    page.reload()
    expect(ours.get_by_role("heading", name="Thank you")).to_be_visible()
    ours.get_by_role("button", name="Done").click()
    expect(ours).to_have_count(0)
    expect(pill).to_be_visible()
    told.wait_for_progress("finished")
    assert answered(told) == [("nps", 10), ("why", "It is quick"), ("mood", {"x": 7.5, "y": 7.5})]


def test_the_resource_centre_searches_reads_and_starts(page: Page, told: Told, site: Site) -> None:
    contact = button("Contact support", {"do": "open", "url": "mailto:help@host.test"}, style="quiet")
    told.standing = [kind("resource_centre", part("home", contact), title="Help")]
    told.guides = [tour(step("one", "import"), guide="t", trigger={"on": "manual"})]
    rows = [{"key": "faq", "kind": "faq", "title": "How long?"}, {"key": "t", "kind": "guide", "title": "Import", "guide": "t"}]
    news = [{"key": "n", "kind": "news", "title": "A board", "at": 1_795_000_000_000}]
    told.help = lambda asked: (
        {"article": rows[0] | {"blocks": [text("One day."), {"type": "code", "text": "GET /"}]}}
        if asked.get("article")
        else {"found": rows[:1] if asked["query"] == "long" else []}
        if asked.get("query")
        else {"page": rows, "news": news, "guides": []}
    )
    page.goto(site.page("/", TALL))
    ours = page.locator("milepost-standing")
    launch = ours.get_by_role("button", name="Help", exact=True)
    launch.click()
    expect(ours.get_by_role("button", name="A board November")).to_be_visible()
    assert violations(page) == []
    ours.get_by_role("searchbox").fill("long")
    expect(ours.get_by_role("button", name="A board")).to_have_count(0)
    ours.get_by_role("searchbox").fill("nothing")
    expect(ours.get_by_role("status")).to_contain_text("Nothing found")
    ours.get_by_role("searchbox").fill("long")
    ours.get_by_role("button", name="How long?").press("Enter")
    expect(ours.get_by_text("One day.")).to_be_visible()
    expect(ours.get_by_text("GET /")).to_be_visible()
    assert violations(page) == []
    ours.get_by_role("button", name="Yes").click()
    told.wait_for(lambda: answered(told) == [("helped", 1)])
    page.set_viewport_size({"width": 320, "height": 600})
    assert has_room(page)
    page.keyboard.press("Escape")
    expect(launch).to_be_focused()
    launch.click()
    ours.get_by_role("button", name="Import").click()
    expect(page.locator("milepost-guide .card")).to_contain_text("Title one")
    told.wait_for(lambda: {p[1] for p in told.progress() if p[0] == "step"} >= {"home", "faq", "t"})


def test_nothing_is_left_when_the_person_leaves(page: Page, told: Told, site: Site) -> None:
    told.standing = [
        kind("banner", part("line", text("Hello")), place="bottom"),
        kind("checklist", part("a", heading("First")), title="List", by_hand=["a"], dir="rtl", lang="ar"),
        kind("resource_centre", part("home", text("Hi"))),
    ]
    page.goto(site.page("/", TALL))
    expect(page.locator("milepost-standing .launch")).to_be_visible()
    expect(page.locator("milepost-standing .listbox")).to_be_visible()
    expect(page.locator("milepost-banner .bar")).to_be_visible()
    page.evaluate("milepost('destroy')")
    wait_until(page, "!document.querySelector('milepost-standing, milepost-banner')")


def test_axe_finds_nothing_in_the_dark_and_in_chinese(chromium: Browser, told: Told, site: Site) -> None:
    """All four kinds on one page, each as it opens; the list and the help stand aside for the survey."""
    context = chromium.new_context(color_scheme="dark")
    complaints: list[str] = []
    watch(context, complaints)
    page = context.new_page()
    told.standing = [
        kind("banner", part("line", text("周六停机维护"), button("查看", {"do": "open", "url": "/other"})), lang="zh-CN"),
        kind(
            "checklist",
            part("a", heading("第一步")),
            part("b", heading("第二步")),
            title="开始",
            place="start",
            by_hand=["b"],
            done=["a"],
            lang="zh-CN",
        ),
        kind("resource_centre", part("home", text("您好")), title="帮助中心", place="end", lang="zh-CN"),
    ]
    faq = {"key": "faq", "kind": "faq", "title": "需要多久？"}
    article = faq | {"blocks": [text("一天。"), {"type": "code", "text": "GET /" + "long" * 40}]}
    told.help = lambda asked: {"article": article} if asked.get("article") else {"page": [faq], "news": [], "guides": []}
    nps = {"type": "question", "id": "nps", "ask": "nps", "low": "不太可能", "high": "非常可能"}
    options = [{"id": "x", "text": "速度"}]
    mood = {"type": "question", "id": "mood", "ask": "csat", "options": options}
    told.guides = [kind("survey", part("one", heading("您会推荐吗？"), nps, mood), lang="zh-CN")]
    page.goto(site.page("/", TALL, head="<meta name=color-scheme content=dark>", html='lang="zh-CN"'))
    survey, standing = page.locator("milepost-guide"), page.locator("milepost-standing")
    expect(survey.get_by_role("heading", name="您会推荐吗？")).to_be_visible()
    expect(page.locator("milepost-banner .bar")).to_be_visible()
    assert violations(page) == []
    survey.get_by_role("button", name="关闭").click()
    expect(survey).to_have_count(0)
    expect(standing.get_by_text("已完成 1/2")).to_be_visible()
    assert violations(page) == []
    standing.get_by_role("button", name="收起").click()
    standing.get_by_role("button", name="帮助", exact=True).click()
    standing.get_by_role("button", name="需要多久？").click()
    expect(standing.get_by_text("一天。")).to_be_visible()
    assert violations(page) == []
    assert complaints == []
    context.close()
