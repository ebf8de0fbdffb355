"""The same verdict on every database: what is stored comes back identical, what is refused is kept with its reason."""

import json

import pytest

from tests.factories import Sandbox

STORED = [
    '"\\ud83d\\ude00"',
    '"\\u2028 \\u202e"',
    "9223372036854775807",
    "1e22",
    "-0.0",
    '"\\u0001"',
    '"\'; DROP TABLE events; --"',
    '"%s %% ?"',
]
REFUSED = ['"\\u0000"', '"\\ud800"', "NaN", "1e999", "9223372036854775808", "[" * 30 + "]" * 30]


def raw(number: int, text: str) -> bytes:
    return (
        b'{"type":"track","event":"X","messageId":"h%d","userId":"u1","context":{"groupId":"a1"},"properties":{"p":' % number
        + text.encode()
        + b"}}"
    )


def test_hostile_values_have_one_verdict_and_stop_nobody(sandbox: Sandbox) -> None:
    texts = [text for pair in zip(STORED, [*REFUSED, *REFUSED], strict=False) for text in pair]
    body = b'{"batch":[' + b",".join(raw(n, text) for n, text in enumerate(texts)) + b"]}"
    receipt = sandbox.send_bytes(body)
    assert (receipt.received, receipt.stored, len(receipt.refused)) == (16, 8, 8)
    rows = sandbox.rows("SELECT message_id, body FROM events WHERE environment_id = :e")
    back = {message_id: json.loads(text)["p"]["p"] for message_id, text in rows}
    assert back == {f"h{n}": json.loads(text) for n, text in enumerate(texts) if text in STORED}
    reasons = sandbox.rows("SELECT reason, count(*) FROM bad_rows WHERE environment_id = :e GROUP BY reason ORDER BY reason")
    assert dict(reasons) == {"text": 4, "number": 3, "depth": 1}


@pytest.mark.parametrize("name", ["x' OR '1'='1", "%s", "?", "{in}", "密钥🙂", "\u202e", "a" * 500])
def test_odd_ids_are_ids(sandbox: Sandbox, name: str) -> None:
    sandbox.send(sandbox.event(user=name, account=name[:300]))
    assert sandbox.rows("SELECT key FROM end_users WHERE environment_id = :e") == [(name,)]
    assert sandbox.rows("SELECT key FROM accounts WHERE environment_id = :e") == [(name[:300],)]
