"""A guide that most people close unread pauses itself; one that was asked for by a link is counted per account."""

import pytest

from milepost.actions.guide_report import read_report
from milepost.actions.guides import resume_guide
from tests.factories import Sandbox
from tests.guide_factories import a_guide, claim, offered, publish, say, word


def close(sandbox: Sandbox, guide: str, user: str, after_ms: int, *, secret: bool = True, **asked: bool) -> None:
    run, answer = claim(sandbox, guide, user, **asked)
    assert answer.ok, answer.reason
    sandbox.send(word(sandbox, run, "shown", user=user), secret=secret)
    at = sandbox.clock() + after_ms
    sandbox.clock.turn(ms=max(after_ms, 0))
    sandbox.send(word(sandbox, run, "dismissed", reason="closed", user=user, at=at), secret=secret)


def status(sandbox: Sandbox) -> tuple[object, ...]:
    return tuple(sandbox.rows("SELECT status, paused_for FROM guides WHERE environment_id = :e")[0])


def test_a_guide_closed_unread_by_most_pauses_itself_and_can_be_resumed(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    for i in range(11):
        close(sandbox, ids["intro"], f"reader{i}", 5000)
    for i in range(18):
        close(sandbox, ids["intro"], f"quick{i}", 800)
    assert status(sandbox) == ("published", None)
    close(sandbox, ids["intro"], "quick18", 800)  # 19 of 30
    assert status(sandbox) == ("paused", "unread")
    assert offered(sandbox, "somebody") == []
    assert sandbox.rows("SELECT actor, action FROM audit ORDER BY id DESC LIMIT 1") == [("system", "guide.paused")]
    resume_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    assert status(sandbox) == ("published", None)
    close(sandbox, ids["intro"], "quick19", 800)  # counted from the resumption on
    assert status(sandbox) == ("published", None)


def test_whoever_only_has_the_public_key_pauses_nothing(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    for i in range(35):
        close(sandbox, ids["intro"], f"invented{i}", 800, secret=False)
    close(sandbox, ids["intro"], "genuine", 800)  # makes the guide be looked at, and is one of one
    assert status(sandbox) == ("published", None)
    assert sandbox.rows("SELECT verified, count(*) FROM runs GROUP BY verified ORDER BY verified") == [(0, 35), (1, 1)]


def test_a_claim_that_a_secret_key_vouches_for_makes_a_run_that_counts(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    claim(sandbox, ids["intro"], "u1", secret=True)
    claim(sandbox, ids["intro"], "u2")
    assert sandbox.rows("SELECT verified FROM runs ORDER BY id") == [(1,), (0,)]


def test_what_was_asked_for_and_what_was_closed_before_it_was_shown_is_not_unread(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(linkable=True))
    for i in range(31):
        close(sandbox, ids["intro"], f"asked{i}", 800, free=True)
    for i in range(31):
        close(sandbox, ids["intro"], f"odd{i}", -5000)
    assert status(sandbox) == ("published", None)


@pytest.mark.parametrize("kind", ["banner", "survey"])
def test_what_is_closed_at_a_glance_is_not_paused(sandbox: Sandbox, kind: str) -> None:
    blocks = [{"type": "question", "id": "q", "ask": "nps"} if kind == "survey" else {"type": "text", "text": "Hello"}]
    ids = publish(sandbox, a_guide(kind=kind, steps=[{"id": "one", "blocks": blocks}]))
    for i in range(31):
        close(sandbox, ids["intro"], f"quick{i}", 800)
    assert status(sandbox) == ("published", None)


def test_a_guide_asked_for_by_a_link_is_counted_per_account(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("shared", linkable=True), a_guide("private"))
    assert claim(sandbox, ids["private"], linked=True, free=True)[1].reason == "not_linkable"
    for user, account in (("u1", "a1"), ("u2", "a1"), ("u3", "a2")):
        run, answer = claim(sandbox, ids["shared"], user, account=account, linked=True, free=True)
        assert answer.ok
        say(sandbox, run, "shown", user=user, account=account)
    run, _ = claim(sandbox, ids["shared"], "u4", account="a2", free=True)
    say(sandbox, run, "shown", user="u4", account="a2")
    assert read_report(sandbox.runtime, sandbox.tenant, "shared").linked == [("a1", 2), ("a2", 1)]


def test_how_likely_to_recommend_is_asked_once_in_ninety_days(sandbox: Sandbox) -> None:
    question = {"type": "question", "id": "q", "ask": "nps"}
    surveys = [a_guide(name, kind="survey", steps=[{"id": "one", "blocks": [question]}]) for name in ("spring", "summer")]
    ids = publish(sandbox, *surveys, a_guide("tour"))
    run, answer = claim(sandbox, ids["spring"])
    assert answer.ok
    say(sandbox, run, "shown")
    say(sandbox, run, "finished")
    sandbox.clock.turn(days=89)
    assert claim(sandbox, ids["summer"])[1].reason == "budget_nps"
    sandbox.clock.turn(days=1)
    assert claim(sandbox, ids["summer"])[1].ok
