"""Counts rows into the roll-ups: the same sums for a fresh event, one that waited, and `rebuild`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from milepost.actions.intake_memory import Memory
from milepost.rules.matching import unpack_ordinals
from milepost.store import rollups

ACTIVE_TYPES = frozenset({"track", "page", "screen"})
SIGNAL_EVENTS = frozenset({"Ticket Opened", "Ticket Closed"})
HOUR_MS = 3_600_000
K = TypeVar("K")


@dataclass
class Additions:
    """What a set of rows adds; every part is a sum, a union, a least or a most, so order never matters."""

    usage: dict[tuple[int, int, int, int], list[int]] = field(default_factory=dict)
    active: set[tuple[int, int, int]] = field(default_factory=set)
    hours: dict[tuple[int, int], int] = field(default_factory=dict)
    reach: dict[int, list[int]] = field(default_factory=dict)
    account_days: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, row: tuple[Any, ...]) -> None:
        """One row, columns as in `store.events.COLUMNS`; rows left out or without an owner add nothing."""
        self.add_all((row,))

    def add_all(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Each of them. (The one loop every event goes through: names and look-ups are kept to the fewest.)"""
        usage, hours, active, account_days = self.usage, self.hours, self.active, self.account_days
        for row in rows:
            user, account, excluded = row[9], row[10], row[15]
            if excluded is not None or user is None or account is None:
                continue
            name, day = row[4], row[7]
            span = account_days.get(account)
            if span is None or day < span[0] or day > span[1]:
                account_days[account] = (day, day) if span is None else (min(span[0], day), max(span[1], day))
            if row[3] not in ACTIVE_TYPES or name in SIGNAL_EVENTS:
                continue
            ordinals, hour = row[11], row[5] // HOUR_MS
            every = (hour, -1)
            hours[every] = hours.get(every, 0) + 1
            if name is None or name[:1] != "$":
                active.add((account, day, user))
                share = self.reach.setdefault(day, [0, 0])
                share[1] += 1
                if ordinals:
                    share[0] += 1
            if ordinals:
                guided = 1 if row[13] else 0
                for ordinal in unpack_ordinals(ordinals):
                    n = usage.get((account, ordinal, day, user))
                    if n is None:
                        n = usage[account, ordinal, day, user] = [0, 0]
                    n[guided] += 1
                    use = (hour, ordinal)
                    hours[use] = hours.get(use, 0) + 1

    @property
    def matched(self) -> set[int]:
        """Ordinals of the features that were used."""
        return {key[1] for key in self.usage}

    def unguided(self) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], tuple[int, int]]]:
        """({(account, day): bits of ordinals}, {(account, ordinal): (first, last day)}) of use without a guide."""
        bits: dict[tuple[int, int], int] = {}
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for (account, ordinal, day, _), n in self.usage.items():
            if n[0]:
                bits[account, day] = bits.get((account, day), 0) | 1 << ordinal
                span = spans.get((account, ordinal))
                if span is None or day < span[0] or day > span[1]:
                    spans[account, ordinal] = (day, day) if span is None else (min(span[0], day), max(span[1], day))
        return bits, spans


def write_additions(connection: Connection, environment_id: int, additions: Additions, memory: Memory) -> None:
    """Adds everything in key order; what memory knows to be there already is left out."""
    bits, spans = additions.unguided()
    rollups.add_usage(connection, environment_id, additions.usage)
    rollups.widen_feature_last(connection, environment_id, _news(spans, memory.feature_days))
    fresh_bits = {k: v for k, v in bits.items() if memory.day_bits.get(k, 0) | v != memory.day_bits.get(k)}
    rollups.add_account_days(connection, environment_id, fresh_bits)
    for key, mine in fresh_bits.items():
        memory.day_bits[key] = memory.day_bits.get(key, 0) | mine
    rollups.add_active_days(connection, environment_id, additions.active - memory.active)
    memory.active |= additions.active
    rollups.add_rule_hours(connection, environment_id, additions.hours)
    rollups.add_reach(connection, environment_id, additions.reach)
    rollups.touch_accounts(connection, environment_id, _news(additions.account_days, memory.account_days))


def _news(spans: dict[K, tuple[int, int]], known: dict[K, tuple[int, int]]) -> dict[K, tuple[int, int]]:
    news = {}
    for key, (first, last) in spans.items():
        held = known.get(key)
        if held is None or first < held[0] or last > held[1]:
            news[key] = (first, last)
            known[key] = (first, last) if held is None else (min(first, held[0]), max(last, held[1]))
    return news
