"""The one evaluator of audience trees: three-valued, so that unknown is not false."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.rules.globs import matches_glob
from milepost.wire.audience import All, Any_, Audience, Leaf, Not

MISSING = object()


@dataclass(frozen=True)
class Reason:
    """Why a leaf said what it said: the fact, its value and the verdict."""

    fact: str
    op: str
    wanted: Any
    value: Any
    verdict: bool | None


def evaluate(tree: Audience | None, facts: Mapping[str, Any]) -> bool | None:
    """True, False, or None for unknown; no tree means everyone."""
    if tree is None:
        return True
    if isinstance(tree, Leaf):
        return _leaf(tree, facts.get(tree.fact, MISSING))
    if isinstance(tree, Not):
        inner = evaluate(tree.not_, facts)
        return None if inner is None else not inner
    verdicts = [evaluate(part, facts) for part in (tree.all if isinstance(tree, All) else tree.any)]
    decisive = not isinstance(tree, All)
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


def explain(tree: Audience | None, facts: Mapping[str, Any]) -> list[Reason]:
    """One reason per leaf, in the order of the tree."""
    if tree is None:
        return []
    if isinstance(tree, Leaf):
        value = facts.get(tree.fact, MISSING)
        return [Reason(tree.fact, tree.op, tree.value, None if value is MISSING else value, _leaf(tree, value))]
    if isinstance(tree, Not):
        return explain(tree.not_, facts)
    return [reason for part in (tree.all if isinstance(tree, All) else tree.any) for reason in explain(part, facts)]


def _leaf(leaf: Leaf, value: Any) -> bool | None:
    known = value is not MISSING and value is not None
    if leaf.op in {"known", "unknown"}:
        return known == (leaf.op == "known")
    if not known:
        return None
    if leaf.op in {"is", "is_not"}:
        return _same(value, leaf.value) == (leaf.op == "is")
    if leaf.op in {"in", "not_in"}:
        among = any(_same(value, v) for v in (leaf.value if isinstance(leaf.value, list) else [leaf.value]))
        return among == (leaf.op == "in")
    if leaf.op == "matches":
        return isinstance(value, str) and isinstance(leaf.value, str) and matches_glob(leaf.value, value)
    return _compare(leaf.op, value, leaf.value)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, list):
        return wanted in value
    return bool(value == wanted)


def _compare(op: str, value: Any, wanted: Any) -> bool | None:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (value, wanted))
    if not numbers and not (isinstance(value, str) and isinstance(wanted, str)):
        return None
    return bool({"gt": value > wanted, "gte": value >= wanted, "lt": value < wanted, "lte": value <= wanted}[op])


__all__ = ["All", "Any_", "Leaf", "Not", "Reason", "evaluate", "explain"]
