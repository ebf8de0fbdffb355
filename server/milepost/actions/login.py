"""Logging in: throttled by account and by address, a server-side session at the end."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.passwords import hash_password, is_password
from milepost.actions.runtime import Runtime
from milepost.actions.secrets import hash_secret, new_secret
from milepost.errors import Invalid, TooManyRequests, Unauthorized
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store

WINDOW_MS = 15 * 60_000
PER_ACCOUNT = 8
PER_ADDRESS = 40
SHORT_MS = 12 * 3_600_000
LONG_MS = 14 * 86_400_000
TOUCH_MS = 10 * 60_000


@dataclass(frozen=True)
class OpenedSession:
    """`value` goes into the cookie and nowhere else; only its hash is stored."""

    value: str
    expires_at: int
    is_long: bool


def log_in(runtime: Runtime, *, email: str, password: str, address: str, is_long: bool) -> OpenedSession:
    """A new session; raises Unauthorized, or TooManyRequests before the password is even looked at."""
    email, origin = email.strip().lower(), hash_secret(f"address:{address}")
    attempted_at, candidates = _take_attempt(runtime, email, origin)
    member = next((row for row in candidates if is_password(row["password_hash"], password)), None)
    if member is None:
        if not candidates:
            is_password(None, password)
        raise Unauthorized("E-mail or password is wrong.", code="login")
    now = runtime.clock()
    untried = candidates[candidates.index(member) + 1 :]
    with db.writing(runtime.engine) as connection:
        workspace_store.forget_login_failures(connection, _subject(member), now - WINDOW_MS)
        for subject in (origin, *map(_subject, untried)):
            workspace_store.forgive_login_attempt(connection, subject, attempted_at)
        opened = open_session(connection, member, now, is_long=is_long)
        audit.record(
            connection,
            member["workspace_id"],
            now=now,
            actor=member["public_id"],
            action="member.logged_in",
            subject=member["public_id"],
        )
    return opened


def _subject(member: RowMapping) -> str:
    """One counter for each member: the same address in another workspace has another password, and its own counter."""
    return hash_secret(f"member:{member['id']}")


def _take_attempt(runtime: Runtime, email: str, origin: str) -> tuple[int, list[RowMapping]]:
    """(when, the members whose password may be tried). Counted before it is made: many at once don't slip past the limit."""
    now, unknown = runtime.clock(), hash_secret(f"email:{email}")
    with db.writing(runtime.engine) as connection:
        members = workspace_store.find_login_candidates(connection, email)
        subjects = [_subject(member) for member in members] or [unknown]
        workspace_store.lock_login_subjects(connection, [origin, *subjects])

        def is_free(subject: str, limit: int) -> bool:
            return workspace_store.count_login_failures(connection, subject, now - WINDOW_MS) < limit

        free = [subject for subject in subjects if is_free(subject, PER_ACCOUNT)]
        if not free or not is_free(origin, PER_ADDRESS):
            raise TooManyRequests(
                "Too many failed logins. Wait 15 minutes, then try again.", code="login_throttled", retry_after_s=900
            )
        for subject in (origin, *free):
            workspace_store.note_login_failure(connection, subject, now)
    return now, [member for member in members if _subject(member) in free]


def open_session(connection: Connection, member: RowMapping, now: int, *, is_long: bool) -> OpenedSession:
    """A session of this member under a new random id."""
    value = new_secret()
    expires_at = now + (LONG_MS if is_long else SHORT_MS)
    workspace_store.insert_session(
        connection,
        member["workspace_id"],
        id_hash=hash_secret(value),
        member_id=member["id"],
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
    )
    return OpenedSession(value, expires_at, is_long)


def log_out(runtime: Runtime, session_hash: str) -> None:
    """Ends the session on the server; the cookie is worth nothing afterwards."""
    with db.writing(runtime.engine) as connection:
        workspace_store.revoke_session(connection, session_hash, runtime.clock())


def change_password(
    runtime: Runtime, workspace_id: int, public_id: str, *, current: str, new: str, is_long: bool
) -> OpenedSession:
    """Ends every session of the member and opens a new one; raises Invalid with what is wrong."""
    with db.reading(runtime.engine) as connection:
        member = workspace_store.find_member(connection, workspace_id, public_id)
    if member is None or not is_password(member["password_hash"], current):
        raise Invalid("The current password is wrong.", code="password_wrong")
    if current == new:
        raise Invalid("The new password is the old one; choose another.", code="password_same")
    hashed, now = hash_password(new), runtime.clock()
    with db.writing(runtime.engine) as connection:
        workspace_store.update_member(connection, workspace_id, member["id"], password_hash=hashed, must_change_password=0)
        workspace_store.revoke_member_sessions(connection, workspace_id, member["id"], now)
        opened = open_session(connection, member, now, is_long=is_long)
        audit.record(connection, workspace_id, now=now, actor=public_id, action="member.password_changed", subject=public_id)
    return opened
