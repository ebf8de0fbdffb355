"""Which features an event is a use of: the catalogue made ready for the hot path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any

import msgspec

from milepost.rules.globs import compile_glob
from milepost.wire.feature import Condition, DetectionRule, EventRule, PageRule

NUMBER = (int, float)
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


@dataclass(frozen=True)
class MatchableFeature:
    """What matching needs to know of a feature."""

    ordinal: int
    key: str
    aliases: tuple[str, ...]
    rules: tuple[DetectionRule, ...]


@dataclass
class CompiledCatalogue:
    """Event names and page paths looked up in one step; globs and conditions only where they stand."""

    version: int
    features: tuple[MatchableFeature, ...]
    by_event: dict[str, list[tuple[int, tuple[Condition, ...]]]] = field(default_factory=dict)
    by_path: dict[str, list[int]] = field(default_factory=dict)
    by_glob: list[tuple[Any, int]] = field(default_factory=list)
    by_key: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for feature in self.features:
            for key in (feature.key, *feature.aliases):
                self.by_key[key] = feature.ordinal
            for rule in feature.rules:
                self._add(feature.ordinal, rule)
        self._pages: dict[str, tuple[int, ...]] = {}

    def _add(self, ordinal: int, rule: DetectionRule) -> None:
        if isinstance(rule, EventRule):
            self.by_event.setdefault(rule.name, []).append((ordinal, tuple(rule.where)))
        elif isinstance(rule, PageRule):
            if any(c in rule.path for c in "*?"):
                self.by_glob.append((compile_glob(rule.path), ordinal))
            else:
                self.by_path.setdefault(rule.path, []).append(ordinal)

    def match_event(self, name: str, properties: Mapping[str, Any]) -> tuple[int, ...]:
        """Ordinals of the features this track event is a use of, ascending, each once."""
        rules = self.by_event.get(name)
        if rules is None:
            return ()
        if len(rules) == 1:  # as nearly always
            ordinal, where = rules[0]
            return (ordinal,) if not where or all(holds(c, properties) for c in where) else ()
        return tuple(sorted({o for o, where in rules if all(holds(c, properties) for c in where)}))

    def match_page(self, path: str) -> tuple[int, ...]:
        """Ordinals of the features this page is a use of; remembers paths it has seen."""
        found = self._pages.get(path)
        if found is None:
            hits = set(self.by_path.get(path, ())) | {o for glob, o in self.by_glob if glob.fullmatch(path)}
            found = tuple(sorted(hits))
            if len(self._pages) < 10_000:
                self._pages[path] = found
        return found

    def match_key(self, key: str) -> tuple[int, ...]:
        """The feature an element rule of the SDK reported."""
        ordinal = self.by_key.get(key)
        return () if ordinal is None else (ordinal,)


@lru_cache(maxsize=4096)
def pack_ordinals(ordinals: tuple[int, ...]) -> str | None:
    """As an event's row holds them: a JSON list, nothing when there are none."""
    return msgspec.json.encode(ordinals).decode() if ordinals else None


@lru_cache(maxsize=4096)
def unpack_ordinals(packed: str) -> tuple[int, ...]:
    """The same again."""
    return tuple(msgspec.json.decode(packed))


def holds(condition: Condition, properties: Mapping[str, Any]) -> bool:
    """A missing property fails every condition; numbers compare only with numbers."""
    if condition.property not in properties:
        return False
    value, wanted = properties[condition.property], condition.value
    if condition.op == "known":
        return value is not None
    if condition.op == "is":
        return bool(value == wanted and isinstance(value, bool) == isinstance(wanted, bool))
    if condition.op == "is_not":
        return not (value == wanted and isinstance(value, bool) == isinstance(wanted, bool))
    if not _is_number(value) or not _is_number(wanted):
        return False
    return bool(COMPARISONS[condition.op](value, wanted))


def _is_number(value: Any) -> bool:
    return isinstance(value, NUMBER) and not isinstance(value, bool)
