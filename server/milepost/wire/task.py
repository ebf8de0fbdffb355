"""Tasks as forms and the API bring and show them."""

from typing import Annotated

from pydantic import Field

from milepost.wire.contact import AccountKey, Email
from milepost.wire.feature import Day
from milepost.wire.shape import Shape

Title = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]


class TaskIn(Shape):
    """Something to do; without an owner it is the account's owner's, else whoever makes it."""

    title: Title
    due_on: Day
    owner: Email | None = None
    note: Annotated[str, Field(max_length=4_000)] = ""


class AccountTaskIn(TaskIn):
    """The same with its account, which must be there."""

    account_id: AccountKey


class TaskOut(Shape):
    """A task; `place` is overdue, due, later or done."""

    id: str
    account_id: str
    title: str
    note: str
    owner: str | None
    due_on: str
    snoozed_until: str | None
    snooze_reason: str
    done_at: str | None
    place: str


class TaskList(Shape):
    """By the day on which they should be done."""

    tasks: list[TaskOut]
    next: str | None = None


class SnoozeIn(Shape):
    """Until which day, and why."""

    until: Day
    reason: Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]


class TaskMade(Shape):
    """The id of a new task."""

    id: str
