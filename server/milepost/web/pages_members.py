"""Members: invited by link, given a role, taken out; and the page behind an invite link."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from milepost.actions import members as member_action
from milepost.actions.members import Invitation, Inviter
from milepost.actions.runtime import Runtime
from milepost.actions.workspaces import ROLES
from milepost.errors import MilepostError
from milepost.store import engine as db
from milepost.store import workspaces as workspace_store
from milepost.web.cookies import set_session
from milepost.web.guard import actor
from milepost.web.inputs import field, form, only_fields
from milepost.web.pages import go, render, translations
from milepost.web.tables import arrange, read_order


def _inviter(request: Request) -> Inviter:
    who = actor(request)
    return Inviter(who.workspace_id, who.member_id or 0, who.public_id, who.role or "viewer")


def members_page(request: Request) -> Response:
    """Who can log in, with which role; and who was asked to."""
    return _show(request)


def _show(
    request: Request, *, made: Invitation | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    runtime: Runtime = request.app.state.runtime
    who = actor(request)
    with db.reading(runtime.engine) as connection:
        members = workspace_store.list_members(connection, who.workspace_id)
        seen = workspace_store.list_last_seen(connection, who.workspace_id)
        invites = workspace_store.list_invites(connection, who.workspace_id, runtime.clock())
    columns = {
        "name": lambda m: (m["name"] or m["email"]).casefold(),
        "role": lambda m: -ROLES.index(m["role"]),
        "seen": lambda m: seen.get(m["id"]),
    }
    order = read_order(request, columns, "name")
    return render(
        request,
        "members.html",
        status=status,
        members=arrange(members, columns, order),
        order=order,
        seen=seen,
        invites=invites,
        roles=[role for role in reversed(ROLES) if role != "owner" or who.role == "owner"],
        made=made,
        link=f"{runtime.settings.url}/invite#{made.code}" if made else "",
        errors=errors or {},
        email=field(request, "email") if errors else "",
        wanted_role=field(request, "role") or "csm",
    )


def invite_member(request: Request) -> Response:
    """A link for seven days, shown this once: the code stands behind the `#`, which no server and no log sees."""
    only_fields(request, "email", "role")
    try:
        made = member_action.invite(
            request.app.state.runtime, _inviter(request), email=field(request, "email"), role=field(request, "role")
        )
    except MilepostError as problem:
        return _show(request, errors={"email": translations(request).say(problem)}, status=problem.status)
    return _show(request, made=made)


def renew_member(request: Request) -> Response:
    """A new link for a member who is there already: it sets a new password."""
    runtime: Runtime = request.app.state.runtime
    who = actor(request)
    with db.reading(runtime.engine) as connection:
        member = workspace_store.find_member(connection, who.workspace_id, str(request.path_params["member"]))
    if member is None:
        raise member_action.no_such_member()
    return _show(request, made=member_action.invite(runtime, _inviter(request), email=member["email"], role=member["role"]))


def revoke_invite(request: Request) -> Response:
    """The link is worth nothing from now on."""
    member_action.revoke_invite(request.app.state.runtime, _inviter(request), str(request.path_params["invite"]))
    return go(request, "members_page")


def change_member_role(request: Request) -> Response:
    """Another role; the member's sessions end."""
    only_fields(request, "role")
    member_action.change_role(
        request.app.state.runtime, _inviter(request), str(request.path_params["member"]), field(request, "role")
    )
    return go(request, "members_page")


def remove_member(request: Request) -> Response:
    """The member can't log in any more."""
    member_action.remove_member(request.app.state.runtime, _inviter(request), str(request.path_params["member"]))
    return go(request, "members_page")


def invite(request: Request) -> Response:
    """Where an invite link leads: the script takes the code from behind the `#`; without script one pastes it."""
    return render(request, "invite.html", found=None, code="", written_name="", problem="", field_name="code")


def accept_invite(request: Request) -> Response:
    """First with the code alone: whose invitation it is. Then with name and password: a member, logged in."""
    only_fields(request, "code", "name", "password", "again", "username")
    runtime: Runtime = request.app.state.runtime
    code = field(request, "code", longest=500).rpartition("#")[2]
    try:
        with db.reading(runtime.engine) as connection:
            found = asdict(member_action.read_invite(connection, code, runtime.clock()))
    except MilepostError as problem:
        said = translations(request).say(problem)
        return render(
            request, "invite.html", status=problem.status, found=None, code="", written_name="", problem=said, field_name="code"
        )
    if "password" not in form(request):
        return render(request, "invite.html", found=found, code=code, written_name="", problem="", field_name="")
    return _accept(request, runtime, code, found)


def _accept(request: Request, runtime: Runtime, code: str, found: dict[str, Any]) -> Response:
    words, name = translations(request), field(request, "name", longest=120)
    password, again = str(form(request).get("password", "")), str(form(request).get("again", ""))
    said = words.gettext("The two new passwords differ.") if password != again else ""
    status = 422
    if not said:
        try:
            opened = member_action.accept_invite(runtime, code=code, name=name, password=password)
            return set_session(RedirectResponse("/", 303), runtime.settings, opened, runtime.clock())
        except MilepostError as problem:
            said, status = words.say(problem), problem.status
    return render(
        request, "invite.html", status=status, found=found, code=code, written_name=name, problem=said, field_name="password"
    )


routes = [
    Route("/e/{environment}/members", members_page, name="members_page"),
    Route("/e/{environment}/members/invite", invite_member, methods=["POST"], name="invite_member"),
    Route("/e/{environment}/members/invites/{invite}/revoke", revoke_invite, methods=["POST"], name="revoke_invite"),
    Route("/e/{environment}/members/{member}/role", change_member_role, methods=["POST"], name="change_member_role"),
    Route("/e/{environment}/members/{member}/remove", remove_member, methods=["POST"], name="remove_member"),
    Route("/e/{environment}/members/{member}/link", renew_member, methods=["POST"], name="renew_member"),
    Route("/invite", invite, name="invite"),
    Route("/invite", accept_invite, methods=["POST"], name="accept_invite"),
]
