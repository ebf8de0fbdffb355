"""Every route of the table tried as nobody, as a key and in each of the five roles; and as somebody else's member."""

import re

import pytest
from httpx2 import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from milepost.actions.workspaces import ROLES, CreatedWorkspace, create_workspace
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.web.permissions import KEY_MAY, PERMISSIONS, allowed_roles
from milepost.web.planes import is_api, is_console
from milepost.web.routes import all_routes
from tests.factories import Sandbox
from tests.web.console import Somebody, become, open_client, take_seat

ENDS_THE_SESSION = {"log_out"}
SAYS_401_ITSELF = {"log_in"}  # a wrong password


def every_route() -> list[tuple[Route, str]]:
    """(route, method) of everything the console and the management API answer."""
    return [
        (route, method)
        for route in all_routes()
        if is_console(route.path)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def address(route: Route, environment: str = "production") -> str:
    """A path whose ids are of nothing that exists."""
    filled = route.path.replace("{environment}", environment)
    return re.sub(r"\{(\w+)(:\w+)?\}", "nothing-of-this-name", filled)


def ask(client: TestClient, route: Route, method: str, environment: str = "production", **headers: str) -> Response:
    """The request without a body worth the name."""
    return client.request(method, address(route, environment), headers=headers)


def is_turned_away(answer: Response) -> bool:
    """Not logged in, or not allowed by the role."""
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/login")
    return answer.status_code == 401 or (answer.status_code == 403 and "This needs the role" in answer.text)


@pytest.fixture
def seats(sandbox: Sandbox) -> dict[str, Somebody]:
    return {role: become(sandbox, role) for role in ROLES}


def test_every_role_reaches_exactly_what_the_table_says(sandbox: Sandbox, seats: dict[str, Somebody]) -> None:
    wrong, tried = [], 0
    for role, somebody in seats.items():
        for route, method in every_route():
            permission = PERMISSIONS[route.name]
            if permission in {"public", "key"} or route.name in ENDS_THE_SESSION:
                continue
            answer = ask(somebody.client, route, method)
            tried += 1
            if is_turned_away(answer) is (role in allowed_roles(permission)) or answer.status_code >= 500:
                wrong.append(f"{role} {method} {route.path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert tried > 5 * 50


def test_nobody_reaches_only_what_is_public(sandbox: Sandbox) -> None:
    client, wrong = open_client(sandbox.runtime), []
    for route, method in every_route():
        if route.name in SAYS_401_ITSELF:
            continue
        answer = ask(client, route, method)
        if is_turned_away(answer) is (PERMISSIONS[route.name] == "public") or answer.status_code >= 500:
            wrong.append(f"{method} {route.path}: {answer.status_code}")
        if PERMISSIONS[route.name] != "public" and is_api(route.path) and answer.status_code != 401:
            wrong.append(f"{method} {route.path}: {answer.status_code}, the API says 401")
    assert not wrong, "\n".join(wrong)


def test_a_secret_key_reaches_the_api_up_to_author_and_no_page(sandbox: Sandbox) -> None:
    client, wrong = open_client(sandbox.runtime), []
    key = {"Authorization": f"Bearer {sandbox.workspace.secret_key}"}
    for route, method in every_route():
        permission = PERMISSIONS[route.name]
        if permission == "public":
            continue
        answer = ask(client, route, method, **key)
        if is_api(route.path):
            refused = answer.status_code in {401, 403}
            if refused is (permission in KEY_MAY):
                wrong.append(f"{method} {route.path}: {answer.status_code}")
        elif not is_turned_away(answer):
            wrong.append(f"{method} {route.path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_write_key_opens_nothing_of_the_api(sandbox: Sandbox) -> None:
    client = open_client(sandbox.runtime)
    for route, method in every_route():
        if is_api(route.path) and PERMISSIONS[route.name] != "public":
            answer = ask(client, route, method, Authorization=f"Bearer {sandbox.workspace.write_key}")
            assert answer.status_code == 401, route.path


def test_a_secret_key_from_a_web_page_is_refused_and_the_log_says_so(sandbox: Sandbox) -> None:
    answer = open_client(sandbox.runtime).get(
        "/api/v1/features",
        headers={"Authorization": f"Bearer {sandbox.workspace.secret_key}", "Origin": "https://shop.example.test"},
    )
    assert answer.status_code == 403
    assert sandbox.rows("SELECT count(*) FROM audit WHERE action = 'key.secret_in_browser'") == [(1,)]


@pytest.fixture
def others(sandbox: Sandbox) -> CreatedWorkspace:
    return create_workspace(sandbox.runtime, name="Others", owner_email="owner@other.test", environment="elsewhere")


def other_owner(sandbox: Sandbox) -> Somebody:
    """The owner of the other workspace, logged in."""
    with db.reading(sandbox.runtime.engine) as connection:
        row = workspace_store.find_login_candidates(connection, "owner@other.test")[0]
    return take_seat(sandbox, "owner@other.test", workspace_id=row["workspace_id"])


def test_another_workspaces_environment_answers_like_an_absent_one(sandbox: Sandbox, others: CreatedWorkspace) -> None:
    stranger, wrong, tried = other_owner(sandbox), [], 0
    for route, method in every_route():
        if "{environment}" not in route.path:
            continue
        foreign = ask(stranger.client, route, method, sandbox.workspace.environment_id)
        absent = ask(stranger.client, route, method, "env_nothing")
        tried += 1
        texts = [x.text.replace(sandbox.workspace.environment_id, "X").replace("env_nothing", "X") for x in (foreign, absent)]
        if (foreign.status_code, absent.status_code) != (404, 404) or texts[0] != texts[1]:
            wrong.append(f"{method} {route.path}: {foreign.status_code} and {absent.status_code}")
    assert not wrong, "\n".join(wrong)
    assert tried > 20


def test_another_workspaces_environment_in_the_query_of_the_api_answers_like_an_absent_one(
    sandbox: Sandbox, others: CreatedWorkspace
) -> None:
    stranger = other_owner(sandbox)
    key = {"Authorization": f"Bearer {others.secret_key}"}
    for headers in ({}, key):
        for named in (sandbox.workspace.environment_id, "env_nothing"):
            answer = stranger.client.get(f"/api/v1/features?environment={named}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_another_workspaces_members_keys_invites_and_rows_answer_like_absent_ones(
    sandbox: Sandbox, others: CreatedWorkspace
) -> None:
    admin = become(sandbox, "admin")
    admin.post("/e/production/members/invite", {"email": "ann@example.test", "role": "csm"})
    sandbox.send({"type": "track", "event": "nobody"})
    [(key,)] = sandbox.rows("SELECT public_id FROM keys WHERE environment_id = :e AND kind = 'sk'")
    [(invite,)] = sandbox.rows("SELECT public_id FROM invites WHERE email = 'ann@example.test'")
    [(row,)] = sandbox.rows("SELECT id FROM bad_rows WHERE environment_id = :e")
    stranger, base = other_owner(sandbox), "/e/elsewhere"
    for path, data in (
        (f"{base}/members/{admin.public_id}/role", {"role": "viewer"}),
        (f"{base}/members/{admin.public_id}/remove", {}),
        (f"{base}/members/{admin.public_id}/link", {}),
        (f"{base}/members/invites/{invite}/revoke", {}),
        (f"{base}/keys/{key}/revoke", {}),
        (f"{base}/keys/{key}/rotate", {}),
    ):
        foreign = stranger.post(path, data)
        absent = stranger.post(re.sub(r"(mbr|inv|key)_\w+", r"\1_nothing", path), data)
        assert foreign.status_code == absent.status_code == 404, path
    assert "0 stored" in stranger.post(f"{base}/bad-rows/replay", {"row": str(row)}).text
    assert admin.get("/e/production/members").status_code == 200, "still a member, still an admin"
    assert sandbox.rows("SELECT count(*) FROM keys WHERE revoked_at IS NOT NULL OR expires_at IS NOT NULL") == [(0,)]
    assert sandbox.rows("SELECT count(*) FROM bad_rows WHERE replayed_at IS NOT NULL") == [(0,)]


def test_another_workspaces_accounts_and_features_answer_like_absent_ones(sandbox: Sandbox, others: CreatedWorkspace) -> None:
    sandbox.send(sandbox.event(account="acme"))
    stranger = other_owner(sandbox)
    for path in ("/api/v1/accounts/acme", "/api/v1/features/report"):
        assert stranger.get(path).status_code == 404
    assert "acme" not in stranger.get("/api/v1/accounts").text
    for page in ("setup/lights", "bad-rows", "audit", "members", "keys"):
        text = stranger.get(f"/e/elsewhere/{page}").text
        assert sandbox.workspace.owner_email not in text, page
        assert sandbox.workspace.write_key not in text, page
