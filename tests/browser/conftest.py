"""Chromium for the browser tests: one browser a session, one fresh context a test, nothing unexpected on the console."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.browser.sdk_stage import Site, Told, open_stage
from tests.live import LiveServer

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PASSWORD = "a sentence works well"
NETWORK = "Failed to load resource"  # what the browser itself says of an answer ≥ 400; no page can prevent it


def find_chromium() -> str | None:
    """The browser of MILEPOST_CHROMIUM, else one on the path, else None: Playwright's own. Skips only where run.py said so."""
    if os.environ.get("MILEPOST_NO_CHROMIUM"):
        pytest.skip("there is no Chromium here: MILEPOST_NO_CHROMIUM is set")
    named = os.environ.get("MILEPOST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real browser on a shared machine may miss a deadline: its tests get a second try, and the report names each."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
    yield browser
    browser.close()


@pytest.fixture
def stage() -> Iterator[tuple[Told, Site]]:
    with open_stage() as both:
        yield both


@pytest.fixture
def told(stage: tuple[Told, Site]) -> Told:
    return stage[0]


@pytest.fixture
def site(stage: tuple[Told, Site]) -> Site:
    return stage[1]


@pytest.fixture
def complaints() -> list[str]:
    """Exceptions, console errors and policy violations of every page of the test."""
    return []


@pytest.fixture
def context(chromium: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(8000)
    watch(context, complaints)
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="module")
def owner_state(server: LiveServer, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The owner's cookies after the first log-in to the module's server, which demands a password of their own."""
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/")
    given = server.created["owner"]
    page.get_by_label("Work e-mail").fill(given["email"])
    page.get_by_label("Password").fill(given["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    page.get_by_label("Current password").fill(given["password"])
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page).to_have_url(re.compile("/e/production/"))
    path = tmp_path_factory.mktemp("state") / "owner.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def owner(server: LiveServer, chromium: Browser, owner_state: Path, complaints: list[str]) -> Iterator[BrowserContext]:
    """The owner's browser in the console."""
    context = chromium.new_context(base_url=server.url, storage_state=owner_state, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    watch(context, complaints)
    yield context
    context.close()
    assert complaints == []


def watch(context: BrowserContext, complaints: list[str]) -> None:
    """Collects what a host product's developers must never see."""

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and NETWORK not in message.text:
            complaints.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
