"""One guide at a time, within the attention budget, whatever races."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from milepost.actions.claim import decide_claim
from milepost.actions.features import push_catalogue
from milepost.actions.follow import FOLLOWERS
from milepost.actions.guides import pause_guide
from milepost.actions.intake import Intake
from milepost.actions.runtime import Runtime
from milepost.errors import Invalid
from milepost.store import environments as environment_store
from milepost.wire.boot import ClaimRequest
from milepost.wire.feature import Catalogue
from tests.actions.test_boot import REPORT, enforce, introduce, token
from tests.factories import Sandbox
from tests.guide_factories import a_guide, boot, claim, offered, publish, say


def reason(sandbox: Sandbox, guide: str, user: str = "u1", **more: object) -> str | None:
    """Why not; None for yes."""
    return claim(sandbox, guide, user, **more)[1].reason  # type: ignore[arg-type]


def finish(sandbox: Sandbox, guide: str, user: str = "u1") -> None:
    run, answer = claim(sandbox, guide, user)
    assert answer.ok, answer.reason
    say(sandbox, run, "shown", user=user)
    say(sandbox, run, "finished", user=user)


def test_a_claim_makes_the_run_and_the_person(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    run, answer = claim(sandbox, ids["intro"])
    assert answer.ok
    assert sandbox.rows("SELECT public_id, version, free, shown_at FROM runs WHERE environment_id = :e") == [(run, 1, 0, None)]
    assert sandbox.rows("SELECT key FROM end_users") == [("u1",)]


def test_a_refused_claim_makes_nobody(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(audience={"fact": "account.plan", "op": "is", "value": "gold"}), a_guide("open"))
    run, _ = claim(sandbox, ids["open"])
    assert reason(sandbox, ids["intro"], "u2") == "audience"
    assert reason(sandbox, ids["open"], "u3", run=run) == "closed"
    assert sandbox.rows("SELECT key FROM end_users") == [("u1",)]


def test_asking_again_for_the_same_run_answers_yes_again(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    run, _ = claim(sandbox, ids["intro"])
    assert claim(sandbox, ids["intro"], run=run)[1].ok
    assert sandbox.rows("SELECT count(*) FROM runs") == [(1,)]
    assert reason(sandbox, ids["intro"], "u2", run=run) == "closed"  # somebody else's run
    say(sandbox, run, "finished")
    assert reason(sandbox, ids["intro"], run=run) == "closed"


def test_one_open_run_per_person_until_it_ends_or_half_an_hour_passes(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(), a_guide("help", budget="free"))
    run, _ = claim(sandbox, ids["intro"])
    assert reason(sandbox, ids["help"]) == "busy"
    assert reason(sandbox, ids["help"], "u2") is None
    sandbox.clock.turn(ms=20 * 60_000)
    say(sandbox, run, "step", "two")
    sandbox.clock.turn(ms=29 * 60_000)
    assert reason(sandbox, ids["help"]) == "busy"
    sandbox.clock.turn(ms=60_000)
    assert reason(sandbox, ids["help"]) is None


def test_one_unasked_guide_a_day_three_a_week(sandbox: Sandbox) -> None:
    ids = list(publish(sandbox, *(a_guide(f"g{i}") for i in range(6))).values())
    finish(sandbox, ids[0])
    assert reason(sandbox, ids[1]) == "budget_day"
    for guide in ids[1:3]:
        sandbox.clock.turn(days=1)
        finish(sandbox, guide)
    sandbox.clock.turn(days=1)
    assert reason(sandbox, ids[3]) == "budget_week"
    sandbox.clock.turn(days=4)
    finish(sandbox, ids[3])


def test_one_modal_a_week_even_after_the_first_was_paused(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("m1", kind="modal"), a_guide("m2", kind="modal"), a_guide("t"))
    finish(sandbox, ids["m1"])
    pause_guide(sandbox.runtime, sandbox.tenant, "m1", "test")
    sandbox.clock.turn(days=1)
    assert reason(sandbox, ids["m2"]) == "budget_modal"
    finish(sandbox, ids["t"])
    sandbox.clock.turn(days=6)
    finish(sandbox, ids["m2"])


def test_days_of_the_budget_are_the_environments(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("g1"), a_guide("g2"))
    finish(sandbox, ids["g1"])  # 11:06 UTC
    sandbox.clock.turn(ms=12 * 3_600_000)
    assert reason(sandbox, ids["g2"]) == "budget_day"
    sandbox.clock.turn(ms=3_600_000)  # 00:06 of the next day
    assert reason(sandbox, ids["g2"]) is None


def test_free_guides_spend_nothing_and_are_not_held_back(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("free", budget="free"), a_guide("asked"), a_guide("spends"), a_guide("late"))
    finish(sandbox, ids["free"])
    run, answer = claim(sandbox, ids["asked"], free=True)
    assert answer.ok
    say(sandbox, run, "finished")
    finish(sandbox, ids["spends"])
    assert reason(sandbox, ids["late"]) == "budget_day"
    assert reason(sandbox, ids["late"], free=True) is None


def test_a_guide_whose_first_target_never_came_spent_nothing(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("broken"), a_guide("good"))
    run, _ = claim(sandbox, ids["broken"])
    say(sandbox, run, "missing", reason="ambiguous", over=True)
    assert reason(sandbox, ids["good"]) is None


@pytest.mark.parametrize(("said", "again"), [("closed", "dismissed"), ("never", "dismissed"), ("later", "later")])
def test_a_dismissed_guide_is_not_claimed_again(sandbox: Sandbox, said: str, again: str) -> None:
    ids = publish(sandbox, a_guide(), a_guide("other"))
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "dismissed", reason=said)
    assert reason(sandbox, ids["intro"]) == again
    sandbox.clock.turn(days=2)
    assert offered(sandbox) == (["intro", "other"] if said == "later" else ["other"])
    assert reason(sandbox, ids["intro"]) == (None if said == "later" else again)


def test_no_tips_holds_for_every_unasked_guide_and_not_for_one_the_person_starts(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(), a_guide("other"))
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "dismissed", reason="no_tips")
    sandbox.clock.turn(days=1)
    assert boot(sandbox).no_tips
    assert reason(sandbox, ids["other"]) == "no_tips"
    assert reason(sandbox, ids["other"], free=True) is None


def test_a_dismissed_guide_comes_back_by_hand_only_when_it_is_linkable(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("link", linkable=True), a_guide("plain"))
    for guide in ids.values():
        run, _ = claim(sandbox, guide, free=True)
        say(sandbox, run, "dismissed", reason="closed")
    assert reason(sandbox, ids["plain"], free=True) == "dismissed"
    assert reason(sandbox, ids["link"]) == "dismissed"
    assert reason(sandbox, ids["link"], free=True) is None


def test_until_finished_comes_back_after_its_rest_and_stops_when_finished(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(linkable=True, frequency={"repeat": "until_finished", "wait_days": 7}))
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "dismissed", reason="closed")
    sandbox.clock.turn(days=6)
    assert offered(sandbox) == []
    sandbox.clock.turn(days=1)
    finish(sandbox, ids["intro"])
    run, answer = claim(sandbox, ids["intro"], free=True)  # looked at once more, and closed
    assert answer.ok
    say(sandbox, run, "dismissed", reason="closed")
    sandbox.clock.turn(days=30)
    assert offered(sandbox) == []


def test_always_comes_back_after_its_rest(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(frequency={"repeat": "always", "wait_days": 2}))
    finish(sandbox, ids["intro"])
    sandbox.clock.turn(days=1)
    assert reason(sandbox, ids["intro"]) == "finished"
    sandbox.clock.turn(days=1)
    finish(sandbox, ids["intro"])


def test_what_is_gone_is_not_claimed(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(), a_guide("late", schedule={"from_at": "2027-01-01T00:00:00Z"}))
    assert reason(sandbox, "gde_unknown") == "gone"
    assert reason(sandbox, ids["intro"], version=2) == "gone"
    assert reason(sandbox, ids["late"]) == "gone"
    pause_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    assert reason(sandbox, ids["intro"]) == "gone"  # the writer sees it at once


def test_the_audience_holds_for_claims_too(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide(audience={"fact": "user.role", "op": "is", "value": "manager"}))
    assert reason(sandbox, ids["intro"]) == "audience"
    introduce(sandbox, role="manager")
    assert reason(sandbox, ids["intro"]) is None


def test_page_and_language_were_judged_at_boot_and_all_else_is_judged_again(sandbox: Sandbox) -> None:
    """A claim carries neither path nor locale; a leaf on them must neither let anybody in nor keep everybody out."""
    here = {"not": {"fact": "path", "op": "matches", "value": "/admin/**"}}
    role = {"fact": "user.role", "op": "is", "value": "manager"}
    ids = publish(
        sandbox,
        a_guide("both", audience={"all": [here, role]}),
        a_guide("either", audience={"any": [{"fact": "locale", "op": "is", "value": "zh-CN"}, role]}),
        a_guide("roles", audience=role),
    )
    introduce(sandbox, role="clerk")
    assert reason(sandbox, ids["both"]) == "audience"
    assert reason(sandbox, ids["roles"]) == "audience"  # though another guide asks for the path
    assert reason(sandbox, ids["either"]) is None
    introduce(sandbox, "u2", role="manager")
    assert reason(sandbox, ids["both"], "u2") is None


def test_only_a_verified_person_claims_when_identity_is_enforced(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    secret = enforce(sandbox)
    assert reason(sandbox, ids["intro"]) == "unidentified"
    assert reason(sandbox, ids["intro"], token=token(sandbox, secret, "u2")) == "unidentified"
    assert sandbox.rows("SELECT key FROM end_users") == []
    assert reason(sandbox, ids["intro"], token=token(sandbox, secret)) is None


def test_what_a_claim_read_in_a_transaction_that_rolled_back_is_not_served_later(sandbox: Sandbox) -> None:
    """The writer may see a generation that never comes to be; the next one to bear its number is another."""
    ids = publish(sandbox, a_guide())
    offered(sandbox)
    before = sandbox.tenant
    asking = ClaimRequest(userId="u1", guide=ids["intro"], version=1, run="run_00000000x")

    def fail(connection: Connection) -> None:
        environment_store.raise_generation(connection, sandbox.environment_id)
        assert decide_claim(connection, sandbox.runtime, sandbox.holder(secret=False), asking, sandbox.clock()).ok
        raise Invalid

    assert sandbox.runtime.intake is not None
    with pytest.raises(Invalid):
        sandbox.runtime.intake.in_transaction(fail).result(30)
    push_catalogue(sandbox.runtime, before, Catalogue(features=[REPORT]), "test")
    assert list(sandbox.tenant.catalogue.by_key) == ["report"]
    publish(sandbox, a_guide("second"))
    assert set(offered(sandbox)) == {"intro", "second"}


@pytest.mark.parametrize("attempt", range(3))
def test_racing_browsers_of_several_processes_get_one_yes(sandbox: Sandbox, attempt: int) -> None:
    """Two intakes over one database stand for two processes; on SQLite they take turns for the write lock."""
    ids = list(publish(sandbox, *(a_guide(f"g{i}") for i in range(4))).values())
    introduce(sandbox, f"racer{attempt}")
    runtime, holder = sandbox.runtime, sandbox.holder(secret=False)
    other = Runtime(runtime.settings, runtime.engine, runtime.clock)
    second = Intake(runtime.engine, runtime.settings, runtime.clock, other.tenants, FOLLOWERS)
    second.start()
    writers = [runtime, replace(other, intake=second)]

    def ask(number: int) -> bool:
        mine = writers[number % 2]
        asking = ClaimRequest(userId=f"racer{attempt}", guide=ids[number % 4], version=1, run=f"run_race{attempt}{number:05d}")
        assert mine.intake is not None
        decide = mine.intake.in_transaction(lambda c: decide_claim(c, mine, holder, asking, mine.clock()))
        return decide.result(30).ok

    try:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(ask, range(24)))
    finally:
        second.stop()
    assert answers.count(True) == 1
    assert sandbox.rows("SELECT count(*) FROM runs") == [(1,)]
