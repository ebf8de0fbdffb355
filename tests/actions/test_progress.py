"""How far people got: state in the transaction of the events, the same in any order, once for all time."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import runs as run_store
from milepost.store.guides import find_guide
from tests.actions.test_boot import enforce
from tests.factories import Sandbox
from tests.guide_factories import a_guide, boot, claim, offered, publish, say, word

EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
PEOPLE = itertools.count()
WORDS = st.lists(
    st.fixed_dictionaries(
        {
            "what": st.sampled_from(["shown", "step", "finished", "dismissed", "missing", "answered", "nonsense"]),
            "step": st.sampled_from(["one", "two", "three", None]),
            "reason": st.sampled_from(["closed", "later", "never", "no_tips", "ambiguous", "odd", None]),
            "over": st.sampled_from([True, False, None]),
            "at": st.integers(1, 4),
        }
    ),
    max_size=8,
)


def state(sandbox: Sandbox, user: str) -> list[Any]:
    """Everything kept of one person's runs, without ids."""
    mine = "r.end_user_id = (SELECT id FROM end_users WHERE key = :u)"
    runs = f"SELECT step, last_at, shown_at, closed_at, outcome, reason FROM runs r WHERE {mine} ORDER BY r.started_at, r.id"
    steps = (
        "SELECT s.step, s.shown_at, s.missing_at, s.missing_reason FROM run_steps s JOIN runs r ON r.id = s.run_id "
        f"WHERE {mine} ORDER BY s.run_id, s.step"
    )
    said = f"SELECT state, reason, at, until_at FROM guide_states r WHERE {mine}"
    tips = "SELECT no_tips FROM end_users WHERE key = :u"
    return [sandbox.rows(sql, u=user) for sql in (runs, steps, said, tips)]


def walk(sandbox: Sandbox, guide: str, events: list[dict[str, Any]], *, one_by_one: bool = True) -> list[Any]:
    user = f"p{next(PEOPLE)}"
    run, answer = claim(sandbox, guide, user)
    assert answer.ok
    told = [word(sandbox, run, e["what"], e["step"], user=user, **{k: e[k] for k in ("reason", "over", "at")}) for e in events]
    for batch in [[event] for event in told] if one_by_one else [told]:
        sandbox.send(*batch)
    before = state(sandbox, user)
    sandbox.send(*told)  # replayed: nothing changes twice
    assert state(sandbox, user) == before
    return before


@pytest.fixture
def guide(sandbox: Sandbox) -> str:
    return publish(sandbox, a_guide("intro", "one", "two", "three"))["intro"]


@EXAMPLES
@given(events=WORDS, shuffle=st.randoms(use_true_random=False))
def test_the_end_is_the_same_in_whatever_order_the_events_come(
    sandbox: Sandbox, guide: str, events: list[dict[str, Any]], shuffle: Any
) -> None:
    timed = [e | {"at": sandbox.clock() + e["at"] * 1000} for e in events]
    mixed = list(timed)
    shuffle.shuffle(mixed)
    assert walk(sandbox, guide, timed) == walk(sandbox, guide, mixed) == walk(sandbox, guide, mixed, one_by_one=False)


def test_a_dismissed_guide_stays_dismissed_on_another_device_and_after_a_restart(sandbox: Sandbox, guide: str) -> None:
    run, _ = claim(sandbox, guide)
    say(sandbox, run, "shown")
    say(sandbox, run, "dismissed", reason="closed")
    restarted = Runtime(sandbox.runtime.settings, sandbox.runtime.engine, sandbox.clock, sandbox.runtime.intake)
    there = Sandbox(restarted, sandbox.workspace, sandbox.clock)
    assert offered(there) == []
    assert boot(there).open_runs == []
    sandbox.clock.turn(days=100)
    assert offered(there) == []


def test_the_first_word_that_ends_a_run_stands(sandbox: Sandbox, guide: str) -> None:
    run, _ = claim(sandbox, guide)
    sandbox.clock.turn(ms=5_000)
    say(sandbox, run, "dismissed", reason="closed")
    say(sandbox, run, "finished", at=sandbox.clock() - 2_000)  # another tab was faster; its event came later
    assert sandbox.rows("SELECT outcome, reason FROM runs") == [("finished", None)]
    assert sandbox.rows("SELECT state FROM guide_states") == [("finished",)]


def test_never_outweighs_whatever_is_said_after(sandbox: Sandbox, guide: str) -> None:
    for i, reason in enumerate(["never", "later", "closed"]):
        with_run = f"run_0000000{i}"
        _insert_run(sandbox, guide, with_run)
        sandbox.clock.turn(ms=1000)
        say(sandbox, with_run, "dismissed", reason=reason)
    assert sandbox.rows("SELECT state, reason, until_at FROM guide_states") == [("dismissed", "never", None)]


def _insert_run(sandbox: Sandbox, guide: str, run: str, user: str = "u1") -> None:
    """As if claimed, whatever was said before."""
    sandbox.send({"type": "identify", "userId": user})
    with db.writing(sandbox.runtime.engine) as connection:
        row = find_guide(connection, sandbox.environment_id, guide)
        assert row is not None
        person = sandbox.rows("SELECT id FROM end_users WHERE key = :u", u=user)[0][0]
        run_store.insert_run(
            connection, sandbox.environment_id, run, row["id"], 1, end_user_id=person, account_id=None, free=False,
            now=sandbox.clock(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"run": "run_unknown0"}, {"run": 7}, {"run": None}, {"version": 2}, {"what": None}, {"what": ["shown"]}, {"user": "u2"}],
    ids=str,
)
def test_words_about_runs_that_are_not_ones_own_change_nothing(sandbox: Sandbox, guide: str, change: dict[str, Any]) -> None:
    run, _ = claim(sandbox, guide)
    sandbox.send({"type": "identify", "userId": "u2"})
    before = state(sandbox, "u1")
    properties = {"run": run, "what": "dismissed", "version": 1, "reason": "never"} | change
    user = properties.pop("user", "u1")
    assert sandbox.send(sandbox.event("$guide", user=user, properties=properties)).stored == 1
    assert state(sandbox, "u1") == before
    assert sandbox.rows("SELECT count(*) FROM guide_states") == [(0,)]


def test_a_run_keeps_so_many_steps_and_no_more(sandbox: Sandbox, guide: str) -> None:
    run, _ = claim(sandbox, guide)
    sandbox.send(*(word(sandbox, run, "step", f"made up {i}") for i in range(100)))
    assert sandbox.rows("SELECT count(*) FROM run_steps") == [(run_store.MAX_STEPS,)]


def test_unsigned_words_change_nothing_when_identity_is_enforced(sandbox: Sandbox, guide: str) -> None:
    run, _ = claim(sandbox, guide)
    enforce(sandbox)
    event = word(sandbox, run, "dismissed", reason="never")
    sandbox.send(event, secret=False)
    assert sandbox.rows("SELECT count(*) FROM guide_states") == [(0,)]
