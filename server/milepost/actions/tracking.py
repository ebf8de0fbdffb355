"""Tracking health: finds rules and environments whose uses stopped at once, and sees when they come back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import NotFound
from milepost.rules.tracking import Suspicion, find_stop
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import rollups

HOUR_MS = 3_600_000
LOOK_BACK_HOURS = 24 * 7 * 9
WHOLE = -1


def check_tracking(runtime: Runtime, environment_id: int) -> tuple[int, int]:
    """(new suspicions, repaired). Open ones are looked at first: a rule that matches again is repaired."""
    now = runtime.clock()
    hour = now // HOUR_MS
    with db.reading(runtime.engine) as connection:
        hours = feature_store.read_rule_hours(connection, environment_id, hour - LOOK_BACK_HOURS)
        rows = feature_store.list_features(connection, environment_id)
        held = {f["ordinal"]: f for f in feature_store.list_open_faults(connection, environment_id)}
        settled = {f["ordinal"]: f["since_at"] for f in feature_store.list_confirmed_faults(connection, environment_id)}
    repaired = [f for o, f in held.items() if any(h >= f["since_at"] // HOUR_MS for h, n in hours.get(o, {}).items() if n)]
    watched = [r["ordinal"] for r in rows if r["retired_on"] is None and r["merged_into"] is None]
    found: dict[int, Suspicion] = {}
    whole = find_stop(hours.get(WHOLE, {}), hour, None)
    if whole is not None:
        found[WHOLE] = whole
    else:
        for ordinal in watched:
            stop = find_stop(hours.get(ordinal, {}), hour, _rest(hours, ordinal))
            if stop is not None:
                found[ordinal] = stop
    fresh = {
        o: s
        for o, s in found.items()
        if o not in held and settled.get(o, -1) < s.since_hour * HOUR_MS and not hours.get(o, {}).get(hour)
    }
    if fresh or repaired:
        with db.writing(runtime.engine) as connection:
            _write(connection, environment_id, fresh, repaired, now)
    return len(fresh), len(repaired)


def confirm_fault(runtime: Runtime, tenant: Tenant, ordinal: int, actor_name: str) -> None:
    """A person says that the silence is real: the feature counts again, as unused."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        faults = [f for f in feature_store.list_open_faults(connection, tenant.id) if f["ordinal"] == ordinal]
        if not faults:
            raise NotFound("There is no open suspicion of this feature.")
        for fault in faults:
            feature_store.update_fault(connection, tenant.id, fault["id"], confirmed_at=now, confirmed_by=actor_name)
        _spread(connection, tenant.id, now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="tracking.confirmed",
            subject=str(ordinal), environment_id=tenant.id,
        )  # fmt: skip


def withdraw_confirmation(runtime: Runtime, tenant: Tenant, ordinal: int, actor_name: str) -> None:
    """Undoes the latest confirmation: the silence is suspect again, until a use arrives or somebody confirms it."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        faults = [f for f in feature_store.list_confirmed_faults(connection, tenant.id) if f["ordinal"] == ordinal]
        if not faults:
            raise NotFound("No silence of this feature was confirmed.")
        latest = max(faults, key=lambda fault: fault["confirmed_at"])
        feature_store.update_fault(connection, tenant.id, latest["id"], confirmed_at=None, confirmed_by=None)
        _spread(connection, tenant.id, now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="tracking.confirmation_withdrawn",
            subject=str(ordinal), environment_id=tenant.id,
        )  # fmt: skip


def _rest(hours: Mapping[int, Mapping[int, int]], ordinal: int) -> dict[int, int]:
    """Every event less those of this rule."""
    mine = hours.get(ordinal, {})
    return {h: n - mine.get(h, 0) for h, n in hours.get(WHOLE, {}).items()}


def _write(connection: Connection, environment_id: int, fresh: Mapping[int, Suspicion], repaired: list[Any], now: int) -> None:
    for ordinal, stop in fresh.items():
        feature_store.insert_fault(
            connection,
            environment_id,
            ordinal=ordinal,
            since_at=stop.since_hour * HOUR_MS,
            last_good_at=stop.last_good_hour * HOUR_MS,
            found_at=now,
            expected_per_day=stop.expected_per_day,
        )
    for fault in repaired:
        feature_store.update_fault(connection, environment_id, fault["id"], repaired_at=now)
    _spread(connection, environment_id, now)


def _spread(connection: Connection, environment_id: int, now: int) -> None:
    environment_store.raise_generation(connection, environment_id)
    rollups.mark_all_dirty(connection, environment_id, now)
