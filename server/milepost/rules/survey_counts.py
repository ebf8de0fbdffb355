"""What the answers to a survey come to, question by question; the figures of definitions.md, and no figure for too few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milepost.rules.signals import LOW_N
from milepost.wire.guide import Question


@dataclass(frozen=True)
class Answer:
    """The last word of one person; `part` is a dimension, `value` the score, the ids taken or the text."""

    person: int
    question: str
    part: str
    kind: str
    score: float | None
    value: Any


@dataclass(frozen=True)
class Share:
    """One option with the people who took it, or one dimension with its mean (0–10; None for fewer than three)."""

    name: str
    n: int
    mean: float | None = None


@dataclass(frozen=True)
class QuestionCount:
    """One question: who was shown it, who answered, and what it comes to."""

    question: Question
    shown: int
    answered: int
    nps: float | None = None  # −100 to 100; None for fewer than three
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    shares: Sequence[Share] = ()

    @property
    def is_low(self) -> bool:
        """Answered, but by too few for a figure."""
        return 0 < self.answered < LOW_N


def count_question(question: Question, shown: set[int], answers: Sequence[Answer]) -> QuestionCount:
    """`shown` are the people who saw its step; who answered has seen it, whatever was heard of the step."""
    mine = [one for one in answers if one.question == question.id and one.kind == question.ask]
    people = {one.person for one in mine}
    n_shown, n = len(shown | people), len(people)
    if question.ask == "nps":
        scores = [one.score for one in mine if one.score is not None]
        high, low = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
        nps = 100 * (high - low) / n if n >= LOW_N else None
        return QuestionCount(question, n_shown, n, nps, high, n - high - low, low)
    shares = {"csat": _dimensions, "choice": _options}.get(question.ask)
    return QuestionCount(question, n_shown, n, shares=shares(question, mine) if shares else ())


def _dimensions(question: Question, answers: Sequence[Answer]) -> list[Share]:
    found = []
    for name in _names(question, {one.part for one in answers}):
        scores = [one.score for one in answers if one.part == name and one.score is not None]
        found.append(Share(name, len(scores), sum(scores) / len(scores) if len(scores) >= LOW_N else None))
    return found


def _options(question: Question, answers: Sequence[Answer]) -> list[Share]:
    taken = [name for one in answers for name in one.value]
    return [Share(name, taken.count(name)) for name in _names(question, set(taken))]


def _names(question: Question, used: set[str]) -> list[str]:
    """As the question offers them, then what only earlier versions offered."""
    offered = [option.id for option in question.options] or ([""] if question.ask == "csat" else [])
    return offered + sorted(used - set(offered))
