"""A browser without a browser: logged in as somebody of a workspace, follows forms, reads pages."""

from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from milepost.actions.login import open_session
from milepost.actions.members import Inviter, accept_invite, invite
from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.web.app import create_app
from tests.factories import Sandbox

URL = "https://127.0.0.1:8787"
COOKIE = "__Host-milepost"
PASSWORD = "a sentence works well"


def open_client(runtime: Runtime, **headers: str) -> TestClient:
    """Nobody yet; every request says it comes from our own pages, as browsers do."""
    return TestClient(
        create_app(runtime),
        base_url=URL,
        headers={"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"} | headers,
        follow_redirects=False,
    )


def log_in(client: TestClient, email: str, password: str, **more: str) -> Response:
    """Through the form."""
    return client.post("/login", data={"email": email, "password": password} | more)


def owner_inviter(sandbox: Sandbox) -> Inviter:
    """The first owner of the sandbox's workspace."""
    with db.reading(sandbox.runtime.engine) as connection:
        row = workspace_store.list_members(connection, sandbox.holder().workspace_id)[0]
    return Inviter(row["workspace_id"], row["id"], row["public_id"], row["role"])


@dataclass
class Somebody:
    """A member with a session of their own."""

    client: TestClient
    email: str
    public_id: str
    role: str

    def get(self, path: str, **more: Any) -> Response:
        """A page."""
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Response:
        """A form."""
        return self.client.post(path, data=data or {}, **more)


def become(sandbox: Sandbox, role: str, *, locale: str = "en") -> Somebody:
    """A new member of this role, invited and accepted, with a session in a client of their own."""
    email = f"{role}-{next(sandbox._numbers)}@example.test"
    made = invite(sandbox.runtime, owner_inviter(sandbox), email=email, role=role)
    accept_invite(sandbox.runtime, code=made.code, name=role.title(), password=PASSWORD)
    return take_seat(sandbox, email, locale=locale)


def take_seat(sandbox: Sandbox, email: str, *, locale: str = "en", workspace_id: int | None = None) -> Somebody:
    """A session of a member who is there, without the cost of a password."""
    with db.writing(sandbox.runtime.engine) as connection:
        row = workspace_store.find_member_by_email(connection, workspace_id or sandbox.holder().workspace_id, email)
        assert row is not None
        workspace_store.update_member(connection, row["workspace_id"], row["id"], locale=locale, must_change_password=0)
        opened = open_session(connection, row, sandbox.clock(), is_long=True)
    client = open_client(sandbox.runtime)
    client.cookies.set(COOKIE, opened.value, domain="127.0.0.1", path="/")
    return Somebody(client, email, row["public_id"], row["role"])
