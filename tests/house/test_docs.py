"""The reference says what the code does; links lead somewhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from milepost.rules.lint import Known, lint_audience
from milepost.wire.audience import Leaf

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def regenerate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regenerate_docs", DOCS / "regenerate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "errors.md", "permissions.md", "guide-format.md", "facts.md"])
def test_the_reference_is_fresh(name: str) -> None:
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == regenerate().PAGES[name](), (
        f"docs/reference/{name} is behind the code: run .venv/bin/python docs/regenerate.py"
    )


def test_every_fact_of_the_reference_is_one_an_audience_may_name() -> None:
    named = re.findall(r"^\| `([^`]+)` \| .+ \|$", regenerate().facts_page(), re.MULTILINE)
    known = Known(features={"a"}, guides={"a"}, themes=set(), checkpoints=set())
    assert len(named) > 15
    for fact in named:
        leaf = Leaf(fact=fact.replace("<key>", "a").replace("<trait>", "b"), op="known")
        assert not list(lint_audience(leaf, (), known)), fact


def pages() -> list[Path]:
    return sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{target} is not there"


def test_every_page_can_be_reached_from_the_contents() -> None:
    contents = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = {(DOCS / target).resolve() for target in re.findall(r"\]\(([^)#\s]+\.md)\)", contents)}
    missing = [str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md") if p.name != "README.md" and p.resolve() not in listed]
    assert missing == []


def test_a_decision_has_its_four_parts() -> None:
    for page in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Question", "Decision", "Why", "Price"], page.name


def test_every_reason_for_a_refused_event_is_in_the_reference() -> None:
    names = ("rules/reading.py", "rules/canonical.py", "actions/over_cap.py")
    sources = [ROOT / "server/milepost" / name for name in names]
    code = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    reasons = set(re.findall(r"""(?:refuse\(|Refused\(|return )"([a-z_]+)", """, code))
    assert {"clock", "depth", "over_cap"} <= reasons
    page = (DOCS / "reference" / "events-api.md").read_text(encoding="utf-8")
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in page] == []
