"""The three sample guides against the catalogue and the pages they point at."""

from importlib import resources

from milepost.demo.book.accounts import catalogue
from milepost.demo.stage import sample_guides
from milepost.rules.lint import Known, lint
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
    assert [problem for guide in sample_guides() for problem in lint(guide, Known(features=keys))] == []


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


LONGEST = {"heading": {"en": 40, "zh-CN": 18}, "text": {"en": 120, "zh-CN": 50}, "button": {"en": 21, "zh-CN": 8}}


def test_every_text_is_short_and_there_in_both_languages() -> None:
    for guide in sample_guides():
        for block in (block for step in guide.steps for block in step.blocks):
            text = block.text  # type: ignore[union-attr]
            assert set(text) == {"en", "zh-CN"}, guide.key
            for locale, words in text.items():
                assert len(words) <= LONGEST[block.type][locale], words
                assert not words.endswith(("!", "！")), words


def test_a_step_has_one_filled_button_or_waits_for_a_click() -> None:
    for guide in sample_guides():
        for step in guide.steps:
            buttons = [b for b in step.blocks if b.type == "button"]
            filled = [b for b in buttons if b.style != "quiet"]
            assert len(filled) + len(step.advance) == 1, (guide.key, step.id)


def test_the_same_act_has_the_same_word() -> None:
    words: dict[str, set[str]] = {}
    for guide in sample_guides():
        for block in (block for step in guide.steps for block in step.blocks):
            if block.type == "button":
                words.setdefault(block.text["en"], set()).add(block.text["zh-CN"])
    assert words == {
        "Later": {"稍后提醒"}, "Not now": {"以后再说"}, "Done": {"完成"}, "Next": {"下一步"}, "Back": {"上一步"},
        "Show me": {"带我操作"}, "No thanks": {"不用了"},
    }  # fmt: skip
