"""Headers on every answer, nothing echoed as markup, nothing secret in logs or addresses, nothing set that was not offered."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from milepost.actions.environments import read_identity_secret
from milepost.actions.identity import sign
from milepost.cli.serve import set_up_logs
from milepost.rules.masking import mask
from milepost.web.permissions import PERMISSIONS
from milepost.web.planes import is_api
from tests.factories import Sandbox
from tests.web.console import PASSWORD, become, log_in, open_client
from tests.web.test_security_roles import address, every_route

HOSTILE = "<img src=x onerror=alert(1)>"


def policy_of(text: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in text.split(";"))


def test_every_answer_of_the_console_carries_its_policy(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    paths = [address(route) for route, method in every_route() if method == "GET"]
    for path in (*paths, "/nothing-here", "/e/nowhere/setup", "/login"):
        headers = admin.get(path).headers
        policy = policy_of(headers["content-security-policy"])
        may_frame = "'self'" if path.endswith("/guides/_preview") else "'none'"  # the editor shows it in a frame of its own
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", may_frame), path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        if not is_api(path):
            assert policy["script-src"] == "'self'", path
            assert policy["require-trusted-types-for"] == "'script'", path
            assert policy["form-action"] == "'self'", path
            assert policy["base-uri"] == "'none'", path
        if not path.startswith(("/static", "/favicon")):
            assert headers["cache-control"] == "no-store", path


def test_no_answer_lets_another_site_read_the_console(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    for route, method in every_route():
        if method != "GET":
            continue
        headers = admin.get(address(route), headers={"Origin": "https://evil.example.test"}).headers
        assert "access-control-allow-origin" not in headers, route.path
        assert headers["cross-origin-resource-policy"] == "same-origin", route.path


def test_nothing_that_was_sent_comes_back_as_markup(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    base = "/e/production"
    sandbox.send({"type": "track", "event": HOSTILE, "userId": HOSTILE, "context": {"groupId": HOSTILE}})
    sandbox.send({"type": "track", "event": HOSTILE})
    admin.post(f"{base}/keys", {"kind": "pk", "label": HOSTILE})
    shown = [admin.get(f"{base}/{page}") for page in ("setup", "install", "bad-rows", "settings", "members", "keys", "audit")]
    shown += [
        admin.get(f"/{HOSTILE}"),
        admin.get(f"/e/{HOSTILE}/setup"),
        admin.get(f"{base}/bad-rows", params={"reason": HOSTILE, "before": HOSTILE}),
        admin.get(f"{base}/audit", params={"who": HOSTILE, "what": HOSTILE}),
        admin.get(f"{base}/install", params={"sign": HOSTILE, "with": HOSTILE}),
        admin.post(f"{base}/members/invite", {"email": HOSTILE, "role": HOSTILE}),
        admin.post(f"{base}/settings", {HOSTILE: "1"}),
        admin.post(f"{base}/settings", {"name": HOSTILE, "time_zone": HOSTILE, "retention_days": HOSTILE}),
        admin.post(f"{base}/environments", {"key": HOSTILE, "time_zone": HOSTILE}),
        admin.post(f"{base}/keys", {"kind": HOSTILE, "label": HOSTILE}),
        admin.post(f"{base}/keys/{HOSTILE}/revoke"),
        admin.post(f"{base}/bad-rows/replay", {"of_reason": HOSTILE}),
        open_client(sandbox.runtime).get("/login", params={"next": f"/{HOSTILE}"}),
        log_in(open_client(sandbox.runtime), HOSTILE, HOSTILE),
        open_client(sandbox.runtime).post("/invite", data={"code": HOSTILE}),
    ]
    for answer in shown:
        assert answer.status_code < 500
        assert HOSTILE not in answer.text, answer.request.url
        assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/login?next=%00", "/e/%00/setup", "/e/production/audit?who=%00", "/e/production/setup?x=%ff"])
def test_text_no_database_keeps_is_refused_at_the_door(sandbox: Sandbox, path: str) -> None:
    assert become(sandbox, "admin").get(path).status_code in {200, 400, 404}


def test_a_form_sets_nothing_that_was_not_offered(sandbox: Sandbox) -> None:
    admin, csm = become(sandbox, "admin"), become(sandbox, "csm")
    before = sandbox.rows("SELECT * FROM members ORDER BY id")
    for path, data in (
        (f"/e/production/members/{csm.public_id}/role", {"role": "viewer", "email": "taken@example.test"}),
        ("/e/production/members/invite", {"email": "a@example.test", "role": "csm", "workspace_id": "2"}),
        ("/e/production/keys", {"kind": "pk", "label": "x", "environment_id": "2"}),
        ("/e/production/environments", {"key": "b", "time_zone": "UTC", "identity_mode": "off"}),
    ):
        answer = admin.post(path, data)
        assert (answer.status_code, "has no field" in answer.text) == (422, True), path
    assert sandbox.rows("SELECT * FROM members ORDER BY id") == before
    taken = admin.post("/invite", {"code": "x", "role": "owner"})
    assert taken.status_code == 422


def test_the_api_refuses_fields_it_does_not_know(sandbox: Sandbox) -> None:
    key = {"Authorization": f"Bearer {sandbox.workspace.secret_key}"}
    answer = open_client(sandbox.runtime).post(
        "/api/v1/features", json={"key": "a", "name": "A", "environment_id": 2}, headers=key
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/environment_id"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the server logs, set up as `serve` does, at its most talkative."""
    root, stream = logging.getLogger(), io.StringIO()
    kept = (root.handlers[:], root.level, structlog.get_config())
    set_up_logs("debug")
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
    yield stream
    root.handlers[:], _ = kept[0], root.setLevel(kept[1])
    structlog.configure(**kept[2])


def test_no_secret_and_no_address_of_a_person_is_logged(sandbox: Sandbox, written: io.StringIO) -> None:
    admin = become(sandbox, "admin")
    client = open_client(sandbox.runtime)
    log_in(client, admin.email, PASSWORD)
    code = re.search(
        r"invite#([\w-]+)", admin.post("/e/production/members/invite", {"email": "ann@example.test", "role": "csm"}).text
    )
    assert code is not None
    client.post("/invite", data={"code": code.group(1), "name": "A", "password": PASSWORD, "again": PASSWORD})
    client.get("/api/v1/features", headers={"Authorization": f"Bearer {sandbox.workspace.secret_key}"})
    client.post("/v1/batch", json={"writeKey": sandbox.workspace.secret_key, "batch": [sandbox.event(user="bob@example.test")]})
    logging.getLogger("milepost").error("failed for %s", f"bob@example.test with {sandbox.workspace.secret_key}")
    try:
        raise ValueError(f"Key (email)=(bob@example.test) {sandbox.workspace.write_key}")
    except ValueError as problem:
        logging.getLogger("milepost").error("the database failed", exc_info=problem)
    text = written.getvalue()
    assert "the database failed" in text
    assert "Traceback" in text
    for line in text.splitlines():
        json.loads(line)
    secrets = (
        sandbox.workspace.secret_key, sandbox.workspace.write_key, PASSWORD, code.group(1), admin.email,
        "ann@example.test", "bob@example.test",
    )  # fmt: skip
    assert not [secret for secret in secrets if secret in text]


def test_a_failed_statement_keeps_its_values_to_itself(sandbox: Sandbox) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    with pytest.raises(SQLAlchemyError) as caught:
        sandbox.rows("SELECT nothing FROM members WHERE email = :email", email="ann@example.test")
    assert "ann@example.test" not in str(caught.value)


def test_masking_takes_keys_tokens_passwords_and_addresses_and_leaves_the_rest() -> None:
    token = sign("ids_" + "x" * 32, "env_1", "u1", "a1", 1_795_000_000_000)
    database, person = "postgresql://m:pass@db.example.test/x", "ann.b+c@example.co.uk"
    said = mask(f"sk_{'a' * 32} pk_{'b' * 32} {token} Bearer abcdefgh12345 {database} mail {person}")
    assert said == "sk_… pk_… (token) Bearer … postgresql://…@db.example.test/x mail (mail address)"
    plain = "GET /e/production/setup took 12 ms; task pk_1 of desk_2; see https://example.test/a@b"
    assert mask(plain) == plain


def test_no_secret_stands_in_an_address(sandbox: Sandbox) -> None:
    """Forms post secrets; the answers to them lead to addresses without any."""
    admin = become(sandbox, "admin")
    secret = read_identity_secret(sandbox.runtime, sandbox.environment_id)
    pages = [admin.get(address(route)) for route, method in every_route() if method == "GET"]
    pages += [
        admin.post("/e/production/settings/secret"),
        admin.post("/e/production/keys", {"kind": "sk", "label": "x"}),
        admin.post("/e/production/members/invite", {"email": "a@example.test", "role": "csm"}),
    ]
    for page in pages:
        links = [*re.findall(r'(?:href|src|action)="([^"]*)"', page.text), page.headers.get("location", "")]
        for link in links:
            assert secret not in link
            assert "sk_" not in link
            assert "invite#" not in link


def test_paths_with_secrets_in_them_are_not_routes() -> None:
    assert not [name for name, _ in PERMISSIONS.items() if "token" in name or "secret_key" in name]
    assert not [route.path for route, _ in every_route() if "{code}" in route.path or "{secret}" in route.path]
