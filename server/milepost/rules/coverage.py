"""Eligible features, coverage, usage rate and core coverage of one account on one day.

Source: definitions page, "Features and coverage". Uses come as day masks: bit (day − base) per feature ordinal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from milepost.rules.states import State, state_of

JOIN_DAYS = 28
ALWAYS = -(10**9)  # a day before every other
CORE_CREDIT = {"adopted": 0.75, "retained": 1.0}
TRIED_CREDIT = 0.25


@dataclass(frozen=True)
class Offer:
    """Whom a feature is for from a day on; without any list it is everyone's."""

    from_on: int = 0
    plans: frozenset[str] | None = None
    add_ons: frozenset[str] | None = None


@dataclass(frozen=True)
class FeatureFacts:
    """What counting needs to know of a feature; days are day numbers, `offers` ascend and the first holds back for ever."""

    ordinal: int
    key: str
    name: str
    module: str = ""
    core: bool = False
    weight: float = 1.0
    cadence: str = "daily"
    audience_role: str | None = None
    offers: Sequence[Offer] = (Offer(),)
    introduced_on: int | None = None
    retired_on: int | None = None
    merged_into: int | None = None
    merged_on: int | None = None
    proven: bool = True
    suspect: bool = False


@dataclass(frozen=True)
class Plan:
    """What the account had bought from a day on."""

    from_on: int
    plan: str | None
    add_ons: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AccountUse:
    """Everything about one account that coverage depends on.

    `days[ordinal]` has bit (day − base) set for a day of unguided use; `guided[ordinal]` likewise for guided use.
    `plans` ascend by day; `started_on` is the account's start; `roles` are the known roles of its end users and
    `has_unknown_role` says that somebody's role is not known.
    """

    base: int
    days: Mapping[int, int]
    guided: Mapping[int, int] = field(default_factory=dict)
    plans: Sequence[Plan] = ()
    started_on: int | None = None
    roles: frozenset[str] = frozenset()
    has_unknown_role: bool = True


@dataclass(frozen=True)
class Coverage:
    """One account's counts; sets hold ordinals. `share` is null when nothing is eligible."""

    eligible: frozenset[int]
    used: frozenset[int]
    guided_only: frozenset[int]
    new: frozenset[int]
    whitespace: frozenset[int]
    plan_unknown: frozenset[int]
    suspect: frozenset[int]
    rate_all: frozenset[int]
    rate_used: frozenset[int]
    core_coverage: float | None
    states: Mapping[int, State]

    @property
    def share(self) -> float | None:
        """Used ÷ eligible."""
        return len(self.used) / len(self.eligible) if self.eligible else None

    @property
    def usage_rate(self) -> float | None:
        """Used ÷ all live features, whatever the plan."""
        return len(self.rate_used) / len(self.rate_all) if self.rate_all else None


def is_entitled(offer: Offer, plan: Plan, *, unknown_is_all: bool) -> bool | None:
    """None when the plan is unknown and the feature is not everyone's."""
    if offer.plans is None and offer.add_ons is None:
        return True
    if offer.add_ons and offer.add_ons & plan.add_ons:
        return True
    if offer.plans is None:
        return False
    if plan.plan is None:
        return True if unknown_is_all else None
    return plan.plan in offer.plans


def is_live(feature: FeatureFacts, t: int) -> bool:
    """Not retired, not merged away, not introduced later."""
    if feature.retired_on is not None and feature.retired_on <= t:
        return False
    if feature.merged_on is not None and feature.merged_on <= t:
        return False
    return feature.introduced_on is None or feature.introduced_on <= t


def joins_on(feature: FeatureFacts, use: AccountUse, plans: Sequence[Plan], t: int, *, unknown_is_all: bool) -> int | None:
    """The day from which the feature counts for the account; None when it is not entitled on day t.

    `plans` are its `known_plans`. Entitled since the account's start and there by then: at once. Later: 28 days after it
    reached the account.
    """
    entitled_at = entitled_since(known_offers(feature, t), plans, unknown_is_all=unknown_is_all)
    if entitled_at is None:
        return None
    start = use.started_on if use.started_on is not None else plans[0].from_on
    if entitled_at == ALWAYS:
        entitled_at = start
    introduced = feature.introduced_on if feature.introduced_on is not None else entitled_at
    reached = max(introduced, entitled_at)
    return reached if reached <= start else reached + JOIN_DAYS


def entitled_since(offers: Sequence[Offer], plans: Sequence[Plan], *, unknown_is_all: bool) -> int | None:
    """The day on which the unbroken run began that the last offer and the last plan end; None when they don't entitle.

    Both ascend; the first offer and the first plan hold back for ever, so a run without a break before it is ALWAYS.
    """
    since: int | None = None
    o, p = len(offers) - 1, len(plans) - 1
    while is_entitled(offers[o], plans[p], unknown_is_all=unknown_is_all):
        offered, bought = offers[o].from_on if o else ALWAYS, plans[p].from_on if p else ALWAYS
        since = max(offered, bought)
        if since == ALWAYS:
            break
        o, p = o - (offered == since), p - (bought == since)
    return since


def known_offers(feature: FeatureFacts, t: int) -> Sequence[Offer]:
    """Whom the feature was for until day t, ascending; the first holds back for ever."""
    offers = feature.offers
    if len(offers) == 1:  # of most features nothing ever changed
        return offers
    return [offer for offer in offers if offer.from_on <= t] or offers[:1]


def known_plans(use: AccountUse, t: int) -> list[Plan]:
    """What was bought until day t, ascending; the first plan known holds back to the start."""
    plans = [p for p in use.plans if p.from_on <= t] or list(use.plans[:1]) or [Plan(t, None)]
    first = next((p.plan for p in plans if p.plan is not None), None)
    unknown = next((i for i, p in enumerate(plans) if p.plan is not None), 0)
    return [Plan(p.from_on, first, p.add_ons) for p in plans[:unknown]] + plans[unknown:]


def fold_merges(features: Sequence[FeatureFacts], masks: Mapping[int, int], base: int) -> dict[int, int]:
    """Uses of a merged feature count for the one it was merged into, from the merge's day on; merges may chain."""
    folded = dict(masks)
    merged = [f for f in features if f.merged_into is not None and f.merged_on is not None]
    for feature in sorted(merged, key=lambda f: f.merged_on or 0):
        if feature.merged_into is None or feature.merged_on is None or not folded.get(feature.ordinal):
            continue
        shift = max(0, feature.merged_on - base)
        moved = folded[feature.ordinal] >> shift << shift
        if moved:
            folded[feature.merged_into] = folded.get(feature.merged_into, 0) | moved
    return folded


def count_coverage(
    features: Sequence[FeatureFacts],
    use: AccountUse,
    t: int,
    *,
    window_days: int = 90,
    unknown_is_all: bool = False,
    count_guided: bool = False,
) -> Coverage:
    """Every number of the account on day t, over the window of `window_days` days that ends with t."""
    days, guided = fold_merges(features, use.days, use.base), fold_merges(features, use.guided, use.base)
    if count_guided:
        days = {o: days.get(o, 0) | guided.get(o, 0) for o in days.keys() | guided.keys()}
    at = t - use.base
    until = _window_mask(at, at + 1)  # an `as of` day knows nothing of later ones
    window = _window_mask(at, window_days)
    sets: dict[str, set[int]] = {
        name: set() for name in ("eligible", "used", "guided_only", "new", "whitespace", "unknown", "suspect", "all", "rate")
    }
    states: dict[int, State] = {}
    plans = known_plans(use, t)
    core_sum = core_weight = 0.0
    for feature in features:
        if not is_live(feature, t):
            continue
        o = feature.ordinal
        mask, helped = days.get(o, 0) & until, guided.get(o, 0) & until
        used = bool(mask & window)
        joined = joins_on(feature, use, plans, t, unknown_is_all=unknown_is_all)
        countable = feature.proven and not feature.suspect
        if feature.suspect:
            sets["suspect"].add(o)
        introduced = feature.introduced_on
        if countable and (introduced is None or introduced + JOIN_DAYS <= t):
            sets["all"].add(o)
            if used:
                sets["rate"].add(o)
        plan_known = joined is not None or _is_known_unentitled(feature, plans, t)
        states[o] = state_of(mask, feature.cadence, at, entitled=joined is not None or not plan_known, guided=bool(helped))
        if joined is None:
            sets["whitespace" if plan_known else "unknown"].add(o)
        elif countable and _has_audience(feature, use):
            if joined > t:
                sets["new"].add(o)
                continue
            sets["eligible"].add(o)
            if used:
                sets["used"].add(o)
            elif helped & window:
                sets["guided_only"].add(o)
            if feature.core:
                core_weight += feature.weight
                core_sum += feature.weight * _credit(states[o], mask)
    return Coverage(
        eligible=frozenset(sets["eligible"]),
        used=frozenset(sets["used"]),
        guided_only=frozenset(sets["guided_only"]),
        new=frozenset(sets["new"]),
        whitespace=frozenset(sets["whitespace"]),
        plan_unknown=frozenset(sets["unknown"]),
        suspect=frozenset(sets["suspect"]),
        rate_all=frozenset(sets["all"]),
        rate_used=frozenset(sets["rate"]),
        core_coverage=core_sum / core_weight if core_weight else None,
        states=states,
    )


def _window_mask(at: int, window_days: int) -> int:
    start = max(0, at - window_days + 1)
    return ((1 << (at + 1)) - 1) >> start << start if at >= 0 else 0


def _credit(state: State, mask: int) -> float:
    """Tried counts a quarter only when the use was unguided."""
    if state == "tried":
        return TRIED_CREDIT if mask else 0.0
    return CORE_CREDIT.get(state, 0.0)


def _has_audience(feature: FeatureFacts, use: AccountUse) -> bool:
    role = feature.audience_role
    return role is None or role in use.roles or use.has_unknown_role


def _is_known_unentitled(feature: FeatureFacts, plans: Sequence[Plan], t: int) -> bool:
    return is_entitled(known_offers(feature, t)[-1], plans[-1], unknown_is_all=False) is False
