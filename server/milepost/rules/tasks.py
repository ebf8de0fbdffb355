"""Where a task stands on the page of tasks: overdue, due today, later, or done."""

from collections.abc import Iterable

PLACES = ("overdue", "due", "later", "done")


def place_of(due_on: int, snoozed_until: int | None, done_at: int | None, today: int) -> str:
    """Days are day numbers; a snoozed task is due on the day its snooze ends, never before it was due."""
    if done_at is not None:
        return "done"
    day = wanted_on(due_on, snoozed_until)
    return "overdue" if day < today else "due" if day == today else "later"


def wanted_on(due_on: int, snoozed_until: int | None) -> int:
    """The day on which it should be done, snooze included."""
    return due_on if snoozed_until is None else max(due_on, snoozed_until)


def count_places(places: Iterable[str]) -> dict[str, int]:
    """{place: tasks}, every place named."""
    counts = dict.fromkeys(PLACES, 0)
    for place in places:
        counts[place] += 1
    return counts
