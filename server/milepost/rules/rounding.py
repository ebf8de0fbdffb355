"""Rounding for the screen: shown parts add up to the shown sum."""

import math
from collections.abc import Sequence


def round_to_sum(values: Sequence[float], total: float | None = None, decimals: int = 1) -> list[float]:
    """Each value rounded down or up so that the results sum to `total` (left out: the sum), itself rounded.

    Largest remainder (Hamilton's method): no result is further than one unit from its value when `total` is the sum.
    """
    if not values:
        return []
    scale = 10**decimals
    whole = math.fsum(values) if total is None else total
    target = round(round(whole, decimals) * scale)
    floors = [math.floor(value * scale + 1e-9) for value in values]
    order = sorted(range(len(values)), key=lambda i: (floors[i] - values[i] * scale, i))
    each, left = divmod(target - sum(floors), len(values))
    for place, i in enumerate(order):
        floors[i] += each + (place < left)
    return [units / scale for units in floors]
