"""What the next release of a host product does to its markup: targets are found again, or it is said that they are not."""

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "markup"
SDK = Path(__file__).parents[2] / "sdk_js"
LEAST_RIGHT, LEAST_CASES, LEAST_KINDS = 0.97, 650, 10


def bundle() -> str:
    """The SDK's own sources with the corpus, as one script."""
    node = os.environ.get("MILEPOST_NODE") or shutil.which("node")
    assert node is not None, "Node is not installed; run.py brings it, or set MILEPOST_NODE"
    program = (
        "import { buildSync } from 'esbuild';"
        f"const made = buildSync({{ entryPoints: [{json.dumps(str(HERE / 'run.ts'))}],"
        " bundle: true, write: false, format: 'iife' });"
        "process.stdout.write(made.outputFiles[0].text);"
    )
    made = subprocess.run([node, "--input-type=module", "-e", program], cwd=SDK, capture_output=True, text=True, check=True)
    return made.stdout


@pytest.fixture(scope="module")
def judged(chromium: Browser) -> dict[str, Any]:
    """{rows, sure}: a verdict for each change to each target, and how sure the description of each target was."""
    page = chromium.new_page()
    page.add_script_tag(content=bundle())
    pages = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("*.html")}
    targets = json.loads((HERE / "targets.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("([pages, targets]) => judge(pages, targets)", [pages, targets])
    page.close()
    return found


def table(rows: list[dict[str, str]]) -> str:
    """One line a kind: right, wrong, abstained."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    count = Counter((row["kind"], row["verdict"]) for row in rows)
    lines = [f"{'kind':<18}{'right':>7}{'wrong':>7}{'abstained':>11}"]
    for kind in [*kinds, "all"]:
        of = [
            sum(n for (k, v), n in count.items() if kind in (k, "all") and v == verdict)
            for verdict in ("right", "wrong", "abstained")
        ]
        lines.append(f"{kind:<18}{of[0]:>7}{of[1]:>7}{of[2]:>11}")
    return "\n".join(lines)


def test_targets_survive_the_next_release_or_abstain(judged: dict[str, Any]) -> None:
    rows = judged["rows"]
    verdicts = Counter(row["verdict"] for row in rows)
    amiss = [row for row in rows if row["verdict"] != "right"]
    shown = (
        table(rows)
        + "\n"
        + "\n".join(f"{r['verdict']}: {r['page']} {r['target']}: {r['change']} {r.get('why', '')}" for r in amiss)
    )
    print(shown)
    assert len(rows) >= LEAST_CASES
    assert len({row["kind"] for row in rows}) >= LEAST_KINDS
    assert verdicts["wrong"] == 0, shown
    assert verdicts["right"] >= LEAST_RIGHT * len(rows), shown
    assert all(row["why"] for row in amiss if row["verdict"] == "abstained"), shown


def test_a_description_says_how_sure_it_is(judged: dict[str, Any]) -> None:
    sure = judged["sure"]
    assert sure["deals [data-testid=import]"] == "high"
    assert sure["deals .toolbar_a8f3 > button:last-child"] == "medium"
    assert "none" not in sure.values()
