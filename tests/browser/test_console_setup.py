"""The set-up pages in a real browser: lights turn on while one looks, invitations, dialogs, small screens, axe."""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD
from tests.live import LiveServer

pytestmark = pytest.mark.browser
PAGES = ("setup", "install", "install?with=server", "bad-rows", "settings", "members", "environments", "keys", "audit")
WIDTHS = (320, 375, 1280, 1920)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("console")
    live = LiveServer(database=str(folder / "console.db"), folder=folder).create().start()
    yield live
    live.stop()


def send(server: LiveServer, *events: dict[str, object]) -> None:
    """Through the front door, as a client does."""
    body = json.dumps({"writeKey": server.write_key, "batch": list(events)}).encode()
    request = urllib.request.Request(f"{server.url}/v1/batch", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def test_the_first_event_turns_the_light_on_without_a_reload(owner: BrowserContext, server: LiveServer) -> None:
    install, setup = owner.new_page(), owner.new_page()
    install.goto("/e/production/install")
    setup.goto("/")
    expect(setup).to_have_url(re.compile("/e/production/setup$"))  # where there is nothing yet, the list comes first
    expect(install.get_by_text("Waiting for the first event in Production")).to_be_visible()
    people = setup.locator('[data-light="people"]')
    expect(people).to_have_attribute("data-state", "waiting")
    install.evaluate("window.notReloaded = true")
    event = {"type": "track", "event": "Report <b>Opened</b>", "userId": "u1", "context": {"groupId": "acme"}}
    send(server, event | {"messageId": "first"})
    install.bring_to_front()
    expect(install.locator("#content").get_by_text("Events arrive in Production")).to_be_visible()
    expect(install.locator('[data-light="first"] [data-figure]')).to_contain_text("track “Report <b>Opened</b>” · u1 of acme")
    assert install.evaluate("window.notReloaded") is True
    setup.bring_to_front()
    expect(people).to_have_attribute("data-state", "done")
    expect(people.get_by_text("100\u00a0%")).to_be_visible()
    expect(setup.locator('[data-light="signed"]')).to_have_attribute("data-state", "waiting")


def test_an_invited_member_joins_by_the_link_and_logs_in_again(
    owner: BrowserContext, server: LiveServer, chromium: Browser
) -> None:
    page = owner.new_page()
    page.goto("/e/production/members")
    page.get_by_label("E-mail").fill("ann@example.test")
    page.get_by_role("radio", name="Viewer").check()
    page.get_by_role("button", name="Make the invite link").click()
    link = page.get_by_role("region", name="invite link").inner_text().strip()
    context = chromium.new_context(base_url=server.url)
    ann = context.new_page()
    ann.goto(link)
    expect(ann.get_by_role("heading", name="Join Test")).to_be_visible()
    assert link.partition("#")[2] not in ann.url
    ann.get_by_label("Your name").fill("Ann")
    ann.get_by_label("New password", exact=True).fill(PASSWORD)
    ann.get_by_label("New password again").fill(PASSWORD)
    ann.get_by_role("button", name="Join and log in").click()
    expect(ann.locator(".side-foot")).to_contain_text("Ann")
    ann.locator(".side-foot button").click()
    ann.get_by_role("button", name="Log out").click()
    ann.get_by_label("Work e-mail").fill("ann@example.test")
    ann.get_by_label("Password").fill(PASSWORD)
    ann.get_by_role("button", name="Log in").click()
    expect(ann.locator(".side-foot")).to_contain_text("Viewer")
    expect(ann.get_by_role("link", name="Keys")).to_have_count(0)
    ann.goto(link)
    expect(ann.get_by_role("alert")).to_contain_text("was used")
    context.close()


def test_a_dialog_asks_before_a_key_is_revoked_and_escape_keeps_it(owner: BrowserContext) -> None:
    page = owner.new_page()
    page.goto("/e/production/keys")
    page.get_by_label("Label").fill("throw-away")
    page.get_by_role("button", name="Make the key").click()
    row = page.get_by_role("row", name="throw-away")
    opener = row.get_by_role("button", name="Revoke throw-away")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Revoke this key?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="throw-away")).to_have_count(0)
    page.get_by_text("Revoked and replaced").click()
    expect(page.get_by_text("throw-away")).to_be_visible()


def test_code_is_copied_and_the_button_says_so(owner: BrowserContext, server: LiveServer) -> None:
    owner.grant_permissions(["clipboard-read", "clipboard-write"])
    page = owner.new_page()
    page.goto("/e/production/install")
    page.get_by_role("button", name="Copy index.html").click()
    expect(page.get_by_role("button", name="Copied index.html")).to_be_visible()
    assert server.write_key in page.evaluate("navigator.clipboard.readText()")
    expect(page.locator("[data-announce]")).to_have_text("Copied")


def test_on_a_phone_the_menu_is_a_drawer(owner: BrowserContext) -> None:
    page = owner.new_page()
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto("/e/production/setup")
    expect(page.get_by_role("link", name="Bad rows")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Bad rows").click()
    expect(page.get_by_role("heading", name="Bad rows")).to_be_visible()
    expect(page.get_by_role("link", name="Members")).to_be_hidden()


def test_everything_works_without_script(server: LiveServer, chromium: Browser, owner_state: Path) -> None:
    context = chromium.new_context(base_url=server.url, storage_state=owner_state, java_script_enabled=False)
    page = context.new_page()
    for name in PAGES:
        answer = page.goto(f"/e/production/{name}")
        assert answer is not None
        assert answer.status == 200
    page.goto("/e/production/settings")
    page.get_by_label("Keep raw events, days").fill("365")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_role("dialog", name="Make a new signing secret?")).to_be_visible()
    context.close()


def speak(page: Page, language: str) -> None:
    """Through the switch in the top bar."""
    page.goto("/e/production/setup")
    page.locator(f'.topbar .lang button[value="{language}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def visit_all(page: Page, look: str) -> list[str]:
    """What is wrong on any of the pages, and on log-in, invitation and a page that is not there."""
    found = []
    for name in (*(f"/e/production/{name}" for name in PAGES), "/password", "/invite", "/nothing-here"):
        page.goto(name)
        found += [f"{look} {name} {problem}" for problem in violations(page)]
    return found


@pytest.mark.parametrize(
    ("look", "language", "width"), [("light", "en", 1280), ("dark", "zh-CN", 1280), ("dark", "en", 375), ("light", "zh-CN", 375)]
)
def test_axe_finds_nothing(owner: BrowserContext, server: LiveServer, look: str, language: str, width: int) -> None:
    send(server, {"type": "track", "event": "nobody", "messageId": f"bad-{look}-{language}"})
    page = owner.new_page()
    page.emulate_media(color_scheme=look, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    speak(page, language)
    found = visit_all(page, f"{look} {language} {width}")
    speak(page, "en")
    assert not found, "\n".join(found)


def test_log_in_has_nothing_to_mend(server: LiveServer, chromium: Browser) -> None:
    for look in ("light", "dark"):
        context = chromium.new_context(base_url=server.url, color_scheme=look)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto("/login")
        assert violations(page) == []
        context.close()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_nothing_runs_over_the_edge(owner: BrowserContext, server: LiveServer, language: str) -> None:
    send(server, {"type": "track", "event": "x" * 200, "messageId": f"long-{language}"})
    page = owner.new_page()
    speak(page, language)
    wide = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for name in (*PAGES, "../../login", "../../invite"):
            page.goto(f"/e/production/{name}")
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wide.append(f"{name} at {width}: {over} px")
    speak(page, "en")
    assert not wide, "\n".join(wide)
