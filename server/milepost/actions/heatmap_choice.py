"""Which rows and columns of the heat map a reader wants, and in which order."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

from milepost.actions.heatmap import STATES, HeatColumn, HeatMap, HeatRow, count_cells
from milepost.actions.portfolio_choice import Choice, fits


def count_state(state: str, row: HeatRow) -> int:
    """Cells of the row in this state."""
    return row.states.count(state)


ROW_SORTS: dict[str, Callable[[HeatRow], Any]] = {
    "name": lambda row: row.account.name.casefold(),
    "coverage": lambda row: row.account.coverage if row.account.coverage is not None else -1.0,
    **{state: partial(count_state, state) for state in STATES},
}


@dataclass(frozen=True)
class HeatChoice:
    """`rows` is tier (then coverage), coverage, name or a state by count; `columns` is module, use or name."""

    lines: Choice
    rows: str = "tier"
    rows_descending: bool = False
    columns: str = "module"
    columns_descending: bool = False


@dataclass(frozen=True)
class Share:
    """A column's `n` of `of` accounts whose coverage counts it."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        """None when it counts for nobody."""
        return self.n / self.of if self.of else None

    @property
    def rank(self) -> float:
        """For sorting: what counts for nobody stands below zero."""
        return self.n / self.of if self.of else -1.0


@dataclass(frozen=True)
class HeatGroup:
    """Rows of one tier; one group of all, tier None and `named` False, when rows are sorted otherwise."""

    tier: str | None
    named: bool
    rows: list[HeatRow]
    n_rows: int  # all of the tier's, where `rows` may be those of one page
    n_used: int
    n_eligible: int


@dataclass(frozen=True)
class HeatView:
    """The chosen part of the map; `modules` = (name, columns) runs, empty names when columns are not by module."""

    day: int
    columns: list[HeatColumn]
    modules: list[tuple[str, int]]
    shares: list[Share]
    groups: list[HeatGroup]
    totals: dict[str, int]
    n_rows: int  # of all pages

    @property
    def rows(self) -> list[HeatRow]:
        """All rows in order."""
        return [row for group in self.groups for row in group.rows]

    def page(self, first: int, size: int) -> "HeatView":
        """The same map with so many of its rows; what is counted is still counted over all."""
        shown, begin = [], 0
        for group in self.groups:
            part = group.rows[max(0, first - begin) : max(0, first + size - begin)]
            begin += len(group.rows)
            if part:
                shown.append(replace(group, rows=part))
        return replace(self, groups=shown)


def choose_part(heat: HeatMap, choice: HeatChoice) -> HeatView:
    """Filters rows, sorts both ways, and counts what is left."""
    rows = [row for row in heat.rows if fits(row.account, choice.lines)]
    shares = _shares(rows, len(heat.columns))
    order = _order_columns(heat.columns, shares, choice)
    columns = [heat.columns[i] for i in order]
    if order != list(range(len(order))):
        rows = [_reorder(row, order) for row in rows]
    runs = [(name, len(list(run))) for name, run in groupby(columns, key=lambda c: c.module)]
    return HeatView(
        heat.day,
        columns,
        runs if choice.columns == "module" else [("", len(columns))],
        [shares[i] for i in order],
        _group(rows, choice),
        count_cells(rows),
        len(rows),
    )


def _reorder(row: HeatRow, order: Sequence[int]) -> HeatRow:
    return replace(row, states=[row.states[i] for i in order], ordinals=[row.ordinals[i] for i in order])


def _shares(rows: Sequence[HeatRow], n_columns: int) -> list[Share]:
    used: Counter[int] = Counter()
    counts: Counter[int] = Counter()
    for row in rows:
        used.update(row.used)
        counts.update(row.eligible)
    return [Share(used[o], counts[o]) for o in rows[0].ordinals] if rows else [Share(0, 0)] * n_columns


def _order_columns(columns: Sequence[HeatColumn], shares: Sequence[Share], choice: HeatChoice) -> list[int]:
    order = list(range(len(columns)))  # by module and ordinal, as they come
    if choice.columns == "use":
        order.sort(key=lambda i: shares[i].rank, reverse=choice.columns_descending)
    elif choice.columns == "name":
        order.sort(key=lambda i: columns[i].name.casefold(), reverse=choice.columns_descending)
    elif choice.columns_descending:
        order.sort(key=lambda i: columns[i].module, reverse=True)
    return order


def _group(rows: list[HeatRow], choice: HeatChoice) -> list[HeatGroup]:
    if choice.rows != "tier":
        ordered = sorted(rows, key=lambda row: row.account.name.casefold())
        ordered.sort(key=ROW_SORTS[choice.rows], reverse=choice.rows_descending)
        return [_make_group(None, named=False, rows=ordered)] if ordered else []
    by_tier: dict[str, list[HeatRow]] = {}
    for row in rows:
        by_tier.setdefault(row.account.tier or "", []).append(row)
    tiers = sorted((t for t in by_tier if t), reverse=choice.rows_descending) + ([""] if "" in by_tier else [])
    for held in by_tier.values():
        held.sort(key=lambda row: row.account.name.casefold())
        held.sort(key=ROW_SORTS["coverage"], reverse=True)
    return [_make_group(tier or None, named=True, rows=by_tier[tier]) for tier in tiers]


def _make_group(tier: str | None, *, named: bool, rows: list[HeatRow]) -> HeatGroup:
    used, eligible = sum(row.account.n_used for row in rows), sum(row.account.n_eligible for row in rows)
    return HeatGroup(tier, named, rows, len(rows), used, eligible)
