"""Guides for the SDK's browser tests, as the server resolves them: one locale, plain texts."""

from typing import Any


def testid(value: str) -> dict[str, Any]:
    """A target of one locator."""
    return {"locators": [{"by": "testid", "value": value}]}


def step(name: str, target: str | dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A step with a heading and a sentence; `target` is a test id, or a target as it travels."""
    blocks = [{"type": "heading", "text": f"Title {name}"}, {"type": "text", "text": f"Text of {name}."}]
    content = {"id": name, "kind": "tooltip", "blocks": blocks, "target": testid(target) if isinstance(target, str) else target}
    return content | more


def tour(*steps: dict[str, Any], guide: str = "first_steps", **more: Any) -> dict[str, Any]:
    """A tour that starts on arrival."""
    content = {"guide": guide, "key": guide, "version": 1, "kind": "tour", "lang": "en", "dir": "ltr", "budget": "spend"}
    return content | {"pages": [], "trigger": {"on": "page"}, "steps": list(steps)} | more


def button(text: str, *actions: dict[str, Any], style: str = "primary") -> dict[str, Any]:
    """A button block."""
    return {"type": "button", "id": text.lower().replace(" ", "_"), "text": text, "style": style, "actions": list(actions)}
