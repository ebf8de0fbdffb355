"""Lines 6 to 10 of the contract: bad events, repeats, browsers, what the clients ask first, keys, time and ids."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.web.segment.speaker import DAY_S, Speaker, basic, stamp
from tests.web.segment.test_segment_contract_requests import assert_error, assert_taken

HOUR_S = 3_600


# (6) one bad event


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"type": "trackk"}, "type"), ({"event": ""}, "name"), ({"userId": None}, "identity"),
        ({"timestamp": "yesterday"}, "timestamp"), ({"properties": {"p": "\x00"}}, "text"),
        ({"properties": {"p": 2**70}}, "number"), ({"messageId": "m" * 600}, "id"),
    ],
)  # fmt: skip
def test_one_bad_event_of_a_hundred_is_kept_with_its_reason_and_the_others_are_stored(
    segment: Speaker, bad: dict[str, Any], reason: str
) -> None:
    events = [segment.event() for _ in range(100)]
    events[41] |= bad
    answer = segment.post("/v1/batch", {"batch": events})
    assert_taken(answer, 99)
    assert (answer.json["received"], answer.json["refused"], answer.json["reasons"][0]["code"]) == (100, 1, reason)
    held, detail, body = segment.newest_bad_row()
    assert (held, detail.endswith(".")) == (reason, True)
    assert json.loads(body)["messageId"] == events[41]["messageId"]
    good = [event["messageId"] for event in events if event is not events[41]]
    assert len(segment.stored(*good)) == 99


def test_elements_that_are_no_events_are_bad_rows_too(segment: Speaker) -> None:
    answer = segment.post("/v1/batch", {"batch": [1, None, "x", [], {}, True, segment.event()]})
    assert_taken(answer)
    assert answer.json["refused"] == 6


# (7) repeats


def test_a_whole_repeat_counts_once(segment: Speaker) -> None:
    events = [segment.event() for _ in range(5)]
    assert_taken(segment.post("/v1/batch", {"batch": events}), 5)
    again = segment.post("/v1/batch", {"batch": events, "sentAt": stamp(5)})
    assert (again.status, again.json["stored"], again.json["duplicate"]) == (200, 0, 5)


def test_partial_repeats_and_repeats_inside_a_batch_count_once(segment: Speaker) -> None:
    events = [segment.event() for _ in range(6)]
    assert_taken(segment.post("/v1/batch", {"batch": events[:4] + events[:2]}), 4)
    answer = segment.post("/v1/batch", {"batch": events[2:] + events[5:]})
    assert (answer.json["stored"], answer.json["duplicate"]) == (2, 3)
    assert len(segment.stored(*[event["messageId"] for event in events])) == 6


def test_concurrent_repeats_count_once(segment: Speaker) -> None:
    events = [segment.event() for _ in range(40)]
    parts = [events, events[:20], events[20:], events[10:30]] * 4

    def send(part: list[dict[str, Any]]) -> int:
        answer = segment.post("/v1/batch", {"batch": part})
        assert answer.status == 200
        return int(answer.json["stored"])

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(send, parts)) == 40
    assert len(segment.stored(*[event["messageId"] for event in events])) == 40


def test_the_same_id_at_another_time_is_another_event(segment: Speaker) -> None:
    event = segment.event()
    later = event | {"timestamp": stamp(-60)}
    assert_taken(segment.post("/v1/batch", {"batch": [event, later]}), 2)


def test_events_without_an_id_each_get_one(segment: Speaker) -> None:
    nameless = segment.event(messageId=..., event="Nameless")
    assert_taken(segment.post("/v1/batch", {"batch": [nameless, nameless]}), 2)
    ids = segment.rows("SELECT message_id FROM events WHERE name = 'Nameless'")
    assert len(set(ids)) == 2


def test_events_without_a_time_are_the_same_by_their_id(segment: Speaker) -> None:
    timeless = segment.event(timestamp=...)
    assert_taken(segment.post("/v1/batch", {"batch": [timeless]}))
    assert segment.post("/v1/batch", {"batch": [timeless]}).json["duplicate"] == 1


# (8) browsers


def test_the_preflight_allows_what_browsers_ask_for(segment: Speaker) -> None:
    asked = {
        "Origin": "https://hr.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, anonymousid, x-retry-count",
    }
    for path in ("/v1/batch", "/v1/t", "/v1/m", "/v1/projects/pk_x/settings", "/sourceConfig/"):
        answer = segment.ask("OPTIONS", path, headers=asked)
        assert answer.status in {200, 204}
        assert answer.headers["access-control-allow-origin"] == "*"
        allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
        assert {"authorization", "content-type", "anonymousid", "x-retry-count"} <= allowed
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-max-age"] == "86400"


def test_every_answer_may_be_read_by_the_page(segment: Speaker) -> None:
    origin = {"Origin": "https://hr.example"}
    for answer in (
        segment.post("/v1/batch", {"batch": [segment.event()]}, headers=origin),
        segment.post("/v1/batch", {"batch": []}, key="pk_no", headers=origin),
        segment.post("/v1/batch", b"", headers=origin),
        segment.post("/v1/nothing", {}, headers=origin),
        segment.post("/v1/batch/a/b", {}, headers=origin),
        segment.post("/v1/batch", {}, headers=origin | {f"X-{n}": "1" for n in range(120)}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*", answer.body


# (9) what the browser clients ask first


def test_the_segment_browser_client_gets_its_settings(segment: Speaker) -> None:
    key = segment.live.write_key
    answer = segment.ask("GET", f"/v1/projects/{key}/settings", headers={"Origin": "https://hr.example"})
    host = segment.live.url.removeprefix("http://")
    assert answer.status == 200
    assert answer.json["integrations"] == {"Segment.io": {"apiKey": key, "apiHost": f"{host}/v1", "protocol": "http"}}
    assert_error(segment.ask("GET", "/v1/projects/pk_unknown/settings"), 401)


def test_a_secret_key_has_no_business_in_an_address(segment: Speaker) -> None:
    assert_error(segment.ask("GET", f"/v1/projects/{segment.live.secret_key}/settings"), 403)
    assert_error(segment.ask("GET", f"/sourceConfig/?writeKey={segment.live.secret_key}"), 403)


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig/?p=npm&v=3.34.0&build=modern", "/sourceConfig"])
def test_the_rudder_browser_client_gets_its_source(segment: Speaker, path: str) -> None:
    answer = segment.ask("GET", path, headers=basic(segment.live.write_key))
    source = answer.json["source"]
    assert (answer.status, source["enabled"], source["config"], source["destinations"]) == (200, True, {}, [])
    assert isinstance(source["id"], str)
    assert_error(segment.ask("GET", path, headers=basic("pk_no")), 401)


# (10) keys


def test_a_secret_key_makes_events_trusted_and_a_write_key_does_not(segment: Speaker) -> None:
    ours, theirs = segment.event(), segment.event()
    segment.post("/v1/batch", {"batch": [ours]}, key=segment.live.secret_key)
    segment.post("/v1/batch", {"batch": [theirs]})
    assert segment.stored(ours["messageId"], theirs["messageId"], columns="e.verified") == [(1,), (0,)]


def test_a_secret_key_from_a_web_page_is_refused_and_the_admins_are_told(segment: Speaker) -> None:
    event = segment.event()
    answer = segment.post("/v1/batch", {"batch": [event]}, key=segment.live.secret_key, headers={"Origin": "https://hr.example"})
    assert_error(answer, 403)
    body = {"writeKey": segment.live.secret_key, "batch": [event]}
    assert_error(segment.post("/v1/batch", body, key=None, headers={"Origin": "https://hr.example"}), 403)
    assert segment.stored(event["messageId"]) == []
    assert segment.rows("SELECT count(*) FROM audit WHERE action = 'key.secret_in_browser'") == [(1,)]


def test_history_needs_a_secret_key(segment: Speaker) -> None:
    old = segment.event(timestamp=stamp(-100 * DAY_S))
    assert_error(segment.post("/v1/import", {"batch": [old]}), 403)
    assert segment.post("/v1/batch", {"batch": [old]}, key=segment.live.secret_key).json["refused"] == 1
    assert_taken(segment.post("/v1/import", {"batch": [old]}, key=segment.live.secret_key))


# (10) time


@pytest.mark.parametrize("ahead_s", [-3 * HOUR_S, 0, 30, 20 * HOUR_S])
def test_a_wrong_clock_is_corrected_by_when_the_client_says_it_sent(segment: Speaker, ahead_s: int) -> None:
    """The event happened 90 seconds before it was sent, whatever the client's clock says."""
    event = segment.event(timestamp=stamp(ahead_s - 90))
    before = time.time()
    assert_taken(segment.post("/v1/batch", {"batch": [event], "sentAt": stamp(ahead_s)}))
    at = segment.stored(event["messageId"], columns="e.at")[0][0] / 1000
    assert before - 91 <= at <= time.time() - 89


def test_sent_at_may_stand_in_the_event_and_an_empty_one_is_none(segment: Speaker) -> None:
    for own in ({"sentAt": stamp(HOUR_S)}, {"sentAt": ""}, {"sentAt": None}):
        event = segment.event(timestamp=stamp(HOUR_S - 60), **own)
        assert_taken(segment.post("/v1/batch", {"batch": [event], "sentAt": stamp(HOUR_S)}))
        at = segment.stored(event["messageId"], columns="e.at")[0][0] / 1000
        assert abs(at - (time.time() - 60)) < 30


@pytest.mark.parametrize("timestamp", [..., None, ""])
def test_rudder_says_original_timestamp(segment: Speaker, timestamp: Any) -> None:
    event = segment.event(timestamp=timestamp, originalTimestamp=stamp(-120))
    assert_taken(segment.post("/v1/batch", {"batch": [event], "sentAt": stamp()}))
    at = segment.stored(event["messageId"], columns="e.at")[0][0] / 1000
    assert abs(at - (time.time() - 120)) < 30


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T09:30:00Z", "2026-11-24t09:30:00z", "2026-11-24T17:30:00+08:00", "2026-11-24T09:30:00.000000000Z",
     "2026-11-24T09:30:00.5Z", "2026-11-24 09:30:00"],
)  # fmt: skip
def test_times_come_in_many_dresses(segment: Speaker, text: str) -> None:
    answer = segment.post("/v1/import", {"batch": [segment.event(timestamp=text)]}, key=segment.live.secret_key)
    if answer.json["refused"]:  # this day is over the horizon of the machine that runs the tests
        assert answer.json["reasons"][0]["code"] == "clock"
    else:
        assert_taken(answer)


@pytest.mark.parametrize(
    ("offset_s", "code"),
    [
        (-6 * DAY_S, None), (-8 * DAY_S, "clock"), (HOUR_S / 2, None),
        (2 * HOUR_S, "clock"), (-401 * DAY_S, "clock"), (2 * DAY_S, "clock"),
    ],
)  # fmt: skip
def test_an_event_lies_between_a_week_ago_and_an_hour_ahead(segment: Speaker, offset_s: int, code: str | None) -> None:
    answer = segment.post("/v1/batch", {"batch": [segment.event(timestamp=stamp(offset_s))]})
    assert [reason["code"] for reason in answer.json.get("reasons", [])] == ([code] if code else [])


def test_a_clock_beyond_a_day_ahead_is_refused_whatever_the_correction(segment: Speaker) -> None:
    event = segment.event(timestamp=stamp(3 * DAY_S))
    answer = segment.post("/v1/batch", {"batch": [event], "sentAt": stamp(3 * DAY_S)})
    assert answer.json["reasons"][0]["code"] == "clock"


# (10) people, accounts, odd values


def owner(segment: Speaker, event: dict[str, Any]) -> tuple[Any, ...]:
    return segment.stored(event["messageId"], columns="u.key, a.key")[0]


def test_an_event_belongs_to_the_account_its_context_names(segment: Speaker) -> None:
    event = segment.event(userId="ann", context={"groupId": "acc-context"})
    segment.post("/v1/batch", {"batch": [event]})
    assert owner(segment, event) == ("ann", "acc-context")


def test_the_account_of_a_person_is_remembered_from_group(segment: Speaker) -> None:
    group = segment.event(type="group", userId="bob", groupId="acc-group", traits={"name": "Group Ltd"})
    event = segment.event(userId="bob")
    segment.post("/v1/batch", {"batch": [group]})
    segment.post("/v1/batch", {"batch": [event]})
    assert owner(segment, event) == ("bob", "acc-group")
    assert segment.rows("SELECT name FROM accounts WHERE key = 'acc-group'") == [("Group Ltd",)]


def test_an_event_from_before_the_account_was_known_finds_it_later(segment: Speaker) -> None:
    early = segment.event(userId=..., anonymousId="anon-1")
    segment.post("/v1/batch", {"batch": [early]})
    assert owner(segment, early) == (None, None)
    segment.post("/v1/identify", segment.event(type="identify", userId="cy", anonymousId="anon-1"))
    segment.post("/v1/group", segment.event(type="group", userId="cy", groupId="acc-late"))
    assert owner(segment, early) == ("cy", "acc-late")


@pytest.mark.parametrize("where", ["traits", "context"])
def test_traits_stand_in_the_event_or_in_its_context(segment: Speaker, where: str) -> None:
    traits = {"email": f"{where}@example.test", "name": "Dora Ünal", "role": "manager"}
    more = {"traits": traits} if where == "traits" else {"context": {"traits": traits}}
    segment.post("/v1/identify", segment.event(type="identify", userId=f"dora-{where}", **more))
    rows = segment.rows("SELECT name, email, role FROM end_users WHERE key = :key", key=f"dora-{where}")
    assert rows == [("Dora Ünal", f"{where}@example.test", "manager")]


def test_nulls_and_unknown_members_are_accepted(segment: Speaker) -> None:
    event = segment.event(
        anonymousId=None, context=None, properties=None, traits=None, integrations={"All": True}, channel="server",
        _metadata={"x": [1, None]}, name=None, groupId=None, previousId=None, sentAt=None, version=None,
    )  # fmt: skip
    assert_taken(segment.post("/v1/batch", {"batch": [event], "sentAt": None, "context": None, "integrations": None}))


@pytest.mark.parametrize(
    ("given", "kept"),
    [(42, "42"), (4.5, "4.5"), ("李雷", "李雷"), ("a b/c?d#e", "a b/c?d#e"), ("🙂", "🙂"), (" ", " "), ("-1", "-1")],
)
def test_odd_ids_are_taken_as_text(segment: Speaker, given: Any, kept: str) -> None:
    event = segment.event(userId=given, context={"groupId": given})
    assert_taken(segment.post("/v1/batch", {"batch": [event]}))
    assert owner(segment, event) == (kept, kept)


def test_text_of_any_script_comes_back_identical(segment: Speaker) -> None:
    properties = {"名": "值", "emoji": "👩‍💻", "rtl": "\u202eabc", "combining": "e\u0301", "line": "\u2028", "quote": "\"'\\"}
    event = segment.event(event="打开报表", properties=properties)
    assert_taken(segment.post("/v1/batch", {"batch": [event]}))
    name, body = segment.stored(event["messageId"], columns="e.name, e.body")[0]
    assert (name, json.loads(body)["p"]) == ("打开报表", properties)


def test_the_books_balance_after_all_of_this(segment: Speaker) -> None:
    books = segment.ledger()
    assert books["received"] == books["stored"] + books["duplicate"] + books["refused"] + books["overflow"]
    assert books["stored"] == segment.rows("SELECT count(*) FROM events")[0][0]
    assert books["refused"] == segment.rows("SELECT count(*) FROM bad_rows")[0][0]
