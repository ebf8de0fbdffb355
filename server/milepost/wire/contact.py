"""Contacts of accounts and touches with them, as forms, files and the API bring and show them."""

from typing import Annotated, Literal

from pydantic import Field

from milepost.wire.feature import Day
from milepost.wire.shape import Shape

AccountKey = Annotated[str, Field(min_length=1, max_length=500)]
ExternalId = Annotated[str, Field(min_length=1, max_length=200)]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
TouchKind = Literal["call", "meeting", "visit", "mail", "message", "note"]
Outcome = Literal["went_well", "neutral", "concern", "not_reached"]


class ContactIn(Shape):
    """A person to talk to; `sponsor` decides or pays, `champion` speaks for the product inside."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    role: Annotated[str, Field(max_length=200)] | None = None
    email: Email | None = None
    phone: Annotated[str, Field(max_length=50)] | None = None
    im_id: Annotated[str, Field(max_length=100)] | None = None
    sponsor: bool = False
    champion: bool = False
    left_on: Day | None = None


class AccountContactIn(ContactIn):
    """The same with its account: found again by `external_id`, else by the account's contact of this address or name."""

    account_id: AccountKey
    external_id: ExternalId | None = None


class ContactsIn(Shape):
    """Up to 500 at once."""

    contacts: Annotated[list[AccountContactIn], Field(min_length=1, max_length=500)]


class ContactOut(AccountContactIn):
    """A contact with its id and where it came from."""

    id: str
    source: str
    last_touch_at: str | None


class ContactList(Shape):
    """By account and name."""

    contacts: list[ContactOut]
    next: str | None = None


class TouchIn(Shape):
    """A talk: `at` is now when left out; `contact` is a contact's id; the next step wants a day to be done on."""

    kind: TouchKind = "call"
    outcome: Outcome = "went_well"
    at: Annotated[str, Field(description="RFC 3339")] | None = None
    minutes: Annotated[int, Field(ge=0, le=1_440)] | None = None
    contact: Annotated[str, Field(max_length=50)] | None = None
    note: Annotated[str, Field(max_length=4_000)] = ""
    next_step: Annotated[str, Field(max_length=300)] = ""
    next_on: Day | None = None


class AccountTouchIn(TouchIn):
    """The same with its account and, when a system sends it, its own id and the member who had the talk."""

    account_id: AccountKey
    external_id: ExternalId | None = None
    by: Email | None = None


class TouchesIn(Shape):
    """Up to 500 at once."""

    touches: Annotated[list[AccountTouchIn], Field(min_length=1, max_length=500)]


class TouchOut(AccountTouchIn):
    """A touch as it stands."""

    id: str


class TouchList(Shape):
    """Newest first."""

    touches: list[TouchOut]
    next: str | None = None


class Saved(Shape):
    """Ids in the order sent, and how many were new."""

    ids: list[str]
    created: int
