"""YAML to shapes and back: errors name the line, the path and the repair."""

import io
import re
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from milepost.errors import Invalid
from milepost.wire.shape import Misplaced

S = TypeVar("S", bound=BaseModel)
MAX_TEXT = 1_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_TEXT_BY_HAND = 100_000
MAX_NODES_BY_HAND = 5_000
DEEP = re.compile(rf"(?:[\[{{]\s*){{{MAX_DEPTH + 1}}}")  # to look ahead over open brackets costs their square
ODD_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")


class Counting(Composer):
    """Stops at the value too many, not after all of them are built; an alias counts as all that it stands for."""

    most = MAX_NODES

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.n, self.sizes = 0, dict[str, int]()

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The library's own, and counted."""
        event, before = self.parser.peek_event(), self.n
        self.n += self.sizes.get(event.anchor, 1) if isinstance(event, AliasEvent) else 1
        if self.n > self.most:
            raise ComposerError(None, None, f"more than {self.most} values", event.start_mark)
        node = super().compose_node(parent, index)
        if event.anchor is not None and not isinstance(event, AliasEvent):
            self.sizes[event.anchor] = self.n - before
        return node


class CountingFew(Counting):
    """For documents that people write by hand and anybody may have checked."""

    most = MAX_NODES_BY_HAND


def parse_yaml(text: str, shape: type[S], source: str = "the YAML", *, by_hand: bool = False) -> S:
    """The shape; raises Invalid with line and path of the first faults. What is written by hand is short."""
    data = load_yaml(text, source, by_hand=by_hand)
    try:
        return shape.model_validate(_plain(data))
    except ValidationError as problem:
        raise Invalid.of_parts([_line(data, error, source) for error in problem.errors()[:5]]) from problem


def load_yaml(text: str, source: str = "the YAML", *, by_hand: bool = False) -> Any:
    """Maps and lists that remember their lines; raises Invalid."""
    longest = MAX_TEXT_BY_HAND if by_hand else MAX_TEXT
    if len(text) > longest:
        raise Invalid(f"{source} is longer than {longest} characters.")
    if DEEP.search(text):
        raise Invalid(f"{source} nests deeper than {MAX_DEPTH} levels.")
    try:
        yaml = YAML(typ="rt")
        yaml.Composer, yaml.max_depth = CountingFew if by_hand else Counting, MAX_DEPTH
        data = yaml.load(text)
        _refuse_explosion(data, source)
        return data
    except MarkedYAMLError as problem:
        mark = problem.problem_mark
        raise Invalid(f"{source}, line {mark.line + 1 if mark else '?'}: {problem.problem}.") from problem
    except (YAMLError, ValueError, RecursionError) as problem:
        raise Invalid(f"{source} is not YAML.") from problem


def dump_yaml(data: Any) -> str:
    """Stable order, two-space indent."""
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 120
    stream = io.StringIO()
    yaml.dump(_guard_breaks(data), stream)
    return stream.getvalue()


def _guard_breaks(data: Any) -> Any:
    """Texts with line breaks YAML would fold away are written in double quotes, where they are escaped."""
    if isinstance(data, dict):
        return {_guard_breaks(key): _guard_breaks(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_guard_breaks(value) for value in data]
    return DoubleQuotedScalarString(data) if isinstance(data, str) and ODD_BREAKS.search(data) else data


def _refuse_explosion(data: Any, source: str) -> None:
    """Aliases can make a short text mean billions of values, or a list that holds itself."""
    nodes, stack = 0, [(data, 1)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise Invalid(f"{source} means more than {MAX_NODES} values, or nests deeper than {MAX_DEPTH} levels.")
        if isinstance(node, dict):
            stack.extend((child, depth + 1) for child in node.values())
        elif isinstance(node, list):
            stack.extend((child, depth + 1) for child in node)


def _plain(data: Any) -> Any:
    """Round-trip nodes as plain values; dates and booleans keep their type."""
    if isinstance(data, dict):
        return {str(k): _plain(v) for k, v in data.items()}
    if isinstance(data, list):
        return [_plain(v) for v in data]
    if isinstance(data, bool) or data is None:
        return data
    if isinstance(data, int):
        return int(data)
    if isinstance(data, float):
        return float(data)
    return data.isoformat() if hasattr(data, "isoformat") else str(data)


def _line(data: Any, error: Any, source: str) -> str:
    """`file, line 12, groups[0].weight: …`"""
    told = error.get("ctx", {}).get("error")
    number, path = find_line(data, (*error["loc"], *(told.place if isinstance(told, Misplaced) else ())))
    where = f"{source}, line {number}" if number else source
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}{', ' + path if path else ''}: {message}"


def find_line(data: Any, steps: Iterable[str | int]) -> tuple[int | None, str]:
    """(line, path as text) of the deepest place along the way that is there; names that only a union has are passed over."""
    node, number, path = data, None, ""
    steps = list(steps)
    for at, part in enumerate(steps):
        try:
            if isinstance(part, int):
                number = node.lc.item(part)[0] + 1
                path += f"[{part}]"
            else:
                if isinstance(node, dict) and part not in node:
                    if at < len(steps) - 1:
                        continue
                    path += f".{part}" if path else str(part)
                    break
                number = node.lc.key(part)[0] + 1
                path += f".{part}" if path else str(part)
            node = node[part]
        except (AttributeError, KeyError, TypeError, IndexError):
            continue
    return number, path
