"""What a cap refused, once the cap is raised: replayed, it is the event as if it had been taken at once."""

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.bad_rows import replay_bad_rows
from milepost.actions.environments import change_environment
from milepost.actions.follow import FOLLOWERS
from milepost.actions.identity import sign
from milepost.actions.intake import Intake
from milepost.actions.workspaces import create_workspace
from milepost.wire.event import format_instant
from tests.factories import DAY_MS, Sandbox

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOUR_MS = 3_600_000
NOTHING = st.none()

contexts = st.fixed_dictionaries(
    {},
    optional={
        "page": st.sampled_from([{"path": "/leave/42"}, {"url": "https://x.test/reports/7?q=ann#top"}]),
        "milepost": st.fixed_dictionaries(
            {}, optional={"guide": st.just("run_1"), "session": st.just("s1"), "sdk": st.just("1.0")}
        ),
        "locale": st.just("zh-CN"),
        "library": st.just({"name": "analytics.js", "version": "1"}),
        "traits": st.just({"email": "ann@x.test"}),
    },
)
events = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "page", "screen", "identify", "group"]),
        "event": st.sampled_from(["Report Opened", "$guide", "$feature"]),
        "name": st.sampled_from([None, "Home"]),
        "anonymousId": st.sampled_from([None, "anon-1"]),
        "properties": st.sampled_from(
            [None, {"n": 1.5, "城": "京"}, {"path": "/a/77", "title": "Ann", "plan": "pro"}, {"url": "https://x.test/b?c=1"}]
        ),
        "traits": st.sampled_from([None, {"plan": "basic", "role": "manager"}, {"email": "bob@inside.test"}]),
        "context": contexts,
        "ago_ms": st.one_of(NOTHING, st.integers(-HOUR_MS, 6 * DAY_MS)),
        "skew_ms": st.one_of(NOTHING, st.integers(-HOUR_MS, 3 * DAY_MS)),
        "names_account": st.booleans(),
    }
)
tokens = st.one_of(NOTHING, st.sampled_from([{}, {"plan": "pro", "name": "Ann", "title": "Head"}]))
ROWS = (
    "SELECT e.key, e.message_id, e.type, e.name, e.at, e.received_at, e.day, e.anonymous_id, u.key, a.key, e.ordinals, e.guided, "
    "e.verified, e.excluded, e.body FROM events e LEFT JOIN accounts a ON a.id = e.account_id "
    "LEFT JOIN end_users u ON u.id = e.end_user_id WHERE e.environment_id = :e ORDER BY e.key"
)
ACCOUNTS = "SELECT key, plan, name FROM accounts WHERE environment_id = :e ORDER BY key"
PEOPLE = "SELECT key, name, email, role, internal, traits FROM end_users WHERE environment_id = :e ORDER BY key"
DAYS = "SELECT day, count(*) FROM active_day WHERE environment_id = :e GROUP BY day ORDER BY day"


def as_sent(box: Sandbox, event: dict[str, Any], token: dict[str, Any] | None) -> dict[str, Any]:
    """`ago_ms` of the server's clock, told by a client whose clock goes `skew_ms` ahead."""
    event = {k: v for k, v in event.items() if v is not None}
    ago, skew, names_account = event.pop("ago_ms", None), event.pop("skew_ms", None), event.pop("names_account")
    event |= {"messageId": "m1", "userId": "u1", "context": dict(event["context"])}
    if event["type"] == "group":
        event["groupId"] = "a1"
    elif names_account or token is None:
        event["context"]["groupId"] = "a1"
    if ago is not None:
        event["timestamp"] = format_instant(box.clock() - ago + (skew or 0))
    if skew is not None:
        event["sentAt"] = format_instant(box.clock() + skew)
    if token is not None:
        secret = box.tenant.verifier.secrets[0].text
        signed = sign(secret, box.tenant.public_id, "u1", "a1", box.clock(), **token)
        event["context"]["milepost"] = event["context"].get("milepost", {}) | {"token": signed}
    return event


def with_cap(box: Sandbox, limit: int) -> Sandbox:
    """The same environment behind a writer with a cap of its own; start and stop it."""
    allowed = replace(box.runtime.settings, new_accounts_per_hour=limit)
    intake = Intake(box.runtime.engine, allowed, box.clock, box.runtime.tenants, FOLLOWERS)
    return Sandbox(replace(box.runtime, intake=intake), box.workspace, box.clock)


def refuse(box: Sandbox, event: dict[str, Any]) -> None:
    capped = with_cap(box, 0)
    assert capped.runtime.intake is not None
    capped.runtime.intake.start()
    try:
        receipt = capped.send(event, secret=False)
    finally:
        capped.runtime.intake.stop()
    assert [refused.reason for refused in receipt.refused] == ["over_cap"]


def replay(box: Sandbox) -> tuple[int, int]:
    ids = [row[0] for row in box.rows("SELECT id FROM bad_rows WHERE environment_id = :e AND replayed_at IS NULL")]
    result = replay_bad_rows(box.runtime, box.tenant, ids)
    return result.stored, result.refused


@FEW
@given(event=events, token=tokens, enforced=st.booleans(), wait_ms=st.integers(0, 3 * DAY_MS))
def test_a_replayed_event_is_the_event_as_if_it_had_been_taken_at_once(
    sandbox: Sandbox, event: dict[str, Any], token: dict[str, Any] | None, enforced: bool, wait_ms: int
) -> None:
    refused, taken = [
        Sandbox(sandbox.runtime, create_workspace(sandbox.runtime, name="T", owner_email="o@example.test"), sandbox.clock)
        for _ in range(2)
    ]
    for box in (refused, taken):
        changes = {
            "internal_domains": ["inside.test"],
            "identity_mode": "enforce" if enforced and token is not None else "report",
        }
        with_changes(box, changes)
    assert taken.send(as_sent(taken, event, token), secret=False).stored == 1
    refuse(refused, as_sent(refused, event, token))
    sandbox.clock.turn(ms=wait_ms)
    assert replay(refused) == (1, 0)
    for question in (ROWS, ACCOUNTS, PEOPLE, DAYS):
        assert refused.rows(question) == taken.rows(question)
    assert taken.rows("SELECT verified FROM events WHERE environment_id = :e") == [(int(token is not None),)]


def with_changes(box: Sandbox, changes: dict[str, Any]) -> None:
    change_environment(box.runtime, box.tenant.workspace_id, box.environment_id, "test", changes)


def test_a_row_refused_by_the_cap_twice_still_keeps_time_mark_and_signature(sandbox: Sandbox) -> None:
    event = {
        "type": "track", "event": "A", "properties": None, "traits": None, "context": {"milepost": {"guide": "run_1"}},
        "ago_ms": None, "skew_ms": None, "names_account": False,
    }  # fmt: skip
    first = sandbox.clock()
    refuse(sandbox, as_sent(sandbox, event, {"plan": "pro"}))
    sandbox.clock.turn(days=1)
    capped = with_cap(sandbox, 0)
    assert capped.runtime.intake is not None
    capped.runtime.intake.start()
    assert replay(capped) == (0, 1)
    capped.runtime.intake.stop()
    sandbox.clock.turn(days=1)
    assert replay(sandbox) == (1, 0)
    assert sandbox.rows("SELECT at, guided, verified FROM events WHERE environment_id = :e") == [(first, 1, 1)]


def test_no_web_address_of_what_a_cap_refused_is_kept(sandbox: Sandbox) -> None:
    page = {"path": "/leave/42", "url": "https://x.test/leave/42?email=ann", "title": "Ann"}
    event = {"type": "page", "messageId": "m1", "userId": "u1", "properties": page, "context": {"groupId": "a1", "page": page}}
    refuse(sandbox, event)
    [(kept, trusted)] = sandbox.rows("SELECT body, trusted FROM bad_rows WHERE environment_id = :e")
    assert msgspec.json.decode(kept)["context"] == {"groupId": "a1", "page": {"path": "/leave/:id"}}
    assert "email=ann" not in kept
    assert trusted == 0
