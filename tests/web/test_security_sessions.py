"""Sessions and log-in: the cookie, fixation, throttling, requests forged by other sites, redirects, hosts."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from milepost.actions import login
from milepost.actions.login import PER_ACCOUNT, PER_ADDRESS, WINDOW_MS
from milepost.actions.workspaces import create_workspace
from milepost.errors import TooManyRequests, Unauthorized
from milepost.settings import Settings
from milepost.web.app import create_app
from milepost.web.permissions import PERMISSIONS
from milepost.web.planes import is_api
from milepost.web.server import server_options
from tests.apart import run_apart
from tests.factories import SECRET_KEY, Sandbox
from tests.web.console import COOKIE, PASSWORD, URL, become, log_in, open_client
from tests.web.test_security_roles import address, every_route


def cookie_of(answer: object) -> SimpleCookie:
    return SimpleCookie(answer.headers["set-cookie"])  # type: ignore[attr-defined]


def test_the_cookie_is_host_bound_secure_and_out_of_reach_of_scripts(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    morsel = cookie_of(log_in(open_client(sandbox.runtime), csm.email, PASSWORD))[COOKIE]
    assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["samesite"], morsel["domain"]) == (
        True, True, "/", "lax", "",
    )  # fmt: skip
    assert sandbox.rows("SELECT count(*) FROM member_sessions WHERE id_hash = :v", v=morsel.value) == [(0,)], "a hash is kept"


def test_a_session_id_planted_before_log_in_is_not_the_one_that_is_opened(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    client.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1", path="/")
    value = cookie_of(log_in(client, csm.email, PASSWORD))[COOKIE].value
    assert value != "planted-by-somebody-else"
    attacker = open_client(sandbox.runtime)
    attacker.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1", path="/")
    assert attacker.get("/e/production/setup").headers["location"].startswith("/login")


def test_every_log_in_opens_a_new_session_and_log_out_ends_it_on_the_server(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    values = [cookie_of(log_in(open_client(sandbox.runtime), csm.email, PASSWORD))[COOKIE].value for _ in range(2)]
    assert values[0] != values[1]
    client = open_client(sandbox.runtime)
    client.cookies.set(COOKIE, values[0], domain="127.0.0.1", path="/")
    assert client.get("/e/production/setup").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    client.cookies.set(COOKIE, values[0], domain="127.0.0.1", path="/")
    assert client.get("/e/production/setup").status_code == 303


def test_a_changed_password_ends_every_other_session_and_renews_this_one(sandbox: Sandbox) -> None:
    csm, new = become(sandbox, "csm"), "another good sentence"
    here, there = open_client(sandbox.runtime), open_client(sandbox.runtime)
    before = cookie_of(log_in(here, csm.email, PASSWORD))[COOKIE].value
    log_in(there, csm.email, PASSWORD)
    after = cookie_of(here.post("/password", data={"current": PASSWORD, "new": new, "again": new}))[COOKIE].value
    assert before != after
    assert here.get("/e/production/setup").status_code == 200
    assert there.get("/e/production/setup").status_code == 303


def test_unknown_address_and_wrong_password_look_the_same(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    answers = [log_in(client, email, "not the password") for email in (csm.email, "who@example.test")]
    texts = [answer.text.replace(csm.email, "X").replace("who@example.test", "X") for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert texts[0] == texts[1]


def test_log_in_is_throttled_by_account(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    for _ in range(PER_ACCOUNT):
        assert log_in(client, csm.email.upper(), "wrong").status_code == 401
    refused = log_in(client, csm.email, PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    assert "Too many failed logins" in refused.text
    sandbox.clock.turn(ms=WINDOW_MS + 1)
    assert log_in(client, csm.email, PASSWORD).status_code == 303


def test_log_in_is_throttled_by_network_address(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    longest = "x" * 300  # refused before it is hashed: the count is what is tested
    for i in range(PER_ADDRESS):
        assert log_in(client, f"nobody{i}@example.test", longest).status_code == 401
    refused = client.post("/login", data={"email": csm.email, "password": PASSWORD}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert refused.status_code == 429, "a header does not make another address"


def test_a_success_elsewhere_does_not_reset_the_count_of_a_namesake(sandbox: Sandbox) -> None:
    """The same address in another workspace has a password of its own: logging in there helps nobody to guess on here."""
    csm = become(sandbox, "csm")
    own = create_workspace(sandbox.runtime, name="Of somebody else", owner_email=csm.email)
    client = open_client(sandbox.runtime)
    for _ in range(PER_ACCOUNT // 2):
        assert log_in(client, csm.email, "wrong").status_code == 401
    assert log_in(open_client(sandbox.runtime), csm.email, own.owner_password).status_code == 303
    for _ in range(PER_ACCOUNT - PER_ACCOUNT // 2 - 1):
        assert log_in(client, csm.email, "wrong").status_code == 401
    log_in(client, csm.email, "wrong")
    assert log_in(client, csm.email, PASSWORD).status_code in {401, 429}, "eight guesses were made"
    assert log_in(open_client(sandbox.runtime), csm.email, own.owner_password).status_code == 303, "who is not guessed at goes on"


def test_attempts_at_the_same_moment_are_counted_one_by_one(sandbox: Sandbox) -> None:
    email, tries = become(sandbox, "csm").email, 24
    longest = "x" * 300  # refused before it is hashed: the count is what is tested
    start = threading.Barrier(tries)

    def attempt(number: int) -> str:
        start.wait(30)
        try:
            login.log_in(sandbox.runtime, email=email, password=longest, address=f"10.0.{number}.1", is_long=False)
        except (Unauthorized, TooManyRequests) as problem:
            return type(problem).__name__
        return "in"

    with ThreadPoolExecutor(tries) as pool:
        said = Counter(pool.map(attempt, range(tries)))
    assert said == {"Unauthorized": PER_ACCOUNT, "TooManyRequests": tries - PER_ACCOUNT}


def test_only_a_trusted_proxy_names_the_client() -> None:
    """What uvicorn makes of X-Forwarded-For, under the options the server starts with."""

    async def seen_from(proxies: str) -> str:
        seen: list[str] = []

        async def inner(scope: Any, _receive: Any, _send: Any) -> None:
            seen.append(scope["client"][0])

        config = uvicorn.Config(inner, **server_options(Settings(trusted_proxies=proxies)) | {"lifespan": "off"})
        config.load()
        scope = {"type": "http", "client": ("127.0.0.1", 9), "scheme": "http", "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
        await config.loaded_app(scope, None, None)
        return seen[0]

    assert run_apart(seen_from("")) == "127.0.0.1"
    assert run_apart(seen_from("10.0.0.0/8")) == "127.0.0.1"
    assert run_apart(seen_from("10.0.0.0/8, 127.0.0.1")) == "203.0.113.9"


FORGED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.test"},
    {"Sec-Fetch-Site": "", "Origin": "null"},
    {},
]


def test_no_unsafe_route_takes_a_request_from_another_site(sandbox: Sandbox) -> None:
    admin, app, taken = become(sandbox, "admin"), create_app(sandbox.runtime), []
    unsafe = [(route, method) for route, method in every_route() if method not in {"GET", "OPTIONS"}]
    for headers in FORGED:
        client = TestClient(app, base_url=URL, headers=headers, follow_redirects=False)
        client.cookies = admin.client.cookies
        for route, method in unsafe:
            answer = client.request(method, address(route))
            code = answer.json()["code"] if is_api(route.path) else "cross_site" if "Not allowed" in answer.text else "?"
            if (answer.status_code, code) != (403, "cross_site"):
                taken.append(f"{headers} {method} {route.path}: {answer.status_code} {code}")
    assert not taken, "\n".join(taken)
    assert len(unsafe) > 20


def test_a_browser_that_names_our_origin_is_let_in(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    client = TestClient(create_app(sandbox.runtime), base_url=URL, headers={"Origin": URL}, follow_redirects=False)
    client.cookies = admin.client.cookies
    assert client.post("/e/production/install/mode", data={"mode": "off"}).status_code == 303


HOSTILE = [
    "https://evil.example.test/", "//evil.example.test", "/\\evil.example.test", "\\\\evil.example.test", "/\t/evil.example.test",
    "javascript:alert(1)", " //evil.example.test", "http:evil.example.test", "/x\n/evil", "evil.example.test", "/\u200b/x",
]  # fmt: skip


def test_nobody_is_sent_to_another_site_after_log_in(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    for wanted in HOSTILE:
        client.cookies.clear()
        shown = re.search(r'name="next" value="([^"]*)"', client.get("/login", params={"next": wanted}).text)
        assert shown is not None
        assert shown.group(1) == "/", wanted
        assert log_in(client, csm.email, PASSWORD, next=wanted).headers["location"] == "/", wanted
        back = client.post("/preferences", data={"theme": "dark", "back": wanted})
        assert back.headers["location"] == "/", wanted


def test_a_page_asked_for_before_log_in_is_where_log_in_leads(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    assert client.get("/e/production/setup").headers["location"] == "/login?next=/e/production/setup"
    assert log_in(client, csm.email, PASSWORD, next="/e/production/setup").headers["location"] == "/e/production/setup"


@pytest.mark.parametrize("host", ["evil.example.test", "127.0.0.1.evil.test", "127.0.0.1@evil.test", "", "[", "127.0.0.1:x"])
def test_a_foreign_host_header_opens_no_page(sandbox: Sandbox, host: str) -> None:
    admin = become(sandbox, "admin")
    for path in ("/login", "/e/production/members", "/api/v1/features", "/openapi.json"):
        assert admin.get(path, headers={"Host": host}).status_code == 400


def test_no_forwarded_header_reaches_a_link(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    hostile = {"X-Forwarded-Host": "evil.example.test", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example.test"}
    page = admin.post("/e/production/members/invite", {"email": "a@example.test", "role": "csm"}, headers=hostile).text
    assert "evil.example.test" not in page
    assert "http://127.0.0.1:8787/invite#" in page, "links use the public address"
    assert "evil" not in admin.get("/", headers=hostile).headers["location"]


def test_without_encryption_on_another_host_the_cookie_is_plain_and_a_banner_says_so(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    settings = Settings(
        database=sandbox.runtime.settings.database,
        secret_key=SECRET_KEY,
        public_url="http://console.example.test",
        allow_http=True,
    )
    client = TestClient(
        create_app(replace(sandbox.runtime, settings=settings)),
        base_url="http://console.example.test",
        headers={"Sec-Fetch-Site": "same-origin"},
        follow_redirects=False,
    )
    assert "reached without encryption" in client.get("/e/production/setup", follow_redirects=True).text
    assert "milepost" in cookie_of(log_in(client, csm.email, PASSWORD))
    assert "reached without encryption" in client.get("/e/production/setup").text
    assert "reached without encryption" not in csm.get("/e/production/setup").text


def test_nothing_but_log_in_and_the_password_opens_while_the_first_password_stands(sandbox: Sandbox) -> None:
    client = open_client(sandbox.runtime)
    log_in(client, sandbox.workspace.owner_email, sandbox.workspace.owner_password)
    opened = []
    for route, method in every_route():
        if PERMISSIONS[route.name] in {"public", "key"} or route.name in {"log_out", "password", "change_password"}:
            continue
        answer = client.request(method, address(route))
        turned = answer.headers.get("location") == "/password" or (is_api(route.path) and answer.status_code == 403)
        if not turned:
            opened.append(f"{method} {route.path}: {answer.status_code}")
    assert not opened, "\n".join(opened)
