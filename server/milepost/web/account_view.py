"""The account page's numbers as they stand on the screen: rounded parts that add up, values and thresholds in words, a chart."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from milepost.actions.account import AccountPage, Numbers, TrendPoint
from milepost.actions.explain import ChangeCard, ChangeLine, metric_of, name_item
from milepost.actions.health import HeldModel
from milepost.rules.rounding import round_to_sum
from milepost.rules.sentences import SHARES
from milepost.web.figures import Figures
from milepost.wire.health import HealthModel, Item, Linear

OWN_DOING = frozenset({"data"})


@dataclass(frozen=True)
class Part:
    """One row of the health table; points and maximum as shown, one decimal. `share` fills the track, `width` is its length."""

    id: str
    name: str
    value: str
    window_days: int | None
    threshold: str
    points: float
    maximum: float
    known: bool
    share: float
    width: float
    as_of: int | None
    sentence: dict[str, str]


@dataclass(frozen=True)
class Block:
    """A group of the model with the sums of its rows as shown."""

    id: str
    points: float
    maximum: float
    parts: list[Part]


@dataclass(frozen=True)
class Breakdown:
    """Every row adds up: base + blocks + tail = total, as shown. `tail` = (sentence, points) of clamps, caps and overrides."""

    base: Part | None
    blocks: list[Block]
    tail: list[tuple[dict[str, str], float]]
    sum_of_parts: float
    maximum: float
    total: float | None


def break_down(numbers: Numbers, model: HealthModel, fmt: Figures) -> Breakdown:
    """The rows of one day's score."""
    items = numbers.items
    points = dict(zip((i.id for i in items), round_to_sum([i.points for i in items], numbers.score), strict=True))
    maxima = dict(zip((i.id for i in items), round_to_sum([i.maximum for i in items]), strict=True))
    widest = max((i.maximum for i in items if i.kind in {"rule", "measure"}), default=0.0)
    parts = {i.id: _part(i, model, fmt, points[i.id], maxima[i.id], widest) for i in items}
    inner = [i for i in items if i.kind in {"rule", "measure"}]
    blocks = [
        Block(
            group,
            _sum(points[i.id] for i in inner if i.group == group),
            _sum(maxima[i.id] for i in inner if i.group == group),
            [parts[i.id] for i in inner if i.group == group],
        )
        for group in dict.fromkeys(i.group for i in inner)
    ]
    base = next((parts[i.id] for i in items if i.kind == "base"), None)
    tail = [(i.sentence, points[i.id]) for i in items if i.kind in {"clamp", "cap", "override"}]
    return Breakdown(
        base,
        blocks,
        tail,
        sum_of_parts=_sum(points[i.id] for i in items if i.kind in {"base", "rule", "measure"}),
        maximum=_sum(maxima.values()),
        total=None if numbers.score is None else _sum(points.values()),
    )


def name_features(text: str, names: Mapping[str, str]) -> str:
    """ "People using advanced_report" with the feature's name where it is known."""
    return re.sub(r"[\w.-]+", lambda word: names.get(word[0], word[0]), text)


def _sum(values: Iterable[float]) -> float:
    return round(sum(values), 6)


def _part(item: Item, model: HealthModel, fmt: Figures, points: float, maximum: float, widest: float) -> Part:
    return Part(
        id=item.id,
        name=name_item(model, item)["zh-CN" if fmt.is_chinese else "en"],
        value=say_value(item, metric_of(model, item), fmt),
        window_days=_days(item.window),
        threshold=say_threshold(item, model, fmt),
        points=points,
        maximum=maximum,
        known=item.known,
        share=item.points / item.maximum if item.maximum > 0 else 0.0,
        width=item.maximum / widest if widest else 0.0,
        as_of=item.as_of,
        sentence=item.sentence,
    )


def say_value(item: Item, metric: str, fmt: Figures) -> str:
    """ "3 of 31", "18 % of 50", "5", "33 %"; an unknown value is "–"."""
    if item.value is None:
        return fmt.number(None)
    if metric in {"coverage", "usage_rate"} and item.of is not None:
        return fmt.of(item.n, item.of)
    if metric == "seat_use" and item.of is not None:
        return fmt.of(item.n, item.of)
    if metric in {"nps", "csat"} and item.n is not None:
        return f"{say_amount(item.value, metric, fmt)} (n = {item.n})"
    shown = say_amount(item.value, metric, fmt)
    if metric == "active_share" and item.of:
        return f"{item.of} 人的 {shown}" if fmt.is_chinese else f"{shown} of {fmt.number(item.of)}"
    return shown


def say_amount(value: float | None, metric: str, fmt: Figures) -> str:
    """A signal's value with its unit."""
    if value is None:
        return fmt.number(None)
    if metric in SHARES:
        return fmt.percent(value)
    return fmt.number(value, 0 if value == int(value) else 1)


def say_threshold(item: Item, model: HealthModel, fmt: Figures) -> str:
    """ "0 → 60 %" where the measure is linear, else the model's own words."""
    metric = metric_of(model, item)
    line = _linear(item, model)
    if line is not None:
        return f"{say_amount(line.at_0, metric, fmt)} → {say_amount(line.at_100, metric, fmt)}"
    rule = next((r for r in model.rules if r.id == item.id), None)
    if rule is not None:
        limits = (("gt", ">"), ("gte", "≥"), ("lt", "<"), ("lte", "≤"))
        name, sign = next((n, s) for n, s in limits if getattr(rule.if_, n) is not None)
        return f"{sign} {say_amount(getattr(rule.if_, name), metric, fmt)}"
    return item.threshold


def _linear(item: Item, model: HealthModel) -> Linear | None:
    for group in model.groups:
        for measure in group.measures:
            if group.id == item.group and measure.signal == item.signal:
                return measure.linear
    return None


def _days(window: str) -> int | None:
    if not window:
        return None
    return int(window[:-1]) if window.endswith("d") else -(-int(window[:-1]) // 24)


@dataclass(frozen=True)
class ChangeRow:
    """A line of the change card as shown."""

    name: str
    cause: str
    before: str
    after: str
    points: float


@dataclass(frozen=True)
class Changes:
    """`own` is what the account did, `other` is not; before + both = after, as shown."""

    before_day: int
    after_day: int
    before: float
    after: float
    own: list[ChangeRow]
    other: list[ChangeRow]
    own_points: float


def show_changes(card: ChangeCard, fmt: Figures) -> Changes:
    """The card rounded so that it adds up."""
    before, after = round(card.before, 1), round(card.after, 1)
    points = round_to_sum([line.points for line in card.lines], after - before)
    rows = [(line, _change_row(line, p, fmt)) for line, p in zip(card.lines, points, strict=True)]
    own = [row for line, row in rows if line.cause in OWN_DOING]
    other = [row for line, row in rows if line.cause not in OWN_DOING]
    return Changes(card.before_day, card.after_day, before, after, own, other, _sum(row.points for row in own))


def _change_row(line: ChangeLine, points: float, fmt: Figures) -> ChangeRow:
    language = "zh-CN" if fmt.is_chinese else "en"
    before, after = say_amount(line.before, line.metric, fmt), say_amount(line.after, line.metric, fmt)
    return ChangeRow(line.name[language], line.cause_name[language], before, after, points)


@dataclass(frozen=True)
class Chart:
    """Geometry of the trend: one polyline per unbroken run of known days; `limits` = (y, value) of the bands' lines."""

    lines: list[str]
    limits: list[tuple[float, float]]
    marks: list[tuple[float, str]]  # (x, model) where another model began
    end: tuple[float, float] | None
    cursor: float | None  # x of the day looked at


WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 316.0, 150.0, 28.0, 8.0, 128.0


def draw_trend(points: Sequence[TrendPoint], held: HeldModel | None, first: int, last: int, day: int | None) -> Chart:
    """From day `first` to `last`, on the model's scale."""
    scale = held.model.scale if held else None
    low, high = (scale.min, scale.max) if scale else (0.0, 100.0)

    def x(at: int) -> float:
        return LEFT + (WIDTH - LEFT) * (at - first) / max(1, last - first)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low)

    lines: list[list[str]] = []
    previous: int | None = None
    for point in points:
        if point.score is None or point.band == "unknown":
            previous = None
            continue
        if previous != point.day - 1:
            lines.append([])
        lines[-1].append(f"{x(point.day):.1f},{y(point.score):.1f}")
        previous = point.day
    known = [p for p in points if p.score is not None and p.band != "unknown"]
    changed = [b.day for a, b in pairwise(points) if a.model_id != b.model_id]
    bands = [band.below for band in held.model.bands if band.below is not None] if held else []
    return Chart(
        lines=[" ".join(line) for line in lines if len(line) > 1],
        limits=[(round(y(value), 1), value) for value in (low, *bands, high)],
        marks=[(round(x(at), 1), "") for at in changed],
        end=(round(x(known[-1].day), 1), round(y(known[-1].score or 0.0), 1)) if known else None,
        cursor=None if day is None else round(x(day), 1),
    )


def shown_numbers(page: AccountPage, day: int | None) -> Numbers | None:
    """What the page is about: live today, restated for a past day, the last settled for an account that has left."""
    if day is not None:
        return page.restated or page.settled
    return page.live or page.settled
