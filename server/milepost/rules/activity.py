"""Who was active: shares over business days, seats, and the four plain columns.

Source: definitions page, "Stickiness", "Daily active share", "Seat utilisation".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from milepost.rules.days import is_business_day

SPAN_DAYS = 28
NO_PEOPLE = {
    "employees": {"en": "the number of employees is not known", "zh-CN": "员工人数未知"},
    "seats": {"en": "the number of seats is not known", "zh-CN": "席位数未知"},
}
NO_BUSINESS_DAY = {"en": "no business day in the window", "zh-CN": "区间内没有工作日"}


@dataclass(frozen=True)
class Share:
    """A mean share with its ground; `value` is None with the reason in `why` when it can't be known."""

    value: float | None
    n_days: int
    mean_people: float
    denominator: int | None
    over_one: bool = False
    why: dict[str, str] = field(default_factory=dict)  # {en, zh-CN}


def active_share(
    people_by_day: Mapping[int, int], last_complete_day: int, denominator: int | None, *, days: int = SPAN_DAYS,
    country: str = "", calendar: bool = False, what: str = "employees",
) -> Share:  # fmt: skip
    """Mean over the business days of the `days` days ending with `last_complete_day` of active people ÷ denominator.

    `people_by_day` = {day: distinct counted end users}; a share above 1 is 1 with a flag. `what` names the
    denominator, employees or seats, for the reason when it is not known.
    """
    span = range(last_complete_day - days + 1, last_complete_day + 1)
    counted = [d for d in span if calendar or is_business_day(d, country)]
    mean = sum(people_by_day.get(d, 0) for d in counted) / len(counted) if counted else 0.0
    if not denominator:
        return Share(None, len(counted), mean, None, why=NO_PEOPLE[what])
    if not counted:
        return Share(None, 0, mean, denominator, why=NO_BUSINESS_DAY)
    share = mean / denominator
    return Share(min(1.0, share), len(counted), mean, denominator, over_one=share > 1)


def seat_use(active_people: int, seats: int | None) -> float | None:
    """Distinct people active in 28 days ÷ licensed seats; unknown without seats."""
    return min(1.0, active_people / seats) if seats else None
