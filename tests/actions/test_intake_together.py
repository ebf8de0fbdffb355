"""Whoever arrives together: a group of events ends as the same events do one by one."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.features import push_catalogue
from milepost.actions.workspaces import create_workspace
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CATALOGUE = Catalogue(features=[Feature(key="leave", name="Leave", rules=[EventRule(on="event", name="Leave Asked")])])
EVENTS = "SELECT message_id, end_user_id, account_id, excluded FROM events WHERE environment_id = :e"
PEOPLE = "SELECT id, key, account_id FROM end_users WHERE environment_id = :e"
ACCOUNTS = "SELECT id, key FROM accounts WHERE environment_id = :e"
USAGE = "SELECT account_id, day, end_user_id, n FROM usage WHERE environment_id = :e"
WAITING = (
    "SELECT e.message_id FROM waiting_events w JOIN events e ON e.environment_id = w.environment_id AND e.key = w.key "
    "WHERE w.environment_id = :e"
)

users, anonymous = st.sampled_from([None, "ada", "ben"]), st.sampled_from([None, "x", "y"])
said = st.tuples(
    st.sampled_from(["track", "track", "identify", "group"]), users, anonymous, st.sampled_from([None, None, "acme", "beta"])
)


def make_event(number: int, what: tuple[str, str | None, str | None, str | None]) -> dict[str, Any]:
    kind, user, nobody, account = what
    event: dict[str, Any] = {
        "type": kind,
        "messageId": f"m{number}",
        "userId": user,
        "anonymousId": nobody or (None if user else "z"),
    }
    if kind == "track":
        event["event"] = "Leave Asked"
    if kind == "group":
        event["groupId"] = account or "acme"
    elif account is not None:
        event["context"] = {"groupId": account}
    return event


def fresh(sandbox: Sandbox) -> Sandbox:
    """A workspace of its own."""
    box = Sandbox(sandbox.runtime, create_workspace(sandbox.runtime, name="T", owner_email="o@example.test"), sandbox.clock)
    push_catalogue(box.runtime, box.tenant, CATALOGUE, "test")
    return box


def told(box: Sandbox) -> list[Any]:
    """What was decided and counted, by names instead of numbers."""
    people = {row[0]: (row[1], row[2]) for row in box.rows(PEOPLE)}
    accounts: dict[int | None, str | None] = {None: None} | dict(box.rows(ACCOUNTS))  # type: ignore[arg-type]
    who = {key: user for key, (user, _) in people.items()} | {None: None}
    return [
        sorted((m, who[p], accounts[a], x) for m, p, a, x in box.rows(EVENTS)),
        sorted((user, accounts[a]) for user, a in people.values()),
        sorted((accounts[a], day, who[p], n) for a, day, p, n in box.rows(USAGE)),
        sorted(box.rows(WAITING)),
    ]


@FEW
@given(story=st.lists(said, min_size=1, max_size=12))
def test_events_together_end_as_they_do_one_by_one(sandbox: Sandbox, story: list[Any]) -> None:
    events = [make_event(number, what) for number, what in enumerate(story)]
    together, alone = fresh(sandbox), fresh(sandbox)
    together.send(*events)
    for event in events:
        alone.send(event)
    assert told(together) == told(alone)


def test_who_says_nothing_of_an_account_waits_for_what_the_same_batch_says_next(sandbox: Sandbox) -> None:
    first = {"type": "track", "event": "A", "userId": "new", "messageId": "1"}
    sandbox.send(first, first | {"messageId": "2", "context": {"groupId": "acme"}})
    assert len(set(sandbox.rows("SELECT end_user_id, account_id FROM events WHERE environment_id = :e"))) == 1
    assert sandbox.rows(WAITING) == []
