"""Guides to begin with: an empty one of each kind, or one of the library."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from milepost.rules.lint import Known, leaves_of, lint
from milepost.rules.localise import unmarked, words_of
from milepost.store.schema import data_folder
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.guide import Button, Guide

KEY_SIGNS = re.compile(r"[^a-z0-9]+")
KINDS = ("tour", "tooltip", "modal", "banner", "checklist", "survey", "resource_centre")
TITLES = {"checklist": {"en": "Get started", "zh-CN": "快速上手"}, "resource_centre": {"en": "Help", "zh-CN": "帮助"}}
ASK = {"en": "How likely are you to recommend us to a colleague?", "zh-CN": "您有多大可能向同事推荐我们？"}
ENDS = ({"en": "Not likely", "zh-CN": "不太可能"}, {"en": "Very likely", "zh-CN": "非常可能"})
EMPTY = {"en": "Say what this is about", "zh-CN": "说明这一步的内容"}


@cache
def list_starters() -> Sequence[Guide]:
    """The library's guides, by key."""
    folder = data_folder("guides") / "library" / "guides"
    return [parse_yaml(path.read_text("utf-8"), Guide, path.name) for path in sorted(folder.glob("*.yaml"))]


@cache
def list_placeholders() -> frozenset[str]:
    """Words that are no author's: of an empty guide, and of the library's guides about a product that is not theirs.

    A survey's questions and the words on buttons may stay as they are.
    """
    blocks = [block for guide in list_starters() if guide.kind != "survey" for step in guide.steps for block in step.blocks]
    texts = [words for block in blocks if not isinstance(block, Button) for words in words_of(block)]
    each = [text for words in texts for text in (words.values() if isinstance(words, dict) else [words])]
    return frozenset({*EMPTY.values(), *map(unmarked, each)} - {""})


def start_guide(start: str, name: str, known: Known) -> Guide | None:
    """`start` is a kind or a library key; None when it is neither.

    Facts, goals and what ends a task are left out where they are not here.
    """
    key = key_of(name)
    if start in KINDS:
        document: dict[str, Any] = {
            "apiVersion": "guide/v1",
            "key": key,
            "name": name,
            "kind": start,
            "steps": [_first_step(start)],
        }
        if start in {"checklist", "resource_centre"}:
            document["title"] = TITLES[start]
        return Guide.model_validate(document)
    found = next((guide for guide in list_starters() if guide.key == start), None)
    if found is None:
        return None
    guide = found.model_copy(update={"key": key, "name": name})
    blocked = [problem.path for problem in lint(guide, known) if problem.blocks]
    by_hand = {path[1] for path in blocked if path[0] == "steps" and "done_when" in path}
    steps = [step.model_copy(update={"done_when": None}) if i in by_hand else step for i, step in enumerate(guide.steps)]
    fields = {"goal_feature", "audience", "theme"} & {path[0] for path in blocked}
    return guide.model_copy(update={"steps": steps, **{str(field): None for field in fields}})


def key_of(name: str, otherwise: str = "guide") -> str:
    """A key from a name; `otherwise` where nothing of it can stand in one."""
    key = KEY_SIGNS.sub("-", name.lower()).strip("-")[:60].strip("-")
    return key if key and not key.startswith("gde-") else otherwise


def free_key(wanted: str, taken: set[str]) -> str:
    """`intro`, else `intro-2`, `intro-3`…"""
    keys = (wanted if number == 1 else f"{wanted[:74]}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in keys if key not in taken)


def count_facts(guide: Guide) -> int:
    """How many conditions its audience has."""
    return sum(1 for _ in leaves_of(guide.audience))


def _first_step(kind: str) -> dict[str, Any]:
    """Something to see at once, in both languages of the console."""
    heading, text = {"type": "heading", "text": EMPTY}, {"type": "text", "text": ""}
    if kind == "modal":
        return {
            "id": "step-1",
            "kind": "modal",
            "backdrop": "dim",
            "blocks": [heading, text, _button("Got it", "知道了", "finish")],
        }
    if kind == "banner":
        return {"id": "step-1", "blocks": [{"type": "text", "text": EMPTY}]}
    if kind == "survey":
        question = {"type": "question", "id": "nps", "ask": "nps", "low": ENDS[0], "high": ENDS[1]}
        return {"id": "step-1", "blocks": [{"type": "heading", "text": ASK}, question]}
    if kind == "resource_centre":
        contact = _button("Contact support", "联系客服", "open") | {"style": "quiet"}
        contact["actions"] = [{"do": "open", "url": "mailto:support@example.com"}]
        return {"id": "step-1", "blocks": [contact]}
    return {"id": "step-1", "blocks": [heading, text]}


def _button(english: str, chinese: str, do: str) -> dict[str, Any]:
    return {"type": "button", "id": "button-1", "text": {"en": english, "zh-CN": chinese}, "actions": [{"do": do}]}
