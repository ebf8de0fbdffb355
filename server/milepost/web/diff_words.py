"""The differences of two guides as rows of a table: where, what stood there, what stands there now."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from milepost.rules.guide_diff import Difference
from milepost.rules.localise import words_of
from milepost.web.guide_words import Clause, Words
from milepost.wire.guide import Step

LONGEST = 400


@dataclass(frozen=True)
class Row:
    """`before` and `after` are sentences or values; "" where there was nothing."""

    where: str
    field: str
    before: str
    after: str


def say_difference(found: Difference, words: Words) -> Row:
    """In the reader's language."""
    _ = words.said.gettext
    where = _("Guide") if found.step is None else _("Step %(id)s") % {"id": found.step}
    name = say_field(found.field, words)
    if found.what != "changed":
        said = {"added": _("%(what)s added"), "removed": _("%(what)s removed"), "moved": _("%(what)s in another order")}
        name = said[found.what] % {"what": name}
    if found.locale:
        name = f"{name} · {found.locale}"
    return Row(where, name, _say(found, found.before, words), _say(found, found.after, words))


def say_field(name: str, words: Words) -> str:
    """A field of the wire model as people call it; one without words stands as it is."""
    _ = words.said.gettext
    return (_guide_fields(_) | _step_fields(_) | _block_types(_)).get(name, name)


def _guide_fields(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "name": _("Name"), "kind": _("Form"), "title": _("Title"), "place": _("Place"), "goal_feature": _("Goal feature"),
        "priority": _("Priority"), "linkable": _("Link"), "budget": _("Attention"), "theme": _("Theme"),
        "default_locale": _("Default language"), "pages": _("Pages"), "trigger": _("Begins"), "audience": _("Audience"),
        "frequency": _("How often"), "schedule": _("Schedule"), "steps": _("Steps"),
    }  # fmt: skip


def _step_fields(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "step": _("Step"), "blocks": _("Blocks"), "target": _("Target"), "placement": _("Side"), "wait_ms": _("Wait"),
        "advance": _("Moves on by itself when"), "missing": _("If the target is missing"),
        "interaction": _("The target can be"), "backdrop": _("Behind the card"), "escape": _("Escape key"),
        "arrows": _("Arrow keys"), "overlay_click": _("A click beside the card"),
    }  # fmt: skip


def _block_types(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "heading": _("Heading"), "text": _("Text"), "list": _("List"), "image": _("Image"), "video": _("Video"),
        "divider": _("Divider"), "button": _("Button"), "question": _("Question"), "code": _("Code"),
    }  # fmt: skip


def _say(found: Difference, value: Any, words: Words) -> str:
    if value is None:
        return ""
    if found.field == "audience":
        return _flat(words.audience(value))
    if found.field == "step":
        return _texts(value)
    return _plain(value)[:LONGEST]


def _flat(clause: Clause) -> str:
    if not clause.parts:
        return clause.text
    return f"{clause.text} {'; '.join(_flat(part) for part in clause.parts)}"


def _texts(step: Step) -> str:
    return " / ".join(text for block in step.blocks for held in words_of(block) if (text := _plain(held)))[:LONGEST]


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(hasattr(part, "text") and not hasattr(part, "type") for part in value):
        return "".join(part.text for part in value)
    if hasattr(value, "locators"):
        return ", ".join(f"{way.by} {way.value}" + (f" “{way.name}”" if way.name else "") for way in value.locators)
    if isinstance(value, dict):
        return " / ".join(f"{key}: {_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    if hasattr(value, "model_dump"):
        held = value.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"type"})
        return ", ".join(f"{key}: {_plain(part)}" for key, part in held.items())
    return json.dumps(value, ensure_ascii=False)
