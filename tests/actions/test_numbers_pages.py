"""The read models behind the CSM's pages say what was counted."""

import datetime as dt

import pytest

from milepost.actions.account import read_account_page
from milepost.actions.feature_board import read_feature_board, read_feature_page
from milepost.actions.features import push_catalogue, retire_feature
from milepost.actions.health import read_active_model
from milepost.actions.heatmap import read_heatmap
from milepost.actions.heatmap_choice import HeatChoice, choose_part
from milepost.actions.portfolio import read_portfolio
from milepost.actions.portfolio_choice import Choice
from milepost.actions.score import refresh_dirty, settle_days
from milepost.actions.signals import Signal, record_signals
from milepost.actions.trial import review_model, try_model
from milepost.actions.workspaces import create_workspace
from milepost.rules.days import date_of, day_of, start_of_day
from milepost.store import engine as db
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, Sandbox

FEATURES = [
    Feature(key="leave", name="Leave", module="Time", core=True, rules=[EventRule(on="event", name="Leave")]),
    Feature(key="roster", name="Roster", module="Time", core=True, rules=[EventRule(on="event", name="Roster")]),
    Feature(key="report", name="Report", module="Insight", plans=["pro"], rules=[EventRule(on="event", name="Report")]),
]


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=FEATURES), "test")
    for key in ("leave", "roster", "report"):
        sandbox.use(key, user="other", account="a0", days_ago=40)
    sandbox.send(
        {
            "type": "group", "messageId": "g1", "userId": "u1", "groupId": "a1",
            "traits": {
                "name": "Acme (sample)", "plan": "basic", "arr": 12000, "employees": 10, "seats": 5,
                "started_on": "2026-01-05", "owner_email": "csm@example.test",
            },
        }
    )  # fmt: skip
    for days_ago in (0, 3, 35):
        sandbox.use("leave", days_ago=days_ago)
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return sandbox


def test_portfolio_line_has_numbers_and_the_costliest_parts(book: Sandbox) -> None:
    portfolio = read_portfolio(book.runtime, book.tenant)
    line = next(x for x in portfolio.lines if x.key == "a1")
    assert (line.name, line.n_used, line.n_eligible, line.n_rate_all) == ("Acme (sample)", 1, 2, 3)
    assert line.band == "red"
    assert portfolio.calls[0].account.key == "a1"
    assert portfolio.calls[0].reasons[0]["zh-CN"]
    assert portfolio.totals.arr_at_risk == 12000
    mine = read_portfolio(book.runtime, book.tenant, owner_email="csm@example.test")
    assert [x.key for x in mine.lines] == ["a1"]


def test_account_page_shows_modules_people_and_why_the_score_moved(book: Sandbox) -> None:
    today = day_of(book.clock(), "UTC")
    assert settle_days(book.runtime, book.environment_id, [today - 31, today - 30, today - 1]) == 6
    page = read_account_page(book.runtime, book.tenant, "a1")
    assert page.live is not None
    assert page.live.whitespace == ["report"]
    assert {m.name: (m.n_used, m.n_eligible) for m in page.modules} == {"Time": (1, 2), "Insight": (0, 0)}
    assert [(p.key, p.active_days, p.n_features) for p in page.people] == [("u1", 0, 1)]
    assert len(page.trend) == 3
    assert page.change is not None
    assert sum(x.points for x in page.change.lines) == pytest.approx(page.change.points, abs=1e-9)
    assert page.ways_up[0].gain > 0
    past = read_account_page(book.runtime, book.tenant, "a1", today - 30)
    assert past.restated is not None
    assert past.restated.n_used == 1


def test_heat_map_has_a_cell_for_every_account_and_live_feature(book: Sandbox) -> None:
    heat = read_heatmap(book.runtime, book.tenant)
    row = next(r for r in heat.rows if r.account.key == "a1")
    states = {c.key: cell.state for c, cell in zip(heat.columns, row.cells, strict=True)}
    assert states == {"leave": "tried", "roster": "never", "report": "not_entitled"}
    assert sum(heat.totals.values()) == len(heat.rows) * len(heat.columns)


def test_feature_board_counts_accounts_by_state_without_those_that_left(book: Sandbox) -> None:
    other = create_workspace(book.runtime, name="Other", owner_email="o@example.test")
    stranger = Sandbox(book.runtime, other, book.clock)
    push_catalogue(stranger.runtime, stranger.tenant, Catalogue(features=FEATURES), "test")
    stranger.use("leave", account="a1")
    refresh_dirty(stranger.runtime, stranger.environment_id)
    today = date_of(day_of(book.clock(), "UTC"))
    whole = {"leave": {"tried": 2}, "roster": {"tried": 1, "never": 1}, "report": {"tried": 1, "not_entitled": 1}}
    rest = {"leave": {"tried": 1}, "roster": {"tried": 1}, "report": {"tried": 1}}
    for days, wanted in ((None, whole), (-1, rest), (0, whole), (400, whole)):
        if days is not None:
            traits = {"ended_on": (today + dt.timedelta(days)).isoformat()}
            book.send({"type": "group", "messageId": f"end{days}", "userId": "u1", "groupId": "a1", "traits": traits})
        board = read_feature_board(book.runtime, book.tenant)
        assert {x.feature.key: x.states for x in board.lines} == wanted, f"ended {days} days from now"


def test_feature_board_counts_uses_and_reach(book: Sandbox) -> None:
    book.send(book.event("Something Else"))
    board = read_feature_board(book.runtime, book.tenant)
    leave = next(x for x in board.lines if x.feature.key == "leave")
    assert leave.uses_last_hour == 1
    assert leave.accounts_28d == 1
    assert board.n_unmatched == 1
    page = read_feature_page(book.runtime, book.tenant, "leave")
    assert page.funnel["eligible"] == 2
    assert page.accounts[0].account.key == "a1"


def test_uses_of_28_days_are_those_of_whole_days_and_lost_accounts_do_not_use(book: Sandbox) -> None:
    def leave() -> tuple[int, int]:
        line = next(x for x in read_feature_board(book.runtime, book.tenant).lines if x.feature.key == "leave")
        return line.uses_28d, line.accounts_28d

    before = leave()
    today = day_of(book.clock(), book.tenant.zone)
    first = start_of_day(today - 27, book.tenant.zone)
    for at in (first - 1, first):  # the last moment of the 29th day and the first of the 28
        used = book.event("$feature", account="a2", at=at, properties={"feature": "leave"})
        book.send(used, route="import")
    assert leave() == (before[0] + 1, before[1] + 1)
    traits = {"ended_on": date_of(today - 1).isoformat()}
    book.send({"type": "group", "messageId": "left", "userId": "u1", "groupId": "a2", "traits": traits})
    assert leave() == (before[0] + 1, before[1])


def cause_of(book: Sandbox, signal: str) -> str:
    """Why that part of a1's score moved in 30 days."""
    change = read_account_page(book.runtime, book.tenant, "a1").change
    assert change is not None
    return next(line.cause for line in change.lines if line.id.endswith(f".{signal}"))


def test_a_move_that_only_the_catalogue_made_is_the_catalogues(book: Sandbox) -> None:
    book.use("leave", days_ago=50)
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 30])
    retire_feature(book.runtime, book.tenant, "leave", None, "test")  # it was used: both sides of coverage lose it
    refresh_dirty(book.runtime, book.environment_id)
    assert cause_of(book, "coverage") == "catalogue"
    assert cause_of(book, "core_coverage") == "catalogue"


def test_a_move_by_own_use_stays_the_accounts_beside_a_change_of_the_catalogue(book: Sandbox) -> None:
    book.use("leave", days_ago=50)
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 30])
    retire_feature(book.runtime, book.tenant, "leave", None, "test")
    book.use("roster")
    refresh_dirty(book.runtime, book.environment_id)
    assert cause_of(book, "core_coverage") == "data"


def test_a_past_day_has_the_tickets_and_the_timeline_of_that_day(book: Sandbox) -> None:
    now, today = book.clock(), day_of(book.clock(), "UTC")
    at = {"old": 45, "then": 12, "later": 5}
    tickets = [Signal("ticket", "a1", key, now - days * DAY_MS, category="complaint") for key, days in at.items()]
    record_signals(book.runtime, book.tenant, tickets)
    book.send(book.event("Ticket Closed", properties={"ticket_id": "then"}))
    live = read_account_page(book.runtime, book.tenant, "a1")
    past = read_account_page(book.runtime, book.tenant, "a1", today - 10)
    assert (live.n_open_tickets, live.n_complaints_30d) == (2, 2)
    assert (past.n_open_tickets, past.n_complaints_30d) == (2, 1)
    assert [entry.detail for entry in past.timeline if entry.kind == "ticket"] == ["then", "old"]
    assert all(day_of(entry.at, "UTC") <= today - 10 for entry in past.timeline)


def test_the_version_that_scores_is_shown_as_a_dry_run_of_it_would_say(book: Sandbox) -> None:
    with db.reading(book.runtime.engine) as connection:
        held = read_active_model(connection, book.environment_id)
    stands, tried = review_model(book.runtime, book.tenant, held), try_model(book.runtime, book.tenant, held.model)
    assert tried.n_accounts == 2
    assert stands == tried


def test_a_page_of_the_heat_map_holds_some_rows_and_counts_all(book: Sandbox) -> None:
    heat = read_heatmap(book.runtime, book.tenant)
    whole = choose_part(heat, HeatChoice(Choice()))
    pages = [whole.page(first, 1) for first in range(whole.n_rows)]
    assert [row.account.key for page in pages for row in page.rows] == [row.account.key for row in whole.rows]
    assert all((page.totals, page.shares, page.n_rows) == (whole.totals, whole.shares, 2) for page in pages)
    assert [page.groups[0].n_rows for page in pages] == [g.n_rows for g in whole.groups for _ in g.rows]
