"""The answers to a survey as its page shows them: questions and options in the reader's language."""

from dataclasses import dataclass
from typing import Any

from milepost.actions.survey_report import Survey, Told
from milepost.rules.localise import plain_text
from milepost.rules.survey_counts import QuestionCount, Share
from milepost.wire.guide import Guide, Heading, Question


@dataclass(frozen=True)
class Line:
    """An option or a dimension by its words."""

    words: str
    share: Share


@dataclass(frozen=True)
class Asked:
    """One question with what came of it."""

    words: str
    count: QuestionCount
    lines: list[Line]
    texts: list[Told]


@dataclass(frozen=True)
class SurveyView:
    """What the section of the page needs."""

    asked: list[Asked]
    shown: int
    answered: int
    days: int


def say_survey(survey: Survey, guide: Guide, reader: str) -> SurveyView:
    """A question without words of its own goes by the heading it stands under, else by its id."""

    def plain(words: Any) -> str:
        return plain_text(words, reader, guide.default_locale)

    asked = []
    for count, texts in survey.questions:
        question = count.question
        names = {option.id: plain(option.text) for option in question.options}
        words = plain(question.text) or plain(_heading(guide, question)) or question.id
        lines = [Line(names.get(share.name, share.name) or words, share) for share in count.shares]
        asked.append(Asked(words, count, lines, list(texts)))
    return SurveyView(asked, survey.shown, survey.answered, survey.days)


def say_value(value: Any) -> str:
    """An answer in one cell: ids of options are joined."""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _heading(guide: Guide, question: Question) -> Any:
    for step in guide.steps:
        if any(isinstance(block, Question) and block.id == question.id for block in step.blocks):
            return next((block.text for block in step.blocks if isinstance(block, Heading)), "")
    return ""
