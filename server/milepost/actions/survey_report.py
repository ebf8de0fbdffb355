"""What people answered in one survey: the last word of each in 180 days, counted per question; all of them for the CSV."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from milepost.actions.guide_report import Report, window_start
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.signals import NPS_DAYS
from milepost.rules.survey_counts import Answer, QuestionCount, count_question
from milepost.store import engine as db
from milepost.store import surveys as survey_store
from milepost.store.surveys import AnswerRow
from milepost.wire.guide import Question

LATEST = 8  # texts on the page, per question


@dataclass(frozen=True)
class Told:
    """One answer with who gave it, by the vendor's ids."""

    person: str
    person_name: str | None
    account: str | None
    account_name: str | None
    at: int
    answer: Answer


@dataclass(frozen=True)
class Survey:
    """The questions in the order of the guide, each with its count and the latest texts."""

    questions: Sequence[tuple[QuestionCount, Sequence[Told]]]
    shown: int  # people, in `days`
    answered: int
    days: int = NPS_DAYS


def read_survey(runtime: Runtime, tenant: Tenant, report: Report) -> Survey:
    """The last answers of people who count, in the window of NPS."""
    since = window_start(runtime.clock(), tenant.zone, NPS_DAYS)
    with db.reading(runtime.engine) as connection:
        shown = survey_store.list_people_shown(connection, tenant.id, report.row["id"], since)
        told = _list(connection, tenant.id, report.row["id"], since)
    answers = [one.answer for one in told]
    found = []
    for question, steps in _questions(report):
        count = count_question(question, {person for person, step in shown if step in steps}, answers)
        texts = [one for one in told if one.answer.question == question.id and one.answer.kind == "text"]
        found.append((count, texts[:LATEST] if question.ask == "text" else []))
    people = {one.person for one in answers}
    return Survey(found, len({person for person, _ in shown} | people), len(people))


def list_all_answers(runtime: Runtime, tenant: Tenant, report: Report) -> list[Told]:
    """However old, newest first."""
    with db.reading(runtime.engine) as connection:
        return _list(connection, tenant.id, report.row["id"], 0)


def _list(connection: Connection, environment_id: int, guide_id: int, since: int) -> list[Told]:
    found = []
    for person, name, account, account_name, *rest in survey_store.list_answers(connection, environment_id, guide_id, since):
        row = AnswerRow(*rest)
        answer = Answer(row.end_user_id, row.question, row.part, row.kind, row.score, json.loads(row.answer))
        found.append(Told(person, name, account, account_name, row.at, answer))
    return found


def _questions(report: Report) -> list[tuple[Question, set[str]]]:
    """(question, the steps that ever held it): what is on air first, then what only earlier versions asked."""
    found: dict[str, tuple[Question, set[str]]] = {}
    for guide in (report.on_air or report.draft, *(held.guide for held in report.versions)):
        for step in guide.steps:
            for block in step.blocks:
                if isinstance(block, Question):
                    found.setdefault(block.id, (block, set()))[1].add(step.id)
    return list(found.values())
