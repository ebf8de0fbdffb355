"""Members of a workspace: invited by link, given a role, taken out; sessions end when a role changes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.login import OpenedSession, open_session
from milepost.actions.passwords import hash_password
from milepost.actions.runtime import Runtime
from milepost.actions.secrets import hash_secret, new_secret
from milepost.actions.workspaces import ROLES, check_email
from milepost.errors import Conflict, Forbidden, Invalid, NotFound
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.wire.ids import new_id

INVITE_MS = 7 * 86_400_000
MAY_INVITE = frozenset({"admin", "owner"})


@dataclass(frozen=True)
class Inviter:
    """The member who acts on other members."""

    workspace_id: int
    member_id: int
    public_id: str
    role: str


@dataclass(frozen=True)
class Invitation:
    """`code` is shown this once only, as part of the link."""

    public_id: str
    code: str
    email: str
    role: str
    expires_at: int


def check_role(role: str, inviter: Inviter) -> str:
    """The role itself; raises Invalid for an unknown one, Forbidden where only an owner may give it."""
    if role not in ROLES:
        raise Invalid("%(role)s is not a role.", code="role", values={"role": repr(role)})
    if role == "owner" and inviter.role != "owner":
        raise Forbidden("Only an owner can make an owner.")
    return role


def invite(runtime: Runtime, inviter: Inviter, *, email: str, role: str) -> Invitation:
    """A link for seven days. For a member who is there already it sets a new password: how a forgotten one is repaired."""
    email, role, now = check_email(email), check_role(role, inviter), runtime.clock()
    code, public_id = new_secret(), new_id("inv", now)
    with db.writing(runtime.engine) as connection:
        member = workspace_store.find_member_by_email(connection, inviter.workspace_id, email)
        if member is not None and member["disabled_at"] is None:
            if member["role"] == "owner" and inviter.role != "owner":
                raise Forbidden("Only an owner can send a new link to an owner.")
            role = member["role"]
        workspace_store.insert_invite(
            connection,
            inviter.workspace_id,
            public_id=public_id,
            code_hash=hash_secret(code),
            email=email,
            role=role,
            created_by=inviter.member_id,
            created_at=now,
            expires_at=now + INVITE_MS,
        )
        _record(connection, inviter, now, "member.invited", public_id, email=email, role=role)
    return Invitation(public_id, code, email, role, now + INVITE_MS)


def revoke_invite(runtime: Runtime, inviter: Inviter, public_id: str) -> None:
    """The link is worth nothing from now on."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        if not workspace_store.update_invite(connection, inviter.workspace_id, public_id, revoked_at=now):
            raise NotFound("There is no such invitation.")
        _record(connection, inviter, now, "member.invite_revoked", public_id)


def find_invite(connection: Connection, code: str, now: int) -> RowMapping:
    """The open invitation behind a code; raises NotFound when it was used, revoked, is over, or its maker may not give it now."""
    found = workspace_store.find_invite(connection, hash_secret(code), now)
    if found is None or not _may_still_give(connection, found):
        raise _no_such_invite()
    return found


def _no_such_invite() -> NotFound:
    return NotFound("This invite link was used, revoked, or is older than seven days. Ask for a new one.", code="invite")


def _may_still_give(connection: Connection, found: RowMapping) -> bool:
    """What an inviter could not give today, an older link of theirs does not give: owners are an owner's to touch."""
    if found["inviter_role"] not in MAY_INVITE:
        return False
    there = workspace_store.find_member_by_email(connection, found["workspace_id"], found["email"])
    is_owner = there is not None and there["disabled_at"] is None and there["role"] == "owner"
    return found["inviter_role"] == "owner" or not (is_owner or found["role"] == "owner")


@dataclass(frozen=True)
class OpenInvite:
    """What the page behind a link shows before it is accepted."""

    workspace_name: str
    email: str
    role: str
    is_renewal: bool  # the member is there already and gets a new password


def read_invite(connection: Connection, code: str, now: int) -> OpenInvite:
    """For the page behind a link; raises NotFound like `find_invite`."""
    found = find_invite(connection, code, now)
    there = workspace_store.find_member_by_email(connection, found["workspace_id"], found["email"])
    is_renewal = there is not None and there["disabled_at"] is None
    return OpenInvite(found["workspace_name"], found["email"], found["role"], is_renewal)


def no_such_member() -> NotFound:
    """Also for a member of another workspace."""
    return NotFound("There is no such member.")


def accept_invite(runtime: Runtime, *, code: str, name: str, password: str) -> OpenedSession:
    """The member with a password of their own, logged in; this code and every other for the address is spent with it."""
    now = runtime.clock()
    with db.reading(runtime.engine) as connection:
        find_invite(connection, code, now)
    hashed = hash_password(password)
    with db.writing(runtime.engine) as connection:
        found = find_invite(connection, code, now)
        if not workspace_store.spend_invite(connection, found["workspace_id"], found["public_id"], now):
            raise _no_such_invite()
        workspace_store.revoke_invites(connection, found["workspace_id"], now, email=found["email"])
        member = _put_member(connection, found, name.strip()[:120], hashed, now)
        audit.record(
            connection,
            found["workspace_id"],
            now=now,
            actor=member["public_id"],
            action="member.invite_accepted",
            subject=found["public_id"],
            role=member["role"],
        )
        return open_session(connection, member, now, is_long=False)


def _put_member(connection: Connection, found: RowMapping, name: str, hashed: str, now: int) -> RowMapping:
    workspace_id, email = found["workspace_id"], found["email"]
    there = workspace_store.find_member_by_email(connection, workspace_id, email)
    if there is None:
        workspace_store.insert_member(
            connection,
            workspace_id,
            public_id=new_id("mbr", now),
            email=email,
            name=name or email.partition("@")[0],
            role=found["role"],
            locale="",  # the browser's, until they choose
            password_hash=hashed,
            created_at=now,
        )
    else:
        workspace_store.revoke_member_sessions(connection, workspace_id, there["id"], now)
        changes: dict[str, Any] = {"password_hash": hashed, "must_change_password": 0}
        if there["disabled_at"] is not None:  # back again; who never left keeps the role of today
            changes |= {"disabled_at": None, "role": found["role"]}
        workspace_store.update_member(connection, workspace_id, there["id"], **changes | ({"name": name} if name else {}))
    member = workspace_store.find_member_by_email(connection, workspace_id, email)
    if member is None:
        raise NotFound
    return member


def change_role(runtime: Runtime, inviter: Inviter, public_id: str, role: str) -> None:
    """Another role; every session of the member and every open link for them ends, so that nothing old outlives it."""
    role, now = check_role(role, inviter), runtime.clock()
    with db.writing(runtime.engine) as connection:
        member = _other_member(connection, inviter, public_id)
        if member["role"] == role:
            return
        _end_invites(connection, member, now, may_invite=role in MAY_INVITE)
        workspace_store.update_member(connection, inviter.workspace_id, member["id"], role=role)
        workspace_store.revoke_member_sessions(connection, inviter.workspace_id, member["id"], now)
        _record(connection, inviter, now, "member.role_changed", public_id, before=member["role"], after=role)


def remove_member(runtime: Runtime, inviter: Inviter, public_id: str) -> None:
    """The member can't log in any more, by no old link either; what they did stays in the log."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        member = _other_member(connection, inviter, public_id)
        _end_invites(connection, member, now, may_invite=False)
        workspace_store.update_member(connection, inviter.workspace_id, member["id"], disabled_at=now)
        workspace_store.revoke_member_sessions(connection, inviter.workspace_id, member["id"], now)
        _record(connection, inviter, now, "member.removed", public_id, role=member["role"])


def _end_invites(connection: Connection, member: RowMapping, now: int, *, may_invite: bool) -> None:
    """Links for the member, and those they made for others when they may not invite any more."""
    made_by = None if may_invite else member["id"]
    workspace_store.revoke_invites(connection, member["workspace_id"], now, email=member["email"], made_by=made_by)


def _other_member(connection: Connection, inviter: Inviter, public_id: str) -> RowMapping:
    member = workspace_store.find_member(connection, inviter.workspace_id, public_id)
    if member is None:
        raise no_such_member()
    if member["id"] == inviter.member_id:
        raise Conflict("Nobody changes or removes themselves; ask another owner or admin.", code="yourself")
    if member["role"] == "owner" and inviter.role != "owner":
        raise Forbidden("Only an owner can change an owner.")
    return member


def _record(connection: Connection, inviter: Inviter, now: int, action: str, subject: str, **detail: Any) -> None:
    audit.record(connection, inviter.workspace_id, now=now, actor=inviter.public_id, action=action, subject=subject, **detail)
