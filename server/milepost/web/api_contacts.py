"""Management API of contacts and touches."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import contacts as contact_actions
from milepost.actions import touches as touch_actions
from milepost.actions.contacts import ContactLine
from milepost.actions.touches import Timed, TouchLine
from milepost.web.api_shapes import answer, instant, iso, runtime_of
from milepost.web.describe import describe
from milepost.web.guard import doer, tenant
from milepost.web.inputs import read_json, read_query
from milepost.web.tables import page_after
from milepost.wire.contact import ContactList, ContactOut, ContactsIn, Saved, TouchesIn, TouchList, TouchOut
from milepost.wire.event import format_instant
from milepost.wire.shape import Shape

TAG = "contacts"


class WorkQuery(Shape):
    """`account` keeps one account's; `after` is the `next` of the page before."""

    environment: str | None = None
    account: str | None = None
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200


@describe(query=WorkQuery, answer=ContactList, tag=TAG)
def list_contacts(request: Request) -> Response:
    """Lists contacts, sponsors first."""
    asked = read_query(request, WorkQuery)
    lines = contact_actions.list_contact_lines(runtime_of(request), tenant(request), asked.account)
    page, more = page_after(lines, lambda line: line.row.public_id, asked.after, asked.limit)
    return answer(ContactList(contacts=[_show_contact(line) for line in page], next=more))


@describe(body=ContactsIn, answer=Saved, tag=TAG)
def save_contacts(request: Request) -> Response:
    """Adds or changes contacts, idempotent; accounts that are not there are made, fields left out keep their value."""
    asked = read_json(request, ContactsIn)
    saved = contact_actions.save_contacts(runtime_of(request), tenant(request), asked.contacts, doer(request), "api")
    return answer(Saved(ids=saved.ids, created=saved.created))


@describe(tag=TAG, status=204, may_fail_with=(404,))
def delete_contact(request: Request) -> Response:
    """Deletes a contact; touches with it stay."""
    contact_actions.delete_contact(runtime_of(request), tenant(request), request.path_params["contact"], doer(request))
    return Response(status_code=204)


@describe(query=WorkQuery, answer=TouchList, tag=TAG)
def list_touches(request: Request) -> Response:
    """Lists touches, newest first."""
    asked = read_query(request, WorkQuery)
    lines = touch_actions.list_touch_lines(runtime_of(request), tenant(request), asked.account)
    page, more = page_after(lines, lambda line: line.row.public_id, asked.after, asked.limit)
    return answer(TouchList(touches=[_show_touch(line) for line in page], next=more))


@describe(body=TouchesIn, answer=Saved, tag=TAG)
def save_touches(request: Request) -> Response:
    """Logs touches; one with an `external_id` that is known already changes instead."""
    asked = read_json(request, TouchesIn)
    timed = [Timed(touch, None if touch.at is None else instant(touch.at, "at")) for touch in asked.touches]
    ids, created = touch_actions.save_touches(runtime_of(request), tenant(request), timed, doer(request))
    return answer(Saved(ids=ids, created=created))


@describe(tag=TAG, status=204, may_fail_with=(404,))
def delete_touch(request: Request) -> Response:
    """Deletes a touch."""
    touch_actions.delete_touch(runtime_of(request), tenant(request), request.path_params["touch"], doer(request))
    return Response(status_code=204)


def _show_contact(line: ContactLine) -> ContactOut:
    row = line.row
    return ContactOut(
        id=row.public_id, account_id=line.account_key, external_id=row.external_id, name=row.name, role=row.role,
        email=row.email, phone=row.phone, im_id=row.im_id, sponsor=bool(row.is_sponsor), champion=bool(row.is_champion),
        left_on=iso(row.left_on), source=row.source,
        last_touch_at=None if line.last_touch_at is None else format_instant(line.last_touch_at),
    )  # fmt: skip


def _show_touch(line: TouchLine) -> TouchOut:
    row = line.row
    return TouchOut.model_construct(
        id=row.public_id, account_id=line.account_key, external_id=row.external_id, kind=row.kind, outcome=row.outcome,
        at=format_instant(row.at), minutes=row.minutes, contact=line.contact.public_id if line.contact else None, note=row.note,
        next_step=row.next_step, next_on=iso(row.next_on), by=row.by_email,
    )  # fmt: skip


routes = [
    Route("/api/v1/contacts", list_contacts, methods=["GET"], name="api_contacts"),
    Route("/api/v1/contacts", save_contacts, methods=["POST"], name="api_save_contacts"),
    Route("/api/v1/contacts/{contact}", delete_contact, methods=["DELETE"], name="api_delete_contact"),
    Route("/api/v1/touches", list_touches, methods=["GET"], name="api_touches"),
    Route("/api/v1/touches", save_touches, methods=["POST"], name="api_save_touches"),
    Route("/api/v1/touches/{touch}", delete_touch, methods=["DELETE"], name="api_delete_touch"),
]
