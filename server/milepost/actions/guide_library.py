"""Guides to begin with: an empty one of each kind, or one of the library."""

import re
from collections.abc import Sequence
from functools import cache

from milepost.rules.lint import Known, leaves_of, lint
from milepost.store.schema import data_folder
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.guide import Guide

KEY_SIGNS = re.compile(r"[^a-z0-9]+")
EMPTY = {"en": "Say what this is about", "zh-CN": "说明这一步的内容"}


@cache
def list_starters() -> Sequence[Guide]:
    """The library's guides, by key."""
    folder = data_folder("guides") / "library" / "guides"
    return [parse_yaml(path.read_text("utf-8"), Guide, path.name) for path in sorted(folder.glob("*.yaml"))]


def start_guide(start: str, name: str, known: Known) -> Guide | None:
    """`start` is a kind or a library key; None when it is neither. Facts and goals that are not here are left out."""
    key = key_of(name)
    if start in {"tour", "tooltip", "modal"}:
        return Guide.model_validate(
            {"apiVersion": "guide/v1", "key": key, "name": name, "kind": start, "steps": [_first_step(start)]}
        )
    found = next((guide for guide in list_starters() if guide.key == start), None)
    if found is None:
        return None
    guide = found.model_copy(update={"key": key, "name": name})
    wrong = {problem.path[0] for problem in lint(guide, known) if problem.blocks}
    return guide.model_copy(update={str(field): None for field in ("goal_feature", "audience", "theme") if field in wrong})


def key_of(name: str) -> str:
    """A key from a name; `guide` where nothing of it can stand in one."""
    key = KEY_SIGNS.sub("-", name.lower()).strip("-")[:60].strip("-")
    return key if key and not key.startswith("gde-") else "guide"


def count_facts(guide: Guide) -> int:
    """How many conditions its audience has."""
    return sum(1 for _ in leaves_of(guide.audience))


def _first_step(kind: str) -> dict[str, object]:
    step: dict[str, object] = {
        "id": "step-1",
        "blocks": [{"type": "heading", "text": EMPTY}, {"type": "text", "text": ""}],
    }
    if kind == "modal":
        done = {"en": "Got it", "zh-CN": "知道了"}
        button = {"type": "button", "id": "button-1", "text": done, "actions": [{"do": "finish"}]}
        step |= {"kind": "modal", "backdrop": "dim", "blocks": [*step["blocks"], button]}  # type: ignore[misc]
    return step
