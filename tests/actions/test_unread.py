"""A guide that most people close unread pauses itself; one that was asked for by a link is counted per account."""

from milepost.actions.guide_report import read_report
from milepost.actions.guides import resume_guide
from tests.factories import Sandbox
from tests.guide_factories import a_guide, claim, offered, publish, say


def close(sandbox: Sandbox, guide: str, user: str, after_ms: int) -> None:
    run, answer = claim(sandbox, guide, user)
    assert answer.ok, answer.reason
    say(sandbox, run, "shown", user=user)
    sandbox.clock.turn(ms=after_ms)
    say(sandbox, run, "dismissed", reason="closed", user=user)


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
