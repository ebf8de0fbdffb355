"""Who acts: a member by the session cookie, a machine by a secret key, or nobody in particular."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from milepost.actions import audit
from milepost.actions.keys import KeyHolder
from milepost.actions.login import TOUCH_MS
from milepost.actions.runtime import Runtime
from milepost.actions.secrets import hash_secret
from milepost.errors import Forbidden, NotFound, Unauthorized, Unavailable
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import workspaces as workspace_store
from milepost.web.cookies import session_cookie


@dataclass(frozen=True)
class Actor:
    """`role` is None for keys and the public; `public_id` is what the audit log writes."""

    kind: str  # member | key | public
    workspace_id: int = 0
    environment_id: int | None = None
    role: str | None = None
    member_id: int | None = None
    key_id: str | None = None
    name: str = ""
    public_id: str = ""
    email: str = ""
    locale: str = ""
    theme: str = "auto"
    workspace_name: str = ""
    must_change_password: bool = False
    session_hash: str = ""
    session_expires_at: int = 0


@dataclass(frozen=True)
class Admission:
    """What the guard found out in one read transaction: the actor and the environment the request is about."""

    actor: Actor
    environment: RowMapping | None = None
    environments: tuple[RowMapping, ...] = ()


PUBLIC = Admission(Actor("public"))


def admit(request: Request, *, key_allowed: bool) -> Admission:
    """Reads cookie or key, then the environment; raises Unauthorized, Forbidden, NotFound or Unavailable."""
    runtime: Runtime = request.app.state.runtime
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    try:
        if presented and key_allowed:
            return _admit_key(request, runtime, scheme, presented.strip())
        return _admit_member(request, runtime)
    except SQLAlchemyError as problem:
        raise Unavailable("The database does not answer now; try again.", retry_after_s=1) from problem


def _admit_key(request: Request, runtime: Runtime, scheme: str, presented: str) -> Admission:
    if scheme.lower() != "bearer":
        raise Unauthorized("Send the secret key as `Authorization: Bearer sk_…`.")
    now = runtime.clock()
    holder = runtime.keys.find(presented, now)
    if holder is None or not holder.is_secret:
        raise Unauthorized("This secret key is unknown or revoked; make one on the console's Keys page.")
    if "origin" in request.headers:
        _note_leak(runtime, holder, request.headers["origin"][:200], now)
        raise Forbidden("A secret key came from a web page. Revoke it: whoever saw the page can use it.")
    with db.reading(runtime.engine) as connection:
        environment = environment_store.read_environment(connection, holder.environment_id)
    wanted = request.path_params.get("environment") or request.query_params.get("environment")
    if wanted and wanted not in (environment["key"], environment["public_id"]):
        raise NotFound("This key belongs to another environment.")
    actor = Actor(
        "key", holder.workspace_id, holder.environment_id, key_id=holder.public_id, public_id=holder.public_id, name="API key"
    )
    return Admission(actor, environment, (environment,))


def _note_leak(runtime: Runtime, holder: KeyHolder, origin: str, now: int) -> None:
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection,
            holder.workspace_id,
            now=now,
            actor="system",
            action="key.secret_in_browser",
            subject=holder.public_id,
            origin=origin,
        )


def _admit_member(request: Request, runtime: Runtime) -> Admission:
    value = request.cookies.get(session_cookie(runtime.settings).name)
    if not value:
        return PUBLIC
    now, hashed = runtime.clock(), hash_secret(value)
    with db.reading(runtime.engine) as connection:
        row = workspace_store.find_session(connection, hashed, now)
        if row is None:
            return PUBLIC
        environments = tuple(environment_store.list_environments(connection, row["workspace_id"]))
    if now - row["last_seen_at"] > TOUCH_MS:
        with db.writing(runtime.engine) as connection:
            workspace_store.touch_session(connection, hashed, now)
    environment = _choose_environment(request, environments)
    return Admission(_member(row, hashed, environment), environment, environments)


def _choose_environment(request: Request, environments: tuple[RowMapping, ...]) -> RowMapping | None:
    """By path, else by query, else the only (or oldest) one."""
    wanted = request.path_params.get("environment") or request.query_params.get("environment")
    if not wanted:
        return environments[0] if environments else None
    found = next((row for row in environments if wanted in (row["key"], row["public_id"])), None)
    if found is None:
        raise NotFound("There is no such environment in this workspace.")
    return found


def _member(row: RowMapping, hashed: str, environment: RowMapping | None) -> Actor:
    values: dict[str, Any] = {name: row[name] for name in ("workspace_id", "role", "public_id", "email", "locale", "theme")}
    return Actor(
        kind="member",
        environment_id=environment["id"] if environment else None,
        member_id=row["id"],
        name=row["name"] or row["email"],
        workspace_name=row["workspace_name"],
        must_change_password=bool(row["must_change_password"]),
        session_hash=hashed,
        session_expires_at=row["expires_at"],
        **values,
    )
