"""What people answered in surveys."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.store import driver


class AnswerRow(NamedTuple):
    """One answer; `part` is a dimension (or an article), `answer` is JSON."""

    guide_id: int
    end_user_id: int
    question: str
    part: str
    run_id: int
    account_id: int | None
    kind: str
    score: float | None
    answer: str
    at: int


COLUMNS = ", ".join(AnswerRow._fields)


def save_answer(connection: Connection, environment_id: int, row: AnswerRow) -> None:
    """Once per person and question: in whatever order they come, the latest word stands."""
    changed = ("run_id", "account_id", "kind", "score", "answer", "at")
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    newer = "(excluded.at > survey_answers.at OR (excluded.at = survey_answers.at AND excluded.answer > survey_answers.answer))"
    driver.execute(
        connection,
        f"INSERT INTO survey_answers (environment_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (environment_id, guide_id, end_user_id, question, part) DO UPDATE SET {sets} WHERE {newer}",
        (environment_id, *row),
    )


def list_answers(connection: Connection, environment_id: int, guide_id: int, since: int) -> list[tuple[Any, ...]]:
    """(person's key, name, account's key, name, *answer) of people who count, newest first."""
    sql = (
        f"SELECT u.key, u.name, a.key, a.name, {', '.join('s.' + name for name in AnswerRow._fields)} FROM survey_answers s "
        "JOIN end_users u ON u.environment_id = s.environment_id AND u.id = s.end_user_id "
        "LEFT JOIN accounts a ON a.environment_id = s.environment_id AND a.id = s.account_id "
        "WHERE s.environment_id = ? AND s.guide_id = ? AND s.at >= ? AND u.internal = 0 "
        "ORDER BY s.at DESC, s.end_user_id, s.question, s.part"
    )
    return [tuple(row) for row in driver.fetch(connection, sql, (environment_id, guide_id, since))]


def list_people_shown(connection: Connection, environment_id: int, guide_id: int, since: int) -> list[tuple[int, str]]:
    """(end user, step) of people who count and were shown that step since."""
    sql = (
        "SELECT DISTINCT r.end_user_id, s.step FROM runs r "
        "JOIN run_steps s ON s.environment_id = r.environment_id AND s.run_id = r.id "
        "JOIN end_users u ON u.environment_id = r.environment_id AND u.id = r.end_user_id "
        "WHERE r.environment_id = ? AND r.guide_id = ? AND s.shown_at >= ? AND u.internal = 0"
    )
    return [(int(user), str(step)) for user, step in driver.fetch(connection, sql, (environment_id, guide_id, since))]


def list_all_answers(connection: Connection, environment_id: int) -> list[tuple[Any, ...]]:
    """(guide key, *answer) of the whole environment, oldest first."""
    sql = (
        f"SELECT g.key, {', '.join('s.' + name for name in AnswerRow._fields)} FROM survey_answers s "
        "JOIN guides g ON g.environment_id = s.environment_id AND g.id = s.guide_id "
        "WHERE s.environment_id = ? ORDER BY s.at, s.guide_id, s.end_user_id, s.question, s.part"
    )
    return [tuple(row) for row in driver.fetch(connection, sql, (environment_id,))]


def delete_answers_before(connection: Connection, environment_id: int, before_ms: int, limit: int) -> int:
    """Retention: up to `limit` answers given before; how many went."""
    names = "environment_id, guide_id, end_user_id, question, part"
    found = driver.fetch(
        connection,
        f"SELECT {names} FROM survey_answers WHERE environment_id = ? AND at < ? LIMIT ?",
        (environment_id, before_ms, limit),
    )
    sql = "DELETE FROM survey_answers WHERE environment_id = ? AND guide_id = ? AND end_user_id = ? AND question = ? AND part = ?"
    driver.execute_many(connection, sql, found)
    return len(found)
