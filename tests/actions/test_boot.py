"""What a person may see: the audience, what they said before, who they are."""

import pytest
from sqlalchemy import text

from milepost.actions.features import push_catalogue
from milepost.actions.guides import pause_guide
from milepost.actions.identity import sign
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import keys as key_store
from milepost.wire.feature import Catalogue, ElementRule, EventRule, Feature
from milepost.wire.target import Locator, Target
from tests.factories import Sandbox
from tests.guide_factories import a_guide, boot, claim, offered, publish, say

MANAGERS = {"fact": "user.role", "op": "is", "value": "manager"}
REPORT = Feature(key="report", name="Report", rules=[EventRule(on="event", name="Report Opened")])


def introduce(sandbox: Sandbox, user: str = "u1", **traits: object) -> None:
    sandbox.send({"type": "identify", "userId": user, "traits": traits, "context": {"groupId": "a1"}})


def enforce(sandbox: Sandbox) -> str:
    """Signed identity only; the secret."""
    with db.writing(sandbox.runtime.engine) as connection:
        environment_store.update_environment(connection, sandbox.environment_id, identity_mode="enforce")
        sealed = key_store.list_identity_secrets(connection, sandbox.environment_id, sandbox.clock())[0]["sealed"]
    sandbox.clock.turn(ms=1000)
    return sandbox.runtime.sealer.open(sealed, f"identity:{sandbox.environment_id}")


def token(sandbox: Sandbox, secret: str, user: str = "u1", account: str | None = "a1") -> str:
    return sign(secret, sandbox.tenant.public_id, user, account, sandbox.clock())


def test_a_guide_without_an_audience_is_for_everybody_who_is_known(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    assert offered(sandbox, "a stranger yet") == ["intro"]
    assert offered(sandbox, None) == []


def test_boot_makes_nobody(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    boot(sandbox, "u9", account="a9")
    assert sandbox.rows("SELECT (SELECT count(*) FROM end_users) + (SELECT count(*) FROM accounts)") == [(0,)]


def test_an_unknown_fact_is_not_a_yes_and_not_a_no(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide("yes", audience=MANAGERS), a_guide("no", audience={"not": MANAGERS}))
    assert offered(sandbox) == []
    introduce(sandbox, role="manager")
    assert offered(sandbox) == ["yes"]
    introduce(sandbox, role="clerk")
    assert offered(sandbox) == ["no"]


def test_account_facts_are_of_the_account_the_page_names(sandbox: Sandbox) -> None:
    pro = {"fact": "account.plan", "op": "is", "value": "pro"}
    publish(sandbox, a_guide(audience=pro))
    for account, plan in (("a1", "basic"), ("a2", "pro")):
        sandbox.send({"type": "group", "userId": "u1", "groupId": account, "traits": {"plan": plan}})
    assert [offered(sandbox, account=name) for name in ("a1", "a2")] == [[], ["intro"]]
    assert offered(sandbox) == ["intro"]  # where the person is now


def test_uses_of_a_feature_are_the_persons_own_and_unguided(sandbox: Sandbox) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[REPORT]), "test")
    sandbox.clock.turn(ms=1000)
    publish(sandbox, a_guide(audience={"fact": "feature.report.uses", "op": "lt", "value": 1}))
    introduce(sandbox)
    sandbox.use("report", user="colleague")
    assert offered(sandbox) == ["intro"]
    sandbox.use("report", days_ago=90)
    assert offered(sandbox) == ["intro"]
    sandbox.use("report", days_ago=89)
    assert offered(sandbox) == []


def test_what_was_said_of_a_guide_is_a_fact_even_when_it_is_paused(sandbox: Sandbox) -> None:
    after = {"fact": "guide.intro.state", "op": "is", "value": "finished"}
    before = {"fact": "guide.intro.state", "op": "is", "value": "never_seen"}
    ids = publish(sandbox, a_guide(), a_guide("next", audience=after), a_guide("first", audience=before))
    assert offered(sandbox) == ["intro", "first"]
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "finished")
    pause_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == ["next"]


def test_page_and_language_are_facts_of_the_moment(sandbox: Sandbox) -> None:
    here = {"fact": "path", "op": "matches", "value": "/reports/**"}
    zh = {"fact": "locale", "op": "matches", "value": "zh*"}
    publish(sandbox, a_guide(audience={"all": [here, zh]}))
    assert offered(sandbox, path="/reports/7", locale="zh-CN") == ["intro"]
    assert offered(sandbox, path="/", locale="zh-CN") == []
    assert offered(sandbox, path="/reports/7", locale="de") == []


def test_the_highest_priority_comes_first_and_texts_in_the_persons_language(sandbox: Sandbox) -> None:
    words = [{"id": "one", "kind": "modal", "blocks": [{"type": "text", "text": {"en": "Hello", "zh-CN": "你好"}}]}]
    publish(sandbox, a_guide("low", priority=1), a_guide("high", priority=99, steps=words))
    shown = boot(sandbox, locale="zh-CN").guides
    assert [guide["key"] for guide in shown] == ["high", "low"]
    assert (shown[0]["lang"], shown[0]["steps"][0]["blocks"][0]["text"]) == ("zh-CN", "你好")


def test_a_schedule_opens_and_closes_it(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide(schedule={"from_at": "2026-11-18T12:00:00Z", "until_at": "2026-11-18T13:00:00Z"}))
    assert offered(sandbox) == []
    sandbox.clock.turn(ms=3_600_000)
    assert offered(sandbox) == ["intro"]
    sandbox.clock.turn(ms=3_600_000)
    assert offered(sandbox) == []


def test_rules_and_themes_are_left_out_when_the_page_has_them(sandbox: Sandbox) -> None:
    target = Target(locators=[Locator(by="testid", value="run")])
    clicked = Feature(key="run", name="Run", rules=[ElementRule(on="element", target=target, path="/reports/**")])
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[clicked, REPORT]), "test")
    sandbox.clock.turn(ms=1000)
    first = boot(sandbox)
    shown = target.model_dump(exclude_none=True)
    assert first.rules is not None
    assert [(r["feature"], r["path"], r["target"]) for r in first.rules] == [("run", "/reports/**", shown)]
    again = boot(sandbox, rules_etag=first.rules_etag)
    assert (again.rules, again.themes) == (None, None)
    publish(sandbox, a_guide())  # another generation, the same rules
    sandbox.clock.turn(ms=1000)
    assert boot(sandbox, rules_etag=first.rules_etag).rules is None
    assert boot(sandbox, None).rules == first.rules  # nobody in particular still reports clicks


def test_an_unverified_person_gets_nothing_personal_when_identity_is_enforced(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    secret = enforce(sandbox)
    plain = boot(sandbox)
    assert (plain.guides, plain.open_runs, plain.no_tips, plain.identity) == ([], [], False, "unverified")
    assert offered(sandbox, token=token(sandbox, secret)) == ["intro"]
    assert offered(sandbox, "u2", token=token(sandbox, secret)) == []  # somebody else's token
    assert offered(sandbox, account="a2", token=token(sandbox, secret)) == []  # another account than the signed one
    assert offered(sandbox, token=token(sandbox, secret)[:-2] + "xx") == []
    assert offered(sandbox, secret=True) == ["intro"]


def test_a_token_without_an_account_vouches_for_no_account(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide(audience={"fact": "account.plan", "op": "is", "value": "pro"}))
    sandbox.send({"type": "group", "userId": "other", "groupId": "a2", "traits": {"plan": "pro"}})
    secret = enforce(sandbox)
    assert offered(sandbox, account="a2", token=token(sandbox, secret, account=None)) == []
    assert offered(sandbox, account="a2", token=token(sandbox, secret, account="a2")) == ["intro"]


def test_enforced_no_tips_and_open_runs_are_kept_from_strangers(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "shown")
    with db.writing(sandbox.runtime.engine) as connection:
        connection.execute(text("UPDATE end_users SET no_tips = 1"))
    assert boot(sandbox).no_tips
    assert [one["run"] for one in boot(sandbox).open_runs] == [run]
    enforce(sandbox)
    assert (boot(sandbox).no_tips, boot(sandbox).open_runs) == (False, [])


def test_an_open_run_follows_the_person_to_another_device_even_when_the_audience_no_longer_holds(sandbox: Sandbox) -> None:
    introduce(sandbox, role="manager")
    ids = publish(sandbox, a_guide(audience=MANAGERS))
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "shown")
    say(sandbox, run, "step", "two")
    introduce(sandbox, role="clerk")
    there = boot(sandbox)
    assert there.open_runs == [{"run": run, "guide": ids["intro"], "version": 1, "step": "two"}]
    assert [(g["key"], g["trigger"]) for g in there.guides] == [("intro", {"on": "manual"})]
    sandbox.clock.turn(ms=30 * 60_000)
    assert (boot(sandbox).open_runs, boot(sandbox).guides) == ([], [])


def test_a_run_of_an_older_version_is_not_resumed(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide())
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "shown")
    publish(sandbox, a_guide(name="Other"))
    sandbox.clock.turn(ms=1000)
    assert boot(sandbox).open_runs == []


@pytest.mark.parametrize(("linkable", "shown"), [(True, [{"on": "manual"}]), (False, [])])
def test_a_linkable_guide_stays_at_hand_after_it_was_dismissed(sandbox: Sandbox, linkable: bool, shown: list[object]) -> None:
    ids = publish(sandbox, a_guide(linkable=linkable))
    run, _ = claim(sandbox, ids["intro"])
    say(sandbox, run, "dismissed", reason="closed")
    assert [guide["trigger"] for guide in boot(sandbox).guides] == shown
