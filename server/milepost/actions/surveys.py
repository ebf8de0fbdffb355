"""Answers to surveys: kept once per person and question in the transaction of the event, and turned into signals."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.rules.answers import Given, read_answer
from milepost.store import exports as export_store
from milepost.store import guides as guide_store
from milepost.store import resources as resource_store
from milepost.store import rollups
from milepost.store import signals as signal_store
from milepost.store import surveys as survey_store
from milepost.store.signals import SignalRow
from milepost.store.surveys import AnswerRow
from milepost.wire.event import format_instant
from milepost.wire.guide import Guide
from milepost.wire.resource import Resource

SIGNALS = frozenset({"nps", "csat"})


@dataclass(frozen=True)
class Word:
    """One `$guide` event, read."""

    run: str
    run_id: int
    guide_id: int
    version: int
    end_user_id: int
    account_id: int | None
    what: str
    step: str | None
    reason: str | None
    over: bool
    verified: bool
    at: int


def keep_answer(connection: Connection, environment_id: int, word: Word, properties: Mapping[str, Any], now: int) -> None:
    """What the version of the run did not ask is not kept."""
    held = guide_store.find_version(connection, environment_id, word.guide_id, word.version)
    if held is None:
        return
    for given in read_answer(Guide.model_validate_json(held["document"]), word.step, properties):
        if given.kind == "helped" and not _is_article(connection, environment_id, given.part):
            continue
        survey_store.save_answer(
            connection,
            environment_id,
            AnswerRow(
                word.guide_id, word.end_user_id, given.question, given.part, word.run_id, word.account_id, given.kind,
                given.score, json.dumps(given.answer, ensure_ascii=False), word.at,
            ),
        )  # fmt: skip
        if given.kind in SIGNALS and word.account_id is not None and given.score is not None:
            signal = _signal(word, word.account_id, given)
            held_signal = signal_store.find_signal(connection, environment_id, signal.type, signal.external_id)
            if held_signal is None or held_signal.at <= signal.at:
                signal_store.save_signal(connection, environment_id, signal)
            rollups.mark_dirty(connection, environment_id, {word.account_id}, now)


def _is_article(connection: Connection, environment_id: int, key: str) -> bool:
    """Is there something to read under this key? Else one person could write rows without end."""
    held = resource_store.find_resource(connection, environment_id, key)
    return held is not None and bool(Resource.model_validate_json(held).blocks)


def _signal(word: Word, account_id: int, given: Given) -> SignalRow:
    """One per run and question: said again it is the same fact, asked again months later it is another."""
    external_id = f"{word.run}/{given.question}" + (f"/{given.part}" if given.part else "")
    return SignalRow(
        account_id,
        word.end_user_id,
        given.kind,
        external_id,
        word.at,
        None,
        given.part or None,
        given.score,
        {"survey": word.guide_id},
    )


def export_answers(connection: Connection, environment_id: int) -> Iterator[dict[str, Any]]:
    """One dict per person, question and dimension."""
    users = export_store.read_user_keys(connection, environment_id)
    accounts = export_store.read_account_keys(connection, environment_id)
    for key, *rest in survey_store.list_all_answers(connection, environment_id):
        row = AnswerRow(*rest)
        told = {
            "survey": key, "question": row.question, "part": row.part or None, "kind": row.kind, "score": row.score,
            "answer": json.loads(row.answer), "userId": users.get(row.end_user_id),
            "groupId": accounts.get(row.account_id) if row.account_id else None, "at": format_instant(row.at),
        }  # fmt: skip
        yield {name: value for name, value in told.items() if value is not None}
