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
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    bits: dict[tuple[int, int], int] = field(default_factory=dict)
    active: set[tuple[int, int, int]] = field(default_factory=set)
    hours: dict[tuple[int, int], int] = field(default_factory=dict)
    reach: dict[int, list[int]] = field(default_factory=dict)
    account_days: dict[int, tuple[int, int]] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)

    def add(self, row: tuple[Any, ...]) -> None:
        """One row, columns as in `store.events.COLUMNS`; rows left out or without an owner add nothing."""
        _, _, _, kind, name, at, _, day, _, user, account, ordinals, _, guided, _, excluded, _ = row
        if excluded is not None or user is None or account is None:
            return
        held = self.account_days.get(account)
        self.account_days[account] = (day, day) if held is None else (min(held[0], day), max(held[1], day))
        if kind not in ACTIVE_TYPES or name in SIGNAL_EVENTS:
            return
        ours = name is not None and name.startswith("$")
        if not ours:
            self.active.add((account, day, user))
        hour = at // HOUR_MS
        self.hours[hour, -1] = self.hours.get((hour, -1), 0) + 1
        if not ours:
            share = self.reach.setdefault(day, [0, 0])
            share[0] += bool(ordinals)
            share[1] += 1
        if ordinals:
            self._add_uses(unpack_ordinals(ordinals), account, day, user, hour, guided)

    def _add_uses(self, ordinals: tuple[int, ...], account: int, day: int, user: int, hour: int, guided: int) -> None:
        for ordinal in ordinals:
            self.matched.add(ordinal)
            self.usage.setdefault((account, ordinal, day, user), [0, 0])[1 if guided else 0] += 1
            self.hours[hour, ordinal] = self.hours.get((hour, ordinal), 0) + 1
            if not guided:
                self.bits[account, day] = self.bits.get((account, day), 0) | 1 << ordinal
                span = self.spans.get((account, ordinal))
                self.spans[account, ordinal] = (day, day) if span is None else (min(span[0], day), max(span[1], day))

    def add_all(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Each of them."""
        for row in rows:
            self.add(row)


def write_additions(connection: Connection, environment_id: int, additions: Additions, memory: Memory) -> None:
    """Adds everything in key order; what memory knows to be there already is left out."""
    rollups.add_usage(connection, environment_id, {k: (v[0], v[1]) for k, v in additions.usage.items()})
    rollups.widen_feature_last(connection, environment_id, _news(additions.spans, memory.feature_days))
    fresh_bits = {k: v for k, v in additions.bits.items() if memory.day_bits.get(k, 0) | v != memory.day_bits.get(k)}
    rollups.add_account_days(connection, environment_id, fresh_bits)
    for key, bits in fresh_bits.items():
        memory.day_bits[key] = memory.day_bits.get(key, 0) | bits
    rollups.add_active_days(connection, environment_id, additions.active - memory.active)
    memory.active |= additions.active
    rollups.add_rule_hours(connection, environment_id, additions.hours)
    rollups.add_reach(connection, environment_id, {k: (v[0], v[1]) for k, v in additions.reach.items()})
    rollups.touch_accounts(connection, environment_id, _news(additions.account_days, memory.account_days))


def _news(spans: dict[K, tuple[int, int]], known: dict[K, tuple[int, int]]) -> dict[K, tuple[int, int]]:
    news = {}
    for key, (first, last) in spans.items():
        held = known.get(key)
        if held is None or first < held[0] or last > held[1]:
            news[key] = (first, last)
            known[key] = (first, last) if held is None else (min(first, held[0]), max(last, held[1]))
    return news
