"""The builder's door: one code, one site, one minute; a token that can do little; and what an attacker gets, which is nothing."""

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from milepost.actions.builder import read_address
from milepost.actions.environments import add_environment
from milepost.actions.members import change_role
from milepost.errors import Invalid
from milepost.store import engine as db
from milepost.web.app import create_app
from tests.factories import Sandbox
from tests.guide_factories import a_guide, publish
from tests.web.console import Somebody, become, open_client, owner_inviter

SITE = "https://app.example"
TAG, PLACE = "/e/production/features/_tag", "/e/production/guides/intro/place"
EXPORT = {
    "key": "report_export",
    "name": "Export a report",
    "module": "Reports",
    "rules": [{"on": "element", "target": {"locators": [{"by": "testid", "value": "report-export"}]}, "path": "/reports"}],
}


@pytest.fixture
def author(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "author")


@pytest.fixture
def page(sandbox: Sandbox) -> TestClient:
    """A page of the vendor's product."""
    return TestClient(create_app(sandbox.runtime), headers={"Origin": SITE, "Content-Type": "text/plain"})


def make_code(somebody: Somebody, path: str = TAG, address: str = SITE + "/reports?tab=1#old") -> str:
    answer = somebody.post(path, {"address": address})
    assert answer.status_code == 200, answer.text
    found = re.search(r'href="([^"]+)#milepost-builder=([\w-]{22,})"', answer.text)
    assert found is not None
    assert found[1] == address.partition("#")[0]
    return found[2]


def ask(page: TestClient, sandbox: Sandbox, verb: str, *, origin: str = SITE, **more: Any) -> Response:
    body = {"writeKey": sandbox.workspace.write_key} | more
    return page.post(f"/v1/builder/{verb}", content=json.dumps(body), headers={"Origin": origin})


def open_token(page: TestClient, sandbox: Sandbox, somebody: Somebody, path: str = TAG) -> str:
    answer = ask(page, sandbox, "open", code=make_code(somebody, path))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def rows(sandbox: Sandbox, sql: str) -> list[Any]:
    with db.reading(sandbox.runtime.engine) as connection:
        return list(connection.execute(text(sql)))


def test_a_feature_is_tagged_from_the_product_as_its_author(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    opened = ask(page, sandbox, "open", code=make_code(author))
    told = opened.json()
    assert (opened.headers["access-control-allow-origin"], opened.headers["vary"]) == (SITE, "Origin")
    assert (told["author"], told["environment"], told.get("guide")) == ("Author", "Production", None)
    token = told["token"]
    effects = ask(page, sandbox, "preview", token=token, feature=EXPORT)
    assert (effects.status_code, effects.json()["n_accounts"]) == (200, 0)
    assert ask(page, sandbox, "feature", token=token, feature=EXPORT).json() == {"version": 1}
    assert ask(page, sandbox, "feature", token=token, feature=EXPORT).status_code == 409
    rule = {"on": "event", "name": "Report Exported"}
    assert ask(page, sandbox, "rule", token=token, key="report_export", rule=rule).json() == {"version": 2}
    assert ask(page, sandbox, "rule", token=token, key="report_export", rule=rule).json() == {"version": 2}
    sandbox.send(sandbox.event("Report Exported"))
    listed = ask(page, sandbox, "catalogue", token=token).json()
    assert [(f["key"], f["n_hour"], [r["on"] for r in f["rules"]]) for f in listed["features"]] == [
        ("report_export", 1, ["element", "event"])
    ]
    assert listed["modules"] == ["Reports"]
    who = {
        (r[0], r[1]) for r in rows(sandbox, "SELECT action, actor FROM audit WHERE action LIKE 'builder%' OR action LIKE 'cat%'")
    }
    assert who == {("builder.opened", author.public_id), ("catalogue.published", author.public_id)}
    assert ask(page, sandbox, "end", token=token).status_code == 200
    assert ask(page, sandbox, "catalogue", token=token).status_code == 401


def test_a_code_opens_once_in_time_and_for_its_own_site(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    used, late, stolen = make_code(author), make_code(author), make_code(author)
    assert ask(page, sandbox, "open", code=used).status_code == 200
    for again in (
        ask(page, sandbox, "open", code=used),
        ask(page, sandbox, "open", code="A" * 32),
        ask(page, sandbox, "open", code=stolen, origin="https://evil.example"),
        ask(page, sandbox, "open", code=stolen),  # the thief has spent it
        page.post(
            "/v1/builder/open",
            content=json.dumps({"writeKey": sandbox.workspace.write_key, "code": late}),
            headers={"Origin": ""},
        ),
    ):
        assert again.status_code == 401
        assert "access-control-allow-origin" not in again.headers
        assert again.json()["code"] == "builder_over"
    sandbox.clock.turn(ms=60_001)
    assert ask(page, sandbox, "open", code=late).status_code == 401


def test_a_code_of_another_environment_opens_nothing(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    workspace_id = sandbox.holder().workspace_id
    made = add_environment(sandbox.runtime, workspace_id, "test", key="staging", time_zone="UTC")
    code = make_code(author)
    other = page.post("/v1/builder/open", content=json.dumps({"writeKey": made.write_key, "code": code}))
    assert other.status_code == 401
    assert ask(page, sandbox, "open", code=code).status_code == 200


def test_a_token_is_good_for_one_site_thirty_idle_minutes_and_its_authors_role(
    page: TestClient, sandbox: Sandbox, author: Somebody
) -> None:
    token = open_token(page, sandbox, author)
    stolen = ask(page, sandbox, "resume", token=token, origin="https://evil.example")
    assert (stolen.status_code, stolen.headers.get("access-control-allow-origin")) == (401, None)
    for _ in range(3):
        sandbox.clock.turn(ms=25 * 60_000)
        assert ask(page, sandbox, "resume", token=token).status_code == 200
    sandbox.clock.turn(ms=31 * 60_000)
    assert ask(page, sandbox, "resume", token=token).status_code == 401
    second = open_token(page, sandbox, author)
    change_role(sandbox.runtime, owner_inviter(sandbox), author.public_id, "csm")
    assert ask(page, sandbox, "feature", token=second, feature=EXPORT).status_code == 401
    third = open_token(page, sandbox, become(sandbox, "author"))
    for _ in range(24):
        sandbox.clock.turn(ms=20 * 60_000)
        ask(page, sandbox, "resume", token=third)
    assert ask(page, sandbox, "resume", token=third).status_code == 200
    sandbox.clock.turn(ms=60_000)
    assert ask(page, sandbox, "resume", token=third).status_code == 401  # eight hours are a day's work


def test_who_logs_out_builds_no_more(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    token = open_token(page, sandbox, author)
    assert ask(page, sandbox, "resume", token=token).status_code == 200
    unspent = make_code(author)
    author.post("/logout")
    assert ask(page, sandbox, "resume", token=token).status_code == 401
    assert ask(page, sandbox, "open", code=unspent).status_code == 401


def test_rules_added_at_once_are_all_kept(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    token = open_token(page, sandbox, author)
    ask(page, sandbox, "feature", token=token, feature=EXPORT)
    names = [f"Exported {n}" for n in range(6)]

    def add(name: str) -> int:
        return ask(page, sandbox, "rule", token=token, key="report_export", rule={"on": "event", "name": name}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(add, names)) == [200] * 6
    listed = ask(page, sandbox, "catalogue", token=token).json()
    assert {rule.get("name") for rule in listed["features"][0]["rules"]} == {None, *names}


def test_a_session_for_a_guide_changes_that_draft_and_nothing_else(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    publish(sandbox, a_guide(), a_guide("other"))
    token = open_token(page, sandbox, author, PLACE)
    read = ask(page, sandbox, "draft", token=token, locale="zh-CN").json()
    assert (read["draft"]["key"], read["shown"]["key"]) == ("intro", "intro")
    changed = read["draft"] | {"name": "Renamed in the product"}
    saved = ask(page, sandbox, "save", token=token, guide=changed, etag=read["etag"])
    assert saved.status_code == 200, saved.text
    late = ask(page, sandbox, "save", token=token, guide=changed | {"name": "Too late"}, etag=read["etag"])
    assert (late.status_code, late.json()["code"]) == (409, "draft_changed")
    assert ask(page, sandbox, "save", token=token, guide=changed | {"key": "other"}, etag=saved.json()["etag"]).status_code == 422
    for verb, more in (("catalogue", {}), ("feature", {"feature": EXPORT}), ("preview", {"feature": EXPORT})):
        assert ask(page, sandbox, verb, token=token, **more).status_code == 403
    names = dict(rows(sandbox, "SELECT key, name FROM guides"))
    assert (names["intro"], names["other"]) == ("Renamed in the product", a_guide("other").name)
    tagging = open_token(page, sandbox, author)
    assert ask(page, sandbox, "draft", token=tagging).status_code == 403


def test_nobody_below_an_author_and_no_other_site_starts_the_builder(sandbox: Sandbox, author: Somebody) -> None:
    publish(sandbox, a_guide())
    for role in ("viewer", "csm"):
        somebody = become(sandbox, role)
        for path in (TAG, PLACE):
            assert somebody.get(path).status_code == 403
            assert somebody.post(path, {"address": SITE}).status_code == 403
        assert "_tag" not in somebody.get("/e/production/features").text
    forged = author.post(TAG, {"address": SITE}, headers={"Sec-Fetch-Site": "cross-site", "Origin": SITE})
    assert forged.status_code == 403
    assert author.post(TAG, {"address": SITE, "member": "1"}).status_code == 422
    assert author.post("/e/production/guides/nothing/place", {"address": SITE}).status_code == 404
    assert rows(sandbox, "SELECT count(*) FROM builder_sessions")[0][0] == 0


def test_the_token_opens_no_other_door(page: TestClient, sandbox: Sandbox, author: Somebody) -> None:
    token = open_token(page, sandbox, author)
    for path in ("/api/v1/features", "/api/v1/guides", "/e/production/features"):
        answer = open_client(sandbox.runtime).get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {303, 401, 403}
    assert page.post("/v1/batch", content=json.dumps({"writeKey": token, "batch": []})).status_code == 401


def test_codes_and_tokens_are_kept_as_hashes_and_stand_in_no_log(
    page: TestClient, sandbox: Sandbox, author: Somebody, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        code = make_code(author)
        token = ask(page, sandbox, "open", code=code).json()["token"]
        ask(page, sandbox, "save", token=token, guide={}, etag="")
    held = str(rows(sandbox, "SELECT * FROM builder_sessions")) + str(rows(sandbox, "SELECT * FROM audit"))
    assert SITE in held
    assert code not in held + caplog.text
    assert token not in held + caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{", b"\xff", b"[" * 9_000, b'{"writeKey": 7}', b'{"a":1e999999}', b"x" * 600_000]
)
def test_hostile_bodies_are_refused_and_readable_by_nobody(page: TestClient, body: bytes) -> None:
    for verb in ("open", "catalogue", "save"):
        answer = page.post(f"/v1/builder/{verb}", content=body)
        assert answer.status_code in {400, 401, 413, 422}
        assert "access-control-allow-origin" not in answer.headers


def test_a_large_body_is_read_only_for_a_session_and_its_faults_are_told_to_its_site(
    page: TestClient, sandbox: Sandbox, author: Somebody
) -> None:
    large = {"guide": {"steps": ["x" * 200] * 2_000}, "etag": 7}
    assert ask(page, sandbox, "save", token="t" * 32, **large).status_code == 401
    assert ask(page, sandbox, "save", **large).status_code == 401
    assert ask(page, sandbox, "open", code="c" * 32, more="x" * 5_000).status_code == 413
    refused = ask(page, sandbox, "save", token=open_token(page, sandbox, author), **large)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (422, SITE)
    slow = replace(sandbox.runtime, settings=replace(sandbox.runtime.settings, pk_events_per_s=1))
    client = TestClient(create_app(slow))
    codes = [ask(client, sandbox, "save", **large).status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("written", "address", "origin"),
    [
        ("app.example.com", "https://app.example.com/", "https://app.example.com"),
        ("https://App.Example:443/a?b=c#d", "https://app.example/a?b=c", "https://app.example"),
        ("http://localhost:8788", "http://localhost:8788/", "http://localhost:8788"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "https://xn--bcher-kva.example"),
        ("https://[::1]:9/", "https://[::1]:9/", "https://[::1]:9"),
    ],
)
def test_an_address_is_read_as_browsers_write_its_origin(written: str, address: str, origin: str) -> None:
    assert read_address(written, allow_http=False) == (address, origin)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "javascript:alert(1)",
        "https://",
        "https://u:p@a.example",
        "http://app.example",
        "https://a.example:99999",
        "data://x",
        "https://a\\b",
    ],
)
def test_what_is_no_address_of_a_product_is_refused_with_the_repair(written: str) -> None:
    with pytest.raises(Invalid, match=r"write one such as|Write an address"):
        read_address(written, allow_http=False)
