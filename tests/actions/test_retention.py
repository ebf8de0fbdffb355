"""Runs, answers and builder sessions do not stay for ever; what a person was promised does."""

from typing import Any

import pytest

from milepost.actions import retention
from milepost.actions.builder import find_session, make_code, open_builder
from milepost.actions.environments import change_environment
from milepost.actions.retention import apply_retention
from tests.factories import Sandbox
from tests.guide_factories import a_guide, claim, offered, publish, say
from tests.web.console import become

QUESTION = {"type": "question", "id": "q", "ask": "nps"}
BANNER = {"kind": "banner", "steps": [{"id": "one", "blocks": [{"type": "text", "text": "Hello"}]}]}
SITE = "https://app.example"


def count(sandbox: Sandbox, table: str) -> int:
    return int(sandbox.rows(f"SELECT count(*) FROM {table} WHERE environment_id = :e")[0][0])


def begin(sandbox: Sandbox, guide: str, user: str) -> str:
    run, answer = claim(sandbox, guide, user)
    assert answer.ok, answer.reason
    say(sandbox, run, "shown", user=user)
    return run


def counts(sandbox: Sandbox) -> tuple[int, int, int]:
    return count(sandbox, "runs"), count(sandbox, "run_steps"), count(sandbox, "survey_answers")


def test_old_runs_and_answers_go_in_slices_and_nothing_dismissed_returns(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE", 2)
    ids = publish(
        sandbox, a_guide(), a_guide("ask", kind="survey", steps=[{"id": "one", "blocks": [QUESTION]}]), a_guide("news", **BANNER)
    )
    for user in ("u1", "u2", "u3"):
        run = begin(sandbox, ids["intro"], user)
        say(sandbox, run, "dismissed", reason="closed", user=user)
    begin(sandbox, ids["intro"], "left")  # nobody ever closed it
    begin(sandbox, ids["news"], "reader")  # stands in the page until it is closed
    for user in ("a1", "a2", "a3"):
        run = begin(sandbox, ids["ask"], user)
        say(sandbox, run, "answered", question="q", value=9, user=user)
        say(sandbox, run, "finished", user=user)
    assert counts(sandbox) == (8, 8, 3)
    sandbox.clock.turn(days=399)
    apply_retention(sandbox.runtime, sandbox.environment_id)
    assert counts(sandbox) == (8, 8, 3)
    begin(sandbox, ids["intro"], "late")
    sandbox.clock.turn(days=2)
    apply_retention(sandbox.runtime, sandbox.environment_id)
    assert counts(sandbox) == (2, 2, 0)
    assert sandbox.rows("SELECT u.key FROM runs r JOIN end_users u ON u.id = r.end_user_id ORDER BY r.id") == [
        ("reader",),
        ("late",),
    ]
    assert count(sandbox, "guide_states") == 6
    assert "intro" not in offered(sandbox, "u1")
    assert "ask" not in offered(sandbox, "a1")
    assert claim(sandbox, ids["intro"], "u1")[1].reason == "dismissed"
    assert "intro" in offered(sandbox, "left")


def test_a_short_retention_leaves_what_pages_still_count(sandbox: Sandbox) -> None:
    change_environment(sandbox.runtime, sandbox.tenant.workspace_id, sandbox.environment_id, "test", {"retention_days": 30})
    run = begin(sandbox, publish(sandbox, a_guide())["intro"], "u1")
    say(sandbox, run, "finished")
    sandbox.clock.turn(days=181)
    apply_retention(sandbox.runtime, sandbox.environment_id)
    assert (count(sandbox, "runs"), count(sandbox, "events")) == (1, 0)
    sandbox.clock.turn(days=2)
    apply_retention(sandbox.runtime, sandbox.environment_id)
    assert (count(sandbox, "runs"), count(sandbox, "run_steps")) == (0, 0)


def test_sessions_of_the_builder_go_a_week_after_they_are_over(sandbox: Sandbox) -> None:
    become(sandbox, "author")
    member = int(sandbox.rows("SELECT max(id) FROM members")[0][0])

    def make(path: str) -> Any:
        return make_code(sandbox.runtime, sandbox.tenant, member, SITE + path)

    def left() -> list[str]:
        apply_retention(sandbox.runtime, sandbox.environment_id)
        found = sandbox.rows("SELECT address FROM builder_sessions WHERE environment_id = :e ORDER BY id")
        return [str(row[0]).removeprefix(SITE) for row in found]

    open_builder(sandbox.runtime, sandbox.tenant, make("/lasted").code, SITE)
    stolen = make("/stolen")
    with pytest.raises(Exception, match="ended"):
        open_builder(sandbox.runtime, sandbox.tenant, stolen.code, "https://evil.example")  # spent, and over at once
    make("/never-opened")
    sandbox.clock.turn(days=7, ms=1)
    assert left() == ["/lasted", "/never-opened"]
    token, _ = open_builder(sandbox.runtime, sandbox.tenant, make("/newest").code, SITE)
    sandbox.clock.turn(ms=9 * 3_600_000)
    assert left() == ["/newest"]
    sandbox.clock.turn(days=30)
    assert left() == ["/newest"]  # where the builder was opened last
    with pytest.raises(Exception, match="ended"):
        find_session(sandbox.runtime, sandbox.tenant, token, SITE)
