"""Lines 1 to 5 of the contract: routes, bodies, keys, what success and refusal look like."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.web.segment.speaker import Answer, Speaker, basic

SINGLES = {
    "identify": "i", "track": "t", "page": "p", "screen": "s", "group": "g", "alias": "a",
}  # fmt: skip
MIB = 1024 * 1024


def assert_taken(answer: Answer, n: int = 1) -> None:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.body
    assert answer.json["success"] is True
    assert answer.json["stored"] == n


def assert_error(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.json["code"], str)
    assert isinstance(answer.json["message"], str)
    assert answer.json["code"]
    assert answer.json["message"].endswith(".")
    found: dict[str, Any] = answer.json
    return found


# (1) routes


@pytest.mark.parametrize("route", ["batch", "b", "import"])
def test_every_batch_route_takes_a_batch(segment: Speaker, route: str) -> None:
    event = segment.event()
    assert_taken(segment.post(f"/v1/{route}", {"batch": [event]}, key=segment.live.secret_key))
    assert segment.stored(event["messageId"]) == [(event["messageId"],)]


@pytest.mark.parametrize("route", [*SINGLES, *SINGLES.values()])
def test_every_single_route_takes_one_event_and_says_its_type(segment: Speaker, route: str) -> None:
    event = segment.event(type=..., groupId="acc-routes", previousId="before", name="Home")
    assert_taken(segment.post(f"/v1/{route}", event))
    kind = next(long for long, short in SINGLES.items() if route in {long, short})
    assert segment.stored(event["messageId"], columns="e.type") == [(kind,)]


def test_the_browser_client_s_metrics_are_taken_and_dropped(segment: Speaker) -> None:
    answer = segment.post("/v1/m", {"series": [{"type": "Counter", "metric": "x", "value": 1}]}, key=None)
    assert answer.status == 200
    assert isinstance(answer.json, dict)


def test_a_route_that_is_not_there_says_so_in_json(segment: Speaker) -> None:
    assert_error(segment.post("/v1/nothing", {}), 404)
    assert_error(segment.ask("GET", "/v1/batch"), 405)
    assert_error(segment.ask("GET", "/v1/a/b/c"), 404)


# (2) bodies


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "image/png", "", "!"])
def test_json_is_read_whatever_the_content_type_says(segment: Speaker, kind: str) -> None:
    event = segment.event()
    assert_taken(segment.post("/v1/batch", {"batch": [event]}, headers={"Content-Type": kind}))


@pytest.mark.parametrize("label", ["gzip", "GZIP", None])
def test_gzip_is_read_with_and_without_its_header(segment: Speaker, label: str | None) -> None:
    event = segment.event()
    body = gzip.compress(json.dumps({"batch": [event]}).encode())
    assert_taken(segment.post("/v1/batch", body, headers={"Content-Encoding": label} if label else {}))


def test_gzip_in_several_members_is_one_body(segment: Speaker) -> None:
    event = segment.event()
    whole = json.dumps({"batch": [event]}).encode()
    body = b"".join(gzip.compress(whole[i : i + 30]) for i in range(0, len(whole), 30))
    assert_taken(segment.post("/v1/batch", body, headers={"Content-Encoding": "gzip"}))


@pytest.mark.parametrize("damage", ["cut", "noise", "not gzip", "checksum"])
def test_damaged_gzip_is_refused_with_a_sentence(segment: Speaker, damage: str) -> None:
    body = gzip.compress(json.dumps({"batch": [segment.event()]}).encode())
    bodies = {
        "cut": body[:-12],
        "noise": body[:20] + b"\xff" * 20 + body[40:],
        "not gzip": b'{"batch":[]}',
        "checksum": body[:-8] + b"\x00" * 8,
    }
    found = assert_error(segment.post("/v1/batch", bodies[damage], headers={"Content-Encoding": "gzip"}), 400)
    assert found["code"] == "gzip"


def big_batch(segment: Speaker, size: int) -> tuple[bytes, int]:
    """A batch of exactly so many bytes, padded outside its events."""
    events = [segment.event(properties={"text": "x" * 8_000}) for _ in range(100)]
    body = json.dumps({"batch": events, "pad": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:], len(events)


@pytest.mark.parametrize("zipped", [False, True])
def test_four_mebibytes_pass_and_one_byte_more_does_not(segment: Speaker, zipped: bool) -> None:
    body, n = big_batch(segment, 4 * MIB)
    assert len(body) == 4 * MIB
    assert_taken(segment.post("/v1/batch", body, zipped=zipped), n)
    found = assert_error(segment.post("/v1/batch", body + b" ", zipped=zipped), 413)
    assert found["code"] == "too_large"


def test_a_chunked_body_is_read_and_has_the_same_limit(segment: Speaker) -> None:
    key = basic(segment.live.write_key)["Authorization"]
    event = segment.event()
    small = json.dumps({"batch": [event]}).encode()
    lines = ["Host: x", f"Authorization: {key}", "Connection: close", "Transfer-Encoding: chunked", "", ""]
    head = "\r\n".join(["POST /v1/batch HTTP/1.1", *lines]).encode()
    assert b"200 OK" in segment.raw(head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(small), small))
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    assert b"413" in segment.raw(head, *[piece] * 70).split(b"\r\n")[0]


def test_one_event_may_have_32_kibibytes_and_not_one_more(segment: Speaker) -> None:
    event = segment.event(properties={"a": "x" * 8_000, "b": "x" * 8_000, "c": "x" * 8_000, "d": "x" * 8_000, "e": ""})
    event["properties"]["e"] = "x" * (32_768 - len(json.dumps(event)))
    assert_taken(segment.post("/v1/batch", {"batch": [event]}))
    larger = event | {"messageId": event["messageId"] + "x"}
    answer = segment.post("/v1/batch", {"batch": [larger]})
    assert (answer.status, answer.json["refused"]) == (200, 1)
    assert segment.newest_bad_row()[0] == "too_large"


def test_a_body_that_is_not_a_batch_is_refused_whole_and_kept(segment: Speaker) -> None:
    for body in (b"", b"[]", b"nonsense", b'{"batch":5}', b'{"events":[]}', b"\xff\xfe", b"null"):
        assert_error(segment.post("/v1/batch", body), 400)
        assert segment.newest_bad_row()[0] == "json"


# (3) keys


def test_the_key_comes_from_the_header_the_body_or_the_event(segment: Speaker) -> None:
    key = segment.live.write_key
    assert_taken(segment.post("/v1/batch", {"batch": [segment.event()]}))
    assert_taken(segment.post("/v1/batch", {"writeKey": key, "batch": [segment.event()]}, key=None))
    assert_taken(segment.post("/v1/batch", {"batch": [segment.event(writeKey=key)]}, key=None))
    assert_taken(segment.post("/v1/track", segment.event(writeKey=key), key=None))
    header = {"Authorization": basic(key)["Authorization"].replace("Basic", "basic")}
    assert_taken(segment.post("/v1/track", segment.event(), key=None, headers=header))


def test_a_key_inside_an_event_s_properties_is_not_a_key(segment: Speaker) -> None:
    event = segment.event(properties={"writeKey": segment.live.write_key})
    assert_error(segment.post("/v1/batch", {"batch": [event]}, key=None), 401)
    assert_error(segment.post("/v1/track", event, key=None), 401)


@pytest.mark.parametrize("key", ["pk_unknown", "sk_unknown", "nonsense", "x" * 5_000, "密钥", "' OR 1=1 --", "\x00"])
def test_an_unknown_key_is_401_and_nothing_is_stored(segment: Speaker, key: str) -> None:
    event = segment.event()
    found = assert_error(segment.post("/v1/batch", {"batch": [event]}, key=key), 401)
    assert found["code"] == "unauthorized"
    assert_error(segment.post("/v1/batch", {"writeKey": key, "batch": [event]}, key=None), 401)
    assert_error(segment.post("/v1/track", event | {"writeKey": key}, key=None), 401)
    assert segment.stored(event["messageId"]) == []


@pytest.mark.parametrize("header", ["Basic", "Basic !!", "Basic \xff", "Bearer x", "Basic " + "YQ" * 500])
def test_a_header_that_is_no_key_is_no_key(segment: Speaker, header: str) -> None:
    assert_error(segment.post("/v1/batch", {"batch": []}, key=None, headers={"Authorization": header}), 401)


@pytest.mark.parametrize("key", [5, None, [], {}, True])
def test_a_key_in_the_body_that_is_no_text_is_no_key(segment: Speaker, key: Any) -> None:
    assert_error(segment.post("/v1/batch", {"writeKey": key, "batch": [segment.event()]}, key=None), 401)
    assert_error(segment.post("/v1/track", segment.event(writeKey=key), key=None), 401)


# (4) success


def test_success_is_200_with_json_and_never_a_redirect(segment: Speaker) -> None:
    for path in ("/v1/batch", "/v1/batch?x=1", "/v1/track"):
        body = segment.event() if path == "/v1/track" else {"batch": [segment.event()]}
        assert_taken(segment.post(path, body))
    assert_error(segment.post("/v1/batch/", {"batch": [segment.event()]}), 404)


def test_an_empty_batch_is_a_success(segment: Speaker) -> None:
    assert segment.post("/v1/batch", {"batch": []}).status == 200


# (5) refusals


def test_headers_without_end_are_refused_in_json(segment: Speaker) -> None:
    many = {f"X-{n}": "y" for n in range(120)}
    assert_error(segment.post("/v1/batch", {"batch": []}, headers=many), 431)


def test_an_unreadable_request_is_answered_in_json(segment: Speaker) -> None:
    for request in (b"POST /v1/batch HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n"):
        head, _, body = segment.raw(request).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400"), head
        assert json.loads(body)["code"] == "bad_request"


def test_too_many_events_in_one_batch_are_refused(segment: Speaker) -> None:
    events = [{"type": "track"}] * 5_001
    assert_error(segment.post("/v1/batch", {"batch": events}), 400)


def test_a_flood_is_429_with_whole_seconds_to_wait(strict: Speaker) -> None:
    """20 events at once are this server's burst; a secret key knows no such limit."""
    assert_taken(strict.post("/v1/batch", {"batch": [strict.event() for _ in range(20)]}), 20)
    answer = strict.post("/v1/batch", {"batch": [strict.event() for _ in range(10)]})
    assert_error(answer, 429)
    assert answer.headers["retry-after"].isdecimal()
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    events = [strict.event() for _ in range(100)]
    assert_taken(strict.post("/v1/batch", {"batch": events}, key=strict.live.secret_key), 100)
    assert strict.ledger()["received"] == 120


def test_deflate_is_not_gzip(segment: Speaker) -> None:
    body = zlib.compress(json.dumps({"batch": [segment.event()]}).encode())
    assert_error(segment.post("/v1/batch", body, headers={"Content-Encoding": "deflate"}), 400)
