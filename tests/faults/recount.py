"""The roll-ups counted again by hand from the raw rows, in the plainest way there is."""

import json
from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import Engine, text

from milepost.store import engine as db

COUNTED = {
    "usage": "account_id, ordinal, day, end_user_id, n, n_guided",
    "feature_last": "account_id, ordinal, first_day, last_day",
    "active_day": "account_id, day, end_user_id",
    "account_day": "account_id, day, bitmap",
    "reach_day": "day, matched, total",
    "rule_hour": "hour, ordinal, n",
}


def kept_rollups(engine: Engine) -> dict[str, set[tuple[Any, ...]]]:
    """What the tables hold; bitmaps as numbers."""
    found = {}
    with db.reading(engine) as connection:
        for name, columns in COUNTED.items():
            rows = connection.execute(text(f"SELECT {columns} FROM {name}"))
            found[name] = {tuple(_number(value) for value in row) for row in rows}
    return found


def _number(value: Any) -> Any:
    return int.from_bytes(bytes(value), "little") if isinstance(value, bytes | memoryview) else value


def counted_rollups(engine: Engine) -> dict[str, set[tuple[Any, ...]]]:
    """What they should hold, for histories of unguided track events."""
    usage: Counter[tuple[int, ...]] = Counter()
    days: dict[tuple[int, int], set[int]] = defaultdict(set)
    bits: dict[tuple[int, int], int] = defaultdict(int)
    hours: Counter[tuple[int, int]] = Counter()
    matched, total = Counter[int](), Counter[int]()
    active: set[tuple[Any, ...]] = set()
    sql = "SELECT account_id, end_user_id, day, at, ordinals FROM events WHERE account_id IS NOT NULL AND excluded IS NULL"
    with db.reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(text(sql))]
    for account, user, day, at, text_ordinals in rows:
        ordinals = json.loads(text_ordinals) if text_ordinals else []
        active.add((account, day, user))
        total[day] += 1
        matched[day] += bool(ordinals)
        hours[at // 3_600_000, -1] += 1
        for ordinal in ordinals:
            usage[account, ordinal, day, user] += 1
            days[account, ordinal].add(day)
            bits[account, day] |= 1 << ordinal
            hours[at // 3_600_000, ordinal] += 1
    return {
        "usage": {(*key, n, 0) for key, n in usage.items()},
        "feature_last": {(*key, min(found), max(found)) for key, found in days.items()},
        "active_day": active,
        "account_day": {(*key, value) for key, value in bits.items()},
        "reach_day": {(day, matched[day], n) for day, n in total.items()},
        "rule_hour": {(*key, n) for key, n in hours.items()},
    }
