"""One request to Linden HR: who asks, how pages are rendered, how forms answer."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from milepost.actions.identity import sign
from milepost.demo.host.data import Data, Row
from milepost.demo.host.words import day_text, initials, tint, translate
from milepost.web import install_code

COOKIE = "linden_session"
PASSWORD = "linden"  # noqa: S105  (sample people, sample data)


@dataclass(frozen=True)
class Install:
    """What the customer copied from Milepost's install page."""

    console_url: str
    write_key: str
    environment: str
    identity_secret: str

    @property
    def snippet(self) -> Markup:
        """Step 1 of the install page, letter by letter: our own markup, which a customer pastes into a template."""
        return Markup(install_code.snippet(self.console_url, self.write_key))  # noqa: S704

    @property
    def policy(self) -> dict[str, str]:
        """{directive: sources to add}, as the install page says for a page with a Content-Security-Policy."""
        parts = install_code.policy(self.console_url).split(";")
        return dict(part.strip().split(" ", 1) for part in parts if part.strip())


@dataclass(frozen=True)
class Visit:
    """A signed-in person and their request."""

    request: Request
    data: Data
    token: str
    person: Row
    account: Row
    locale: str

    @property
    def is_manager(self) -> bool:
        """HR administrators may do what managers may."""
        return self.person["role"] in {"manager", "hr_admin"}

    @property
    def is_pro(self) -> bool:
        """Whether the plan holds the advanced features."""
        return bool(self.account["plan"] == "pro")

    @property
    def account_name(self) -> str:
        """In the person's language."""
        return str(self.account["name_zh" if self.locale.startswith("zh") else "name"])

    @property
    def n_waiting(self) -> int:
        """Requests that wait for an answer."""
        return int(self.rows("SELECT count(*) AS n FROM leave WHERE account = ? AND state = 'open'")[0]["n"])

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """A query whose first value is the account."""
        return self.data.rows(sql, self.account["key"], *values)

    def page(self, template: str, **values: Any) -> Response:
        """A page, with the notice and the event the last form left."""
        flash = self.data.take_flash(self.token)
        return render(self.request, template, self.locale, visit=self, flash=flash, identity=self.identity(), **values)

    def identity(self) -> dict[str, str]:
        """What identifies the person to Milepost, signed by this server."""
        install: Install = self.request.app.state.install
        p = self.person
        claims = {"name": p["name"], "email": p["email"], "role": p["role"]}
        now = self.request.app.state.clock()
        token = sign(install.identity_secret, install.environment, p["id"], p["account"], now, **claims)
        return {"user": p["id"], "account": p["account"], "token": token, "traits": json.dumps(claims)}

    def done(self, path: str, notice: str, event: str = "", **properties: Any) -> Response:
        """After a form: tell the next page, and go there."""
        self.data.tell_next_page(self.token, notice, event, properties)
        return RedirectResponse(path, 303)

    def note(self, kind: str, text: str, about: str) -> None:
        """Keeps what was done where no table of its own is needed; `about` is a person."""
        sql = "INSERT INTO notes (account, person, kind, about, text, at) VALUES (?, ?, ?, ?, ?, ?)"
        today = time.strftime("%Y-%m-%d")
        self.data.write(sql, self.account["key"], self.person["id"], kind, about, text[:200], today)

    def notes(self, kind: str, *, mine: bool = False) -> list[Row]:
        """The newest few of one kind, with the name of the person they are about."""
        sql = "SELECT n.*, p.name FROM notes n JOIN people p ON p.id = n.about WHERE n.account = ? AND n.kind = ?"
        values = (kind, self.person["id"]) if mine else (kind,)
        return self.rows(sql + (" AND n.person = ?" if mine else "") + " ORDER BY n.id DESC LIMIT 4", *values)


@cache
def templates() -> Environment:
    """Linden HR's pages; everything is escaped."""
    return Environment(loader=PackageLoader("milepost.demo.host"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def locale_of(request: Request, session: Row | None) -> str:
    """The session's choice, else the browser's."""
    if session is not None and session["locale"]:
        return str(session["locale"])
    return "zh-CN" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def render(request: Request, template: str, locale: str, status: int = 200, **values: Any) -> Response:
    """A page in the person's language."""
    state = request.app.state
    context: Mapping[str, Any] = {
        "t": partial(translate, locale), "when": partial(day_text, locale), "initials": initials, "tint": tint,
        "locale": locale, "path": request.url.path, "install": state.install,
        "assets": state.assets, **values,
    }  # fmt: skip
    return HTMLResponse(templates().get_template(template).render(context), status)


def find_visit(request: Request) -> Visit | None:
    """The visit of a signed-in person; None for everybody else."""
    data: Data = request.app.state.data
    token = request.cookies.get(COOKIE, "")
    session = data.row("SELECT * FROM sessions WHERE token = ?", token) if token else None
    person = data.row("SELECT * FROM people WHERE id = ?", session["person"]) if session else None
    if session is None or person is None:
        return None
    account = data.rows("SELECT * FROM accounts WHERE key = ?", person["account"])[0]
    return Visit(request, data, token, person, account, locale_of(request, session))


def need(condition: bool, detail: str, status: int = 403) -> None:
    """Raises the page that says why not."""
    if not condition:
        raise HTTPException(status, detail)


def whole(value: Any, least: int, most: int) -> int:
    """A number from a form; raises the page that says it does not fit."""
    need(str(value).isdecimal() and least <= int(str(value)) <= most, "Something in the form does not fit.", 400)
    return int(str(value))


def asset_version(content: bytes) -> str:
    """A few characters that change with the file."""
    return hashlib.sha256(content).hexdigest()[:10]
