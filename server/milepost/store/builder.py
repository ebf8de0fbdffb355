"""Sessions of the builder: made with a code, opened once, found by token, ended."""

from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from milepost.store.tables.builder import builder_sessions
from milepost.store.tables.workspaces import members

HOLD = (members.c.workspace_id == builder_sessions.c.workspace_id) & (members.c.id == builder_sessions.c.member_id)


def insert_session(connection: Connection, environment_id: int, **values: Any) -> None:
    """A session that waits for its code."""
    connection.execute(insert(builder_sessions).values(environment_id=environment_id, **values))


def take_code(connection: Connection, environment_id: int, code_hash: str, now: int) -> RowMapping | None:
    """The session of this code, the first time it is shown and never again, however many ask at once."""
    c = builder_sessions.c
    mine = (c.environment_id == environment_id) & (c.code_hash == code_hash) & c.opened_at.is_(None) & c.ended_at.is_(None)
    spent = update(builder_sessions).where(mine).values(opened_at=now, last_seen_at=now).returning(builder_sessions)
    return connection.execute(spent).mappings().first()


def find_session(connection: Connection, environment_id: int, token_hash: str) -> RowMapping | None:
    """The session of this token with its author's role, name, language and standing."""
    c = builder_sessions.c
    author = [members.c[name] for name in ("role", "name", "email", "locale", "disabled_at")]
    query = select(builder_sessions, members.c.public_id.label("author"), *author).join(members, HOLD)
    return connection.execute(query.where(c.environment_id == environment_id, c.token_hash == token_hash)).mappings().first()


def update_session(connection: Connection, environment_id: int, session_id: int, **values: Any) -> None:
    """Changes columns of one session."""
    c = builder_sessions.c
    connection.execute(update(builder_sessions).where(c.environment_id == environment_id, c.id == session_id).values(**values))


def find_last_address(connection: Connection, environment_id: int) -> str | None:
    """Where the builder was opened last."""
    c = builder_sessions.c
    query = select(c.address).where(c.environment_id == environment_id).order_by(c.created_at.desc(), c.id.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def delete_sessions_before(connection: Connection, environment_id: int, before_ms: int, made_before: int, limit: int) -> int:
    """Up to `limit` sessions that ended before, or were made so long ago that they are over; how many went.

    The newest stays: it knows where the builder was opened last.
    """
    c = builder_sessions.c
    newest = select(c.id).where(c.environment_id == environment_id).order_by(c.created_at.desc(), c.id.desc()).limit(1)
    over = (c.ended_at < before_ms) | (c.created_at < made_before)
    old = select(c.id).where(c.environment_id == environment_id, over, c.id != newest.scalar_subquery()).limit(limit)
    mine = (c.environment_id == environment_id) & c.id.in_(old.scalar_subquery())
    return connection.execute(delete(builder_sessions).where(mine)).rowcount
