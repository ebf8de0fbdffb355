"""How far each person got: runs, their steps, and what the person said about a guide."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.engine import is_sqlite

Row = tuple[Any, ...]
DAY_MS = 86_400_000
MAX_STEPS = 60  # a guide has 40 at most


def find_run(connection: Connection, environment_id: int, public_id: str) -> Row | None:
    """(id, guide_id, version, end_user_id, closed_at, last_at, step, shown_at)."""
    sql = (
        "SELECT id, guide_id, version, end_user_id, closed_at, last_at, step, shown_at FROM runs "
        "WHERE environment_id = ? AND public_id = ?"
    )
    rows = driver.fetch(connection, sql, (environment_id, public_id))
    return rows[0] if rows else None


def insert_run(
    connection: Connection, environment_id: int, public_id: str, guide_id: int, version: int, *,
    end_user_id: int, account_id: int | None, free: bool, now: int, linked: bool = False, verified: bool = False,
) -> None:  # fmt: skip
    """A run that may be shown."""
    driver.execute(
        connection,
        "INSERT INTO runs (environment_id, public_id, guide_id, version, end_user_id, account_id, free, linked, verified, "
        "started_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (environment_id, public_id, guide_id, version, end_user_id, account_id, int(free), int(linked), int(verified), now, now),
    )


def take_turn(connection: Connection, environment_id: int, end_user_id: int) -> None:
    """Holds the person until the transaction ends, so that claims of several processes follow one another."""
    if not is_sqlite(connection):
        sql = "SELECT id FROM end_users WHERE environment_id = ? AND id = ? FOR UPDATE"
        driver.fetch(connection, sql, (environment_id, end_user_id))


def list_recent_runs(connection: Connection, environment_id: int, end_user_id: int, since: int) -> list[Row]:
    """(public_id, kind, free, started_at, last_at, closed_at, outcome, shown_at, guide_id) of one person, newest first."""
    sql = (
        "SELECT r.public_id, g.kind, r.free, r.started_at, r.last_at, r.closed_at, r.outcome, r.shown_at, r.guide_id FROM runs r "
        "JOIN guides g ON g.environment_id = r.environment_id AND g.id = r.guide_id "
        "WHERE r.environment_id = ? AND r.end_user_id = ? AND r.started_at >= ? ORDER BY r.started_at DESC, r.id DESC LIMIT 200"
    )
    return driver.fetch(connection, sql, (environment_id, end_user_id, since))


def count_unread(connection: Connection, environment_id: int, guide_id: int, since: int, unread_ms: int) -> tuple[int, int]:
    """(people it was shown to unasked since, those who closed it within `unread_ms`).

    Left out are our own people, and runs that nobody vouched for: whoever reads the public key can make any number.
    """
    sql = (
        "SELECT count(DISTINCT r.end_user_id), count(DISTINCT CASE WHEN r.outcome = 'dismissed' AND r.closed_at >= r.shown_at "
        "AND r.closed_at - r.shown_at < ? THEN r.end_user_id END) FROM runs r "
        "JOIN end_users u ON u.environment_id = r.environment_id AND u.id = r.end_user_id "
        "WHERE r.environment_id = ? AND r.guide_id = ? AND r.started_at >= ? AND r.shown_at IS NOT NULL AND r.free = 0 "
        "AND r.verified = 1 AND u.internal = 0"
    )
    shown, unread = driver.fetch(connection, sql, (unread_ms, environment_id, guide_id, since))[0]
    return int(shown), int(unread)


def touch_run(
    connection: Connection,
    environment_id: int,
    run_id: int,
    *,
    step: str,
    at: int,
    shown: bool,
    account_id: int | None,
    verified: bool,
) -> None:
    """The run was heard of: the latest instant, the step of the latest event, the first showing; in any order alike.

    A showing that is vouched for vouches for the run.
    A run claimed before the person's account was known takes it from the first event that has one.
    """
    driver.execute(
        connection,
        "UPDATE runs SET step = CASE WHEN last_at > ? OR (last_at = ? AND step > ?) THEN step ELSE ? END, "
        "shown_at = CASE WHEN ? = 1 AND (shown_at IS NULL OR shown_at > ?) THEN ? ELSE shown_at END, "
        "last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END, account_id = coalesce(account_id, ?), "
        "verified = CASE WHEN ? = 1 THEN 1 ELSE verified END "
        "WHERE environment_id = ? AND id = ?",
        (at, at, step, step, int(shown), at, at, at, at, account_id, int(shown and verified), environment_id, run_id),
    )


def close_run(connection: Connection, environment_id: int, run_id: int, *, outcome: str, reason: str | None, at: int) -> None:
    """The earliest word that ends a run is the one that stands."""
    driver.execute(
        connection,
        "UPDATE runs SET closed_at = ?, outcome = ?, reason = ? WHERE environment_id = ? AND id = ? AND (closed_at IS NULL "
        "OR closed_at > ? OR (closed_at = ? AND (outcome > ? OR (outcome = ? AND coalesce(reason, '') > ?))))",
        (at, outcome, reason, environment_id, run_id, at, at, outcome, outcome, reason or ""),
    )


def record_step(
    connection: Connection, environment_id: int, run_id: int, step: str, *, shown_at: int | None, missing_at: int | None,
    reason: str | None,
) -> None:  # fmt: skip
    """The first time the step was shown, or found missing; a run has so many steps and no more."""
    sql = (
        "SELECT count(*), coalesce(sum(CASE WHEN step = ? THEN 1 ELSE 0 END), 0) FROM run_steps "
        "WHERE environment_id = ? AND run_id = ?"
    )
    held, mine = driver.fetch(connection, sql, (step, environment_id, run_id))[0]
    if held >= MAX_STEPS and not mine:
        return
    driver.execute(
        connection,
        "INSERT INTO run_steps (environment_id, run_id, step, shown_at, missing_at, missing_reason) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, run_id, step) DO UPDATE SET "
        "shown_at = CASE WHEN run_steps.shown_at <= excluded.shown_at OR excluded.shown_at IS NULL "
        "THEN run_steps.shown_at ELSE excluded.shown_at END, "
        "missing_at = CASE WHEN run_steps.missing_at <= excluded.missing_at OR excluded.missing_at IS NULL "
        "THEN run_steps.missing_at ELSE excluded.missing_at END, "
        "missing_reason = CASE WHEN excluded.missing_at IS NULL OR run_steps.missing_at < excluded.missing_at OR "
        "(run_steps.missing_at = excluded.missing_at AND run_steps.missing_reason <= excluded.missing_reason) "
        "THEN run_steps.missing_reason ELSE excluded.missing_reason END",
        (environment_id, run_id, step, shown_at, missing_at, reason),
    )


def list_standing_runs(connection: Connection, environment_id: int, end_user_id: int) -> dict[int, tuple[int, str, int]]:
    """{guide_id: (run id, public id, version)} of the newest run that is not closed, whenever it was heard of last."""
    sql = (
        "SELECT guide_id, id, public_id, version FROM runs WHERE environment_id = ? AND end_user_id = ? AND closed_at IS NULL "
        "AND shown_at IS NOT NULL ORDER BY started_at, id"
    )
    return {int(g): (int(i), str(p), int(v)) for g, i, p, v in driver.fetch(connection, sql, (environment_id, end_user_id))}


def list_run_steps(connection: Connection, environment_id: int, run_id: int) -> set[str]:
    """Steps the run has reached."""
    sql = "SELECT step FROM run_steps WHERE environment_id = ? AND run_id = ? AND shown_at IS NOT NULL"
    return {str(step) for (step,) in driver.fetch(connection, sql, (environment_id, run_id))}


def list_states(connection: Connection, environment_id: int) -> dict[int, dict[int, Row]]:
    """{end user: {guide_id: (state, reason, at, until_at)}} of everybody."""
    sql = "SELECT end_user_id, guide_id, state, reason, at, until_at FROM guide_states WHERE environment_id = ?"
    found: dict[int, dict[int, Row]] = {}
    for user, guide, *row in driver.fetch(connection, sql, (environment_id,)):
        found.setdefault(int(user), {})[int(guide)] = tuple(row)
    return found


_RANK = "CASE WHEN {t}.reason IN ('never', 'no_tips') THEN 2 WHEN {t}.state = 'finished' THEN 1 ELSE 0 END"


def save_state(
    connection: Connection, environment_id: int, guide_id: int, end_user_id: int, *, state: str, reason: str | None, at: int,
    until_at: int | None = None,
) -> None:  # fmt: skip
    """What the person said of the guide, whatever the order of arrival: *never* outweighs *finished*, that outweighs
    *closed* and *later*, of which the latest counts; `at` is the latest word of any weight."""
    held, new = _RANK.format(t="guide_states"), _RANK.format(t="excluded")
    wins = (
        f"({new} > {held} OR ({new} = {held} AND (excluded.at > guide_states.at OR (excluded.at = guide_states.at AND "
        "(excluded.state > guide_states.state OR (excluded.state = guide_states.state AND "
        "coalesce(excluded.reason, '') > coalesce(guide_states.reason, '')))))))"
    )
    sets = ", ".join(
        f"{c} = CASE WHEN {wins} THEN excluded.{c} ELSE guide_states.{c} END" for c in ("state", "reason", "until_at")
    )
    driver.execute(
        connection,
        "INSERT INTO guide_states (environment_id, guide_id, end_user_id, state, reason, at, until_at) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment_id, end_user_id, guide_id) DO UPDATE SET {sets}, "
        "at = CASE WHEN excluded.at > guide_states.at THEN excluded.at ELSE guide_states.at END",
        (environment_id, guide_id, end_user_id, state, reason, at, until_at),
    )


def set_no_tips(connection: Connection, environment_id: int, end_user_id: int) -> None:
    """The person wants no unasked guide any more."""
    driver.execute(
        connection, "UPDATE end_users SET no_tips = 1 WHERE environment_id = ? AND id = ?", (environment_id, end_user_id)
    )


def delete_runs_before(connection: Connection, environment_id: int, before_ms: int, standing: Collection[str], limit: int) -> int:
    """Retention: up to `limit` runs, with their steps, that ended before; how many went. What the person said stays.

    One that nobody closed is over when it was last heard of, except of the kinds that stand in a page: those go on.
    """
    marks = ", ".join("?" * len(standing))
    of_kinds = f"guide_id IN (SELECT id FROM guides WHERE environment_id = ? AND kind NOT IN ({marks}))"
    found = driver.fetch(
        connection,
        "SELECT id FROM runs WHERE environment_id = ? AND guide_id IN (SELECT id FROM guides WHERE environment_id = ?) "
        f"AND started_at < ? AND last_at < ? AND (closed_at < ? OR (closed_at IS NULL AND {of_kinds})) LIMIT ?",
        (environment_id, environment_id, before_ms, before_ms, before_ms, environment_id, *sorted(standing), limit),
    )
    gone = [(environment_id, run_id) for (run_id,) in found]
    driver.execute_many(connection, "DELETE FROM run_steps WHERE environment_id = ? AND run_id = ?", gone)
    driver.execute_many(connection, "DELETE FROM runs WHERE environment_id = ? AND id = ?", gone)
    return len(gone)
