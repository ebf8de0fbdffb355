"""Workspaces, members, their sessions and invitations."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from milepost.store.engine import is_sqlite
from milepost.store.tables.builder import builder_sessions
from milepost.store.tables.workspaces import invites, login_failures, member_sessions, members, workspaces

LOGIN_LOCK = 1_819_240_300  # a room of its own among PostgreSQL's advisory locks of two numbers


def insert_workspace(connection: Connection, *, public_id: str, name: str, now: int) -> int:
    """The internal id of the new workspace."""
    statement = insert(workspaces).values(public_id=public_id, name=name, created_at=now).returning(workspaces.c.id)
    return int(connection.execute(statement).scalar_one())


def read_workspace(connection: Connection, workspace_id: int) -> RowMapping:
    """The workspace's row."""
    return connection.execute(select(workspaces).where(workspaces.c.id == workspace_id)).mappings().one()


def insert_member(connection: Connection, workspace_id: int, **values: Any) -> int:
    """The internal id of the new member."""
    statement = insert(members).values(workspace_id=workspace_id, **values).returning(members.c.id)
    return int(connection.execute(statement).scalar_one())


def find_login_candidates(connection: Connection, email: str) -> list[RowMapping]:
    """Members of any workspace who log in with this address: the password decides which one it is."""
    query = select(members).where(members.c.email == email, members.c.disabled_at.is_(None)).order_by(members.c.id)
    return list(connection.execute(query).mappings())


def list_members(connection: Connection, workspace_id: int) -> list[RowMapping]:
    """Members who can log in, oldest first."""
    query = select(members).where(members.c.workspace_id == workspace_id, members.c.disabled_at.is_(None))
    return list(connection.execute(query.order_by(members.c.id)).mappings())


def find_member(connection: Connection, workspace_id: int, public_id: str) -> RowMapping | None:
    """One member of this workspace."""
    query = select(members).where(
        members.c.workspace_id == workspace_id, members.c.public_id == public_id, members.c.disabled_at.is_(None)
    )
    return connection.execute(query).mappings().first()


def find_member_by_email(connection: Connection, workspace_id: int, email: str) -> RowMapping | None:
    """One member of this workspace, disabled ones too."""
    query = select(members).where(members.c.workspace_id == workspace_id, members.c.email == email)
    return connection.execute(query).mappings().first()


def update_member(connection: Connection, workspace_id: int, member_id: int, **values: Any) -> None:
    """Changes columns of one member of this workspace."""
    connection.execute(update(members).where(members.c.workspace_id == workspace_id, members.c.id == member_id).values(**values))


def insert_session(connection: Connection, workspace_id: int, **values: Any) -> None:
    """A new session; `id_hash` is the hash of the cookie's value."""
    connection.execute(insert(member_sessions).values(workspace_id=workspace_id, **values))


def find_session(connection: Connection, id_hash: str, now: int) -> RowMapping | None:
    """The session and its member in one row, when both are still good."""
    query = (
        select(
            members,
            member_sessions.c.last_seen_at,
            member_sessions.c.expires_at,
            workspaces.c.name.label("workspace_name"),
        )
        .join(members, (members.c.id == member_sessions.c.member_id))
        .join(workspaces, workspaces.c.id == members.c.workspace_id)
        .where(
            member_sessions.c.id_hash == id_hash,
            member_sessions.c.revoked_at.is_(None),
            member_sessions.c.expires_at > now,
            members.c.disabled_at.is_(None),
        )
    )
    return connection.execute(query).mappings().first()


def touch_session(connection: Connection, id_hash: str, now: int) -> None:
    """Notes that the session was used."""
    connection.execute(update(member_sessions).where(member_sessions.c.id_hash == id_hash).values(last_seen_at=now))


def list_last_seen(connection: Connection, workspace_id: int) -> dict[int, int]:
    """{member: when a session of theirs was last used, ms}."""
    newest = func.max(member_sessions.c.last_seen_at)
    query = select(member_sessions.c.member_id, newest).where(member_sessions.c.workspace_id == workspace_id)
    return {int(member): int(at) for member, at in connection.execute(query.group_by(member_sessions.c.member_id))}


def revoke_session(connection: Connection, id_hash: str, now: int) -> None:
    """Ends one session, and what its member builds in the host product."""
    c = member_sessions.c
    ended = update(member_sessions).where(c.id_hash == id_hash).values(revoked_at=now).returning(c.workspace_id, c.member_id)
    for workspace_id, member_id in connection.execute(ended).all():
        _end_building(connection, workspace_id, member_id, now)


def revoke_member_sessions(connection: Connection, workspace_id: int, member_id: int, now: int, but: str = "") -> None:
    """Ends every session of a member, but the one named, and what they build in the host product."""
    _end_building(connection, workspace_id, member_id, now)
    connection.execute(
        update(member_sessions)
        .where(
            member_sessions.c.workspace_id == workspace_id,
            member_sessions.c.member_id == member_id,
            member_sessions.c.id_hash != but,
            member_sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def _end_building(connection: Connection, workspace_id: int, member_id: int, now: int) -> None:
    c = builder_sessions.c
    mine = (c.workspace_id == workspace_id) & (c.member_id == member_id) & c.ended_at.is_(None)
    connection.execute(update(builder_sessions).where(mine).values(ended_at=now))


def lock_login_subjects(connection: Connection, subjects: Iterable[str]) -> None:
    """Whoever counts the same subject waits until this transaction ends. SQLite has one writer at a time as it is."""
    if not is_sqlite(connection):
        for number in sorted({int(subject[:7], 16) for subject in subjects}):  # in one order, so that nobody waits in a ring
            connection.execute(text("SELECT pg_advisory_xact_lock(:room, :number)"), {"room": LOGIN_LOCK, "number": number})


def note_login_failure(connection: Connection, subject: str, now: int) -> None:
    """One more failed login of an address or a network address (both hashed)."""
    connection.execute(insert(login_failures).values(subject=subject, at=now))


def count_login_failures(connection: Connection, subject: str, since: int) -> int:
    """Failed logins since then."""
    query = select(func.count()).where(login_failures.c.subject == subject, login_failures.c.at >= since)
    return int(connection.execute(query).scalar_one())


def forget_login_failures(connection: Connection, subject: str, before: int) -> None:
    """Drops old failures, and all of this subject."""
    connection.execute(delete(login_failures).where((login_failures.c.at < before) | (login_failures.c.subject == subject)))


def insert_invite(connection: Connection, workspace_id: int, **values: Any) -> None:
    """A new invitation; only the hash of its code is kept."""
    connection.execute(insert(invites).values(workspace_id=workspace_id, **values))


def list_invites(connection: Connection, workspace_id: int, now: int) -> list[RowMapping]:
    """Invitations still open."""
    query = select(invites).where(
        invites.c.workspace_id == workspace_id,
        invites.c.accepted_at.is_(None),
        invites.c.revoked_at.is_(None),
        invites.c.expires_at > now,
    )
    return list(connection.execute(query.order_by(invites.c.id)).mappings())


def find_invite(connection: Connection, code_hash: str, now: int) -> RowMapping | None:
    """The open invitation behind a code, with the workspace's name and the present role of whoever made it (None: gone)."""
    made_by = (members.c.workspace_id == invites.c.workspace_id) & (members.c.id == invites.c.created_by)
    query = (
        select(invites, workspaces.c.name.label("workspace_name"), members.c.role.label("inviter_role"))
        .join(workspaces, workspaces.c.id == invites.c.workspace_id)
        .outerjoin(members, made_by & members.c.disabled_at.is_(None))
        .where(
            invites.c.code_hash == code_hash,
            invites.c.accepted_at.is_(None),
            invites.c.revoked_at.is_(None),
            invites.c.expires_at > now,
        )
    )
    return connection.execute(query).mappings().first()


def update_invite(connection: Connection, workspace_id: int, public_id: str, **values: Any) -> int:
    """How many rows changed: 0 when this workspace has no such invitation."""
    statement = update(invites).where(invites.c.workspace_id == workspace_id, invites.c.public_id == public_id)
    return connection.execute(statement.values(**values)).rowcount


def spend_invite(connection: Connection, workspace_id: int, public_id: str, now: int) -> bool:
    """Marks it accepted; False when it is not open any more: of two at the same moment one comes too late."""
    statement = update(invites).where(
        invites.c.workspace_id == workspace_id,
        invites.c.public_id == public_id,
        invites.c.accepted_at.is_(None),
        invites.c.revoked_at.is_(None),
    )
    return connection.execute(statement.values(accepted_at=now)).rowcount == 1


def revoke_invites(connection: Connection, workspace_id: int, now: int, *, email: str, made_by: int | None = None) -> None:
    """Every open invitation of an address; with `made_by`, also those that this member made for others."""
    meant = invites.c.email == email
    if made_by is not None:
        meant = meant | (invites.c.created_by == made_by)
    open_still = invites.c.accepted_at.is_(None) & invites.c.revoked_at.is_(None)
    connection.execute(update(invites).where(invites.c.workspace_id == workspace_id, open_still, meant).values(revoked_at=now))


def forgive_login_attempt(connection: Connection, subject: str, at: int) -> None:
    """Takes back one attempt that turned out to be a good login."""
    newest = select(func.max(login_failures.c.id)).where(login_failures.c.subject == subject, login_failures.c.at == at)
    connection.execute(delete(login_failures).where(login_failures.c.id == newest.scalar_subquery()))
