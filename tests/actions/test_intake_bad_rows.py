"""Refused events: kept with their reason, sent again once the cause is gone, counted once; the books always balance."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.bad_rows import replay_bad_rows
from milepost.actions.workspaces import create_workspace
from milepost.rules.keeping import keep_refused
from milepost.store import engine as db
from milepost.store import ledger
from milepost.wire.event import format_instant
from tests.factories import DAY_MS, Sandbox

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def bad_row_ids(box: Sandbox) -> list[int]:
    return [row[0] for row in box.rows("SELECT id FROM bad_rows WHERE environment_id = :e AND replayed_at IS NULL ORDER BY id")]


def books(box: Sandbox) -> dict[str, int]:
    with db.reading(box.runtime.engine) as connection:
        return ledger.read_ledger(connection, box.environment_id)


def test_an_event_refused_for_its_clock_is_stored_when_it_is_replayed_as_history(sandbox: Sandbox) -> None:
    old = sandbox.event(at=sandbox.clock() - 30 * DAY_MS)
    assert [refused.reason for refused in sandbox.send(old).refused] == ["clock"]
    result = replay_bad_rows(sandbox.runtime, sandbox.tenant, bad_row_ids(sandbox))
    assert (result.stored, result.duplicate, result.refused) == (1, 0, 0)
    rows = sandbox.rows("SELECT message_id, at, verified FROM events WHERE environment_id = :e")
    assert rows == [(old["messageId"], sandbox.clock() - 30 * DAY_MS, 1)]
    assert bad_row_ids(sandbox) == []


def test_a_row_is_replayed_once_however_often_it_is_asked_for(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(at=sandbox.clock() - 30 * DAY_MS))
    ids = bad_row_ids(sandbox)
    assert [replay_bad_rows(sandbox.runtime, sandbox.tenant, ids).stored for _ in range(3)] == [1, 0, 0]
    assert books(sandbox)["received"] == 2


def test_an_event_without_an_id_keeps_one_identity_over_replays(sandbox: Sandbox) -> None:
    """A crash between the store and the mark makes the row come again."""
    event = sandbox.event(at=sandbox.clock() - 30 * DAY_MS)
    del event["messageId"]
    sandbox.send(event)
    ids = bad_row_ids(sandbox)
    replay_bad_rows(sandbox.runtime, sandbox.tenant, ids)
    with db.writing(sandbox.runtime.engine) as connection:
        ledger.mark_replayed(connection, sandbox.environment_id, ids[0], None)  # type: ignore[arg-type]
    assert replay_bad_rows(sandbox.runtime, sandbox.tenant, ids).duplicate == 1


@pytest.mark.parametrize("route", ["t", "track", "batch", "import-file"])
def test_a_row_of_any_route_keeps_its_type(sandbox: Sandbox, route: str) -> None:
    event = sandbox.event(at=sandbox.clock() - 30 * DAY_MS)
    if route in {"t", "track"}:
        event.pop("type")
    sandbox.send(sandbox.event(type="nonsense"))
    with db.writing(sandbox.runtime.engine) as connection:
        row = (sandbox.clock(), route, "clock", "A sentence.", json.dumps(event), 1)
        ledger.insert_bad_rows(connection, sandbox.environment_id, [row])
    result = replay_bad_rows(sandbox.runtime, sandbox.tenant, bad_row_ids(sandbox))
    assert (result.stored, result.refused) == (1, 1)
    assert sandbox.rows("SELECT type FROM events WHERE environment_id = :e") == [("track",)]


def test_what_a_browser_sent_stays_untrusted_when_it_is_replayed(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(at=sandbox.clock() - 30 * DAY_MS), secret=False)
    replay_bad_rows(sandbox.runtime, sandbox.tenant, bad_row_ids(sandbox))
    assert sandbox.rows("SELECT verified FROM events WHERE environment_id = :e") == [(0,)]


def test_a_row_that_is_still_bad_stays_with_a_reason(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(userId=None))
    result = replay_bad_rows(sandbox.runtime, sandbox.tenant, bad_row_ids(sandbox))
    assert (result.stored, result.refused, len(result.reasons)) == (0, 1, 1)
    assert len(bad_row_ids(sandbox)) == 1


def test_more_bad_rows_than_an_hour_may_keep_are_overflow_and_the_books_still_balance(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.actions.intake_group.MAX_BAD_ROWS_PER_HOUR", 3)
    sandbox.send(*[sandbox.event(type="nonsense") for _ in range(5)], sandbox.event())
    assert books(sandbox) == {"received": 6, "stored": 1, "duplicate": 0, "refused": 3, "overflow": 2}
    assert len(bad_row_ids(sandbox)) == 3
    sandbox.clock.turn(days=1)
    sandbox.send(sandbox.event(type="nonsense"))
    assert len(bad_row_ids(sandbox)) == 4


def test_a_batch_that_was_cut_off_keeps_its_good_events_and_shows_what_was_lost(sandbox: Sandbox) -> None:
    sent = [sandbox.event() for _ in range(60)]
    body = json.dumps({"writeKey": "pk_x", "sentAt": format_instant(sandbox.clock()), "batch": sent}).encode()
    cut = body.index(sent[50]["messageId"].encode())
    receipt = sandbox.send_bytes(body[:cut])
    assert (receipt.received, receipt.stored, [refused.reason for refused in receipt.refused]) == (51, 50, ["json"])
    assert books(sandbox) == {"received": 51, "stored": 50, "duplicate": 0, "refused": 1, "overflow": 0}
    [(detail, kept)] = sandbox.rows("SELECT detail, body FROM bad_rows WHERE environment_id = :e")
    assert "send the rest again" in detail
    assert "Report Opened" in kept


@pytest.mark.parametrize("tail", ["}", '], {"type": "track"}]}', '],"sentAt":', '],"batch":[{}]}'])
def test_what_follows_a_broken_list_is_refused_once(sandbox: Sandbox, tail: str) -> None:
    head = json.dumps({"batch": [sandbox.event(), sandbox.event(properties={"p": float("nan")})]})[:-2]
    receipt = sandbox.send_bytes((head + tail).encode())
    assert (receipt.received, receipt.stored) == (3, 1)
    assert [refused.reason for refused in receipt.refused] == ["json", "number"]


def test_the_good_events_of_a_batch_with_one_bad_number_keep_the_batchs_own_clock(sandbox: Sandbox) -> None:
    ahead = sandbox.clock() + 2 * 3_600_000
    sent = [sandbox.event(at=ahead - 5_000), sandbox.event(properties={"p": float("nan")})]
    body = json.dumps({"batch": sent, "sentAt": format_instant(ahead)}).encode()
    assert sandbox.send_bytes(body).stored == 1
    assert sandbox.rows("SELECT at FROM events WHERE environment_id = :e") == [(sandbox.clock() - 5_000,)]


@pytest.mark.parametrize("parent", ["p" * 8_000, "p" * 501, {"a": 1}, ["a"], True])
def test_a_parent_that_is_no_id_is_left_out_and_the_event_is_stored(sandbox: Sandbox, parent: object) -> None:
    group = {"type": "group", "userId": "u1", "groupId": "a1", "traits": {"parent_id": parent, "plan": "pro"}}
    assert sandbox.send(group).stored == 1
    assert sandbox.rows("SELECT key, plan, parent_id FROM accounts WHERE environment_id = :e") == [("a1", "pro", None)]


SECRET = "sk_" + "s" * 32
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl"
PRIVATE = (SECRET, "pk_" + "p" * 32, TOKEN, "203.0.113.9", "Mozilla", "email=ann", "Ann Smith")
PAGE = {"url": "https://x.test/leave/42?email=ann@x.test", "path": "/leave/42", "title": "Ann Smith", "search": "?email=ann"}
CONTEXT = {"ip": "203.0.113.9", "userAgent": "Mozilla/5.0", "page": PAGE, "milepost": {"token": TOKEN}}
BROKEN = (
    lambda body: body.replace(b'"Bad"', b""),  # no JSON
    lambda body: body[:-9],  # cut off
    lambda body: body.replace(b"/", b"\\/").replace(b'"Bad"', b""),  # as PHP writes it
    lambda body: body.replace(b'"Bad"', b'"' + b"x" * 40_000 + b'"'),  # too large
    lambda body: body.replace(b'"Bad"', b"NaN"),
    lambda body: body.replace(b'"Bad"', b"5"),  # a track event without a name
    lambda body: body.replace(b"track", b"page").replace(b'"u1"', b"null"),
    lambda body: body.replace(b'"track"', b'{"a":' * 3_000 + b"1" + b"}" * 3_000),
    lambda body: body.decode().encode("utf-16"),
)


@pytest.mark.parametrize("spoil", range(len(BROKEN)))
@pytest.mark.parametrize("route", ["batch", "track", "page"])
def test_no_refused_body_keeps_a_key_a_token_or_who_sat_there(sandbox: Sandbox, spoil: int, route: str) -> None:
    event = {
        "writeKey": PRIVATE[1], "type": "track", "event": "Bad", "userId": "u1", "context": CONTEXT, "request_ip": CONTEXT["ip"]
    }  # fmt: skip
    if route == "page":
        event["properties"] = PAGE
        event["timestamp"] = "soon"
    body = json.dumps({"writeKey": SECRET, "batch": [event]} if route == "batch" else event).encode()
    sandbox.send_bytes(BROKEN[spoil](body), route=route)
    kept = sandbox.rows("SELECT body, detail FROM bad_rows WHERE environment_id = :e")
    assert kept
    for text in [text for row in kept for text in row]:
        assert [private for private in PRIVATE if private in text] == []


def test_a_secret_anywhere_in_a_refused_event_becomes_a_mark_and_the_rest_stays_as_it_came(sandbox: Sandbox) -> None:
    sandbox.send(
        sandbox.event(user="ann@x.test", event=5, properties={"pasted": f"curl -u {SECRET}: {TOKEN}", "n": 1.5, "城": "京"})
    )
    [(kept,)] = sandbox.rows("SELECT body FROM bad_rows WHERE environment_id = :e")
    event = json.loads(kept)
    assert (event["userId"], event["context"]) == ("ann@x.test", {"groupId": "a1"})
    assert event["properties"] == {"pasted": "curl -u sk_…: (token)", "n": 1.5, "城": "京"}


@given(st.text(st.sampled_from('eyJ.-_skids"\\:/?#{}, ')), st.integers(1, 2_000))
def test_no_text_before_it_hides_a_secret(unit: str, n: int) -> None:
    assert SECRET not in keep_refused(b"{" + (unit * n).encode()[:32_000] + b" " + SECRET.encode())


events = st.fixed_dictionaries(
    {
        "messageId": st.sampled_from([f"m{n}" for n in range(6)]),
        "type": st.sampled_from(["track", "track", "page", "identify", "nonsense"]),
        "event": st.sampled_from(["A", "B", ""]),
        "userId": st.sampled_from(["u1", "u2", None]),
        "days_ago": st.sampled_from([0, 1, 8, 500]),
        "account": st.sampled_from([None, "a1", "a2", "a3", "a4"]),
    }
)
batches = st.lists(st.tuples(st.lists(events, max_size=6), st.sampled_from(["batch", "import", "b"]), st.booleans()), max_size=8)


@FEW
@given(history=batches, replayed=st.booleans())
def test_received_is_stored_plus_duplicate_plus_refused_plus_overflow_after_any_history(
    sandbox: Sandbox, history: list[tuple[list[dict[str, Any]], str, bool]], replayed: bool
) -> None:
    made = create_workspace(sandbox.runtime, name="T", owner_email="o@example.test")
    box = Sandbox(sandbox.runtime, made, sandbox.clock)
    n_sent = n_replayed = 0
    for batch, route, secret in history:
        n_sent += len(batch)
        sent = [as_event(box, dict(event)) for event in batch]
        receipt = box.send(*sent, route=route, secret=secret or route == "import") if sent else None
        if receipt is not None:
            assert receipt.received == receipt.stored + receipt.duplicate + len(receipt.refused) == len(batch)
    if replayed:
        result = replay_bad_rows(box.runtime, box.tenant, bad_row_ids(box))
        n_replayed = result.stored + result.duplicate
    kept = books(box)
    assert kept["received"] == n_sent + n_replayed
    assert kept["received"] == kept["stored"] + kept["duplicate"] + kept["refused"] + kept["overflow"]
    assert box.rows("SELECT count(*) FROM events WHERE environment_id = :e") == [(kept["stored"],)]
    assert box.rows("SELECT count(*) FROM bad_rows WHERE environment_id = :e") == [(kept["refused"],)]


def as_event(box: Sandbox, event: dict[str, Any]) -> dict[str, Any]:
    at, account = box.clock() - event.pop("days_ago") * DAY_MS, event.pop("account")
    return box.event(account=account, at=at) | event
