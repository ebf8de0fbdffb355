"""Audience trees, three-valued: unknown is not false. `evaluate` says what a tree means; `compile_tree` says the same, fast."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.rules.globs import compile_glob, matches_glob
from milepost.wire.audience import All, Any_, Audience, Leaf, Not

MISSING = object()
ORDER: dict[str, Callable[[Any, Any], Any]] = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
Verdict = Callable[[Mapping[str, Any]], bool | None]
Test = Callable[[Any], bool | None]


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
    return bool(ORDER[op](value, wanted))


def compile_tree(tree: Audience | None) -> Verdict:
    """A function of the facts with the verdicts of `evaluate`: what the tree alone decides is decided here, once."""
    if tree is None:
        return lambda _: True
    if isinstance(tree, Leaf):
        return _compile_leaf(tree)
    if isinstance(tree, Not):
        return _compile_not(compile_tree(tree.not_))
    if isinstance(tree, All):
        return _compile_parts([compile_tree(part) for part in tree.all], decisive=False)
    return _compile_parts([compile_tree(part) for part in tree.any], decisive=True)


def _compile_not(inner: Verdict) -> Verdict:
    def verdict(facts: Mapping[str, Any]) -> bool | None:
        found = inner(facts)
        return None if found is None else not found

    return verdict


def _compile_parts(parts: list[Verdict], *, decisive: bool) -> Verdict:
    """Stops at the first part that decides; an unknown one is remembered until all are heard."""

    def verdict(facts: Mapping[str, Any]) -> bool | None:
        is_unknown = False
        for part in parts:
            found = part(facts)
            if found is decisive:
                return decisive
            is_unknown = is_unknown or found is None
        return None if is_unknown else not decisive

    return verdict


def _compile_leaf(leaf: Leaf) -> Verdict:
    fact = leaf.fact
    if leaf.op in {"known", "unknown"}:
        wanted = leaf.op == "known"
        return lambda facts: (facts.get(fact) is not None) is wanted
    wanted_texts = _texts(leaf)
    if wanted_texts is not None:
        return _compile_texts(fact, wanted_texts, positive=leaf.op in {"is", "in"})
    test = _compile_test(leaf)

    def verdict(facts: Mapping[str, Any]) -> bool | None:
        value = facts.get(fact)
        return None if value is None else test(value)

    return verdict


def _texts(leaf: Leaf) -> frozenset[str] | None:
    """The texts a leaf asks for when it asks for texts alone: what most leaves do."""
    if leaf.op not in {"is", "is_not", "in", "not_in"}:
        return None
    among = leaf.value if leaf.op in {"in", "not_in"} and isinstance(leaf.value, list) else [leaf.value]
    return frozenset(one for one in among if isinstance(one, str)) if all(isinstance(one, str) for one in among) else None


def _compile_texts(fact: str, texts: frozenset[str], *, positive: bool) -> Verdict:
    def verdict(facts: Mapping[str, Any]) -> bool | None:
        value = facts.get(fact)
        if value.__class__ is str:
            return (value in texts) is positive
        return None if value is None else any(_same(value, one) for one in texts) is positive

    return verdict


def _compile_test(leaf: Leaf) -> Test:
    """What is asked of a value that is known."""
    wanted = leaf.value
    if leaf.op in {"is", "is_not", "in", "not_in"}:
        among = wanted if leaf.op in {"in", "not_in"} and isinstance(wanted, list) else [wanted]
        positive = leaf.op in {"is", "in"}
        return lambda value: any(_same(value, one) for one in among) is positive
    if leaf.op == "matches":
        return _compile_glob(wanted)
    return _compile_order(ORDER[leaf.op], wanted)


def _compile_glob(glob: Any) -> Test:
    if not isinstance(glob, str):
        return lambda _: False
    fits = compile_glob(glob).fullmatch
    return lambda value: isinstance(value, str) and fits(value)


def _compile_order(compare: Callable[[Any, Any], Any], wanted: Any) -> Test:
    if isinstance(wanted, str):
        return lambda value: bool(compare(value, wanted)) if isinstance(value, str) else None
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return lambda _: None
    return lambda value: bool(compare(value, wanted)) if isinstance(value, int | float) and not isinstance(value, bool) else None


__all__ = ["All", "Any_", "Leaf", "Not", "Reason", "Verdict", "compile_tree", "evaluate", "explain"]
