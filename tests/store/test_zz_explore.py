"""Any event anybody can think of: SQLite and PostgreSQL give the same verdict, store the same, and nobody is stopped."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.features import push_catalogue
from milepost.actions.follow import FOLLOWERS
from milepost.actions.intake import Intake
from milepost.actions.intake_group import Receipt
from milepost.actions.runtime import Runtime
from milepost.actions.workspaces import create_workspace
from milepost.settings import Settings
from milepost.store.engine import open_engine
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import FIRST_MS, SECRET_KEY, Clock, Sandbox

MANY = settings(max_examples=700, derandomize=False, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)  # half surrogates and NUL, too
LONG = st.builds(lambda c, n: c * n, st.sampled_from(["x", "密", "🙂", "'", "\\", "a/1", "%", "\u202e"]), st.integers(200, 9_000))
NUMBER = st.one_of(
    st.integers(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.sampled_from([2**63, -(2**63), 1e300, -0.0, 10**25])
)
LEAF = st.one_of(st.none(), st.booleans(), NUMBER, TEXT, LONG)
JSON = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)), max_leaves=8
)
NAMES = ["$guide", "$feature", "$other", "Ticket Opened", "Ticket Closed", "Report Opened", "(other)"]
PROPERTIES = [
    "ticket_id",
    "category",
    "effort_minutes",
    "feature",
    "guide",
    "version",
    "run",
    "step",
    "what",
    "reason",
    "path",
    "url",
]
TRAITS = [
    "name", "email", "role", "plan", "add_ons", "tier", "arr", "currency", "employees", "seats", "started_on",
    "renewal_on", "ended_on", "owner_email", "parent_id", "firstName", "lastName",
]  # fmt: skip


def members(names: list[str]) -> st.SearchStrategy[Any]:
    """Mostly an object whose known members hold anything; now and then something else."""
    return st.one_of(st.dictionaries(st.one_of(st.sampled_from(names), TEXT), JSON, max_size=5), JSON)


CONTEXT = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "groupId": st.one_of(st.sampled_from(["a1", "a2"]), JSON),
            "traits": members(TRAITS),
            "page": members(["path", "url"]),
            "locale": JSON,
            "library": members(["name", "version"]),
            "milepost": members(["session", "guide", "token", "sdk"]),
        },
    ),
    JSON,
)
EVENT = st.fixed_dictionaries(
    {
        "type": st.one_of(st.sampled_from(["track", "page", "screen", "identify", "group", "alias"]), JSON),
        "userId": st.one_of(st.sampled_from(["u1", "u2"]), JSON),
    },
    optional={
        "event": st.one_of(st.sampled_from(NAMES), JSON),
        "name": JSON,
        "messageId": st.one_of(st.sampled_from(["m1", "m2"]), JSON),
        "anonymousId": st.one_of(st.sampled_from(["x1", "x2"]), JSON),
        "groupId": st.one_of(st.sampled_from(["a1", "a2"]), JSON),
        "previousId": st.one_of(st.sampled_from(["x1", "x2"]), JSON),
        "timestamp": st.one_of(st.just("2026-11-18T11:00:00Z"), JSON),
        "originalTimestamp": JSON,
        "sentAt": JSON,
        "properties": members(PROPERTIES),
        "traits": members(TRAITS),
        "context": CONTEXT,
    },
)


@dataclass
class Twins:
    """The same empty workspace on both databases."""

    sqlite: Sandbox
    postgresql: Sandbox


def make(database: str) -> Iterator[Sandbox]:
    clock = Clock(FIRST_MS)
    configuration = Settings(database=database, secret_key=SECRET_KEY)
    bare = Runtime(configuration, open_engine(database), clock)
    intake = Intake(bare.engine, configuration, clock, bare.tenants, FOLLOWERS)
    intake.start()
    runtime = replace(bare, intake=intake)
    box = Sandbox(runtime, create_workspace(runtime, name="T", owner_email="o@example.test"), clock)
    rule = EventRule(on="event", name="Report Opened")
    push_catalogue(runtime, box.tenant, Catalogue(features=[Feature(key="report", name="Report", rules=[rule])]), "test")
    yield box
    intake.stop()
    bare.engine.dispose()


@pytest.fixture
def twins(sqlite_database: str, postgresql_database: str) -> Iterator[Twins]:
    for sqlite in make(sqlite_database):
        for postgresql in make(postgresql_database):
            yield Twins(sqlite, postgresql)


def verdict(receipt: Receipt) -> tuple[int, int, int, list[str]]:
    assert receipt.received == receipt.stored + receipt.duplicate + len(receipt.refused)
    return receipt.received, receipt.stored, receipt.duplicate, [refused.reason for refused in receipt.refused]


def held(box: Sandbox) -> list[list[tuple[Any, ...]]]:
    """What either database keeps, but for the ids the server made up itself."""
    return [
        box.rows("SELECT type, name, at, end_user_id, account_id, ordinals, excluded, body FROM events ORDER BY key, type, body"),
        box.rows("SELECT name, email, role FROM end_users ORDER BY key"),
        box.rows("SELECT name, plan, tier, arr, employees, seats, started_on FROM accounts ORDER BY id"),
        box.rows("SELECT reason, body FROM bad_rows ORDER BY id"),
        box.rows("SELECT type, at, closed_at, category FROM signals ORDER BY id"),
        box.rows("SELECT kind, name, n FROM unmatched ORDER BY kind, n, name"),
    ]


@MANY
@given(batch=st.lists(EVENT, min_size=1, max_size=4), secret=st.booleans())
def test_any_event_has_one_verdict_on_both_databases_and_stops_nobody(
    twins: Twins, batch: list[dict[str, Any]], secret: bool
) -> None:
    good = {"type": "track", "event": "Report Opened", "userId": "good", "timestamp": "2026-11-18T11:05:00Z"}
    for event in batch:
        event.setdefault("messageId", "fixed")
    body = json.dumps({"batch": [*batch, good | {"messageId": "good"}]}).encode()
    verdicts = []
    for box in (twins.sqlite, twins.postgresql):
        verdicts.append(verdict(box.send_bytes(body, secret=secret)))
        assert box.rows("SELECT count(*) FROM events WHERE message_id = 'good'") == [(1,)]
    assert verdicts[0] == verdicts[1]
    one, other = ([sorted(map(repr, rows)) for rows in held(box)] for box in (twins.sqlite, twins.postgresql))
    assert one == other
