"""Forms of contacts and touches: fields as texts, read into their shapes, with the repair beside what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from milepost.rules.days import date_of, day_number, day_of, start_of_day
from milepost.store.contacts import ContactRow
from milepost.store.touches import TouchRow
from milepost.web import inputs
from milepost.web.guard import tenant, today
from milepost.web.pages import translations
from milepost.wire.contact import ContactIn, TouchIn

Model = TypeVar("Model", bound=BaseModel)


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


DAY = _("A day such as 2026-11-24.")
REPAIRS = {
    "name": _("Write a name of at most 200 characters."),
    "role": _("At most 200 characters."),
    "email": _("An address such as lea@customer.example."),
    "phone": _("At most 50 characters."),
    "im_id": _("At most 100 characters."),
    "left_on": DAY,
    "on": DAY,
    "next_on": DAY,
    "minutes": _("A whole number from 0 to 1,440."),
    "note": _("At most 4,000 characters."),
    "next_step": _("At most 300 characters."),
    "title": _("Write what is to be done, in at most 300 characters."),
    "due_on": DAY,
    "owner": _("Choose one of the list."),
    "until": DAY,
    "reason": _("Write the reason, in at most 300 characters."),
    "kind": _("Choose one of the list."),
    "outcome": _("Choose one of the list."),
    "contact": _("Choose one of the list."),
}
NOT_YET = _("A touch has happened already; what is to come goes into the next step.")
NEEDS_DAY = _("Give the day on which the next step is due.")
TOUCH_FIELDS = ("kind", "outcome", "contact", "minutes", "note", "next_step", "next_on")
CONTACT_FIELDS = ("name", "role", "email", "phone", "im_id", "left_on")


@dataclass
class Draft:
    """The form's fields as texts; `errors` by field name."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def read_texts(request: Request, names: tuple[str, ...]) -> Draft:
    """The posted fields."""
    return Draft({name: inputs.field(request, name, longest=10_000) for name in names})


def read_shape(request: Request, draft: Draft, model: type[Model], raw: Mapping[str, Any]) -> Model | None:
    """The shape, or None with every error on the draft."""
    try:
        return model.model_validate({name: value for name, value in raw.items() if value not in ("", None)})
    except ValidationError as problem:
        for error in problem.errors():
            name = str(error["loc"][0])
            draft.errors.setdefault(name, translations(request).gettext(REPAIRS.get(name, str(error["msg"]))))
        return None


def new_touch_draft(request: Request) -> Draft:
    """A call that went well, today: what two clicks log."""
    day = date_of(today(request)).isoformat()
    values = dict.fromkeys(TOUCH_FIELDS, "") | {"kind": "call", "outcome": "went_well", "on": day}
    wanted = request.query_params.get("contact", "")
    return Draft(values | {"contact": wanted})


def touch_draft(request: Request, row: TouchRow, contact: ContactRow | None) -> Draft:
    """A touch as the form shows it."""
    return Draft(
        {
            "kind": row.kind,
            "outcome": row.outcome,
            "on": date_of(day_of(row.at, tenant(request).zone)).isoformat(),
            "contact": contact.public_id if contact else "",
            "minutes": "" if row.minutes is None else str(row.minutes),
            "note": row.note,
            "next_step": row.next_step,
            "next_on": "" if row.next_on is None else date_of(row.next_on).isoformat(),
        }
    )


def read_touch_form(request: Request, held: TouchRow | None = None) -> tuple[Draft, TouchIn | None, int | None]:
    """(draft, shape or None, instant): today is now, another day its noon; a day left as it was keeps its hour."""
    draft = read_texts(request, (*TOUCH_FIELDS, "on"))
    said = translations(request).gettext
    minutes: str | int = draft.values["minutes"]
    raw = {name: draft.values[name] for name in TOUCH_FIELDS}
    whole = int(minutes) if str(minutes).isdecimal() and len(str(minutes)) < 8 else minutes
    shape = read_shape(request, draft, TouchIn, raw | {"minutes": whole})
    if draft.values["next_step"] and not draft.values["next_on"]:
        draft.errors.setdefault("next_on", said(NEEDS_DAY))
    at = _instant(request, draft, held)
    return draft, (None if draft.errors else shape), at


def _instant(request: Request, draft: Draft, held: TouchRow | None) -> int | None:
    zone, now = tenant(request).zone, today(request)
    try:
        day = day_number(draft.values["on"]) if draft.values["on"] else now
    except ValueError:
        draft.errors["on"] = translations(request).gettext(DAY)
        return None
    if day > now or day < 0:
        draft.errors["on"] = translations(request).gettext(NOT_YET if day > now else DAY)
        return None
    if held is not None and day == day_of(held.at, zone):
        return held.at
    return None if day == now else start_of_day(day, zone) + 12 * 3_600_000


def new_contact_draft() -> Draft:
    """Nothing filled in."""
    return Draft(dict.fromkeys((*CONTACT_FIELDS, "sponsor", "champion"), ""))


def contact_draft(row: ContactRow) -> Draft:
    """A contact as the form shows it."""
    texts = {name: getattr(row, name) or "" for name in CONTACT_FIELDS if name != "left_on"}
    left_on = "" if row.left_on is None else date_of(row.left_on).isoformat()
    flags = {"sponsor": "1" if row.is_sponsor else "", "champion": "1" if row.is_champion else ""}
    return Draft(texts | flags | {"left_on": left_on})


def read_contact_form(request: Request) -> tuple[Draft, ContactIn | None]:
    """(draft, shape or None)."""
    draft = read_texts(request, (*CONTACT_FIELDS, "sponsor", "champion"))
    flags = {name: bool(draft.values[name]) for name in ("sponsor", "champion")}
    shape = read_shape(request, draft, ContactIn, draft.values | flags)
    return draft, shape
