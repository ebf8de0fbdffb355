"""Decides event and page rules again over the raw events that are there: the difference first, then applied.

Works in short transactions beside the running writer. A slice that was done decides the same again, so a recount that
was cut off is simply started again. Element rules can't be recounted: only the browser knew the element.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.checkpoints import check_everyone
from milepost.actions.intake_rollups import Additions
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.days import date_of
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import features as feature_store
from milepost.store import months, rollups
from milepost.store import recount as recount_store

READ_SLICE = 2_000
WRITE_SLICE = 300
ELEMENT_NOTE = "Element rules can't be recounted: only the browser knew which element was clicked."
Row = tuple[Any, ...]


@dataclass
class Difference:
    """Uses per feature key that come and go, over counted rows; `n_changed` events decide differently."""

    from_day: int
    n_events: int = 0
    n_changed: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    applied: bool = False
    notes: list[str] = field(default_factory=lambda: [ELEMENT_NOTE])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "from": date_of(self.from_day).isoformat(),
            "events": self.n_events,
            "changed": self.n_changed,
            "gained": dict(sorted(self.gained.items())),
            "lost": dict(sorted(self.lost.items())),
            "applied": self.applied,
            "notes": self.notes,
        }


def recount(
    runtime: Runtime,
    tenant: Tenant,
    from_day: int,
    actor_name: str,
    *,
    apply: bool = False,
    progress: Callable[[int], None] = lambda _n: None,
) -> Difference:
    """The difference the catalogue of now makes to events from a day on; with `apply` it is written and audited."""
    with db.reading(runtime.engine) as connection:
        tenant = runtime.tenants.within(connection, tenant.id, runtime.clock())  # a catalogue of this very moment
        keys = {f["ordinal"]: f["key"] for f in feature_store.list_features(connection, tenant.id)}
    found, after = Difference(from_day), b""
    while True:
        with db.reading(runtime.engine) as connection:
            rows = event_store.read_events(connection, tenant.id, after, READ_SLICE)
        if not rows:
            break
        after = bytes(rows[-1][1])
        changed = [(row, new) for row in rows if row[7] >= from_day for new in decide(tenant, row)]
        found.n_events += sum(row[7] >= from_day for row in rows)
        _tell(found, changed, keys)
        if apply:
            for start in range(0, len(changed), WRITE_SLICE):
                _apply_slice(runtime, tenant, [bytes(row[1]) for row, _ in changed[start : start + WRITE_SLICE]])
        progress(found.n_events)
    if apply:
        _finish(runtime, tenant, found, actor_name)
    return found


def decide(tenant: Tenant, row: Row) -> list[tuple[int, ...]]:
    """The new ordinals of a raw row as a list of one, or an empty list when they stay as they are."""
    kind, name, held, body = row[3], row[4], json.loads(row[11]) if row[11] else [], row[16]
    parts = json.loads(body) if body else {}
    new: tuple[int, ...] = ()
    if kind == "track" and name:
        if name.startswith("$"):
            return []
        new = tenant.catalogue.match_event(name, parts.get("p", {}))
    elif kind == "page":
        path = parts.get("c", {}).get("page", {}).get("path")
        new = tenant.catalogue.match_page(path) if path else ()
    return [] if list(new) == held else [new]


def _tell(found: Difference, changed: Iterable[tuple[Row, tuple[int, ...]]], keys: dict[int, str]) -> None:
    for row, new in changed:
        found.n_changed += 1
        if row[15] is not None or row[9] is None or row[10] is None:
            continue
        old = set(json.loads(row[11]) if row[11] else [])
        found.gained.update(keys[o] for o in set(new) - old)
        found.lost.update(keys.get(o, str(o)) for o in old - set(new))


def _apply_slice(runtime: Runtime, tenant: Tenant, keys: list[bytes]) -> None:
    """The rows are read again here: one that waited for its owner may have been counted since."""
    with db.writing(runtime.engine) as connection:
        held = recount_store.read_events_by_key(connection, tenant.id, keys)
        before, after, updates = Additions(), Additions(), []
        for row, new in [(event, new) for event in held for new in decide(tenant, event)]:
            text = json.dumps(list(new), separators=(",", ":")) if new else None
            updates.append((text, tenant.catalogue.version, bytes(row[1])))
            before.add(row)
            after.add((*row[:11], text, *row[12:]))
        event_store.update_ordinals(connection, tenant.id, updates)
        _write_difference(connection, tenant, before, after, runtime.clock())


def _write_difference(connection: Connection, tenant: Tenant, before: Additions, after: Additions, now: int) -> None:
    """Roll-ups are sums, so the old decision is taken away and the new one added; what is derived is read again."""
    usage = {
        key: (
            after.usage.get(key, [0, 0])[0] - before.usage.get(key, [0, 0])[0],
            after.usage.get(key, [0, 0])[1] - before.usage.get(key, [0, 0])[1],
        )
        for key in before.usage.keys() | after.usage.keys()
    }
    usage = {key: difference for key, difference in usage.items() if difference != (0, 0)}
    months.unfold_days(connection, tenant.id, {(account, day) for account, _, day, _ in usage})
    rollups.add_usage(connection, tenant.id, usage)
    hours = {k: after.hours.get(k, 0) - before.hours.get(k, 0) for k in before.hours.keys() | after.hours.keys()}
    rollups.add_rule_hours(connection, tenant.id, {k: n for k, n in hours.items() if n and k[1] >= 0})
    reach = {
        day: (after.reach.get(day, [0, 0])[0] - before.reach.get(day, [0, 0])[0], 0)
        for day in before.reach.keys() | after.reach.keys()
    }
    rollups.add_reach(connection, tenant.id, reach)
    recount_store.drop_empty_usage(connection, tenant.id, usage)
    recount_store.restore_days(connection, tenant.id, {(account, day) for account, _, day, _ in usage})
    recount_store.restore_last(connection, tenant.id, {(account, ordinal) for account, ordinal, _, _ in usage})
    proven = after.matched & tenant.unproven
    if proven:
        rollups.prove_features(connection, tenant.id, proven, now)
    rollups.mark_dirty(connection, tenant.id, {account for account, _, _, _ in usage}, now)
    environment_store.raise_generation(connection, tenant.id)  # the writer forgets what it remembers of these days


def _finish(runtime: Runtime, tenant: Tenant, found: Difference, actor_name: str) -> None:
    found.applied = True
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection, tenant.workspace_id, now=runtime.clock(), actor=actor_name, action="catalogue.recounted",
            subject=date_of(found.from_day).isoformat(), environment_id=tenant.id, changed=found.n_changed,
            gained=dict(found.gained), lost=dict(found.lost),
        )  # fmt: skip
    check_everyone(runtime, tenant.id)
