"""Retention in slices, and a rebuild that is identical to the bit."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions import retention
from milepost.actions.environments import change_environment
from milepost.actions.features import push_catalogue
from milepost.actions.rebuild import rebuild_rollups
from milepost.actions.retention import apply_retention
from milepost.actions.workspaces import create_workspace
from milepost.errors import Unavailable
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store.engine import is_sqlite
from milepost.wire.feature import Catalogue, EventRule, Feature, PageRule
from tests.factories import DAY_MS, Sandbox

FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROLLUPS = {
    "usage": "account_id, ordinal, day, end_user_id, span, n, n_guided",
    "feature_last": "account_id, ordinal, first_day, last_day",
    "active_day": "account_id, day, end_user_id",
    "account_day": "account_id, day, bitmap",
    "reach_day": "day, matched, total",
    "rule_hour": "hour, ordinal, n",
}


def rollups(box: Sandbox) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted(box.rows(f"SELECT {columns} FROM {name} WHERE environment_id = :e")) for name, columns in ROLLUPS.items()
    }


def rebuild(box: Sandbox, from_day: int = -1_000_000) -> None:
    with db.writing(box.runtime.engine) as connection:
        rebuild_rollups(connection, box.environment_id, from_day)


def count(box: Sandbox, table: str) -> int:
    return int(box.rows(f"SELECT count(*) FROM {table} WHERE environment_id = :e")[0][0])


def test_retention_drops_what_is_older_than_kept_in_slices_and_leaves_the_numbers(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE", 7)
    old, young = sandbox.clock() - 390 * DAY_MS, sandbox.clock() - 10 * DAY_MS
    sandbox.send(*[sandbox.event(at=at) for at in (old, young) for _ in range(20)], route="import")
    sandbox.send(*[sandbox.event(user="nobody", account=None, at=old) for _ in range(9)], route="import")
    timeless = [{k: v for k, v in sandbox.event(user="nobody", account=None).items() if k != "timestamp"} for _ in range(9)]
    sandbox.send(*timeless)
    sandbox.send(*[sandbox.event(type="nonsense") for _ in range(9)])
    before = rollups(sandbox)
    sandbox.clock.turn(days=20)
    assert apply_retention(sandbox.runtime, sandbox.environment_id) == 29
    assert (count(sandbox, "events"), count(sandbox, "waiting_events"), count(sandbox, "bad_rows")) == (29, 9, 9)
    assert rollups(sandbox) == before
    sandbox.clock.turn(days=385)
    assert apply_retention(sandbox.runtime, sandbox.environment_id) == 29
    assert (count(sandbox, "events"), count(sandbox, "bad_rows")) == (0, 0)
    assert rollups(sandbox) == before
    assert apply_retention(sandbox.runtime, sandbox.environment_id) == 0


def test_old_partitions_go_whole_once_no_environment_keeps_their_days(sandbox: Sandbox) -> None:
    other = Sandbox(sandbox.runtime, create_workspace(sandbox.runtime, name="O", owner_email="o@other.test"), sandbox.clock)
    change_environment(other.runtime, other.tenant.workspace_id, other.environment_id, "test", {"retention_days": 30})
    old = sandbox.clock() - 100 * DAY_MS
    for box in (sandbox, other):
        box.send(*[box.event(at=box.clock() - n * DAY_MS) for n in (0, 20)], route="import")
    sandbox.send(sandbox.event(at=old), route="import")
    assert apply_retention(other.runtime, other.environment_id) == 0
    assert has_day(sandbox, old)
    sandbox.clock.turn(days=15)
    assert apply_retention(other.runtime, other.environment_id) == 1
    assert (count(sandbox, "events"), count(other, "events")) == (3, 1)
    sandbox.clock.turn(days=301)
    assert apply_retention(sandbox.runtime, sandbox.environment_id) == 1
    assert count(sandbox, "events") == 2
    assert not has_day(sandbox, old)
    change_environment(sandbox.runtime, sandbox.tenant.workspace_id, sandbox.environment_id, "test", {"retention_days": 900})
    again = sandbox.event(at=old)
    with suppress(Unavailable):  # the writer remembers the partition once; the client sends the same again
        sandbox.send(again, route="import")
    sandbox.send(again, route="import")
    assert count(sandbox, "events") == 3


def has_day(box: Sandbox, at: int) -> bool:
    """Whether PostgreSQL has a partition for the day; on SQLite, whether there are rows of it."""
    if is_sqlite(box.runtime.engine):
        return bool(box.rows("SELECT 1 FROM events WHERE environment_id = :e AND at = :at", at=at))
    return box.rows("SELECT to_regclass(:name) IS NOT NULL", name=f"events_d{at // DAY_MS}") == [(True,)]


def test_retention_of_one_environment_leaves_another_alone(sandbox: Sandbox) -> None:
    other = Sandbox(sandbox.runtime, create_workspace(sandbox.runtime, name="O", owner_email="o@other.test"), sandbox.clock)
    change_environment(other.runtime, other.tenant.workspace_id, other.environment_id, "test", {"retention_days": 900})
    for box in (sandbox, other):
        box.send(box.event())
    sandbox.clock.turn(days=401)
    apply_retention(sandbox.runtime, sandbox.environment_id)
    assert (count(sandbox, "events"), count(other, "events")) == (0, 1)


FEATURES = Catalogue(
    features=[
        Feature(key="leave", name="Leave", rules=[EventRule(on="event", name="Leave")]),
        Feature(
            key="report", name="Report", rules=[EventRule(on="event", name="Report"), PageRule(on="page", path="/report/**")]
        ),
    ]
)
event = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Leave", "Report", "Other", "page", "group", "identify"]),
        "user": st.sampled_from(["u1", "u2", None]),
        "anonymous": st.sampled_from([None, "x1", "x2"]),
        "account": st.sampled_from([None, "a1", "a2"]),
        "hours_ago": st.integers(0, 150 * 24),
        "guided": st.booleans(),
        "number": st.integers(0, 25),
    }
)
batches = st.lists(st.lists(event, min_size=1, max_size=8), min_size=1, max_size=6)


def as_event(box: Sandbox, given: dict[str, Any]) -> dict[str, Any]:
    kind = given["kind"] if given["kind"] in {"page", "group", "identify"} else "track"
    context: dict[str, Any] = {"groupId": given["account"]} if given["account"] else {}
    if given["guided"]:
        context["milepost"] = {"guide": "run_x"}
    return box.event(at=box.clock() - given["hours_ago"] * 3_600_000) | {
        "type": kind,
        "event": given["kind"],
        "messageId": f"n{given['number']}",
        "userId": given["user"],
        "anonymousId": given["anonymous"],
        "groupId": given["account"],
        "properties": {"path": "/report/7"} if kind == "page" else {},
        "context": context,
    }


@FEW
@given(history=batches, days=st.integers(0, 160))
def test_a_rebuild_of_any_history_from_any_day_is_identical_to_the_bit(
    sandbox: Sandbox, history: list[list[dict[str, Any]]], days: int
) -> None:
    """Anonymous events that found their owner late, guided use, repeats, people who moved: decided once, added again."""
    made = create_workspace(sandbox.runtime, name="T", owner_email="o@example.test")
    box = Sandbox(sandbox.runtime, made, sandbox.clock)
    push_catalogue(box.runtime, box.tenant, FEATURES, "test")
    for batch in history:
        box.send(*[as_event(box, given) for given in batch], route="import")
    before = rollups(box)
    rebuild(box)
    assert rollups(box) == before
    rebuild(box, day_of(box.clock(), "UTC") - days)
    assert rollups(box) == before
