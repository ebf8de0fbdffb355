"""How far each person got: runs, their steps, and what the person said about a guide."""

from typing import Any

from sqlalchemy import Connection

from milepost.store import driver

Row = tuple[Any, ...]


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
    end_user_id: int, account_id: int | None, free: bool, now: int,
) -> None:  # fmt: skip
    """A run that may be shown."""
    driver.execute(
        connection,
        "INSERT INTO runs (environment_id, public_id, guide_id, version, end_user_id, account_id, free, started_at, last_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (environment_id, public_id, guide_id, version, end_user_id, account_id, int(free), now, now),
    )


def list_recent_runs(connection: Connection, environment_id: int, end_user_id: int, since: int) -> list[Row]:
    """(public_id, guide_id, version, free, started_at, last_at, closed_at, step, shown_at) of one person, newest first."""
    sql = (
        "SELECT public_id, guide_id, version, free, started_at, last_at, closed_at, step, shown_at FROM runs "
        "WHERE environment_id = ? AND end_user_id = ? AND started_at >= ? ORDER BY started_at DESC, id DESC LIMIT 200"
    )
    return driver.fetch(connection, sql, (environment_id, end_user_id, since))


def touch_run(connection: Connection, environment_id: int, run_id: int, *, step: str | None, at: int, shown: bool) -> None:
    """The run was heard of; its last instant moves forward only."""
    driver.execute(
        connection,
        "UPDATE runs SET step = CASE WHEN last_at <= ? THEN coalesce(?, step) ELSE step END, "
        "shown_at = CASE WHEN ? = 1 THEN coalesce(shown_at, ?) ELSE shown_at END, "
        "last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END WHERE environment_id = ? AND id = ?",
        (at, step, int(shown), at, at, at, environment_id, run_id),
    )


def close_run(connection: Connection, environment_id: int, run_id: int, *, outcome: str, reason: str | None, at: int) -> bool:
    """True when this closed it; a closed run stays as it is."""
    sql = "UPDATE runs SET closed_at = ?, outcome = ?, reason = ? WHERE environment_id = ? AND id = ? AND closed_at IS NULL"
    return driver.execute(connection, sql, (at, outcome, reason, environment_id, run_id)) == 1


def record_step(
    connection: Connection, environment_id: int, run_id: int, step: str, *, shown_at: int | None, missing_at: int | None,
    reason: str | None,
) -> None:  # fmt: skip
    """The first time the step was shown, or found missing."""
    driver.execute(
        connection,
        "INSERT INTO run_steps (environment_id, run_id, step, shown_at, missing_at, missing_reason) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, run_id, step) DO UPDATE SET shown_at = coalesce(run_steps.shown_at, excluded.shown_at), "
        "missing_at = coalesce(run_steps.missing_at, excluded.missing_at), "
        "missing_reason = coalesce(run_steps.missing_reason, excluded.missing_reason)",
        (environment_id, run_id, step, shown_at, missing_at, reason),
    )


def read_states(connection: Connection, environment_id: int, end_user_id: int) -> dict[int, Row]:
    """{guide_id: (state, reason, at, until_at)} of one person."""
    sql = "SELECT guide_id, state, reason, at, until_at FROM guide_states WHERE environment_id = ? AND end_user_id = ?"
    return {int(row[0]): row[1:] for row in driver.fetch(connection, sql, (environment_id, end_user_id))}


def save_state(
    connection: Connection, environment_id: int, guide_id: int, end_user_id: int, *, state: str, reason: str | None, at: int,
    until_at: int | None = None,
) -> None:  # fmt: skip
    """The latest word of the person; *never* is not taken back by an older or lesser one."""
    driver.execute(
        connection,
        "INSERT INTO guide_states (environment_id, guide_id, end_user_id, state, reason, at, until_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment_id, end_user_id, guide_id) DO UPDATE SET "
        "state = excluded.state, reason = excluded.reason, at = excluded.at, until_at = excluded.until_at "
        "WHERE excluded.at >= guide_states.at AND coalesce(guide_states.reason, '') NOT IN ('never', 'no_tips')",
        (environment_id, guide_id, end_user_id, state, reason, at, until_at),
    )


def set_no_tips(connection: Connection, environment_id: int, end_user_id: int) -> None:
    """The person wants no unasked guide any more."""
    driver.execute(
        connection, "UPDATE end_users SET no_tips = 1 WHERE environment_id = ? AND id = ?", (environment_id, end_user_id)
    )


def count_funnel(connection: Connection, environment_id: int, guide_id: int, version: int | None) -> dict[str, int]:
    """{claimed, shown, finished, dismissed, missing, people, accounts} over the guide's runs."""
    extra = " AND version = ?" if version is not None else ""
    values: list[Any] = [environment_id, guide_id] + ([version] if version is not None else [])
    sql = (
        "SELECT count(*), count(shown_at), sum(CASE WHEN outcome = 'finished' THEN 1 ELSE 0 END), "
        "sum(CASE WHEN outcome = 'dismissed' THEN 1 ELSE 0 END), sum(CASE WHEN outcome = 'missing' THEN 1 ELSE 0 END), "
        "count(DISTINCT CASE WHEN shown_at IS NOT NULL THEN end_user_id END), "
        "count(DISTINCT CASE WHEN shown_at IS NOT NULL THEN account_id END) "
        f"FROM runs WHERE environment_id = ? AND guide_id = ?{extra}"
    )
    row = driver.fetch(connection, sql, values)[0]
    names = ("claimed", "shown", "finished", "dismissed", "missing", "people", "accounts")
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}


def count_steps(connection: Connection, environment_id: int, guide_id: int, version: int | None) -> dict[str, tuple[int, int]]:
    """{step: (runs that saw it, runs that missed its target)}."""
    extra = " AND r.version = ?" if version is not None else ""
    values: list[Any] = [environment_id, guide_id] + ([version] if version is not None else [])
    sql = (
        "SELECT s.step, count(s.shown_at), count(s.missing_at) FROM run_steps s "
        "JOIN runs r ON r.environment_id = s.environment_id AND r.id = s.run_id "
        f"WHERE r.environment_id = ? AND r.guide_id = ?{extra} GROUP BY s.step"
    )
    return {step: (int(shown), int(missing)) for step, shown, missing in driver.fetch(connection, sql, values)}


def count_reasons(connection: Connection, environment_id: int, guide_id: int, version: int | None) -> list[tuple[str, int]]:
    """(reason of dismissal, runs), most first."""
    extra = " AND version = ?" if version is not None else ""
    values: list[Any] = [environment_id, guide_id] + ([version] if version is not None else [])
    sql = (
        "SELECT reason, count(*) FROM runs WHERE environment_id = ? AND guide_id = ? AND outcome = 'dismissed'"
        f"{extra} GROUP BY reason ORDER BY 2 DESC, 1"
    )
    return [(str(reason or "closed"), int(n)) for reason, n in driver.fetch(connection, sql, values)]


def list_account_runs(connection: Connection, environment_id: int, account_id: int, limit: int = 100) -> list[Row]:
    """(guide key, guide name, end user key, started_at, shown_at, outcome, reason, step) of one account, newest first."""
    sql = (
        "SELECT g.key, g.name, u.key, r.started_at, r.shown_at, r.outcome, r.reason, r.step FROM runs r "
        "JOIN guides g ON g.environment_id = r.environment_id AND g.id = r.guide_id "
        "JOIN end_users u ON u.environment_id = r.environment_id AND u.id = r.end_user_id "
        "WHERE r.environment_id = ? AND r.account_id = ? ORDER BY r.started_at DESC LIMIT ?"
    )
    return driver.fetch(connection, sql, (environment_id, account_id, limit))
