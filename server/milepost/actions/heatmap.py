"""The heat map: accounts × features, one state per cell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat

import msgspec

from milepost.actions.grounds import feature_facts
from milepost.actions.portfolio import AccountLine, read_lines
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.coverage import is_live
from milepost.rules.days import day_of
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import scores as score_store

STATES = ("retained", "adopted", "tried", "never", "dormant", "lost", "not_entitled")


@dataclass(frozen=True)
class HeatColumn:
    """A live feature; `suspect` = its tracking is not to be believed just now."""

    key: str
    name: str
    module: str
    core: bool
    proven: bool
    suspect: bool


@dataclass(frozen=True)
class HeatCell:
    """`guided_only`: used in guides only; `counts` and `used`: stands in coverage's denominator, and in its numerator."""

    state: str
    guided_only: bool
    counts: bool
    used: bool = False


@cache
def _cell(state: str, guided_only: bool, counts: bool, used: bool) -> HeatCell:
    """At most 56 kinds of cell stand for all of them: equal ones are the same object."""
    return HeatCell(state, guided_only, counts, used)


@dataclass(frozen=True)
class HeatRow:
    """An account with one state per column, whose ordinals are `ordinals`; the sets hold ordinals, also of other features."""

    account: AccountLine
    states: list[str]
    ordinals: Sequence[int]
    guided_only: frozenset[int]
    eligible: frozenset[int]
    used: frozenset[int]

    @cached_property
    def cells(self) -> list[HeatCell]:
        """One per column: made for what is shown, which is seldom all."""
        guided, eligible, used = self.guided_only, self.eligible, self.used
        pairs = zip(self.states, self.ordinals, strict=True)
        return [_cell(state, o in guided, o in eligible, o in used) for state, o in pairs]


@dataclass(frozen=True)
class HeatMap:
    """Columns by module and name, rows by tier and coverage."""

    day: int
    columns: list[HeatColumn]
    rows: list[HeatRow]

    @property
    def totals(self) -> dict[str, int]:
        """{state: cells}."""
        return count_cells(self.rows)

    @property
    def modules(self) -> list[tuple[str, int]]:
        """(module, number of columns), in order."""
        return list(Counter(column.module for column in self.columns).items())


def count_cells(rows: Sequence[HeatRow]) -> dict[str, int]:
    """{state: cells} over these rows."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted.update(row.states)
    return {state: counted.get(state, 0) for state in STATES}


def read_heatmap(runtime: Runtime, tenant: Tenant, *, owner_email: str | None = None) -> HeatMap:
    """Every scored account × every live feature."""
    today = day_of(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        features = [f for f in feature_store.list_features(connection, tenant.id) if is_live(feature_facts(f), today)]
        faults = {f["ordinal"] for f in feature_store.list_open_faults(connection, tenant.id)}
        lines = {line.key: line for line in read_lines(connection, tenant.id, today)}
        keys = {a.id: a.key for a in coverage_store.list_plain_accounts(connection, tenant.id)}
        held = score_store.list_live_states(connection, tenant.id)
    features.sort(key=lambda f: (f["module"], f["ordinal"]))
    columns = [
        HeatColumn(
            f["key"], f["name"], f["module"], bool(f["core"]), f["proven_at"] is not None, f["ordinal"] in faults or -1 in faults
        )
        for f in features
    ]
    ordinals = tuple(f["ordinal"] for f in features)
    names = [str(ordinal) for ordinal in ordinals]
    rows = []
    for account_id, (states_text, grounds_text) in held.items():
        line = lines.get(keys.get(account_id, ""))
        if line is None or line.stage == "lost" or (owner_email is not None and line.owner_email != owner_email):
            continue
        states, grounds = msgspec.json.decode(states_text), msgspec.json.decode(grounds_text)
        guided, eligible, used = (frozenset(grounds.get(name, ())) for name in ("guided_only", "eligible", "used"))
        rows.append(HeatRow(line, list(map(states.get, names, repeat("never"))), ordinals, guided, eligible, used))
    rows.sort(key=lambda row: (row.account.tier or "~", -(row.account.coverage or 0.0), row.account.name))
    return HeatMap(today, columns, rows)
