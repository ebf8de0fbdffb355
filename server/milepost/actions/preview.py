"""What a change of the catalogue would do to every account's coverage, before it is published."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from milepost.actions.features import MANY_CORE
from milepost.actions.grounds import live_moment, read_account_grounds, read_ground
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.coverage import FeatureFacts
from milepost.rules.days import day_number
from milepost.rules.reckoning import count, is_scored
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.wire.feature import Feature

GROUP = 100
INTRODUCED_FROM_DAY = 28


@dataclass(frozen=True)
class Effect:
    """One account whose counts would move: (used, eligible) before and after."""

    account: str
    name: str
    used_before: int
    eligible_before: int
    used_after: int
    eligible_after: int


@dataclass(frozen=True)
class Preview:
    """`effects` lists only accounts that move; what matters most first."""

    n_accounts: int
    n_moved: int
    created: list[str]
    changed: list[str]
    warnings: list[str]
    effects: list[Effect]


def preview_catalogue(runtime: Runtime, tenant: Tenant, features: Sequence[Feature], limit: int = 100) -> Preview:
    """Nothing is stored. A feature never matched yet moves nothing: its rule is unproven."""
    now = runtime.clock()
    moment = live_moment(now, tenant.zone)
    with db.reading(runtime.engine) as connection:
        environment = read_ground(connection, tenant.id, moment)
        held = {row["key"]: row for row in feature_store.list_features(connection, tenant.id)}
        ids = coverage_store.list_account_ids(connection, tenant.id)
        names = {a.id: (a.key, a.name or a.key) for a in coverage_store.read_accounts(connection, tenant.id, ids)}
    facts = {f.key: f for f in environment.ground.features}
    introduced = moment.day if moment.day - environment.created_on >= INTRODUCED_FROM_DAY else None
    fresh = 0
    for feature in features:
        if feature.key not in facts:
            fresh += 1
            facts[feature.key] = _planned(feature, FeatureFacts(1_000_000 + fresh, feature.key, "", proven=False), introduced)
        else:
            facts[feature.key] = _planned(feature, facts[feature.key], facts[feature.key].introduced_on)
    after = replace(environment.ground, features=tuple(facts.values()))
    effects: list[Effect] = []
    for start in range(0, len(ids), GROUP):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environment, ids[start : start + GROUP], moment.day)
        for account, ground in grounds.items():
            if not is_scored(ground, moment.day):
                continue
            old, new = count(environment.ground, ground.use, moment.day), count(after, ground.use, moment.day)
            pair = (len(old.used), len(old.eligible), len(new.used), len(new.eligible))
            if pair[:2] != pair[2:]:
                effects.append(Effect(*names[account], *pair))
    effects.sort(key=lambda e: -abs(_share(e.used_before, e.eligible_before) - _share(e.used_after, e.eligible_after)))
    core = [f for f in facts.values() if f.core and f.merged_into is None and f.retired_on is None]
    warnings = [f"{len(core)} features would be core; more than {MANY_CORE} blur what matters."] if len(core) > MANY_CORE else []
    return Preview(
        n_accounts=len(ids),
        n_moved=len(effects),
        created=[f.key for f in features if f.key not in held],
        changed=[f.key for f in features if f.key in held and _moves(f, held[f.key])],
        warnings=warnings,
        effects=effects[:limit],
    )


def _planned(feature: Feature, facts: FeatureFacts, introduced: int | None) -> FeatureFacts:
    return replace(
        facts,
        name=feature.name,
        module=feature.module,
        core=feature.core,
        weight=feature.weight,
        cadence=feature.cadence,
        audience_role=feature.audience_role,
        plans=None if feature.plans is None else frozenset(feature.plans),
        add_ons=None if feature.add_ons is None else frozenset(feature.add_ons),
        introduced_on=day_number(feature.introduced_on) if feature.introduced_on else introduced,
        retired_on=day_number(feature.retired_on) if feature.retired_on else None,
    )


def _moves(feature: Feature, row: "feature_store.FeatureRow") -> bool:
    plans = None if row["plans"] is None else json.loads(row["plans"])
    add_ons = None if row["add_ons"] is None else json.loads(row["add_ons"])
    held = (bool(row["core"]), row["weight"], row["cadence"], row["audience_role"], plans, add_ons, row["name"], row["module"])
    return held != (
        feature.core, feature.weight, feature.cadence, feature.audience_role, feature.plans, feature.add_ons, feature.name,
        feature.module,
    )  # fmt: skip


def _share(used: int, eligible: int) -> float:
    return used / eligible if eligible else 0.0
