"""A health model as YAML says it, and a score with the parts that sum to it."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from milepost.wire.feature import Key
from milepost.wire.shape import Shape

Span = Annotated[str, Field(pattern=r"^\d{1,4}[dh]$")]
Metric = Literal[
    "coverage",
    "usage_rate",
    "core_coverage",
    "active_share",
    "feature_users",
    "ticket_count",
    "nps",
    "csat",
    "seat_use",
    "days_since_last_use",
    "days_to_renewal",
    "arr",
    "trait",
]
BUILT_IN_SIGNALS = {
    "coverage": {"metric": "coverage", "window": "90d"},
    "core_coverage": {"metric": "core_coverage", "window": "90d"},
    "usage_rate": {"metric": "usage_rate", "window": "90d"},
    "daily_active_share": {"metric": "active_share", "window": "28d", "days": "business"},
    "complaints_30d": {"metric": "ticket_count", "category": "complaint", "window": "30d"},
    "nps": {"metric": "nps", "window": "180d"},
    "csat": {"metric": "csat", "window": "180d"},
    "seat_use": {"metric": "seat_use", "window": "28d"},
    "days_since_last_use": {"metric": "days_since_last_use"},
    "days_to_renewal": {"metric": "days_to_renewal"},
    "arr": {"metric": "arr"},
}


class SignalSpec(Shape):
    """What a signal of the model measures."""

    metric: Metric
    window: Span | None = None
    days: Literal["business", "calendar"] | None = None
    denominator: Literal["employees", "seats"] | None = None
    feature: Key | None = None
    category: Annotated[str, Field(max_length=100)] | None = None
    trait: Annotated[str, Field(max_length=100)] | None = None
    stale_after: Span | None = None


class Linear(Shape):
    """0 points at `at_0`, all at `at_100`, straight between, flat outside."""

    at_0: float
    at_100: float

    @model_validator(mode="after")
    def _ends_differ(self) -> "Linear":
        if self.at_0 == self.at_100:
            raise ValueError("at_0 and at_100 must differ")
        return self


class Step(Shape):
    """From this value on, this share of the measure."""

    from_: Annotated[float, Field(alias="from")]
    share: Annotated[float, Field(ge=0, le=1)]


class Measure(Shape):
    """One signal mapped to 0–1, with a weight inside its group."""

    signal: Annotated[str, Field(max_length=100)]
    weight: Annotated[float, Field(gt=0)] = 1.0
    linear: Linear | None = None
    steps: Annotated[list[Step], Field(min_length=1, max_length=20)] | None = None
    deduct: Annotated[float, Field(gt=0, le=1)] | None = None  # share taken away per unit of the signal

    @model_validator(mode="after")
    def _has_one_map(self) -> "Measure":
        if sum(m is not None for m in (self.linear, self.steps, self.deduct)) != 1:
            raise ValueError("give exactly one of linear, steps or deduct")
        if self.steps and [s.from_ for s in self.steps] != sorted({s.from_ for s in self.steps}):
            raise ValueError("steps must ascend by `from`")
        return self


class Group(Shape):
    """Measures that share one weight."""

    id: Key
    weight: Annotated[float, Field(gt=0)] = 1.0
    measures: Annotated[list[Measure], Field(min_length=1, max_length=30)]


class If(Shape):
    """A signal compared with one number."""

    signal: Annotated[str, Field(max_length=100)]
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None

    @model_validator(mode="after")
    def _has_one_comparison(self) -> "If":
        if sum(v is not None for v in (self.gt, self.gte, self.lt, self.lte)) != 1:
            raise ValueError("give exactly one of gt, gte, lt or lte")
        return self

    def holds(self, value: float) -> bool:
        """Compares a known value."""
        if self.gt is not None:
            return value > self.gt
        if self.gte is not None:
            return value >= self.gte
        if self.lt is not None:
            return value < self.lt
        return value <= (self.lte or 0.0)


class Rule(Shape):
    """Points when the condition holds."""

    id: Key
    if_: Annotated[If, Field(alias="if")]
    points: float


class Cap(Shape):
    """An exception that caps the score while its condition holds."""

    id: Key
    if_: Annotated[If, Field(alias="if")]
    at_most: float


class Scale(Shape):
    """The range of the score; `base` is where a points model starts."""

    min: float = 0.0
    max: float = 100.0
    base: float | None = None


class Band(Shape):
    """Scores below `below` and not in an earlier band; the last band has no `below`."""

    id: Literal["red", "amber", "green"]
    below: float | None = None


class Grace(Shape):
    """Until this day of an account no score is judged; only the alerts listed may speak."""

    until_day: Annotated[int, Field(ge=0, le=365)]
    show: Literal["onboarding"] = "onboarding"
    alerts: list[str] = []


class AlertOn(Shape):
    """What an alert waits for."""

    crosses_below: float


class Alert(Shape):
    """Validated by shape; channels and playbooks are not connected yet."""

    id: Key
    on: AlertOn
    for_: Annotated[Span, Field(alias="for")] = "0d"
    cooldown: Span = "7d"
    playbook: str | None = None
    channels: list[str] = []


class HealthModel(Shape):
    """One version of a model; immutable once published."""

    apiVersion: Literal["health/v1"]
    id: Key
    scoring: Literal["points", "scorecard"]
    scale: Scale = Scale()
    min_known: Annotated[float, Field(ge=0, le=1)] = 0.5
    unknown: Literal["redistribute", "neutral", "worst"] = "redistribute"
    signals: dict[str, SignalSpec] = {}
    groups: Annotated[list[Group], Field(max_length=20)] = []
    rules: Annotated[list[Rule], Field(max_length=100)] = []
    exceptions: Annotated[list[Cap], Field(max_length=20)] = []
    bands: Annotated[list[Band], Field(min_length=1, max_length=3)]
    grace: Grace | None = None
    alerts: Annotated[list[Alert], Field(max_length=30)] = []

    @model_validator(mode="after")
    def _fits_together(self) -> "HealthModel":
        self._check_shape()
        self._check_ids()
        self._check_bands()
        for name in self.used_signals():
            if name not in self.signals and name not in BUILT_IN_SIGNALS:
                raise ValueError(
                    f"the signal {name!r} is not known; declare it under signals, or use one of "
                    f"{', '.join(sorted(BUILT_IN_SIGNALS))}"
                )
        return self

    def _check_shape(self) -> None:
        if self.scoring == "points" and (not self.rules or self.groups):
            raise ValueError("a points model has rules and no groups")
        if self.scoring == "scorecard" and (not self.groups or self.rules):
            raise ValueError("a scorecard has groups and no rules")
        if self.scale.min >= self.scale.max:
            raise ValueError("scale.min must be below scale.max")
        for cap in self.exceptions:
            if not self.scale.min <= cap.at_most <= self.scale.max:
                raise ValueError(f"exceptions.{cap.id}: at_most lies outside the scale")
        for name, spec in self.signals.items():
            if spec.metric == "feature_users" and spec.feature is None:
                raise ValueError(f"signals.{name}: feature_users needs a feature")
            if spec.metric == "trait" and spec.trait is None:
                raise ValueError(f"signals.{name}: trait needs the trait's name")

    def _check_ids(self) -> None:
        ids = [g.id for g in self.groups] + [r.id for r in self.rules] + [e.id for e in self.exceptions]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"the id {name!r} stands twice")
            if name in {"base", "clamp", "override"}:
                raise ValueError(f"the id {name!r} is a part of every score; choose another")
        for group in self.groups:
            signals = [m.signal for m in group.measures]
            for name in signals:
                if signals.count(name) > 1:
                    raise ValueError(f"the group {group.id!r} measures {name!r} twice")

    def _check_bands(self) -> None:
        lines = [band.below for band in self.bands]
        if lines[-1] is not None or any(line is None for line in lines[:-1]):
            raise ValueError("every band but the last has `below`; the last has none, so that bands cover the scale")
        known = [line for line in lines if line is not None]
        if known != sorted(set(known)):
            raise ValueError("bands must ascend by `below`")

    def used_signals(self) -> list[str]:
        """Names of signals, in order of use, each once."""
        names = [m.signal for g in self.groups for m in g.measures]
        names += [r.if_.signal for r in self.rules] + [c.if_.signal for c in self.exceptions]
        return list(dict.fromkeys(names))

    def signal(self, name: str) -> SignalSpec:
        """The model's own definition, else the built-in one."""
        return self.signals.get(name) or SignalSpec.model_validate(BUILT_IN_SIGNALS[name])


class SignalValue(Shape):
    """A signal of one account on one day; `value` None = unknown, with the reason in `why` ({en, zh-CN})."""

    value: float | None
    n: int | None = None
    of: int | None = None
    window: str = ""
    as_of: int | None = None  # day number of the newest input
    why: dict[str, str] = {}


class Item(Shape):
    """One part of a score. Items sum to the score."""

    id: str
    kind: Literal["base", "rule", "measure", "clamp", "cap", "override"]
    group: str = ""
    signal: str = ""
    value: float | None = None
    n: int | None = None
    of: int | None = None
    window: str = ""
    as_of: int | None = None
    threshold: str = ""
    points: float
    maximum: float = 0.0
    known: bool = True
    sentence: dict[str, str] = {}  # {en, zh-CN}


class Score(Shape):
    """`score` is None when nothing is known; `band` is unknown below min_known and onboarding in grace."""

    model: str
    score: float | None
    known_share: float
    band: Literal["red", "amber", "green", "unknown", "onboarding"]
    items: list[Item]


Document = dict[str, Any]
