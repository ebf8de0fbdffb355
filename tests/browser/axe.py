"""Accessibility as axe-core sees it; the script comes from the SDK's development dependencies."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "sdk_js" / "node_modules" / "axe-core" / "axe.min.js"


@cache
def script() -> str:
    """The text of axe.min.js; without it the set-up is broken, and no page was looked at."""
    assert AXE.is_file(), "axe-core is not installed; run npm ci in sdk_js"
    return AXE.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Each as "rule: element: what would mend it"; empty when there is nothing to mend."""
    page.evaluate(script())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}" for rule in found["violations"] for node in rule["nodes"]
    ]
