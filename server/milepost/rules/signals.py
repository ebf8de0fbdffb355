"""What a health model's signals are worth for one account on one day.

Source: definitions page, "Health model": a count is known once its source has delivered anything in the environment;
from then it is 0 until the environment's source has been silent for `stale_after`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from milepost.rules.activity import NO_PEOPLE, Share, active_share, seat_use
from milepost.rules.coverage import Coverage
from milepost.rules.sentences import Both, span_words
from milepost.wire.health import HealthModel, SignalSpec, SignalValue

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
NPS_DAYS = 180
LOW_N = 3


@dataclass(frozen=True)
class Fact:
    """An outside fact: `type` ticket, nps, csat…; instants in ms, `person` an end user's internal id."""

    type: str
    at: int
    closed_at: int | None = None
    category: str | None = None
    value: float | None = None
    person: int | None = None


@dataclass(frozen=True)
class Sources:
    """Last instant (ms) at which the environment received events and each type of fact; absent = nothing ever."""

    last_event_at: int | None = None
    last_fact_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """The day looked at, the last complete day, and the instants at which its counting ends and the day began in ms."""

    day: int
    last_complete_day: int
    end_ms: int


@dataclass(frozen=True)
class Inputs:
    """Everything of one account a signal may ask for. `active[day]` = end users active; `people` = (day, person, n)."""

    coverage: Coverage
    active: Mapping[int, Sequence[int]]
    people: Mapping[str, Sequence[tuple[int, int, int]]]
    facts: Sequence[Fact]
    employees: int | None = None
    seats: int | None = None
    arr: float | None = None
    renewal_on: int | None = None
    started_on: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    denominator: str = "employees"
    country: str = ""
    events_suspect: bool = False
    suspect_features: frozenset[str] = frozenset()


def read_signals(model: HealthModel, inputs: Inputs, sources: Sources, moment: Moment) -> dict[str, SignalValue]:
    """Every signal the model uses, by name."""
    return {name: read_signal(model.signal(name), inputs, sources, moment) for name in model.used_signals()}


def read_signal(spec: SignalSpec, inputs: Inputs, sources: Sources, moment: Moment) -> SignalValue:
    """One signal; unknown values say why."""
    silent = _silence(spec, inputs, sources, moment)
    if silent is not None:
        return SignalValue(value=None, window=spec.window or "", why=silent)
    return READERS[spec.metric](spec, inputs, moment)


def window_days(spec: SignalSpec, default: int) -> int:
    """The window in whole days; hours count as the days they touch."""
    if spec.window is None:
        return default
    n = int(spec.window[:-1])
    return n if spec.window.endswith("d") else max(1, -(-n // 24))


def span_ms(span: str) -> int:
    """`3d` or `36h` in ms."""
    return int(span[:-1]) * (DAY_MS if span.endswith("d") else HOUR_MS)


EVENT_METRICS = frozenset(
    {"coverage", "usage_rate", "core_coverage", "active_share", "feature_users", "seat_use", "days_since_last_use"}
)


def _silence(spec: SignalSpec, inputs: Inputs, sources: Sources, moment: Moment) -> Both | None:
    """Why the source can't be asked; None when it speaks."""
    if spec.metric in EVENT_METRICS:
        last, noun = sources.last_event_at, ("events", "事件")
        if inputs.events_suspect:
            return {"en": "the tracking of this environment is suspect", "zh-CN": "该环境的采集异常"}
        if spec.feature is not None and spec.feature in inputs.suspect_features:
            return {"en": "the tracking of this feature is suspect", "zh-CN": "该功能的采集异常"}
    elif spec.metric == "ticket_count":
        last, noun = sources.last_fact_at.get("ticket"), ("tickets", "工单")
    else:
        return None
    if last is None:
        return {"en": f"no {noun[0]} have arrived yet", "zh-CN": f"尚未收到{noun[1]}"}
    if spec.stale_after is not None and moment.end_ms - last > span_ms(spec.stale_after):
        return {
            "en": f"no {noun[0]} for more than {span_words(spec.stale_after)['en']}",
            "zh-CN": f"已超过 {span_words(spec.stale_after)['zh-CN']}没有{noun[1]}",
        }
    return None


def _coverage(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    held = inputs.coverage
    if held.share is None:
        return SignalValue(value=None, window=spec.window or "", why={"en": "no eligible features", "zh-CN": "没有可用功能"})
    return SignalValue(value=held.share, n=len(held.used), of=len(held.eligible), window=spec.window or "", as_of=moment.day)


def _usage_rate(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    held = inputs.coverage
    if held.usage_rate is None:
        return SignalValue(value=None, window=spec.window or "", why={"en": "no live features", "zh-CN": "没有在用功能"})
    return SignalValue(
        value=held.usage_rate, n=len(held.rate_used), of=len(held.rate_all), window=spec.window or "", as_of=moment.day
    )


def _core_coverage(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    value = inputs.coverage.core_coverage
    why = {} if value is not None else {"en": "no eligible core feature", "zh-CN": "没有可用的核心功能"}
    return SignalValue(value=value, window=spec.window or "", as_of=moment.day, why=why)


def share_of(inputs: Inputs, moment: Moment, days: int, *, calendar: bool = False, denominator: str | None = None) -> Share:
    """The daily active share over these days; one trait is the denominator, there is no silent fallback."""
    what = denominator or inputs.denominator
    people = inputs.seats if what == "seats" else inputs.employees
    counts = {day: len(active) for day, active in inputs.active.items()}
    return active_share(counts, moment.last_complete_day, people, days=days, country=inputs.country, calendar=calendar, what=what)


def _active_share(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    share = share_of(inputs, moment, window_days(spec, 28), calendar=spec.days == "calendar", denominator=spec.denominator)
    return SignalValue(
        value=share.value, n=share.n_days, of=share.denominator, window=spec.window or "28d",
        as_of=moment.last_complete_day, why=share.why,
    )  # fmt: skip


def _feature_users(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    first = moment.day - window_days(spec, 28) + 1
    uses = inputs.people.get(spec.feature or "")
    if uses is None:
        why = {"en": f"the catalogue has no feature {spec.feature}", "zh-CN": f"功能目录中没有 {spec.feature}"}
        return SignalValue(value=None, window=spec.window or "", why=why)
    people = {person for day, person, n in uses if first <= day <= moment.day and n > 0}
    return SignalValue(value=float(len(people)), n=len(people), window=spec.window or "28d", as_of=moment.day)


def active_people(inputs: Inputs, moment: Moment, days: int) -> int:
    """Distinct people active in these days."""
    first = moment.day - days + 1
    return len({person for day, people in inputs.active.items() if first <= day <= moment.day for person in people})


def _seat_use(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    n = active_people(inputs, moment, window_days(spec, 28))
    value = seat_use(n, inputs.seats)
    why = {} if value is not None else NO_PEOPLE["seats"]
    return SignalValue(value=value, n=n, of=inputs.seats, window=spec.window or "28d", as_of=moment.day, why=why)


def _days_since_last_use(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:  # noqa: ARG001
    used = [day for day, people in inputs.active.items() if people and day <= moment.day]
    since = max(used) if used else inputs.started_on
    if since is None:
        return SignalValue(value=None, why={"en": "the account's start is not known", "zh-CN": "客户起始日未知"})
    return SignalValue(value=float(max(0, moment.day - since)), as_of=since)


def _ticket_count(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    first_ms = moment.end_ms - window_days(spec, 30) * DAY_MS
    n = sum(
        1
        for fact in inputs.facts
        if fact.type == "ticket" and first_ms <= fact.at < moment.end_ms and spec.category in {None, fact.category}
    )
    return SignalValue(value=float(n), n=n, window=spec.window or "30d", as_of=moment.day)


def _answers(kind: str, inputs: Inputs, moment: Moment, days: int) -> list[float]:
    """The last answer of each person in the window; answers without a person count one by one."""
    first_ms = moment.end_ms - days * DAY_MS
    last: dict[tuple[str, int], tuple[int, float]] = {}
    for index, fact in enumerate(inputs.facts):
        if fact.type != kind or fact.value is None or not first_ms <= fact.at < moment.end_ms:
            continue
        who = ("person", fact.person) if fact.person is not None else ("answer", index)
        if who not in last or last[who][0] <= fact.at:
            last[who] = (fact.at, fact.value)
    return [value for _, value in last.values()]


def _survey(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    answers = _answers(spec.metric, inputs, moment, window_days(spec, NPS_DAYS))
    window = spec.window or f"{NPS_DAYS}d"
    if len(answers) < LOW_N:
        few = {"en": f"n = {len(answers)}, needs {LOW_N}", "zh-CN": f"仅 {len(answers)} 份回答，至少需 {LOW_N} 份"}
        why = few if answers else {"en": "no answers yet", "zh-CN": "尚无回答"}
        return SignalValue(value=None, n=len(answers), window=window, why=why)
    if spec.metric == "nps":
        value = 100 * (sum(a >= 9 for a in answers) - sum(a <= 6 for a in answers)) / len(answers)
    else:
        value = sum(answers) / len(answers)
    return SignalValue(value=value, n=len(answers), window=window, as_of=moment.day)


def _days_to_renewal(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:  # noqa: ARG001
    if inputs.renewal_on is None:
        return SignalValue(value=None, why={"en": "the renewal date is not known", "zh-CN": "续约日未知"})
    return SignalValue(value=float(inputs.renewal_on - moment.day), as_of=moment.day)


def _arr(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:  # noqa: ARG001
    why = {} if inputs.arr is not None else {"en": "ARR is not known", "zh-CN": "ARR 未知"}
    return SignalValue(value=inputs.arr, as_of=moment.day, why=why)


def _trait(spec: SignalSpec, inputs: Inputs, moment: Moment) -> SignalValue:
    value = inputs.traits.get(spec.trait or "")
    if isinstance(value, bool):
        value = float(value)
    if not isinstance(value, int | float):
        why = {"en": f"the trait {spec.trait} is not a number", "zh-CN": f"属性 {spec.trait} 不是数字"}
        return SignalValue(value=None, why=why)
    return SignalValue(value=float(value), as_of=moment.day)


READERS: dict[str, Callable[[SignalSpec, Inputs, Moment], SignalValue]] = {
    "coverage": _coverage,
    "usage_rate": _usage_rate,
    "core_coverage": _core_coverage,
    "active_share": _active_share,
    "feature_users": _feature_users,
    "seat_use": _seat_use,
    "days_since_last_use": _days_since_last_use,
    "ticket_count": _ticket_count,
    "nps": _survey,
    "csat": _survey,
    "days_to_renewal": _days_to_renewal,
    "arr": _arr,
    "trait": _trait,
}
