"""What a change of the catalogue would do to every account's coverage, core coverage and score, before it is published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from milepost.actions.features import MANY_CORE, is_changed
from milepost.actions.grounds import EnvironmentGround, live_moment, read_account_grounds, read_ground
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import NotFound
from milepost.rules.coverage import FeatureFacts, Offer
from milepost.rules.days import day_number
from milepost.rules.reckoning import Reckoning, is_scored, reckon
from milepost.rules.signals import Moment
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.wire.feature import Feature

GROUP = 100
INTRODUCED_FROM_DAY = 28
TOLERANCE = 1e-9
FAR = 1e9


@dataclass(frozen=True)
class Effect:
    """One account whose numbers would move; `before` and `after` differ."""

    account: str
    name: str
    before: "Standing"
    after: "Standing"

    @property
    def changes_band(self) -> bool:
        """Whether its word for health changes."""
        return self.before.band != self.after.band


@dataclass(frozen=True)
class Standing:
    """One account's numbers by one catalogue; shares 0–1, `score` 0–100 or None when unknown."""

    used: int
    eligible: int
    core: float | None
    score: float | None
    band: str

    @property
    def coverage(self) -> float | None:
        """Used ÷ eligible."""
        return self.used / self.eligible if self.eligible else None

    def differs(self, other: "Standing") -> bool:
        """In any number; what only floating point moved did not move."""
        if (self.used, self.eligible, self.band) != (other.used, other.eligible, other.band):
            return True
        return any(_gap(a, b) > TOLERANCE for a, b in ((self.core, other.core), (self.score, other.score)))


@dataclass(frozen=True)
class Preview:
    """`effects` lists only accounts that move, what matters most first; `n_accounts` counts those that are scored.

    `n_joining` counts those that more features would reach: new at first, in both sides of coverage after 28 days.
    """

    n_accounts: int
    n_moved: int
    n_band_changes: int
    n_joining: int
    created: list[str]
    changed: list[str]
    warnings: list[str]
    effects: list[Effect]


def preview_catalogue(runtime: Runtime, tenant: Tenant, features: Sequence[Feature], limit: int = 100) -> Preview:
    """Nothing is stored. A feature never matched yet moves nothing: its rule is unproven."""
    moment = live_moment(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        environment = read_ground(connection, tenant.id, moment)
        held = {row["key"]: row for row in feature_store.list_features(connection, tenant.id)}
    facts = {f.key: f for f in environment.ground.features}
    introduced = moment.day if moment.day - environment.created_on >= INTRODUCED_FROM_DAY else None
    fresh = 0
    for feature in features:
        if feature.key not in facts:
            fresh += 1
            unseen = FeatureFacts(1_000_000 + fresh, feature.key, "", offers=(), proven=False)
            facts[feature.key] = _planned(feature, unseen, introduced, moment.day)
        else:
            facts[feature.key] = _planned(feature, facts[feature.key], facts[feature.key].introduced_on, moment.day)
    return replace(
        _compare(runtime, environment, list(facts.values()), moment, limit),
        created=[f.key for f in features if f.key not in held],
        changed=[f.key for f in features if f.key in held and is_changed(held[f.key], f)],
    )


def preview_merge(runtime: Runtime, tenant: Tenant, key: str, into: str, day: int, limit: int = 100) -> Preview:
    """What merging a feature into another from a day on would do; raises NotFound."""
    moment = live_moment(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        environment = read_ground(connection, tenant.id, moment)
    facts = {f.key: f for f in environment.ground.features}
    for name in (key, into):
        if name not in facts:
            raise NotFound(f"There is no feature {name!r}.")
    source, target = facts[key], facts[into]
    facts[key] = replace(source, merged_into=target.ordinal, merged_on=day)
    facts[into] = replace(target, proven=target.proven or source.proven)
    return replace(_compare(runtime, environment, list(facts.values()), moment, limit), changed=[key, into])


def _compare(
    runtime: Runtime, environment: EnvironmentGround, facts: Sequence[FeatureFacts], moment: Moment, limit: int
) -> Preview:
    """Every scored account reckoned with the catalogue as it is and as it would be."""
    today, after = moment.day, replace(environment.ground, features=tuple(facts))
    with db.reading(runtime.engine) as connection:
        ids = coverage_store.list_account_ids(connection, environment.environment_id)
        rows = coverage_store.read_accounts(connection, environment.environment_id, ids)
    names = {a.id: (a.key, a.name or a.key) for a in rows}
    effects: list[Effect] = []
    n_scored = n_joining = 0
    for start in range(0, len(ids), GROUP):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environment, ids[start : start + GROUP], today)
        for account, ground in grounds.items():
            if not is_scored(ground, today):
                continue
            n_scored += 1
            old, new = reckon(environment.ground, ground, moment), reckon(after, ground, moment)
            n_joining += not new.coverage.new <= old.coverage.new
            effect = Effect(*names[account], _standing(old), _standing(new))
            if effect.before.differs(effect.after):
                effects.append(effect)
    effects.sort(key=_importance)
    core = [f for f in facts if f.core and f.merged_into is None and f.retired_on is None]
    warnings = [f"{len(core)} features would be core; more than {MANY_CORE} blur what matters."] if len(core) > MANY_CORE else []
    n_bands = sum(effect.changes_band for effect in effects)
    return Preview(n_scored, len(effects), n_bands, n_joining, [], [], warnings, effects[:limit])


def _standing(found: Reckoning) -> Standing:
    coverage = found.coverage
    return Standing(len(coverage.used), len(coverage.eligible), coverage.core_coverage, found.score.score, found.score.band)


def _importance(effect: Effect) -> tuple[bool, float, float, float]:
    """What sorts first: another band, then points, then coverage, then core coverage."""
    a, b = effect.before, effect.after
    return not effect.changes_band, -_gap(a.score, b.score), -_gap(a.coverage, b.coverage), -_gap(a.core, b.core)


def _planned(feature: Feature, facts: FeatureFacts, introduced: int | None, today: int) -> FeatureFacts:
    plans, add_ons = (None if names is None else frozenset(names) for names in (feature.plans, feature.add_ons))
    before = [offer for offer in facts.offers if offer.from_on < today]
    return replace(
        facts,
        name=feature.name,
        module=feature.module,
        core=feature.core,
        weight=feature.weight,
        cadence=feature.cadence,
        audience_role=feature.audience_role,
        offers=(*before, Offer(today, plans, add_ons)),
        introduced_on=day_number(feature.introduced_on) if feature.introduced_on else introduced,
        retired_on=day_number(feature.retired_on) if feature.retired_on else None,
    )


def _gap(before: float | None, after: float | None) -> float:
    """How far apart; between known and unknown, as far as can be."""
    if before is None or after is None:
        return 0.0 if before is after else FAR
    return abs(after - before)
