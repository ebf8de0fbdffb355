"""Accessibility as axe-core sees it; the script comes from the SDK's development dependencies."""

import os
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
PLACES = (os.environ.get("MILEPOST_AXE", ""), str(ROOT / "sdk_js" / "node_modules" / "axe-core" / "axe.min.js"))


@cache
def script() -> str:
    """The text of axe.min.js; skips the test where it is not installed."""
    found = next((Path(place) for place in PLACES if place and Path(place).is_file()), None)
    if found is None:
        pytest.skip("axe-core is not installed; run npm ci in sdk_js, or set MILEPOST_AXE")
    return found.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Each as "rule: element"; empty when there is nothing to mend."""
    page.evaluate(script())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]
