"""Tasks: the next step of a touch is one task, whatever is changed and taken back; snoozing, doing, counting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.actions.audit import Doer
from milepost.actions.portfolio import read_portfolio
from milepost.actions.tasks import add_task, delete_task, finish_task, list_task_lines, snooze_task, undo_task
from milepost.actions.touches import change_touch, delete_touch, log_touch, undo_touch
from milepost.actions.workspaces import create_workspace
from milepost.errors import Invalid, NotFound
from milepost.rules.days import date_of, day_of
from milepost.rules.tasks import count_places, place_of, wanted_on
from milepost.wire.contact import TouchIn
from milepost.wire.task import TaskIn
from tests.factories import Sandbox

ME = Doer("mbr_me", "me@vendor.test")
days = st.integers(20_000, 20_100)


@given(due=days, snoozed=st.none() | days, done=st.none() | st.integers(1, 9), today=days)
def test_a_task_stands_in_exactly_one_place_and_a_snooze_never_makes_it_earlier(
    due: int, snoozed: int | None, done: int | None, today: int
) -> None:
    place = place_of(due, snoozed, done, today)
    last = max(day for day in (due, snoozed) if day is not None)
    assert wanted_on(due, snoozed) == last
    naive = "done" if done else {-1: "overdue", 0: "due", 1: "later"}[(last > today) - (last < today)]
    assert place == naive
    assert count_places([place, place]) == {name: 2 * (name == place) for name in ("overdue", "due", "later", "done")}


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    sandbox.send(sandbox.event(account="a1"))
    return sandbox


def in_days(sandbox: Sandbox, n: int) -> str:
    """A date so many days from today."""
    return date_of(day_of(sandbox.clock(), "UTC") + n).isoformat()


def shown(sandbox: Sandbox) -> list[tuple[str, str]]:
    """(title, place) of every task."""
    return [(line.row.title, line.place) for line in list_task_lines(sandbox.runtime, sandbox.tenant, "a1")]


def n_open(sandbox: Sandbox) -> int:
    """What the portfolio says."""
    return read_portfolio(sandbox.runtime, sandbox.tenant, with_calls=False).lines[0].n_open_tasks


def test_the_next_step_of_a_touch_is_one_task_that_goes_and_comes_with_it(world: Sandbox) -> None:
    runtime, tenant = world.runtime, world.tenant
    touch = log_touch(runtime, tenant, "a1", TouchIn(next_step="Call back", next_on=in_days(world, 3)), None, ME)
    assert (shown(world), n_open(world)) == ([("Call back", "later")], 1)
    change_touch(runtime, tenant, touch, TouchIn(next_step="Visit", next_on=in_days(world, 0)), None, ME)
    assert shown(world) == [("Visit", "due")]
    undo_touch(runtime, tenant, touch, ME)
    assert shown(world) == [("Call back", "later")]
    delete_touch(runtime, tenant, touch, ME)
    assert (shown(world), n_open(world)) == ([], 0)
    undo_touch(runtime, tenant, touch, ME)
    assert shown(world) == [("Call back", "later")]
    finish_task(runtime, tenant, list_task_lines(runtime, tenant)[0].row.public_id, ME)
    change_touch(runtime, tenant, touch, TouchIn(), None, ME)
    assert (shown(world), n_open(world)) == ([("Call back", "done")], 0)


def test_a_snooze_wants_a_later_day_and_can_be_taken_back(world: Sandbox) -> None:
    runtime, tenant = world.runtime, world.tenant
    task = add_task(runtime, tenant, "a1", TaskIn(title="Call", due_on=in_days(world, -2)), ME)
    today = day_of(world.clock(), "UTC")
    with pytest.raises(Invalid, match="after today"):
        snooze_task(runtime, tenant, task, today, "on leave", ME)
    snooze_task(runtime, tenant, task, today + 5, "on leave", ME)
    assert shown(world) == [("Call", "later")]
    world.clock.turn(days=6)
    assert shown(world) == [("Call", "overdue")]
    undo_task(runtime, tenant, task, ME)
    row = list_task_lines(runtime, tenant)[0].row
    assert (row.snoozed_until, row.snooze_reason, row.owner_email) == (None, "", "me@vendor.test")
    delete_task(runtime, tenant, task, ME)
    assert shown(world) == []
    undo_task(runtime, tenant, task, ME)
    assert shown(world) == [("Call", "overdue")]


def test_tasks_are_of_one_workspace_and_of_accounts_that_are_there(world: Sandbox) -> None:
    task = add_task(world.runtime, world.tenant, "a1", TaskIn(title="Call", due_on="2026-12-01"), ME)
    made = create_workspace(world.runtime, name="Other", owner_email="o@other.test")
    other = Sandbox(world.runtime, made, world.clock)
    for attempt in (finish_task, delete_task, undo_task):
        with pytest.raises(NotFound):
            attempt(other.runtime, other.tenant, task, ME)
    with pytest.raises(NotFound):
        add_task(other.runtime, other.tenant, "a1", TaskIn(title="Call", due_on="2026-12-01"), ME)
    assert list_task_lines(other.runtime, other.tenant) == []
