"""Sample rows of Linden HR, worked out from the day and the people: the same every time they are asked for."""

from datetime import date, timedelta
from random import Random

from milepost.demo.book.accounts import Account
from milepost.demo.book.names import person_name

KINDS = ("annual", "sick", "annual", "study", "annual", "parental")
SHIFTS = ("early", "late", "night")
WANTED = ("warehouse", "driver", "office", "sales")
LEAD_NAMES = tuple(person_name(Random(f"lead:{i}"), chinese=i % 4 == 3) for i in range(40))
LATE_AFTER = "09:05"


def week_of(today: date) -> list[str]:
    """Monday to Friday."""
    monday = today - timedelta(today.weekday())
    return [str(monday + timedelta(d)) for d in range(5)]


def open_requests(account: Account, today: date, n: int) -> list[tuple[str, str, int, str]]:
    """(person, first day, days, kind) of `n` employees, on business days ahead."""
    employees = [p for p in account.people if p.role == "employee"]
    found = []
    for i in range(n):
        first = today + timedelta(3 + 2 * i)
        first += timedelta(7 - first.weekday()) if first.weekday() > 4 else timedelta(0)
        found.append((employees[i % len(employees)].id, str(first), (2, 1, 5, 1, 3, 10)[i % 6], KINDS[i % 6]))
    return found


def shifts_of(account: Account, today: date) -> list[tuple[str, str, str]]:
    """(person, day, shift) of this week: a rhythm each, with days off, in order of the days."""
    employees = [p for p in account.people if p.role == "employee"][:10]
    return [
        (p.id, day, SHIFTS[(i + d // 3) % 3])
        for d, day in enumerate(week_of(today))
        for i, p in enumerate(employees)
        if (i * 3 + d) % 6
    ]


def clock_times(person: str, day: str) -> tuple[str, str]:
    """When the person came and went that day; sometimes late, sometimes without a clock-out."""
    rng = Random(f"clock:{person}:{day}")
    late = rng.random() < 0.14
    came = 9 * 60 + rng.randint(6, 40) if late else 8 * 60 + rng.randint(38, 65)
    went = 17 * 60 + rng.randint(20, 75)
    return as_time(came), "" if rng.random() < 0.05 else as_time(went)


def as_time(minutes: int) -> str:
    """`08:58`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
