"""The heat map: accounts × features, one state per cell."""

import json
from collections import Counter
from dataclasses import dataclass

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


@dataclass(frozen=True)
class HeatRow:
    """An account with one cell per column, in the columns' order."""

    account: AccountLine
    cells: list[HeatCell]


@dataclass(frozen=True)
class HeatMap:
    """Columns by module and name, rows by tier and coverage; totals over all cells by state."""

    day: int
    columns: list[HeatColumn]
    rows: list[HeatRow]
    totals: dict[str, int]

    @property
    def modules(self) -> list[tuple[str, int]]:
        """(module, number of columns), in order."""
        return list(Counter(column.module for column in self.columns).items())


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
    ordinals = [(f["ordinal"], str(f["ordinal"])) for f in features]
    cells: dict[tuple[str, bool, bool, bool], HeatCell] = {}  # a few dozen kinds of cell stand for all of them
    rows = []
    for account_id, (states_text, grounds_text) in held.items():
        line = lines.get(keys.get(account_id, ""))
        if line is None or line.stage == "lost" or (owner_email is not None and line.owner_email != owner_email):
            continue
        states, grounds = json.loads(states_text), json.loads(grounds_text)
        guided, eligible, used = (set(grounds.get(name, ())) for name in ("guided_only", "eligible", "used"))
        kinds = [(states.get(key, "never"), o in guided, o in eligible, o in used) for o, key in ordinals]
        rows.append(HeatRow(line, [cells.get(kind) or cells.setdefault(kind, HeatCell(*kind)) for kind in kinds]))
    rows.sort(key=lambda row: (row.account.tier or "~", -(row.account.coverage or 0.0), row.account.name))
    counted = Counter(cell.state for row in rows for cell in row.cells)
    return HeatMap(today, columns, rows, {state: counted.get(state, 0) for state in STATES})
