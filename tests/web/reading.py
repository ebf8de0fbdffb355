"""A logged-in reader of the console, and pages as text: for the tests of pages."""

import re
from html import unescape
from typing import Any

from starlette.testclient import TestClient

from milepost.actions.passwords import hash_password
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.web.app import create_app
from tests.factories import Sandbox

ADDRESS = "https://127.0.0.1:8000"
PASSWORD = "correct horse battery"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "origin": ADDRESS}


def add_member(sandbox: Sandbox, role: str, email: str, name: str = "", **more: Any) -> None:
    """A member who can log in with PASSWORD."""
    workspace_id = sandbox.holder().workspace_id  # outside: it may write, too, and writers take turns
    with db.writing(sandbox.runtime.engine) as connection:
        workspace_store.insert_member(
            connection, workspace_id, public_id=f"mem_{email}", email=email, name=name or email, role=role,
            password_hash=hash_password(PASSWORD), created_at=sandbox.clock(), **more,
        )  # fmt: skip


def console(sandbox: Sandbox, role: str = "csm", email: str = "") -> TestClient:
    """A browser in which a new member of this role is logged in."""
    address = email or f"{role}@example.test"
    add_member(sandbox, role, address)
    client = TestClient(create_app(sandbox.runtime), base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False)
    answer = client.post("/login", data={"email": address, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def plain(html: str) -> str:
    """The text of a page, spaces of every kind made one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")).strip()


def cells(html: str, css: str) -> list[str]:
    """The text of every table cell of this class, in order."""
    found = re.findall(rf'<t[dh][^>]*class="[^"]*\b{css}\b[^"]*"[^>]*>(.*?)</t[dh]>', html, re.S)
    return [plain(cell) for cell in found]
