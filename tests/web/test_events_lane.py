"""The lane answers as the general way does, and leaves to it what is not usual."""

import base64
import json
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message

from milepost.actions.runtime import Runtime
from milepost.actions.workspaces import CreatedWorkspace
from milepost.web.app import create_app
from milepost.web.events_lane import usual_fields
from tests.apart import run_apart
from tests.factories import Sandbox

EVENT = {"type": "track", "event": "Tried", "userId": "u1"}
BODIES: list[Any] = [
    {"batch": [EVENT | {"messageId": "a"}]},
    {"batch": [EVENT | {"messageId": "b"}, EVENT | {"messageId": "b"}]},
    {"batch": [EVENT | {"messageId": "c"}, {"type": "nonsense"}, {"userId": 5}]},
    {"batch": []},
    {"batch": 7},
    [],
    EVENT,
]


def ask(app: Starlette, *, path: str, body: bytes, headers: list[tuple[bytes, bytes]], general: bool) -> tuple[Any, ...]:
    """(status, headers, body) of one request, through the lane or around it."""
    sent: list[Message] = []
    pieces = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def run() -> None:
        await (Starlette.__call__(app, scope, receive, send) if general else app(scope, receive, send))

    run_apart(run())
    return sent[0]["status"], sorted(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


def _headers(body: bytes, key: str | None, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    headers = [(b"host", b"x"), (b"content-length", str(len(body)).encode()), *more]
    if key is not None:
        headers.append((b"authorization", b"Basic " + base64.b64encode(f"{key}:".encode())))
    return headers


def test_both_ways_give_the_same_answers(runtime: Runtime, workspace: CreatedWorkspace, sandbox: Sandbox) -> None:
    app = create_app(runtime)
    keys = [workspace.secret_key, workspace.write_key, "sk_unknown", "", None]
    odd = [(), ((b"origin", b"https://a.test"),), ((b"content-encoding", b"gzip"),), ((b"host", b"again"),)]
    n = 0
    for key in keys:
        for more in odd:
            for shape in BODIES:
                answers = []
                for general in (False, True):
                    text = json.dumps(shape).replace('"messageId": "', f'"messageId": "{n}-{general}-')
                    body = text.encode()
                    n += 1
                    for route in ("batch", "t"):
                        answers.append(
                            ask(app, path=f"/v1/{route}", body=body, headers=_headers(body, key, *more), general=general)
                        )
                assert answers[:2] == answers[2:], (key, more, shape)


def test_what_is_not_usual_is_left_to_the_general_way() -> None:
    usual = [(b"host", b"x"), (b"content-length", b"2")]
    assert usual_fields({"headers": usual}) == dict(usual)
    for headers in (
        usual[:1],
        [*usual, (b"host", b"y")],
        [*usual, (b"transfer-encoding", b"chunked")],
        [*usual, (b"content-encoding", b"gzip")],
        [(b"content-length", b"200000")],
        [(b"content-length", b"-1")],
        [(b"content-length", "٣".encode())],
        [*usual, (b"x", b"y" * 40_000)],
        [*usual, *((b"x-%d" % number, b"") for number in range(100))],
    ):
        assert usual_fields({"headers": headers}) is None, headers
