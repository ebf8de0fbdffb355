"""Linden HR's pages as people meet them: axe finds nothing, small screens hold them, nothing is said on the console."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from milepost.demo.book.stories import CASTINGS
from milepost.demo.host.pages import PAGES
from tests.browser.axe import violations
from tests.browser.conftest import watch
from tests.browser.story_stage import Story, open_story

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("host")
    (folder / "milepost.db").write_bytes(sqlite_template.read_bytes())
    with open_story(folder) as opened:
        yield opened


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-CN", 320)])
def test_every_page_is_sound(chromium: Browser, story: Story, complaints: list[str], language: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale=language)
    watch(context, complaints)
    page = context.new_page()
    page.goto(f"{story.host_url}/login")
    assert violations(page) == []
    page.get_by_test_id(f"as-{CASTINGS}-00").click()
    page.wait_for_url(f"{story.host_url}/")
    found: list[tuple[str, str]] = []
    for path in PAGES:
        page.goto(story.host_url + path.replace("{id:int}", "1").replace("{id}", f"{CASTINGS}-01"))
        expect(page.locator("html")).to_have_attribute("lang", language)
        found += [(path, violation) for violation in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((path, "wider than the screen"))
    assert found == []
    context.close()
    assert complaints == []
