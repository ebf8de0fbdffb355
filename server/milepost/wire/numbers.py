"""Accounts, features and scores as the management API shows them; days are `YYYY-MM-DD`, shares 0–1."""

from typing import Annotated, Any, Literal

from pydantic import Field

from milepost.wire.checkpoint import Checkpoint
from milepost.wire.feature import Day, Feature, Key
from milepost.wire.health import Item
from milepost.wire.shape import Shape

Name = Annotated[str, Field(min_length=1, max_length=500)]
Instant = Annotated[str, Field(description="RFC 3339")]


class Ratio(Shape):
    """`n` of `of`; `share` is null when `of` is 0."""

    n: int
    of: int
    share: float | None


class Health(Shape):
    """`score` is null when nothing is known; `delta_30d` = this score − the settled one 30 days before its day."""

    score: float | None
    band: str
    known_share: float | None
    delta_30d: float | None = None


class AccountSummary(Shape):
    """One line of the portfolio."""

    account_id: str
    name: str
    tier: str | None
    plan: str | None
    owner_email: str | None
    arr: float | None
    currency: str | None
    renewal_on: str | None
    days_to_renewal: int | None
    started_on: str | None
    ended_on: str | None
    stage: str
    level: str
    health: Health
    coverage: Ratio
    guided_only: int
    new_features: int
    usage_rate: Ratio
    core_coverage: float | None
    daily_active_share: float | None
    seat_use: float | None
    activated_on: str | None


class AccountList(Shape):
    """By risk × ARR."""

    as_of: str
    settled_on: str | None
    model: str
    accounts: list[AccountSummary]
    next: str | None = None


class NumbersOut(Shape):
    """An account's numbers of one day; feature lists hold keys."""

    day: str
    model: str
    health: Health
    coverage: Ratio
    guided_only: int
    usage_rate: Ratio
    core_coverage: float | None
    daily_active_share: float | None
    seat_use: float | None
    level: str
    stage: str
    activated_on: str | None
    new: list[str]
    whitespace: list[str]
    plan_unknown: list[str]
    suspect: list[str]
    items: list[Item]


class FeatureUseOut(Shape):
    """A feature as one account uses it."""

    feature: str
    name: str
    module: str
    core: bool
    state: str
    guided_only: bool
    counts: bool
    since_on: str | None
    last_used_on: str | None


class PersonOut(Shape):
    """An end user; active days and features over 28 days."""

    user_id: str
    name: str | None
    role: str | None
    last_seen_at: str | None
    active_days: int
    features: int


class ChangeOut(Shape):
    """One line of the change card; lines sum to the difference."""

    id: str
    cause: str
    points: float
    before: float | None
    after: float | None
    name: dict[str, str]


class AccountOut(Shape):
    """Everything the account page shows."""

    account_id: str
    name: str
    traits: dict[str, Any]
    sources: dict[str, Any]
    live: NumbersOut | None
    settled: NumbersOut | None
    restated: NumbersOut | None
    features: list[FeatureUseOut]
    people: list[PersonOut]
    change: list[ChangeOut]
    open_tickets: int


class FeatureOut(Shape):
    """A catalogue entry with what was seen of it."""

    feature: Feature
    live: bool
    proven: bool
    merged_into: str | None
    suspect_since: Instant | None
    uses_last_hour: int
    uses_28d: int
    accounts_28d: int
    states: dict[str, int]


class FeatureList(Shape):
    """`reach` = views and events of 28 days that belong to a feature."""

    version: int
    reach: Ratio
    warnings: list[str]
    features: list[FeatureOut]


class ChangeResult(Shape):
    """What a change of the catalogue did."""

    version: int
    created: list[str]
    changed: list[str]
    unchanged: list[str]
    absent: list[str]
    warnings: list[str]


class BeforeAfter(Shape):
    """A number by the catalogue as it is and as it would be; null when unknown."""

    before: float | None
    after: float | None


class BandChange(Shape):
    """The same for the band of health."""

    before: str
    after: str


class EffectOut(Shape):
    """One account whose numbers would move; `before` and `after` are coverage."""

    account_id: str
    name: str
    before: Ratio
    after: Ratio
    core_coverage: BeforeAfter
    score: BeforeAfter
    band: BandChange


class PreviewOut(Shape):
    """What publishing would do; `joining` = accounts that more features would reach, in coverage after 28 days."""

    accounts: int
    moved: int
    band_changes: int
    joining: int
    created: list[str]
    changed: list[str]
    warnings: list[str]
    effects: list[EffectOut]


class RetireIn(Shape):
    """From which day; today when left out."""

    on: Day | None = None


class MergeIn(Shape):
    """Into which feature, from which day; today when left out."""

    into: Key
    on: Day | None = None


class UnmatchedOut(Shape):
    """A name no feature covers."""

    kind: Literal["event", "page"]
    name: str
    n: int
    first_at: Instant
    last_at: Instant
    suggested_key: str
    suggested_name: str


class UnmatchedIn(Shape):
    """A line of the inbox; key and name of the feature default to the suggested ones."""

    kind: Literal["event", "page"]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    key: Key | None = None
    title: Annotated[str, Field(max_length=200)] = ""


class RecountIn(Shape):
    """Without `apply` only the difference is told."""

    from_: Annotated[Day, Field(alias="from")]
    apply: bool = False


class RecountOut(Shape):
    """Uses per feature that come and go."""

    from_: Annotated[str, Field(alias="from")]
    events: int
    changed: int
    gained: dict[str, int]
    lost: dict[str, int]
    applied: bool
    notes: list[str]


class CheckpointList(Shape):
    """Checkpoints in force."""

    checkpoints: list[Checkpoint]


class SignalIn(Shape):
    """One outside fact, idempotent by (type, external_id)."""

    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    account_id: Name
    external_id: Annotated[str, Field(min_length=1, max_length=200)]
    at: Instant
    user_id: Name | None = None
    closed_at: Instant | None = None
    category: Annotated[str, Field(max_length=100)] | None = None
    value: float | None = None
    data: dict[str, Any] = {}


class SignalsIn(Shape):
    """Up to 500 at once."""

    signals: Annotated[list[SignalIn], Field(min_length=1, max_length=500)]


class Accepted(Shape):
    """How many were taken."""

    accepted: int


class ModelIn(Shape):
    """A health model as YAML."""

    source: Annotated[str, Field(min_length=1, max_length=100_000)]
    activate: bool = True


class ActivateIn(Shape):
    """Which version; the newest when left out."""

    version: int | None = None


class VerdictOut(Shape):
    """What validation says; scores are null when nothing would be known."""

    id: str
    reachable_min: float
    reachable_max: float
    dead_account: float | None
    perfect_account: float | None
    alarming_now: int | None = None
    accounts: int | None = None
    warnings: list[str]


class ModelOut(Shape):
    """A published version."""

    id: str
    version: int
    active: bool
    active_from: str
    published_at: Instant
    published_by: str
    source: str


class ModelList(Shape):
    """Newest first."""

    models: list[ModelOut]


class PublishedOut(Shape):
    """The version made, and what validation says of it."""

    model: ModelOut
    verdict: VerdictOut


class HeatColumnOut(Shape):
    """A feature."""

    feature: str
    name: str
    module: str
    core: bool


class HeatRowOut(Shape):
    """States in the order of the columns."""

    account_id: str
    name: str
    states: list[str]


class HeatMapOut(Shape):
    """Accounts × features."""

    day: str
    columns: list[HeatColumnOut]
    rows: list[HeatRowOut]
    totals: dict[str, int]
