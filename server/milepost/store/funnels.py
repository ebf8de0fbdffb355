"""Counts over runs: who was shown a guide, how far they came, why it ended, what was missing."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from milepost.store import driver

# Trying a guide out oneself moves no number: people of the vendor itself are left out.
COUNTED = (
    "NOT EXISTS (SELECT 1 FROM end_users u WHERE u.environment_id = r.environment_id AND u.id = r.end_user_id AND u.internal = 1)"
)


class Funnel(NamedTuple):
    """Runs first shown since an instant."""

    shown: int = 0
    finished: int = 0
    people: int = 0
    accounts: int = 0


def count_funnels(connection: Connection, environment_id: int, since: int) -> dict[int, Funnel]:
    """{guide id: counts} of every guide shown since."""
    sql = (
        "SELECT guide_id, count(*), sum(CASE WHEN outcome = 'finished' THEN 1 ELSE 0 END), count(DISTINCT end_user_id), "
        f"count(DISTINCT account_id) FROM runs r WHERE environment_id = ? AND shown_at >= ? AND {COUNTED} GROUP BY guide_id"
    )
    return {int(row[0]): Funnel(*(int(n) for n in row[1:])) for row in driver.fetch(connection, sql, (environment_id, since))}


def count_linked(connection: Connection, environment_id: int, guide_id: int, since: int) -> list[tuple[str, int]]:
    """(account, runs shown that a link asked for) since, most first; people without an account are left out."""
    sql = (
        "SELECT a.key, count(*) FROM runs r JOIN accounts a ON a.environment_id = r.environment_id AND a.id = r.account_id "
        f"WHERE r.environment_id = ? AND r.guide_id = ? AND r.shown_at >= ? AND r.linked = 1 AND {COUNTED} "
        "GROUP BY a.key ORDER BY count(*) DESC, a.key"
    )
    return [(str(key), int(n)) for key, n in driver.fetch(connection, sql, (environment_id, guide_id, since))]


def count_shown_steps(connection: Connection, environment_id: int, since: int) -> dict[int, dict[str, int]]:
    """{guide id: {step: runs of the funnel that saw it}}."""
    sql = (
        "SELECT r.guide_id, s.step, count(s.shown_at) FROM run_steps s "
        "JOIN runs r ON r.environment_id = s.environment_id AND r.id = s.run_id "
        f"WHERE r.environment_id = ? AND r.shown_at >= ? AND s.shown_at IS NOT NULL AND {COUNTED} GROUP BY r.guide_id, s.step"
    )
    found: dict[int, dict[str, int]] = {}
    for guide_id, step, n in driver.fetch(connection, sql, (environment_id, since)):
        found.setdefault(int(guide_id), {})[step] = int(n)
    return found


def count_missing(connection: Connection, environment_id: int, since: int) -> dict[int, dict[str, dict[str, int]]]:
    """{guide id: {step: {reason: runs whose target was not there since, shown or not}}}."""
    sql = (
        "SELECT r.guide_id, s.step, s.missing_reason, count(*) FROM run_steps s "
        "JOIN runs r ON r.environment_id = s.environment_id AND r.id = s.run_id "
        f"WHERE r.environment_id = ? AND s.missing_at >= ? AND {COUNTED} GROUP BY r.guide_id, s.step, s.missing_reason"
    )
    found: dict[int, dict[str, dict[str, int]]] = {}
    for guide_id, step, reason, n in driver.fetch(connection, sql, (environment_id, since)):
        found.setdefault(int(guide_id), {}).setdefault(step, {})[reason or "missing"] = int(n)
    return found


def count_endings(connection: Connection, environment_id: int, guide_id: int, since: int) -> dict[str, int]:
    """{finished | closed | later | never | no_tips | missing | open: runs of the funnel}."""
    sql = (
        "SELECT outcome, CASE WHEN outcome = 'dismissed' THEN reason END, count(*) FROM runs r "
        f"WHERE environment_id = ? AND guide_id = ? AND shown_at >= ? AND {COUNTED} GROUP BY 1, 2"
    )
    rows = driver.fetch(connection, sql, (environment_id, guide_id, since))
    return {str(reason or outcome or "open"): int(n) for outcome, reason, n in rows}


def count_never_came(connection: Connection, environment_id: int, guide_id: int, since: int) -> int:
    """Runs that ended because the first target was missing: nothing was shown."""
    sql = (
        "SELECT count(*) FROM runs r WHERE environment_id = ? AND guide_id = ? AND outcome = 'missing' AND shown_at IS NULL "
        f"AND closed_at >= ? AND {COUNTED}"
    )
    return int(driver.fetch(connection, sql, (environment_id, guide_id, since))[0][0])


def list_first_showings(connection: Connection, environment_id: int, guide_id: int, since: int) -> list[tuple[int, int]]:
    """(account, first instant it was shown) in the funnel."""
    sql = (
        "SELECT account_id, min(shown_at) FROM runs r WHERE environment_id = ? AND guide_id = ? AND shown_at >= ? "
        f"AND account_id IS NOT NULL AND {COUNTED} GROUP BY account_id ORDER BY account_id"
    )
    return [(int(a), int(at)) for a, at in driver.fetch(connection, sql, (environment_id, guide_id, since))]


def read_last_uses(connection: Connection, environment_id: int, ordinal: int, account_ids: Sequence[int]) -> dict[int, int]:
    """{account: last day of unguided use}."""
    sql = "SELECT account_id, last_day FROM feature_last WHERE environment_id = ? AND ordinal = ? AND account_id IN {in}"
    rows = driver.fetch_in(connection, sql, [environment_id, ordinal], account_ids)
    return {int(account): int(day) for account, day in rows}
