"""Old usage, one row per month: fewer rows, and every number as it was."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.account import read_account_page
from milepost.actions.checkpoints import check_everyone
from milepost.actions.export import export_usage
from milepost.actions.feature_board import read_feature_page
from milepost.actions.features import push_catalogue, save_feature
from milepost.actions.fold import fold_before, fold_usage
from milepost.actions.jobs import Jobs
from milepost.actions.rebuild import rebuild_rollups
from milepost.actions.recount import recount
from milepost.actions.score import as_of, refresh_dirty
from milepost.actions.workspaces import create_workspace
from milepost.rules.days import day_of
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store.months import month_of, spread
from milepost.wire.feature import Catalogue, Feature
from tests.factories import DAY_MS, Sandbox

FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEATURES = [
    Feature.model_validate({"key": key, "name": key, "core": True, "rules": [{"on": "event", "name": key}]})
    for key in ("leave", "roster", "export")
]
uses = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["leave", "leave", "roster", "export", "Unknown"]),
        "user": st.sampled_from(["u1", "u2", "u3"]),
        "account": st.sampled_from(["a1", "a2"]),
        "days_ago": st.one_of(st.integers(0, 390), st.sampled_from([89, 90, 91, 120, 121])),
        "guided": st.sampled_from([False, False, False, True]),
        "n": st.integers(1, 3),
    }
)
histories = st.lists(uses, min_size=1, max_size=30)
DERIVED = {
    "feature_last": "account_id, ordinal, first_day, last_day",
    "account_day": "account_id, day, bitmap",
    "active_day": "account_id, day, end_user_id",
}


def fresh(sandbox: Sandbox) -> Sandbox:
    made = create_workspace(sandbox.runtime, name="T", owner_email="o@example.test")
    box = Sandbox(sandbox.runtime, made, sandbox.clock)
    push_catalogue(box.runtime, box.tenant, Catalogue(features=FEATURES), "test")
    return box


def send(box: Sandbox, history: list[dict[str, Any]]) -> None:
    events = []
    for use in history:
        context: dict[str, Any] = {"groupId": use["account"]}
        if use["guided"]:
            context["milepost"] = {"guide": "run_x"}
        at = box.clock() - use["days_ago"] * DAY_MS
        events += [box.event(use["event"], user=use["user"], account=None, at=at, context=context) for _ in range(use["n"])]
    box.send(*events, route="import")


def today(box: Sandbox) -> int:
    return day_of(box.clock(), box.tenant.zone)


def everything(box: Sandbox) -> dict[str, Any]:
    """What pages, audiences, scores and exports read."""
    refresh_dirty(box.runtime, box.environment_id)
    keys = {a for (a,) in box.rows("SELECT key FROM accounts WHERE environment_id = :e")}
    with db.reading(box.runtime.engine) as connection:
        ids = coverage_store.list_account_ids(connection, box.environment_id)
        people = coverage_store.read_feature_people(connection, box.environment_id, ids, range(3))
        told = {
            "export": list(export_usage(connection, box.environment_id)),
            "guided": {a: sorted(d) for a, d in coverage_store.read_guided_days(connection, box.environment_id, ids).items()},
            "people": {a: {o: sorted(summed(u)) for o, u in held.items()} for a, held in people.items()},
            "windows": {
                (a, days): coverage_store.count_person_features(connection, box.environment_id, a, today(box) - days + 1)
                for a in ids
                for days in (7, 28, 90, 100, 365, 100_000)
            },
            "audiences": fact_store.list_uses(connection, box.environment_id, range(3), today(box) - 89),
        }
    told["accounts"] = {key: read_account_page(box.runtime, box.tenant, key) for key in sorted(keys)}
    told["features"] = {f.key: read_feature_page(box.runtime, box.tenant, f.key) for f in FEATURES}
    told["past"] = [as_of(box.runtime, box.environment_id, today(box) - ago) for ago in (0, 40, 200)]
    for name, columns in DERIVED.items():
        told[name] = sorted(box.rows(f"SELECT {columns} FROM {name} WHERE environment_id = :e"))
    return told


def summed(uses: list[tuple[int, int, int]]) -> set[tuple[int, int, int]]:
    totals: dict[tuple[int, int], int] = {}
    for day, user, n in uses:
        totals[day, user] = totals.get((day, user), 0) + n
    return {(day, user, n) for (day, user), n in totals.items()}


def fold(box: Sandbox) -> int:
    return fold_usage(box.runtime, box.environment_id, fold_before(box.runtime, box.environment_id))


def stored(box: Sandbox) -> list[tuple[Any, ...]]:
    return sorted(box.rows("SELECT account_id, ordinal, day, end_user_id, span, n, n_guided, days FROM usage "
                           "WHERE environment_id = :e"), key=repr)  # fmt: skip


@FEW
@given(history=histories, late=histories, seed=st.integers(0, 99))
def test_a_fold_changes_no_number_on_any_page_and_in_no_export(
    sandbox: Sandbox, history: list[dict[str, Any]], late: list[dict[str, Any]], seed: int
) -> None:
    """Folded in between, with late events into folded months, then folded again, against a twin that never folds."""
    folded, twin = fresh(sandbox), fresh(sandbox)
    for part in (history, late):
        random.Random(seed).shuffle(part)
        send(folded, part)
        send(twin, part)
        before = everything(folded)
        fold(folded)
        assert everything(folded) == before
        assert shape(folded) == shape(twin)
    alone = "SELECT count(*) FROM usage WHERE environment_id = :e AND span = 1 AND n_guided = 0 AND day < :d"
    assert folded.rows(alone, d=fold_before(folded.runtime, folded.environment_id)) == [(0,)]
    months = "SELECT count(*), count(DISTINCT account_id || '/' || ordinal || '/' || day || '/' || end_user_id) FROM usage"
    n, distinct = folded.rows(months + " WHERE environment_id = :e AND span > 1")[0]
    assert n == distinct
    assert fold(folded) == 0


def shape(box: Sandbox) -> list[dict[str, Any]]:
    with db.reading(box.runtime.engine) as connection:
        return list(export_usage(connection, box.environment_id))


@FEW
@given(history=histories, from_ago=st.integers(0, 380))
def test_a_rebuild_or_a_recount_after_a_fold_is_what_it_would_have_been_without(
    sandbox: Sandbox, history: list[dict[str, Any]], from_ago: int
) -> None:
    folded, twin = fresh(sandbox), fresh(sandbox)
    for box in (folded, twin):
        send(box, history)
    fold(folded)
    for box in (folded, twin):
        with db.writing(box.runtime.engine) as connection:
            rebuild_rollups(connection, box.environment_id, today(box) - from_ago)
    assert shape(folded) == shape(twin)
    fold(folded)
    changed = [f.model_copy(update={"rules": FEATURES[1].rules}) if f.key == "leave" else f for f in FEATURES]
    for box in (folded, twin):
        save_feature(box.runtime, box.tenant, changed[0], "test")
        recount(box.runtime, box.tenant, today(box) - from_ago, apply=True, actor_name="test")
        check_everyone(box.runtime, box.environment_id)
    assert shape(folded) == shape(twin)
    last = "SELECT a.key, l.ordinal, l.first_day, l.last_day FROM feature_last l JOIN accounts a ON a.id = l.account_id"
    assert sorted(folded.rows(last + " WHERE l.environment_id = :e")) == sorted(twin.rows(last + " WHERE l.environment_id = :e"))


@pytest.mark.parametrize("days", [None, "{}", '{"3":2,"30":1}'])
def test_a_row_says_what_happened_on_which_day(days: str | None) -> None:
    assert spread(100, 5, days) == {None: [(100, 5)], "{}": [(100, 5)]}.get(days, [(100, 2), (103, 2), (130, 1)])
    assert spread(100, 3, '{"3":2,"30":1}') == [(103, 2), (130, 1)]


def test_a_month_is_a_month_of_the_calendar() -> None:
    assert month_of(0) == (0, 31)
    assert month_of(31 + 27) == (31, 28)
    assert month_of(31 + 28) == (59, 31)
    assert month_of(-1) == (-31, 31)


def test_the_jobs_fold_once_a_month(sandbox: Sandbox) -> None:
    box = fresh(sandbox)
    send(box, [{"event": "leave", "user": "u1", "account": "a1", "days_ago": d, "guided": False, "n": 1} for d in range(200)])
    jobs = Jobs(box.runtime)
    jobs.tick()
    n = box.rows("SELECT count(*) FROM usage WHERE environment_id = :e")[0][0]
    assert 90 < n < 130
    assert box.rows("SELECT sum(n) FROM usage WHERE environment_id = :e") == [(200,)]
    runs = "SELECT for_on, status FROM job_runs WHERE environment_id = :e AND job = 'usage_fold'"
    box.clock.turn(days=1)
    jobs.tick()
    assert box.rows(runs) == [(fold_before(box.runtime, box.environment_id), "done")]
