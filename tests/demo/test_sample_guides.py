"""The three sample guides against the catalogue and the pages they point at."""

from importlib import resources

from milepost.demo.book.accounts import catalogue
from milepost.demo.stage import sample_guides
from milepost.rules.lint import lint
from milepost.wire.guide import Guide


def pointed_at(guide: Guide) -> dict[str, str]:
    """{step: test id}"""
    return {s.id: loc.value for s in guide.steps if s.target for loc in s.target.locators if loc.by == "testid"}


def shown_on_pages() -> str:
    folder = resources.files("milepost.demo.host") / "templates"
    return "\n".join(f.read_text(encoding="utf-8") for f in folder.iterdir())


def test_the_guides_have_nothing_to_complain_about() -> None:
    keys = {f.key for f in catalogue().features}
    assert [guide.key for guide in sample_guides()] == ["advanced-report", "first-leave-approval", "whats-new-bulk-approval"]
    assert [problem for guide in sample_guides() for problem in lint(guide, keys)] == []


def test_every_target_is_on_a_page_but_the_renamed_one() -> None:
    pages = shown_on_pages()
    missing = [
        (guide.key, step)
        for guide in sample_guides()
        for step, testid in pointed_at(guide).items()
        if f'data-testid="{testid}"' not in pages
    ]
    assert missing == [("whats-new-bulk-approval", "press")]


def test_the_first_approval_crosses_two_pages_by_real_clicks() -> None:
    guide = next(g for g in sample_guides() if g.key == "first-leave-approval")
    assert len({tuple(step.pages or ()) for step in guide.steps}) == 2
    assert [a.on for step in guide.steps for a in step.advance] == ["click", "click"]
