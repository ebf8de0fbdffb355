"""The path of one number: catalogue pushed, events in, live row with its parts, settled row, change."""

import json

import pytest

from milepost.actions.checkpoints import save_checkpoint
from milepost.actions.features import push_catalogue
from milepost.actions.score import as_of, refresh_dirty, run_settled
from milepost.rules.days import day_of
from milepost.wire.checkpoint import Checkpoint, CheckpointPart
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox


def feature(key: str, **more: object) -> Feature:
    return Feature.model_validate({"key": key, "name": key.title(), "rules": [EventRule(on="event", name=key.title())]} | more)


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    """Three features, two of them core, all proven by another account."""
    features = [feature("leave", core=True), feature("roster", core=True), feature("report")]
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=features), "test")
    for key in ("leave", "roster", "report"):
        sandbox.use(key, user="other", account="a0")
    return sandbox


def live(sandbox: Sandbox, account: str = "a1") -> dict[str, object]:
    names = "score, known_share, band, n_used, n_eligible, n_guided_only, n_rate_used, n_rate_all, core_coverage, items, day"
    sql = (
        f"SELECT {names} FROM live_scores s JOIN accounts a ON a.environment_id = s.environment_id AND a.id = s.account_id "
        "WHERE a.key = :k"
    )
    rows = sandbox.rows(sql, k=account)
    return dict(zip(names.split(", "), rows[0], strict=True)) if rows else {}


def refresh(sandbox: Sandbox) -> None:
    refresh_dirty(sandbox.runtime, sandbox.environment_id)


def test_use_of_a_feature_moves_the_live_row(book: Sandbox) -> None:
    book.use("leave", account="a1")
    refresh(book)
    row = live(book)
    assert (row["n_used"], row["n_eligible"], row["n_rate_used"], row["n_rate_all"]) == (1, 3, 1, 3)
    assert row["core_coverage"] == pytest.approx(0.125)  # one of two core features tried
    assert book.rows("SELECT count(*) FROM dirty_accounts") == [(0,)]


def test_guided_use_is_shown_beside_coverage_and_not_in_it(book: Sandbox) -> None:
    guided = {"context": {"groupId": "a1", "milepost": {"guide": "run_1"}}}
    book.send(book.event("Leave", **guided))
    refresh(book)
    assert (live(book)["n_used"], live(book)["n_guided_only"]) == (0, 1)
    book.use("leave")
    refresh(book)
    assert (live(book)["n_used"], live(book)["n_guided_only"]) == (1, 0)


def test_items_of_a_stored_score_sum_to_it(book: Sandbox) -> None:
    for key in ("leave", "report"):
        book.use(key)
    refresh(book)
    row = live(book)
    items = json.loads(str(row["items"]))
    assert sum(i["points"] for i in items) == pytest.approx(row["score"], abs=1e-9)
    assert all(i.get("sentence", {}).get("zh-CN") for i in items if i["kind"] == "measure")


def test_a_mark_set_while_scoring_stays(book: Sandbox) -> None:
    book.use("leave")
    from milepost.store import engine as db
    from milepost.store import scores as score_store

    with db.reading(book.runtime.engine) as connection:
        marks = score_store.list_dirty(connection, book.environment_id, 100)
    book.use("report")
    with db.writing(book.runtime.engine) as connection:
        score_store.clear_dirty(connection, book.environment_id, marks)
    with db.reading(book.runtime.engine) as connection:
        left = score_store.list_dirty(connection, book.environment_id, 100)
    assert len(left) == 1


def test_settled_rows_are_history(book: Sandbox) -> None:
    book.use("leave")
    today = day_of(book.clock(), "UTC")
    book.clock.turn(days=1)
    first = run_settled(book.runtime, book.environment_id, today)
    assert first.n_written == 2
    book.use("roster", days_ago=1)
    again = run_settled(book.runtime, book.environment_id, today)
    assert again.n_written == 0
    sql = "SELECT n_used FROM settled_scores s JOIN accounts a ON a.id = s.account_id WHERE a.key = 'a1'"
    assert book.rows(sql) == [(1,)]
    restated = {r.account_id: r for r in as_of(book.runtime, book.environment_id, today)}
    account = book.rows("SELECT id FROM accounts WHERE key = 'a1'")[0][0]
    stored = restated[account].stored
    assert len(restated[account].reckoning.coverage.used) == 2
    assert stored is not None
    assert stored["n_used"] == 1


def test_activation_is_reached_in_the_writers_transaction(book: Sandbox) -> None:
    part = CheckpointPart(feature="leave", uses=1, people=1)
    save_checkpoint(
        book.runtime, book.tenant, Checkpoint(key="first_leave", name="First leave", parts=[part], is_activation=True), "test"
    )
    guided = {"context": {"groupId": "a1", "milepost": {"guide": "run_1"}}}
    book.send(book.event("Leave", **guided))
    sql = "SELECT subject, count(*) FROM checkpoint_reached r WHERE {} GROUP BY subject ORDER BY subject"
    of_a1 = "subject_id IN (SELECT id FROM accounts WHERE key = 'a1') AND subject = 'account'"
    assert book.rows(sql.format(of_a1)) == []
    book.send(book.event("Leave"))
    assert book.rows(sql.format(of_a1)) == [("account", 1)]
    refresh_dirty(book.runtime, book.environment_id)
    rows = book.rows("SELECT activated_on FROM live_scores s JOIN accounts a ON a.id = s.account_id WHERE a.key = 'a1'")
    assert rows == [(day_of(book.clock(), "UTC"),)]


@pytest.mark.parametrize("reverse", [False, True])
def test_tickets_count_once_in_any_order(book: Sandbox, reverse: bool) -> None:
    opened = book.event("Ticket Opened", properties={"ticket_id": 7, "category": "complaint"})
    closed = book.event("Ticket Closed", properties={"ticket_id": 7})
    events = [closed, opened] if reverse else [opened, closed]
    for event in (*events, book.event("Ticket Opened", properties={"ticket_id": "7", "category": "complaint"})):
        book.send(event)
    rows = book.rows("SELECT external_id, category, closed_at IS NOT NULL FROM signals")
    assert [(r[0], r[1], bool(r[2])) for r in rows] == [("7", "complaint", True)]
    refresh(book)
    items = {i["id"]: i for i in json.loads(str(live(book)["items"]))}
    assert items["support.complaints_30d"]["value"] == 1


def test_complaints_are_unknown_until_any_ticket_has_arrived(book: Sandbox) -> None:
    book.use("leave")
    refresh(book)
    items = {i["id"]: i for i in json.loads(str(live(book)["items"]))}
    assert items["support.complaints_30d"]["known"] is False
