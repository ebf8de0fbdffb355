"""The seven states of (account, feature), decided from the days of unguided use.

Days come as one integer: bit d is set when the feature was used on day d (days since 1970-01-01, offset by the
caller). Source: definitions page, "State"; after STARS (starsframework.org, MIT).
"""

from typing import Literal

State = Literal["not_entitled", "never", "tried", "adopted", "retained", "dormant", "lost"]

# cadence → (blocks, days a block, blocks with use that are needed)
BLOCKS: dict[str, tuple[int, int, int]] = {
    "daily": (28, 1, 5),
    "weekly": (8, 7, 3),
    "monthly": (3, 30, 2),
    "quarterly": (4, 90, 2),
}


def look_back_days(cadence: str) -> int:
    """28, 56, 90 or 360 days; `once` looks back for ever."""
    blocks, width, _ = BLOCKS[cadence]
    return blocks * width


def is_met(days: int, cadence: str, t: int) -> bool:
    """met(t): the cadence's rule holds in the look-back that ends with day t, inclusive."""
    days &= (1 << (t + 1)) - 1
    if cadence == "once":
        return days != 0
    blocks, width, needed = BLOCKS[cadence]
    start = t + 1 - blocks * width
    window = days >> start if start >= 0 else days << -start
    if width == 1:
        return window.bit_count() >= needed
    full = (1 << width) - 1
    return sum(1 for i in range(blocks) if window >> (i * width) & full) >= needed


def first_met(days: int, cadence: str, until: int) -> int | None:
    """The first day on which the rule held, up to `until`; None when it never did."""
    days &= (1 << (until + 1)) - 1
    if days == 0:
        return None
    first = (days & -days).bit_length() - 1
    if cadence == "once":
        return first
    if cadence == "daily":
        return _first_met_daily(days)
    last_use = days.bit_length() - 1
    for t in range(first, min(until, last_use + look_back_days(cadence)) + 1):
        if is_met(days, cadence, t):
            return t
    return None


def _first_met_daily(days: int) -> int | None:
    """Five distinct days within 28: the fifth is the first met day."""
    recent: list[int] = []
    while days:
        low = days & -days
        recent.append(low.bit_length() - 1)
        days ^= low
        if len(recent) >= 5 and recent[-1] - recent[-5] < 28:
            return recent[-1]
    return None


def state_of(days: int, cadence: str, t: int, *, entitled: bool = True, guided: bool = False) -> State:
    """The first that fits, top down; `guided` says that there was guided use (tried, when nothing else)."""
    if not entitled:
        return "not_entitled"
    days &= (1 << (t + 1)) - 1
    if days == 0:
        return "tried" if guided else "never"
    if cadence == "once":
        return "adopted"
    reached = first_met(days, cadence, t)
    span = look_back_days(cadence)
    if is_met(days, cadence, t):
        return "retained" if reached is not None and reached <= t - span else "adopted"
    if reached is None:
        return "tried"
    last_use = days.bit_length() - 1
    return "dormant" if last_use > t - 2 * span else "lost"
