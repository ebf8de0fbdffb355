"""A stored score in words: its parts by group, why it moved, and the cheapest way up with the guide that closes it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from milepost.rules.health import COVERAGE_SIGNALS, change_card, cheapest_way_up
from milepost.rules.sentences import name_of
from milepost.wire.health import HealthModel, Item, Score

CAUSES: dict[str, dict[str, str]] = {
    "data": {"en": "Data moved", "zh-CN": "数据变化"},
    "known": {"en": "Became known", "zh-CN": "由未知变为已知"},
    "unknown": {"en": "Became unknown", "zh-CN": "由已知变为未知"},
    "redistributed": {"en": "Weight moved with what is known", "zh-CN": "权重随已知数据调整"},
    "catalogue": {"en": "Catalogue changed", "zh-CN": "功能目录变化"},
    "plan": {"en": "Plan or audience changed", "zh-CN": "套餐或受众变化"},
    "model": {"en": "Health model changed", "zh-CN": "健康分模型变化"},
    "override": {"en": "Override", "zh-CN": "人工调整"},
}


@dataclass(frozen=True)
class PartGroup:
    """Items that share a group of the model; base, clamps and caps stand in a group of their own, id ""."""

    id: str
    points: float
    maximum: float
    items: list[Item]


@dataclass(frozen=True)
class ChangeLine:
    """One part that moved; `name` and `cause_name` in en and zh-CN."""

    id: str
    cause: str
    points: float
    before: float | None
    after: float | None
    name: dict[str, str]
    cause_name: dict[str, str]
    sentence: dict[str, str]
    metric: str = ""  # what `before` and `after` are measured in; "" for base, clamps and caps


@dataclass(frozen=True)
class ChangeCard:
    """Why the score went from `before` to `after`; the lines sum to `points`. Days are day numbers."""

    before_day: int
    after_day: int
    before: float
    after: float
    points: float
    lines: list[ChangeLine]


@dataclass(frozen=True)
class WayUp:
    """A part with points to win; the guide (key, name) closes a gap behind it, if there is one."""

    item: Item
    gain: float
    name: dict[str, str]
    guide_key: str | None = None
    guide_name: str | None = None


@dataclass(frozen=True)
class GuideForGap:
    """A published guide and the feature it leads to."""

    key: str
    name: str
    ordinal: int
    feature: str
    core: bool


@dataclass(frozen=True)
class Standing:
    """How an account stands to the catalogue, as ordinals: what it may use, used in the window, adopted or retained."""

    eligible: frozenset[int]
    used: frozenset[int]
    adopted: frozenset[int]


def read_standing(row: Mapping[str, Any]) -> Standing:
    """From a stored row."""
    grounds, states = json.loads(row["grounds"]), json.loads(row["features"])
    return Standing(
        frozenset(grounds.get("eligible", ())),
        frozenset(grounds.get("used", ())),
        frozenset(int(o) for o, state in states.items() if state in {"adopted", "retained"}),
    )


def read_score(row: Mapping[str, Any], model_key: str = "") -> Score:
    """A stored row as a score with its items."""
    return Score(
        model=model_key,
        score=row["score"],
        known_share=row["known_share"] or 0.0,
        band=row["band"],
        items=[Item.model_validate(item) for item in json.loads(row["items"])],
    )


def group_items(items: Sequence[Item]) -> list[PartGroup]:
    """By group, in the model's order."""
    order = list(dict.fromkeys(item.group for item in items))
    groups = []
    for id_ in order:
        mine = [item for item in items if item.group == id_]
        groups.append(PartGroup(id_, sum(i.points for i in mine), sum(i.maximum for i in mine), mine))
    return groups


def explain_change(before: Mapping[str, Any], after: Mapping[str, Any], model: HealthModel) -> ChangeCard | None:
    """The card between two stored rows; None when either has no score."""
    if before["score"] is None or after["score"] is None:
        return None
    old, new = read_score(before), read_score(after)
    lines = change_card(
        old,
        new,
        model_changed=before["model_id"] != after["model_id"],
        catalogue_changed=_catalogue_changed(before, after),
        own_moves=_own_moves(before, after),
    )
    old_items, items = {i.id: i for i in old.items}, {i.id: i for i in new.items}
    plan_changed = _plan(before) != _plan(after)
    told = []
    for line in lines:
        item = items.get(line.id) or old_items[line.id]
        cause = line.cause
        if (
            cause in {"data", "catalogue"}
            and plan_changed
            and _only_the_denominator_moved(old_items.get(line.id), items.get(line.id))
        ):
            cause = "plan"
        told.append(
            ChangeLine(
                line.id, cause, line.points, line.before, line.after, name_item(model, item), CAUSES[cause], item.sentence,
                metric_of(model, item),
            )
        )  # fmt: skip
    return ChangeCard(before["day"], after["day"], before["score"], after["score"], after["score"] - before["score"], told)


def find_ways_up(score: Score, model: HealthModel, standing: Standing, guides: Sequence[GuideForGap]) -> list[WayUp]:
    """Parts by missing points; parts about features name a guide that leads to a feature behind the missing points."""
    found = []
    for item in cheapest_way_up(score):
        way = WayUp(item, item.maximum - item.points, name_item(model, item))
        guide = next((g for g in guides if g.ordinal in standing.eligible and _closes(g, item, model, standing)), None)
        found.append(way if guide is None else replace(way, guide_key=guide.key, guide_name=guide.name))
    return found


def _closes(guide: GuideForGap, item: Item, model: HealthModel, standing: Standing) -> bool:
    """Whether the part would gain by the guide's goal: a core feature not adopted, one not used, or the one it counts."""
    metric = metric_of(model, item)
    if metric == "core_coverage":
        return guide.core and guide.ordinal not in standing.adopted
    if metric == "feature_users":
        return guide.feature == model.signal(item.signal).feature
    return metric in {"coverage", "usage_rate"} and guide.ordinal not in standing.used


def name_item(model: HealthModel, item: Item) -> dict[str, str]:
    """What the part is called; parts without a signal speak their own sentence."""
    if item.signal:
        try:
            return name_of(model.signal(item.signal))
        except KeyError:  # a signal of an older model version
            return {"en": item.signal, "zh-CN": item.signal}
    return item.sentence or {"en": item.id, "zh-CN": item.id}


def metric_of(model: HealthModel, item: Item) -> str:
    """What the part's signal measures; "" for parts without one."""
    try:
        return model.signal(item.signal).metric if item.signal else ""
    except KeyError:
        return ""


def _plan(row: Mapping[str, Any]) -> tuple[Any, ...]:
    grounds = json.loads(row["grounds"])
    return grounds.get("plan"), tuple(grounds.get("add_ons", ())), tuple(grounds.get("roles", ()))


def _catalogue_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """By its version, or because a feature published earlier has joined since, on the same plan."""
    joined = read_standing(before).eligible != read_standing(after).eligible and _plan(before) == _plan(after)
    return joined or bool(before["catalogue_version"] != after["catalogue_version"])


def _own_moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Signals that the account's own use of features it had in both rows has moved: what it used, and how far it came."""
    old, new = read_standing(before), read_standing(after)
    both = old.eligible & new.eligible
    moved = {"coverage", "usage_rate"} if old.used & both != new.used & both else set()
    return frozenset(moved | ({"core_coverage"} if _states(before, both) != _states(after, both) else set()))


def _states(row: Mapping[str, Any], ordinals: Iterable[int]) -> dict[int, str | None]:
    states = json.loads(row["features"])
    return {o: states.get(str(o)) for o in ordinals}


def _only_the_denominator_moved(before: Item | None, after: Item | None) -> bool:
    if before is None or after is None or after.signal not in COVERAGE_SIGNALS:
        return False
    return before.n == after.n
