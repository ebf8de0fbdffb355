"""Every number of one account on one day, from what is known of it: coverage, states, level, stage, score.

Pure: the same inputs always give the same row, which is what makes live, settled and `as of` agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from milepost.rules.activity import seat_use
from milepost.rules.coverage import AccountUse, Coverage, FeatureFacts, Plan, count_coverage, known_plans
from milepost.rules.health import compute_score
from milepost.rules.levels import LevelInputs, adoption_level, settle_level, stage_of
from milepost.rules.signals import Fact, Inputs, Moment, Sources, active_people, read_signals, share_of
from milepost.rules.states import State
from milepost.wire.environment import EnvironmentSettings
from milepost.wire.health import HealthModel, Score

SPAN_DAYS = 28


@dataclass(frozen=True)
class Ground:
    """What is the same for every account: catalogue, model, settings, sources, suspicions.

    `frozen[ordinal]` = the last good day of a feature whose tracking is suspect.
    """

    features: Sequence[FeatureFacts]
    model: HealthModel
    settings: EnvironmentSettings
    sources: Sources = field(default_factory=Sources)
    frozen: Mapping[int, int] = field(default_factory=dict)
    events_suspect: bool = False


@dataclass(frozen=True)
class AccountGround:
    """What is known of one account, for any day."""

    use: AccountUse
    active: Mapping[int, Sequence[int]] = field(default_factory=dict)
    people: Mapping[str, Sequence[tuple[int, int, int]]] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    employees: int | None = None
    seats: int | None = None
    arr: float | None = None
    renewal_on: int | None = None
    ended_on: int | None = None
    activated_on: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reckoning:
    """The account's numbers on `day`."""

    day: int
    coverage: Coverage
    states: Mapping[int, State]
    active_share: float | None
    seat_use: float | None
    level: str
    level_computed: str
    stage: str
    activated_on: int | None
    score: Score
    plan: Plan
    roles: frozenset[str]


def is_scored(account: AccountGround, day: int) -> bool:
    """No scoring after `ended_on` has passed."""
    return account.ended_on is None or account.ended_on >= day


def reckon(ground: Ground, account: AccountGround, moment: Moment, previous_level: tuple[str, str] | None = None) -> Reckoning:
    """`previous_level` = (computed, shown) of the settled day before: a level changes when two in a row agree."""
    t = moment.day
    coverage = count(ground, account.use, t)
    states = freeze_states(ground, account.use, coverage.states)
    inputs = _inputs(ground, account, coverage)
    share = share_of(inputs, moment, SPAN_DAYS).value if ground.sources.last_event_at is not None else None
    seats = seat_use(active_people(inputs, moment, SPAN_DAYS), account.seats)
    start = account.use.started_on
    account_day = None if start is None else t - start
    activated = account.activated_on if account.activated_on is not None and account.activated_on <= t else None
    computed = adoption_level(
        LevelInputs(account_day, coverage.core_coverage, _retained_core(ground.features, coverage, states), share, seats)
    )
    level = settle_level(computed, *(previous_level or (None, None)))
    stage = stage_of(
        account_day=account_day,
        ended=not is_scored(account, t),
        days_to_renewal=None if account.renewal_on is None else account.renewal_on - t,
        activated=activated is not None,
        level=level,
    )
    values = read_signals(ground.model, inputs, ground.sources, moment)
    score = compute_score(ground.model, values, account_day)
    return Reckoning(
        t, coverage, states, share, seats, level, computed, stage, activated, score,
        known_plans(account.use, t)[-1], account.use.roles,
    )  # fmt: skip


def count(ground: Ground, use: AccountUse, t: int) -> Coverage:
    """Coverage by the environment's own settings."""
    return count_coverage(
        ground.features,
        use,
        t,
        window_days=ground.settings.coverage_window_days,
        unknown_is_all=ground.settings.plan_unknown == "all",
        count_guided=ground.settings.count_guided,
    )


def freeze_states(ground: Ground, use: AccountUse, states: Mapping[int, State]) -> Mapping[int, State]:
    """A suspect feature keeps the state of its last good day: broken tracking is never churn."""
    suspect = [f for f in ground.features if f.ordinal in ground.frozen and f.ordinal in states]
    if not suspect:
        return states
    frozen = dict(states)
    for feature in suspect:
        good = max(use.base, ground.frozen[feature.ordinal])
        frozen[feature.ordinal] = count(
            Ground([feature], ground.model, ground.settings), use, good
        ).states.get(feature.ordinal, states[feature.ordinal])  # fmt: skip
    return frozen


def _retained_core(features: Sequence[FeatureFacts], coverage: Coverage, states: Mapping[int, State]) -> float | None:
    core = [f.ordinal for f in features if f.core and f.ordinal in coverage.eligible]
    return sum(states.get(o) == "retained" for o in core) / len(core) if core else None


def _inputs(ground: Ground, account: AccountGround, coverage: Coverage) -> Inputs:
    return Inputs(
        coverage=coverage,
        active=account.active,
        people=account.people,
        facts=account.facts,
        employees=account.employees,
        seats=account.seats,
        arr=account.arr,
        renewal_on=account.renewal_on,
        started_on=account.use.started_on,
        traits=account.traits,
        denominator=ground.settings.active_share_denominator,
        country=ground.settings.holiday_country,
        events_suspect=ground.events_suspect,
        suspect_features=frozenset(f.key for f in ground.features if f.suspect),
    )
