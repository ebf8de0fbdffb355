"""What leaves the page, when, how often, and what never does."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from milepost.web.sdk_files import stub_text
from tests.browser.sdk_guides import step, tour
from tests.browser.sdk_page import BODY, LISTENING, card, wait_until
from tests.browser.sdk_stage import KEY, Site, Told

pytestmark = pytest.mark.browser
EVERYTHING = (
    "milepost('track', 'Report Viewed', {size: 3}); milepost('group', 'acme', {plan: 'pro'}); "
    "milepost('page', 'Deals', {tab: 'open'});"
)


def stored(page: Page) -> dict[str, Any]:
    """What we keep in the page's storage."""
    kept: dict[str, Any] = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return kept


def test_each_call_arrives_once_with_who_and_where(page: Page, told: Told, site: Site) -> None:
    page.goto(site.page("/deals/42", BODY, script=EVERYTHING) + "?secret=1#hash")
    told.wait_for(lambda: len(told.events("page")) == 2 and told.events("group") and told.events("Report Viewed"))
    track, group, identify = told.events("Report Viewed")[0], told.events("group")[0], told.events("identify")[0]
    assert track["properties"] == {"size": 3}
    assert track["userId"] == "ada"
    assert track["context"]["groupId"] == "acme"
    assert group["groupId"] == "acme"
    assert group["traits"] == {"plan": "pro"}
    assert identify["traits"] == {"name": "Ada"}
    paths = {(e["properties"]["path"], e.get("name")) for e in told.events("page")}
    assert paths == {("/deals/:id", None), ("/deals/:id", "Deals")}
    mine = track["context"]["milepost"]
    assert mine["token"] == "signed.by.host"
    assert mine["session"].startswith("ses_")
    assert mine["sdk"]
    assert "guide" not in mine
    assert all(batch["writeKey"] == KEY for batch in told.batches)
    assert not any(asked.startswith("OPTIONS") for asked in told.asked), "plain text needs no preflight"


def test_what_was_said_before_is_not_said_again(page: Page, told: Told, site: Site) -> None:
    url = site.page("/", BODY)
    for n in (1, 2, 3):
        page.goto(url)
        told.wait_for(lambda n=n: len(told.events("page")) == n)
    assert len(told.events("identify")) == 1
    page.evaluate("milepost('identify', 'ada', {name: 'Ada L.'}, {account: 'acme', token: 'signed.by.host'})")
    told.wait_for(lambda: len(told.events("identify")) == 2)
    assert len(told.boots) == 3
    assert told.boots[1]["rules_etag"] == "e1"


def test_element_rules_report_a_click_once_also_through_shadow_roots(page: Page, told: Told, site: Site) -> None:
    told.rules = [
        {"feature": "export", "path": "/deals/**", "target": {"locators": [{"by": "testid", "value": "import"}]}},
        {"feature": "filter", "path": "/other", "target": {"locators": [{"by": "testid", "value": "filter"}]}},
        {"feature": "deep", "path": None, "target": {"locators": [{"by": "role", "value": "button", "name": "Deep"}]}},
    ]
    swallow = "addEventListener('click', (e) => e.stopImmediatePropagation());"
    page.goto(site.page("/deals/1", BODY + "<div id=host></div>", script=swallow + LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.evaluate(
        "() => { const root = host.attachShadow({mode: 'open'}); const b = "
        "document.createElement('button'); b.textContent = 'Deep'; root.append(b) }"
    )
    page.get_by_test_id("import").click()
    page.get_by_test_id("filter").click()
    page.get_by_role("button", name="Deep").click()
    told.wait_for(lambda: len(told.events("$feature")) == 2)
    assert [event["properties"] for event in told.events("$feature")] == [{"feature": "export"}, {"feature": "deep"}]


def test_events_during_and_just_after_a_guide_carry_its_run(page: Page, told: Told, site: Site) -> None:
    told.guides = [tour(step("one", "import"))]
    page.goto(site.page("/", BODY))
    expect(card(page)).to_be_visible()
    page.evaluate("milepost('track', 'Used')")
    told.wait_for(lambda: told.events("Used"))
    assert told.events("Used")[0]["context"]["milepost"]["guide"] == told.claims[0]["run"]


@pytest.mark.parametrize(
    "answer",
    [(500, b"oops", {}), (200, b"<html>proxy</html>", {}), (429, b'{"code":"slow","message":"slow"}', {"Retry-After": "1"})],
)
def test_an_answer_that_is_no_receipt_is_tried_again_with_the_same_ids(page: Page, told: Told, site: Site, answer: Any) -> None:
    told.trouble["/v1/batch"] = [answer]
    page.goto(site.page("/", BODY, script="milepost('track', 'Used');"))
    told.wait_for(lambda: told.events("Used"))
    assert told.asked.count("POST /v1/batch") == 2
    ids = [event["messageId"] for batch in told.batches for event in batch["batch"]]
    assert len(ids) == len(set(ids)) == 3
    wait_until(page, "!Object.keys(localStorage).some((name) => name.includes('.q.'))")


def test_an_outage_loses_nothing_over_a_page_load(page: Page, told: Told, site: Site) -> None:
    told.broken = True
    url = site.page("/", BODY)
    page.goto(url)
    page.evaluate("() => { for (let i = 0; i < 20; i++) milepost('track', 'Used', {i}) }")
    told.wait_for(lambda: "POST /v1/batch" in told.asked)
    assert any(".q." in name for name in stored(page))
    told.broken = False
    page.goto(url)
    told.wait_for(lambda: len(told.events("Used")) == 20)
    assert [event["properties"]["i"] for event in told.events("Used")] == list(range(20))
    wait_until(page, "!Object.keys(localStorage).some((name) => name.includes('.q.'))")


def test_a_dismissal_leaves_at_once(page: Page, told: Told, site: Site) -> None:
    """Also where the timer that gathers the events of a moment never comes."""
    never = "const real = setTimeout; window.setTimeout = (run, ms, ...rest) => (ms === 400 ? 0 : real(run, ms, ...rest));"
    told.guides = [tour(step("one", "import"))]
    page.goto(site.page("/", BODY, script=never))
    expect(card(page)).to_be_visible()
    assert told.batches == []
    page.keyboard.press("Escape")
    told.wait_for_progress("dismissed", "one")


def test_offline_events_wait_and_leave_when_the_line_is_back(page: Page, told: Told, site: Site) -> None:
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: told.events("page"))
    page.context.set_offline(True)
    page.evaluate("milepost('track', 'Used')")
    page.wait_for_timeout(700)
    assert not told.events("Used")
    page.context.set_offline(False)
    told.wait_for(lambda: told.events("Used"))


def test_a_page_that_hides_sends_a_beacon_within_its_quota(page: Page, told: Told, site: Site) -> None:
    watching = (
        "window.sent = []; const real = navigator.sendBeacon.bind(navigator); navigator.sendBeacon = "
        "(to, body) => { sent.push(body.length); return real(to, body) };"
    )
    page.goto(site.page("/", BODY, script=watching))
    told.wait_for(lambda: told.events("page"))
    page.evaluate(
        """() => { for (let i = 0; i < 60; i++) milepost('track', 'Used', {i, text: 'x'.repeat(2000)});
          Object.defineProperty(document, 'visibilityState', {value: 'hidden'});
            document.dispatchEvent(new Event('visibilitychange')) }"""
    )
    sizes = page.evaluate("sent")
    assert len(sizes) == 1
    assert 10_000 < sizes[0] < 65_536
    told.wait_for(lambda: len(told.events("Used")) == 60)


def test_a_beacon_that_is_refused_stays_stored(page: Page, told: Told, site: Site) -> None:
    url = site.page("/", BODY, script="navigator.sendBeacon = () => false;")
    page.goto(url)
    told.wait_for(lambda: told.events("page"))
    page.evaluate("() => { milepost('track', 'Used'); dispatchEvent(new Event('pagehide')) }")
    assert any(".q." in name and "Used" in text for name, text in stored(page).items())
    page.goto(url)
    told.wait_for(lambda: told.events("Used"))


def test_nothing_of_a_field_a_query_or_a_hash_ever_leaves(page: Page, told: Told, site: Site) -> None:
    told.rules = [{"feature": "save", "path": None, "target": {"locators": [{"by": "role", "value": "button", "name": "Save"}]}}]
    told.guides = [tour(step("one", "name", advance=[{"on": "input", "value": "hunter2"}]), step("two", "import"))]
    form = (
        "<form><input data-testid=name aria-label=Name value=initial><input type=checkbox checked "
        "aria-label=Agree><button>Save</button></form>"
    )
    page.goto(
        site.page(
            "/people/ann@example.test",
            form + BODY + "<p>Private words</p>",
            script="addEventListener('submit', (e) => e.preventDefault());",
        )
        + "?q=needle#frag"
    )
    expect(card(page)).to_be_visible()
    page.get_by_test_id("name").fill("hunter2")
    expect(card(page)).to_contain_text("Title two")
    page.get_by_role("button", name="Save").click()
    page.evaluate("history.pushState({}, '', '/people/7?token=needle#frag')")
    told.wait_for(lambda: told.events("$feature") and len(told.events("page")) == 2)
    everything = json.dumps([told.batches, told.boots, told.claims])
    for secret in ("hunter2", "initial", "needle", "frag", "Private", "ann@example", "checked", "Agree"):
        assert secret not in everything, secret
    assert page.context.cookies() == []


def test_storage_keys_are_the_documented_ones_and_can_be_switched_off(page: Page, told: Told, site: Site) -> None:
    page.goto(site.page("/off", BODY, script=EVERYTHING, options="{quiet_ms: 0, storage: false}"))
    told.wait_for(lambda: told.events("Report Viewed"))
    assert stored(page) == {}
    told.broken = True
    page.goto(site.page("/", BODY, script=EVERYTHING))
    told.wait_for(lambda: told.asked.count("POST /v1/boot") >= 2)
    told.broken = False
    page.goto(site.page("/again", BODY, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    names = {name.removeprefix(f"milepost.{KEY}.").split(".")[0] for name in stored(page)}
    assert {"me", "rules"} <= names <= {"me", "rules", "q"}
    assert page.evaluate("sessionStorage.length") == 0


def test_reset_is_somebody_else(page: Page, told: Told, site: Site) -> None:
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: told.events("page"))
    page.evaluate("() => { milepost('reset'); milepost('track', 'Used') }")
    told.wait_for(lambda: told.events("Used"))
    used = told.events("Used")[0]
    assert "userId" not in used
    assert "groupId" not in used["context"]
    assert used["anonymousId"] != told.events("page")[0]["anonymousId"]
    assert used["context"]["milepost"]["session"] != told.events("page")[0]["context"]["milepost"]["session"]


def test_a_wrong_clock_is_corrected_from_the_boot_answer(page: Page, told: Told, site: Site) -> None:
    told.clock_offset_ms = 7_200_000
    page.goto(site.page("/", BODY, script=LISTENING))
    wait_until(page, "heard.includes('ready')")
    page.evaluate("milepost('track', 'Used')")
    told.wait_for(lambda: told.events("Used"))
    ahead = page.evaluate("(at) => Date.parse(at) - Date.now()", told.events("Used")[0]["timestamp"])
    assert 7_100_000 < ahead < 7_300_000


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"", {}),
        (200, b"\x00\xff garbage", {}),
        (200, b"[]", {}),
        (200, b"null", {}),
        (200, b'{"guides": 7, "rules": "x", "open_runs": {}, "now": "soon"}', {}),
        (200, b'{"guides": [{"guide": "a", "steps": [{"id": "x", "blocks": null, "target": {}}]}, null], "now": 1e999}', {}),
        (200, b'{"rules": [{"feature": "a"}, null, {"target": {"locators": [{"by": "???"}]}}]}', {}),
        (302, b"", {"Location": "/elsewhere"}),
    ],
)
def test_a_garbled_server_costs_the_page_nothing(page: Page, told: Told, site: Site, answer: Any) -> None:
    told.trouble["/v1/boot"] = [answer]
    told.trouble["/v1/batch"] = [answer]
    page.goto(site.page("/", BODY, script="milepost('track', 'Used');"))
    told.wait_for(lambda: "POST /v1/batch" in told.asked)
    page.get_by_test_id("import").click()
    page.keyboard.press("Escape")
    page.evaluate("() => { milepost('show', 'a'); milepost('nonsense'); milepost(); milepost('on'); milepost('track') }")
    page.wait_for_timeout(60)  # the fixture asserts that the console stayed silent


def test_a_huge_answer_is_cut_off(page: Page, told: Told, site: Site) -> None:
    """Read to the end it would be a valid answer, with a guide in it."""
    ready = json.dumps({"now": 1, "guides": [tour(step("one", "import"))], "padding": "x" * 8_000_000}).encode()
    told.trouble["/v1/boot"] = [(200, ready, {})]
    page.goto(site.page("/", BODY))
    told.wait_for(lambda: told.events("page"))
    page.evaluate("milepost('track', 'Used')")
    told.wait_for(lambda: told.events("Used"))
    page.wait_for_timeout(300)
    assert told.claims == []


def test_the_key_on_the_script_tag_is_enough_and_early_calls_wait_in_the_stub(page: Page, told: Told, site: Site) -> None:
    site.scripts["/stub.js"] = stub_text() + "milepost('identify', 'ada', {}, {account: 'acme'}); milepost('track', 'Early');"
    site.pages["/"] = (
        "<!doctype html><html lang=en><head><title>Host</title><script src=/stub.js></script>"
        f"<script async src='{site.sdk_url}/sdk/milepost.js' data-key='{KEY}'></script></head><body>{BODY}</body></html>"
    )
    page.goto(site.url + "/")
    told.wait_for(lambda: told.events("Early"))
    assert told.events("Early")[0]["userId"] == "ada"
    assert {batch["writeKey"] for batch in told.batches} == {KEY}
    page.evaluate("() => { milepost('init', 'pk_another'); milepost('track', 'Later') }")
    told.wait_for(lambda: told.events("Later"))
    assert {batch["writeKey"] for batch in told.batches} == {KEY}


def test_a_server_that_is_down_or_an_sdk_that_does_not_load_leave_the_page_alone(page: Page, told: Told, site: Site) -> None:
    told.broken = True
    page.goto(site.page("/", BODY, script="milepost('track', 'Used');"))
    told.wait_for(lambda: "POST /v1/batch" in told.asked)
    page.get_by_test_id("import").click()
    site.pages["/bare"] = site.pages["/"].replace("/sdk/milepost.js", "/sdk/gone.js")
    page.goto(site.url + "/bare")
    page.get_by_test_id("import").click()
    assert page.evaluate("milepost.q.length") >= 3
