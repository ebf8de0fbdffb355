"""The health engine: a model and signal values in, a score with parts that sum to it out.

Source: definitions page, "Health model". Both shapes, one set of items.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from milepost.rules.sentences import describe_condition, describe_measure, sentence
from milepost.wire.health import HealthModel, Item, Measure, Score, SignalValue

Values = Mapping[str, SignalValue]
UNKNOWN = SignalValue(value=None)
COVERAGE_SIGNALS = frozenset({"coverage", "core_coverage", "usage_rate"})


def compute_score(model: HealthModel, values: Values, account_day: int | None = None) -> Score:
    """The score of one account; `values` by signal name, absent = unknown; `account_day` = its age for grace."""
    if model.scoring == "points":
        items, known = _points(model, values)
    else:
        items, known = _scorecard(model, values)
    nothing_known = model.scoring == "scorecard" and known == 0
    if nothing_known:
        return Score(model=model.id, score=None, known_share=0.0, band="unknown", items=items)
    items = _clamp(model, items)
    items = _cap(model, items, values)
    total = sum(item.points for item in items)
    return Score(model=model.id, score=total, known_share=known, band=_band(model, total, known, account_day), items=items)  # type: ignore[arg-type]


def band_of(model: HealthModel, score: float) -> str:
    """The first band whose line the score is below; the last has none."""
    for band in model.bands:
        if band.below is None or score < band.below:
            return band.id
    return model.bands[-1].id


def _band(model: HealthModel, score: float, known: float, account_day: int | None) -> str:
    if model.grace is not None and account_day is not None and account_day < model.grace.until_day:
        return "onboarding"
    return "unknown" if known < model.min_known else band_of(model, score)


def _points(model: HealthModel, values: Values) -> tuple[list[Item], float]:
    base = model.scale.base if model.scale.base is not None else model.scale.min
    items = [
        Item(id="base", kind="base", points=base, maximum=base,
             sentence={"en": f"Every account starts at {base:g}.", "zh-CN": f"每个客户从 {base:g} 分起算。"})
    ]  # fmt: skip
    total = sum(abs(rule.points) for rule in model.rules)
    known = 0.0
    for rule in model.rules:
        value = values.get(rule.if_.signal, UNKNOWN)
        spec = model.signal(rule.if_.signal)
        if value.value is None:
            points = min(0.0, rule.points) if model.unknown == "worst" else 0.0
        else:
            known += abs(rule.points)
            points = rule.points if rule.if_.holds(value.value) else 0.0
        items.append(
            _item(rule.id, "rule", "", rule.if_.signal, value, points, max(0.0, rule.points),
                  describe_condition(rule.if_, spec)["en"],
                  sentence(spec, value, points, max(0.0, rule.points), rule.if_, model.unknown))
        )  # fmt: skip
    return items, known / total if total else 0.0


def _scorecard(model: HealthModel, values: Values) -> tuple[list[Item], float]:
    span = model.scale.max - model.scale.min
    weight_sum = sum(group.weight for group in model.groups)
    shares = {
        (group.id, index): group.weight / weight_sum * measure.weight / sum(m.weight for m in group.measures)
        for group in model.groups
        for index, measure in enumerate(group.measures)
    }
    known_at = {
        (group.id, index)
        for group in model.groups
        for index, measure in enumerate(group.measures)
        if values.get(measure.signal, UNKNOWN).value is not None
    }
    known_share = sum(share for at, share in shares.items() if at in known_at)
    effective = _effective_weights(model, known_at) if model.unknown == "redistribute" else shares
    items: list[Item] = []
    if model.scale.min:
        items.append(Item(id="base", kind="base", points=model.scale.min, maximum=model.scale.min))
    for group in model.groups:
        for index, measure in enumerate(group.measures):
            value = values.get(measure.signal, UNKNOWN)
            weight = effective.get((group.id, index), 0.0) * span
            if value.value is None:
                reached = 0.5 if model.unknown == "neutral" else 0.0
            else:
                reached = map_value(measure, value.value)
            spec = model.signal(measure.signal)
            points, threshold = weight * reached, describe_measure(measure, spec)["en"]
            items.append(
                _item(f"{group.id}.{measure.signal}", "measure", group.id, measure.signal, value, points, weight,
                      threshold, sentence(spec, value, points, weight, measure, model.unknown))
            )  # fmt: skip
    return items, known_share


def _effective_weights(model: HealthModel, known_at: set[tuple[str, int]]) -> dict[tuple[str, int], float]:
    """An unknown measure's weight goes to the known ones of its group, an unknown group's to the other groups."""
    alive = [g for g in model.groups if any((g.id, i) in known_at for i in range(len(g.measures)))]
    groups_sum = sum(g.weight for g in alive)
    weights: dict[tuple[str, int], float] = {}
    for group in alive:
        inside = sum(m.weight for i, m in enumerate(group.measures) if (group.id, i) in known_at)
        for index, measure in enumerate(group.measures):
            if (group.id, index) in known_at:
                weights[(group.id, index)] = group.weight / groups_sum * measure.weight / inside
    return weights


def map_value(measure: Measure, value: float) -> float:
    """The measure's share, 0–1."""
    if measure.linear is not None:
        line = measure.linear
        return min(1.0, max(0.0, (value - line.at_0) / (line.at_100 - line.at_0)))
    if measure.steps is not None:
        reached = [step.share for step in measure.steps if value >= step.from_]
        return reached[-1] if reached else 0.0
    return min(1.0, max(0.0, 1.0 - (measure.deduct or 0.0) * value))


def _item(
    id_: str, kind: str, group: str, signal: str, value: SignalValue, points: float, maximum: float, threshold: str,
    words: dict[str, str],
) -> Item:  # fmt: skip
    return Item(
        id=id_,
        kind=kind,  # type: ignore[arg-type]
        group=group,
        signal=signal,
        value=value.value,
        n=value.n,
        of=value.of,
        window=value.window,
        as_of=value.as_of,
        threshold=threshold,
        points=points,
        maximum=maximum,
        known=value.value is not None,
        sentence=words,
    )


def _clamp(model: HealthModel, items: list[Item]) -> list[Item]:
    total = sum(item.points for item in items)
    clamped = min(model.scale.max, max(model.scale.min, total))
    if clamped == total:
        return items
    words = {
        "en": f"The scale ends at {clamped:g}.",
        "zh-CN": f"分值范围到 {clamped:g} 为止。",
    }
    return [*items, Item(id="clamp", kind="clamp", points=clamped - total, sentence=words)]


def _cap(model: HealthModel, items: list[Item], values: Values) -> list[Item]:
    for cap in model.exceptions:
        value = values.get(cap.if_.signal, UNKNOWN)
        total = sum(item.points for item in items)
        if value.value is not None and cap.if_.holds(value.value) and total > cap.at_most:
            words = {
                "en": f"Exception {cap.id}: the score is at most {cap.at_most:g}.",
                "zh-CN": f"例外规则 {cap.id}：分数不超过 {cap.at_most:g}。",
            }
            items = [*items, Item(id=cap.id, kind="cap", signal=cap.if_.signal, points=cap.at_most - total, sentence=words)]
    return items


@dataclass(frozen=True)
class Change:
    """One line of the change card; lines sum to the difference of the scores."""

    id: str
    cause: str  # data | known | unknown | catalogue | plan | model | override
    before: float | None
    after: float | None
    points: float


def change_card(
    before: Score,
    after: Score,
    *,
    model_changed: bool = False,
    catalogue_changed: bool = False,
    own_moves: frozenset[str] = COVERAGE_SIGNALS,
) -> list[Change]:
    """Why a score moved: one line per part that moved, largest first; the lines sum to the difference.

    `own_moves` = signals about features that the account's own use has moved; the others can only have moved by the catalogue.
    """
    old = {item.id: item for item in before.items}
    new = {item.id: item for item in after.items}
    lines: list[Change] = []
    for id_ in dict.fromkeys((*old, *new)):
        a, b = old.get(id_), new.get(id_)
        points = (b.points if b else 0.0) - (a.points if a else 0.0)
        if abs(points) < 1e-12:
            continue
        by_catalogue = catalogue_changed and (a or b).signal in COVERAGE_SIGNALS - own_moves  # type: ignore[union-attr]
        cause = _cause(a, b, model_changed=model_changed, by_catalogue=by_catalogue)
        lines.append(Change(id_, cause, a.value if a else None, b.value if b else None, points))
    return sorted(lines, key=lambda line: -abs(line.points))


def _cause(a: Item | None, b: Item | None, *, model_changed: bool, by_catalogue: bool) -> str:
    if a is None or b is None:
        return "model" if model_changed or (a or b).kind != "clamp" else "data"  # type: ignore[union-attr]
    if a.known != b.known:
        return "known" if b.known else "unknown"
    if a.value == b.value:
        return "model" if model_changed else "redistributed"
    return "catalogue" if by_catalogue else "data"


def cheapest_way_up(score: Score) -> list[Item]:
    """Known parts by missing points, most first."""
    parts = [item for item in score.items if item.known and item.maximum - item.points > 1e-9]
    return sorted(parts, key=lambda item: item.points - item.maximum)


@dataclass(frozen=True)
class Verdict:
    """What validation says of a model that reads well."""

    reachable_min: float
    reachable_max: float
    dead: Score
    perfect: Score
    warnings: list[str]


def validate_model(model: HealthModel, never_known: Collection[str] = ()) -> Verdict:
    """Scores a dead and a perfect account, and warns of a model that can't do its work; `never_known` = signals without data."""
    known = [name for name in model.used_signals() if name not in never_known]
    dead = compute_score(model, {name: _dead(model.signal(name).metric) for name in known})
    perfect = compute_score(model, _best_values(model, known, max))
    worst = compute_score(model, _best_values(model, known, min))
    lowest = model.scale.min if worst.score is None else worst.score
    highest = model.scale.min if perfect.score is None else perfect.score
    warnings = []
    alarm = max((a.on.crosses_below for a in model.alerts), default=None)
    if alarm is None:
        warnings.append("The model has no alert: nobody is told of a falling account.")
    elif dead.score is None:
        warnings.append("A dead account (no use, no tickets, no answers) has no score: it would never alarm.")
    elif not dead.score < alarm:
        warnings.append(
            f"A dead account (no use, no tickets, no answers) scores {dead.score:g}, which is not below {alarm:g}: "
            "it would never alarm."
        )
    if highest < model.scale.max - 1e-9:
        warnings.append(f"The maximum {model.scale.max:g} is out of reach: the best account scores {highest:g}.")
    return Verdict(lowest, highest, dead, perfect, warnings)


def _dead(metric: str) -> SignalValue:
    if metric in {"nps", "csat", "arr", "days_to_renewal", "trait"}:
        return UNKNOWN
    return SignalValue(value=9999.0 if metric == "days_since_last_use" else 0.0)


def _best_values(model: HealthModel, names: list[str], pick: Callable[..., float]) -> dict[str, SignalValue]:
    """For each signal the value among its thresholds that `pick`s the score's extreme."""
    chosen: dict[str, SignalValue] = {}
    for name in names:
        tries = sorted(_thresholds(model, name))
        best = pick(tries, key=lambda v, n=name: _points_of(model, n, v))
        chosen[name] = SignalValue(value=best)
    return chosen


def _points_of(model: HealthModel, name: str, value: float) -> float:
    return sum(item.points for item in compute_score(model, {name: SignalValue(value=value)}).items if item.signal == name)


def _thresholds(model: HealthModel, name: str) -> set[float]:
    values: set[float] = set()
    for measure in (m for g in model.groups for m in g.measures if m.signal == name):
        if measure.linear:
            values |= {measure.linear.at_0, measure.linear.at_100}
        if measure.steps:
            values |= {s.from_ for s in measure.steps} | {measure.steps[0].from_ - 1}
        if measure.deduct:
            values |= {0.0, 1 / measure.deduct}
    for condition in [r.if_ for r in model.rules if r.if_.signal == name] + [
        c.if_ for c in model.exceptions if c.if_.signal == name
    ]:
        line = next(v for v in (condition.gt, condition.gte, condition.lt, condition.lte) if v is not None)
        values |= {line - 1, line, line + 1}
    return values
