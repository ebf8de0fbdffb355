"""Linden HR used by hand: every one of the 31 features it sells is seen by a rule of the catalogue."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text

from milepost.actions.unmatched import list_unmatched
from milepost.demo.book.accounts import features_of
from milepost.demo.book.stories import CASTINGS
from milepost.demo.workspace import find_tenant
from milepost.store import engine as db
from tests.browser.story_stage import Story, open_story, wait_until

pytestmark = pytest.mark.browser
NEVER_A_FEATURE = {"/", "/leave", "/approvals", "/approvals/:id", "/settings", "/reports/advanced", "/people/:id"}


@pytest.fixture
def story(tmp_path: Path, sqlite_template: Path) -> Iterator[Story]:
    (tmp_path / "milepost.db").write_bytes(sqlite_template.read_bytes())
    with open_story(tmp_path) as opened:
        yield opened


def press(path: str, testid: str, **fields: str) -> Callable[[Page, str], None]:
    """Fills a form on a page and sends it; Linden HR says that it was done."""

    def walk(page: Page, host: str) -> None:
        page.goto(host + path)
        for name, value in fields.items():
            page.locator(f"form:has([data-testid={testid}]) [name={name}]").fill(value)
        page.get_by_test_id(testid).click()
        expect(page.get_by_test_id("notice")).to_be_visible()

    return walk


def look(path: str) -> Callable[[Page, str], None]:
    """Opens a page, as from a link."""

    def walk(page: Page, host: str) -> None:
        page.goto(host + path)
        expect(page.locator("h1")).to_be_visible()

    return walk


def download(path: str, testid: str) -> Callable[[Page, str], None]:
    """A file comes, and the page stays."""

    def walk(page: Page, host: str) -> None:
        page.goto(host + path)
        with page.expect_download() as file:
            page.get_by_test_id(testid).click()
        assert file.value.suggested_filename.endswith(".csv")

    return walk


def print_roster(page: Page, host: str) -> None:
    page.goto(host + "/roster")
    page.get_by_test_id("roster-print").click()


def answer(testid: str) -> Callable[[Page, str], None]:
    """The first request that waits: approved, or rejected with a reason."""

    def walk(page: Page, host: str) -> None:
        page.goto(host + "/approvals")
        page.get_by_test_id("approval-first").click()
        if testid == "reject-leave":
            page.locator("[name=reason]").fill("The team is too small that week")
        page.get_by_test_id(testid).click()
        expect(page.get_by_test_id("notice")).to_be_visible()

    return walk


def answer_all(page: Page, host: str) -> None:
    page.goto(host + "/approvals")
    page.get_by_test_id("bulk-select").check()
    page.get_by_test_id("bulk-approve").click()
    expect(page.get_by_test_id("notice")).to_contain_text("Requests approved")


WALKS: dict[str, Callable[[Page, str], None]] = {
    "leave_request": press("/leave", "send-leave", days="3"),
    "leave_approve": answer("approve-leave"),
    "leave_reject": answer("reject-leave"),
    "leave_balance": look("/leave/balance"),
    "leave_calendar": look("/leave/calendar"),
    "leave_bulk_approve": answer_all,
    "leave_policy": press("/settings", "save-policy", days="28"),
    "roster_view": look("/roster"),
    "roster_edit": press("/roster", "assign-shift"),
    "roster_swap": press("/roster", "swap-shift"),
    "roster_publish": press("/roster", "publish-roster"),
    "roster_templates": press("/roster", "apply-template"),
    "roster_print": print_roster,
    "attendance_view": look("/attendance"),
    "attendance_correct": press("/attendance", "correct-day", came="08:30"),
    "attendance_overtime": press("/attendance", "approve-overtime", hours="3"),
    "attendance_export": download("/attendance", "attendance-export"),
    "attendance_alerts": look("/attendance/alerts"),
    "report_basic": look("/reports"),
    "advanced_report": press("/reports/advanced", "run-report"),
    "report_schedule": press("/reports/advanced", "report-schedule"),
    "report_export": download("/reports", "report-export"),
    "report_share": press("/reports", "report-share", to="ann@board.example"),
    "people_directory": look("/people"),
    "people_profile": press(f"/people/{CASTINGS}-02", "save-profile", phone="+49 30 000"),
    "people_joiner": press("/people", "add-joiner", name="Ara New"),
    "people_documents": press("/people", "sign-document"),
    "leads_list": look("/leads"),
    "leads_import": press("/leads", "import-leads", rows="20"),
    "settings_notifications": press("/settings", "save-notifications"),
    "settings_integrations": press("/settings", "connect-integration"),
}


def used_alone(story: Story) -> set[str]:
    """Keys of the features with a use that no guide led to."""
    sql = (
        "SELECT DISTINCT f.key FROM usage u JOIN features f ON f.environment_id = u.environment_id AND f.ordinal = u.ordinal "
        "WHERE u.environment_id = :e AND u.n > 0"
    )
    with db.reading(story.runtime.engine) as connection:
        return {row[0] for row in connection.execute(text(sql), {"e": story.environment_id})}


def test_every_feature_used_by_hand_is_counted_by_its_rule(context: BrowserContext, story: Story) -> None:
    assert set(WALKS) == set(features_of("pro"))
    page = context.new_page()
    page.goto(f"{story.host_url}/login")
    page.get_by_test_id(f"as-{CASTINGS}-00").click()
    for walk in WALKS.values():
        walk(page, story.host_url)
    page.goto(f"{story.host_url}/")
    with suppress(AssertionError):  # what is missing says more than that something is
        wait_until(lambda: used_alone(story) == set(WALKS), 30, "a use of every feature")
    assert set(WALKS) - used_alone(story) == set()

    left = list_unmatched(story.runtime, find_tenant(story.runtime, story.state))
    assert {line.name for line in left if line.kind == "event"} == set()
    assert {line.name for line in left if line.kind == "page"} <= NEVER_A_FEATURE
    with db.reading(story.runtime.engine) as connection:
        sql = "SELECT name, count(*) FROM events WHERE type = 'track' AND name NOT LIKE '$%' GROUP BY name"
        assert {n for _, n in connection.execute(text(sql))} == {1}
