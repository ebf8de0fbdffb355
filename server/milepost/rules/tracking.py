"""Broken tracking is never churn: a rule whose uses stop at once across accounts is suspect.

Source: definitions page, "Tracking health".
"""

from collections.abc import Mapping
from dataclasses import dataclass

WEEK_H = 168
MIN_PER_DAY = 20.0
MIN_EXPECTED = 20.0
NORMAL_SHARE = 0.5


@dataclass(frozen=True)
class Suspicion:
    """A stop: hours are hours since 1970 UTC; `since_hour` is the first hour without a use."""

    last_good_hour: int
    since_hour: int
    expected_per_day: float
    expected_in_silence: float


def find_stop(hours: Mapping[int, int], now_hour: int, rest: Mapping[int, int] | None) -> Suspicion | None:
    """A suspicion when at least 20 uses were expected in the silence that lasts until now, and none came.

    `hours` = {hour: uses} of one rule (or of the whole environment); what is expected of an hour is the mean of the same
    hour of the four weeks before the silence. `rest` = the same for all events: it must have gone on at half its
    own expectation at least, else the rule is not to blame; None when the environment itself is looked at.
    """
    used = [h for h, n in hours.items() if n > 0 and h < now_hour]
    if not used:
        return None
    last = max(used)
    silence = range(last + 1, now_hour)
    if not silence:
        return None
    expected = sum(_expected(hours, h, last) for h in silence)
    per_day = sum(n for h, n in hours.items() if last - 4 * WEEK_H < h <= last) / 28
    if expected < MIN_EXPECTED or per_day < MIN_PER_DAY:
        return None
    if rest is not None:
        came = sum(rest.get(h, 0) for h in silence)
        usual = sum(_expected(rest, h, last) for h in silence)
        if came < NORMAL_SHARE * usual:
            return None
    return Suspicion(last, last + 1, per_day, expected)


def _expected(hours: Mapping[int, int], hour: int, last: int) -> float:
    """Mean of the same hour of the week over the four last weeks that lie before the silence."""
    back = (hour - last + WEEK_H - 1) // WEEK_H
    return sum(hours.get(hour - (back + i) * WEEK_H, 0) for i in range(4)) / 4
