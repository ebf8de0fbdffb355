"""When a checkpoint over usage was reached."""

from collections.abc import Mapping, Sequence

from milepost.wire.checkpoint import Checkpoint

# One use: (day, end user, n unguided uses that day)
Use = tuple[int, int, int]


def reached_on(checkpoint: Checkpoint, uses: Mapping[str, Sequence[Use]]) -> int | None:
    """The first day on which every part held within the window that ends with it; None when never.

    `uses[feature key]` = unguided uses per day and person of one account, any order.
    """
    candidates = sorted({day for part in checkpoint.parts for day, _, n in uses.get(part.feature, ()) if n > 0})
    for day in candidates:
        first = day - checkpoint.window_days + 1
        if all(_part_holds(uses.get(p.feature, ()), first, day, p.uses, p.people) for p in checkpoint.parts):
            return day
    return None


def _part_holds(uses: Sequence[Use], first: int, last: int, n_uses: int, n_people: int) -> bool:
    inside = [(person, n) for day, person, n in uses if first <= day <= last and n > 0]
    return sum(n for _, n in inside) >= n_uses and len({person for person, _ in inside}) >= n_people
