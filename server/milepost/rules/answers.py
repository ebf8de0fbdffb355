"""What an answer is worth: only what the survey asked, in the form it asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.wire.guide import Guide, Question


@dataclass(frozen=True)
class Given:
    """One answer; `part` is the dimension of a satisfaction question."""

    question: str
    part: str
    kind: str
    score: float | None
    answer: Any


def read_answer(guide: Guide, step: str | None, properties: Mapping[str, Any]) -> list[Given]:
    """Nothing for what was not asked or does not fit; that an article `step` exists is for the caller to see."""
    name, value = properties.get("question"), properties.get("value")
    if guide.kind == "resource_centre":
        fits = name == "helped" and step is not None and value in (0, 1) and not isinstance(value, bool)
        return [Given("helped", step or "", "helped", float(value or 0), value)] if fits else []
    question = next((one for one in guide.questions() if one.id == name), None)
    return [] if question is None else READERS[question.ask](question, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _nps(question: Question, value: Any) -> list[Given]:
    fits = _is_number(value) and 0 <= value <= 10 and value == int(value)
    return [Given(question.id, "", "nps", float(value), int(value))] if fits else []


def _csat(question: Question, value: Any) -> list[Given]:
    if not isinstance(value, dict):
        return []
    parts = {option.id for option in question.options} or {""}
    return [
        Given(question.id, part, "csat", float(score), score)
        for part, score in value.items()
        if part in parts and _is_number(score) and 0 <= score <= 10
    ]


def _choice(question: Question, value: Any) -> list[Given]:
    offered = [option.id for option in question.options]
    if not isinstance(value, list) or not value or (len(value) > 1 and not question.many):
        return []
    taken = [name for name in offered if name in value]
    return [Given(question.id, "", "choice", None, taken)] if taken else []


def _text(question: Question, value: Any) -> list[Given]:
    text = value.strip()[: question.max_length] if isinstance(value, str) else ""
    return [Given(question.id, "", "text", None, text)] if text else []


READERS = {"nps": _nps, "csat": _csat, "choice": _choice, "text": _text}
