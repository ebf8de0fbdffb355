"""Gathers what `rules.reckoning` needs: the environment's ground once, accounts in groups; any day can then be worked out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping

from milepost.actions.health import HeldModel, read_active_model
from milepost.rules.coverage import AccountUse, FeatureFacts, Offer, Plan
from milepost.rules.days import day_of, start_of_day
from milepost.rules.reckoning import AccountGround, Ground
from milepost.rules.signals import Fact, Moment, Sources
from milepost.store import checkpoints as checkpoint_store
from milepost.store import coverage as coverage_store
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import signals as signal_store
from milepost.store.coverage import AccountRow
from milepost.wire.environment import EnvironmentSettings

HOUR_MS = 3_600_000
ACTIVE_DAYS = 120
MAX_LOOK_BACK_DAYS = 800


@dataclass(frozen=True)
class EnvironmentGround:
    """An environment as scoring sees it at one moment."""

    environment_id: int
    zone: str
    created_on: int
    catalogue_version: int
    held: HeldModel
    ground: Ground

    def ordinals_of_model(self) -> dict[str, int]:
        """{feature key: ordinal} of the features the model asks for by name."""
        model = self.ground.model
        keys = {model.signal(name).feature for name in model.used_signals()} - {None}
        return {f.key: f.ordinal for f in self.ground.features if f.key in keys}


def live_moment(now: int, zone: str) -> Moment:
    """Today as far as it has come; means over days leave it out."""
    today = day_of(now, zone)
    return Moment(today, today - 1, now + 1)


def closed_moment(day: int, zone: str) -> Moment:
    """A whole day that is over."""
    return Moment(day, day, start_of_day(day + 1, zone))


def read_ground(connection: Connection, environment_id: int, moment: Moment, held: HeldModel | None = None) -> EnvironmentGround:
    """Catalogue, model, settings, sources and suspicions as of the moment."""
    row = environment_store.read_environment(connection, environment_id)
    zone = row["time_zone"]
    settings = EnvironmentSettings.model_validate_json(row["settings"])
    held = held or read_active_model(connection, environment_id)
    faults = [f for f in feature_store.list_open_faults(connection, environment_id) if f["since_at"] < moment.end_ms]
    whole = min((f["since_at"] for f in faults if f["ordinal"] == -1), default=None)
    frozen = {f["ordinal"]: day_of(f["last_good_at"], zone) for f in faults if f["ordinal"] >= 0}
    rows = feature_store.list_features(connection, environment_id)
    offers = feature_store.read_offers(connection, environment_id)
    if whole is not None:
        frozen |= {f["ordinal"]: day_of(whole - 1, zone) for f in rows}
    return EnvironmentGround(
        environment_id=environment_id,
        zone=zone,
        created_on=day_of(row["created_at"], zone),
        catalogue_version=feature_store.newest_version(connection, environment_id),
        held=held,
        ground=Ground(
            features=tuple(feature_facts(f, offers.get(f["ordinal"], []), suspect=f["ordinal"] in frozen) for f in rows),
            model=held.model,
            settings=settings,
            sources=_read_sources(connection, environment_id, moment.end_ms),
            frozen=frozen,
            events_suspect=whole is not None,
        ),
    )


def feature_facts(
    row: "RowMapping | Mapping[str, Any]",
    offers: Iterable[tuple[int, str | None, str | None]] = (),
    *,
    suspect: bool = False,
) -> FeatureFacts:
    """A catalogue row as counting sees it; `offers` = (from day, plans, add-ons), the row's own lists when there are none."""
    dated = [Offer(from_on, _set(plans), _set(add_ons)) for from_on, plans, add_ons in offers]
    return FeatureFacts(
        ordinal=row["ordinal"],
        key=row["key"],
        name=row["name"],
        module=row["module"],
        core=bool(row["core"]),
        weight=row["weight"],
        cadence=row["cadence"],
        audience_role=row["audience_role"],
        offers=tuple(dated) or (Offer(0, _set(row["plans"]), _set(row["add_ons"])),),
        introduced_on=row["introduced_on"],
        retired_on=row["retired_on"],
        merged_into=row["merged_into"],
        merged_on=row["merged_on"],
        proven=row["proven_at"] is not None,
        suspect=suspect,
    )


def read_account_grounds(
    connection: Connection, environment: EnvironmentGround, account_ids: Iterable[int], from_day: int
) -> dict[int, AccountGround]:
    """{account: its ground}; `from_day` is the earliest day that will be worked out."""
    ids, environment_id = sorted(set(account_ids)), environment.environment_id
    rows = coverage_store.read_accounts(connection, environment_id, ids)
    plans = coverage_store.read_entitlements(connection, environment_id, ids)
    roles = coverage_store.read_roles(connection, environment_id, ids)
    days = coverage_store.read_use_days(connection, environment_id, ids)
    guided = coverage_store.read_guided_days(connection, environment_id, ids)
    active = coverage_store.read_active_people(connection, environment_id, ids, from_day - ACTIVE_DAYS)
    named = environment.ordinals_of_model()
    people = coverage_store.read_feature_people(connection, environment_id, ids, named.values())
    facts = signal_store.read_signals(connection, environment_id, ids)
    activated = checkpoint_store.read_activations(connection, environment_id, ids)
    return {
        row.id: AccountGround(
            use=_use(
                row, plans.get(row.id, []), roles.get(row.id, set()), days.get(row.id, []), guided.get(row.id, []), from_day
            ),
            active=active.get(row.id, {}),
            people={key: people.get(row.id, {}).get(ordinal, []) for key, ordinal in named.items()},
            facts=[Fact(f.type, f.at, f.closed_at, f.category, f.value, f.end_user_id) for f in facts.get(row.id, [])],
            employees=row.employees,
            seats=row.seats,
            arr=row.arr,
            renewal_on=row.renewal_on,
            ended_on=row.ended_on,
            activated_on=day_of(activated[row.id], environment.zone) if row.id in activated else None,
            traits=row.traits,
        )
        for row in rows
    }


def _use(
    row: AccountRow,
    plans: list[tuple[int, str | None, list[str]]],
    roles: set[str | None],
    days: list[tuple[int, int]],
    guided: list[tuple[int, int]],
    from_day: int,
) -> AccountUse:
    first = min([day for day, _ in days] + [day for day, _ in guided] + [from_day])
    base = max(first, from_day - MAX_LOOK_BACK_DAYS)
    return AccountUse(
        base=base,
        days=_turn([(day, bits) for day, bits in days if day >= base], base),
        guided=_turn([(day, 1 << ordinal) for day, ordinal in guided if day >= base], base),
        plans=tuple(Plan(from_on, plan, frozenset(add_ons)) for from_on, plan, add_ons in plans),
        started_on=row.started_on if row.started_on is not None else row.first_event_on,
        roles=frozenset(role for role in roles if role is not None),
        has_unknown_role=None in roles,
    )


def _turn(days: list[tuple[int, int]], base: int) -> dict[int, int]:
    """Bits of features by day become bits of days by feature."""
    masks: dict[int, int] = {}
    for day, bits in days:
        left = bits
        while left:
            low = left & -left
            ordinal = low.bit_length() - 1
            masks[ordinal] = masks.get(ordinal, 0) | 1 << (day - base)
            left ^= low
    return masks


def _read_sources(connection: Connection, environment_id: int, end_ms: int) -> Sources:
    hours = coverage_store.read_event_hours(connection, environment_id, -(-end_ms // HOUR_MS))
    facts = signal_store.read_sources(connection, environment_id, end_ms)
    last = None if hours is None else min(end_ms, (hours[1] + 1) * HOUR_MS)
    return Sources(last, {kind: newest for kind, (_, newest) in facts.items()})


def _set(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))
