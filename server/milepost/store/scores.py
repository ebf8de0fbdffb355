"""Worked-out numbers: live rows, settled history, states, and which accounts wait to be scored again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from milepost.store import driver
from milepost.store.tables.scores import live_scores, settled_scores
from milepost.store.tables.workspaces import job_runs

COLUMNS = tuple(c.name for c in settled_scores.columns)
KEYS = {"live_scores": ("environment_id", "account_id"), "settled_scores": ("environment_id", "account_id", "day")}


def list_dirty(connection: Connection, environment_id: int, limit: int) -> list[tuple[int, int]]:
    """(account, mark) of accounts that wait, longest waiting first."""
    sql = "SELECT account_id, since_at FROM dirty_accounts WHERE environment_id = ? ORDER BY since_at, account_id LIMIT ?"
    return [(int(a), int(m)) for a, m in driver.fetch(connection, sql, (environment_id, limit))]


def clear_dirty(connection: Connection, environment_id: int, marks: Iterable[tuple[int, int]]) -> None:
    """Takes marks away that have not moved on since they were read."""
    driver.execute_many(
        connection,
        "DELETE FROM dirty_accounts WHERE environment_id = ? AND account_id = ? AND since_at = ?",
        [(environment_id, account, mark) for account, mark in marks],
    )


def write_live(connection: Connection, environment_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """One row per account, replaced."""
    _upsert(connection, "live_scores", environment_id, rows, replace=True)


def write_settled(connection: Connection, environment_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """History: a row that is there stays as it is."""
    _upsert(connection, "settled_scores", environment_id, rows, replace=False)


def _upsert(connection: Connection, table: str, environment_id: int, rows: Sequence[Mapping[str, Any]], *, replace: bool) -> None:
    keys = KEYS[table]
    rest = [name for name in COLUMNS if name not in keys]
    action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest) if replace else "NOTHING"
    sql = (
        f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
        f"ON CONFLICT ({', '.join(keys)}) DO {action}"
    )
    values = [{"environment_id": environment_id, **row} for row in rows]
    driver.execute_many(connection, sql, [tuple(row[name] for name in COLUMNS) for row in values])


def delete_live(connection: Connection, environment_id: int, account_ids: Iterable[int]) -> None:
    """Accounts that are no longer scored have no live row."""
    for part in driver.chunks(account_ids):
        connection.execute(
            delete(live_scores).where(live_scores.c.environment_id == environment_id, live_scores.c.account_id.in_(part))
        )


def read_live(connection: Connection, environment_id: int, account_id: int) -> dict[str, Any] | None:
    """The live row of one account."""
    query = select(live_scores).where(live_scores.c.environment_id == environment_id, live_scores.c.account_id == account_id)
    return _first(connection, query)


def find_stamp(connection: Connection, environment_id: int, key: str) -> tuple[int | None, int | None] | None:
    """(when the live row was worked out, newest settled day) of the account with this vendor's id; None: no such account."""
    sql = (
        "SELECT (SELECT l.computed_at FROM live_scores l WHERE l.environment_id = a.environment_id AND l.account_id = a.id), "
        "(SELECT max(s.day) FROM settled_scores s WHERE s.environment_id = a.environment_id AND s.account_id = a.id) "
        "FROM accounts b JOIN accounts a ON a.environment_id = b.environment_id AND a.id = coalesce(b.merged_into_id, b.id) "
        "WHERE b.environment_id = ? AND b.key = ?"
    )
    rows = driver.fetch(connection, sql, (environment_id, key))
    return (rows[0][0], rows[0][1]) if rows else None


def list_live(connection: Connection, environment_id: int) -> list[dict[str, Any]]:
    """Every live row, without its items and grounds: the portfolio's read."""
    names = [name for name in COLUMNS if name not in {"items", "grounds", "features"}]
    sql = f"SELECT {', '.join(names)} FROM live_scores WHERE environment_id = ?"
    return [dict(zip(names, row, strict=True)) for row in driver.fetch(connection, sql, (environment_id,))]


def list_live_states(connection: Connection, environment_id: int) -> dict[int, tuple[str, str]]:
    """{account: (states JSON, grounds JSON)} of every live row: the heat map's read."""
    sql = "SELECT account_id, features, grounds FROM live_scores WHERE environment_id = ?"
    return {int(a): (f, g) for a, f, g in driver.fetch(connection, sql, (environment_id,))}


def read_settled(connection: Connection, environment_id: int, account_id: int, until_day: int) -> dict[str, Any] | None:
    """The newest settled row of the account up to that day."""
    query = select(settled_scores).where(
        settled_scores.c.environment_id == environment_id,
        settled_scores.c.account_id == account_id,
        settled_scores.c.day <= until_day,
    )
    return _first(connection, query.order_by(settled_scores.c.day.desc()).limit(1))


def _first(connection: Connection, query: Select[Any]) -> dict[str, Any] | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else {str(name): value for name, value in row.items()}


def read_settled_levels(
    connection: Connection, environment_id: int, account_ids: Iterable[int], before_day: int
) -> dict[int, tuple[str, str]]:
    """{account: (computed, shown level)} of the newest settled row before that day."""
    sql = (
        "SELECT s.account_id, s.level_computed, s.level FROM settled_scores s "
        "WHERE s.environment_id = ? AND s.day = (SELECT max(d.day) FROM settled_scores d "
        "WHERE d.environment_id = s.environment_id AND d.account_id = s.account_id AND d.day < ?) AND s.account_id IN {in}"
    )
    rows = driver.fetch_in(connection, sql, [environment_id, before_day], sorted(account_ids))
    return {int(a): (computed, shown) for a, computed, shown in rows}


def list_settled_accounts(connection: Connection, environment_id: int, day: int) -> set[int]:
    """Accounts that have a row of that day: where a run that was stopped goes on."""
    sql = "SELECT account_id FROM settled_scores WHERE environment_id = ? AND day = ?"
    return {int(r[0]) for r in driver.fetch(connection, sql, (environment_id, day))}


def list_settled_on(connection: Connection, environment_id: int, day: int) -> dict[int, dict[str, Any]]:
    """{account: score, band, coverage counts} of one settled day."""
    names = ("account_id", "score", "known_share", "band", "level", "stage", "n_used", "n_eligible", "n_guided_only", "day")
    sql = f"SELECT {', '.join(names)} FROM settled_scores WHERE environment_id = ? AND day = ?"
    return {row[0]: dict(zip(names, row, strict=True)) for row in driver.fetch(connection, sql, (environment_id, day))}


def find_settled_day(connection: Connection, environment_id: int, until_day: int) -> int | None:
    """The newest settled day of the environment up to that day."""
    sql = "SELECT max(day) FROM settled_scores WHERE environment_id = ? AND day <= ?"
    found = driver.fetch(connection, sql, (environment_id, until_day))[0][0]
    return None if found is None else int(found)


def read_trend(connection: Connection, environment_id: int, account_id: int, from_day: int) -> list[tuple[Any, ...]]:
    """(day, score, known share, band, used, eligible, model id) of the account's settled days, ascending."""
    sql = (
        "SELECT day, score, known_share, band, n_used, n_eligible, model_id FROM settled_scores "
        "WHERE environment_id = ? AND account_id = ? AND day >= ? ORDER BY day"
    )
    return driver.fetch(connection, sql, (environment_id, account_id, from_day))


def read_states(
    connection: Connection, environment_id: int, account_ids: Iterable[int]
) -> dict[int, dict[int, tuple[str, int, int]]]:
    """{account: {ordinal: (state, guided only, since day)}}."""
    sql = (
        "SELECT account_id, ordinal, state, guided_only, since_on FROM feature_state "
        "WHERE environment_id = ? AND account_id IN {in}"
    )
    found: dict[int, dict[int, tuple[str, int, int]]] = {}
    for account, ordinal, state, guided, since in driver.fetch_in(connection, sql, [environment_id], sorted(account_ids)):
        found.setdefault(account, {})[ordinal] = (state, guided, since)
    return found


def write_states(connection: Connection, environment_id: int, rows: Sequence[tuple[int, int, str, int, int]]) -> None:
    """(account, ordinal, state, guided only, since day): replaced."""
    driver.execute_many(
        connection,
        "INSERT INTO feature_state (environment_id, account_id, ordinal, state, guided_only, since_on) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, account_id, ordinal) DO UPDATE SET state = excluded.state, "
        "guided_only = excluded.guided_only, since_on = excluded.since_on",
        [(environment_id, *row) for row in rows],
    )


def delete_states(connection: Connection, environment_id: int, gone: Iterable[tuple[int, int]]) -> None:
    """(account, ordinal) of features that left the catalogue."""
    driver.execute_many(
        connection,
        "DELETE FROM feature_state WHERE environment_id = ? AND account_id = ? AND ordinal = ?",
        [(environment_id, *pair) for pair in gone],
    )


def count_states(connection: Connection, environment_id: int, today: int) -> dict[int, dict[str, int]]:
    """{ordinal: {state: accounts}} over the live states of accounts that are not lost."""
    sql = (
        "SELECT ordinal, state, count(*) FROM feature_state WHERE environment_id = ? AND account_id NOT IN "
        "(SELECT id FROM accounts WHERE environment_id = ? AND ended_on < ?) GROUP BY ordinal, state"
    )
    found: dict[int, dict[str, int]] = {}
    for ordinal, state, n in driver.fetch(connection, sql, (environment_id, environment_id, today)):
        found.setdefault(ordinal, {})[state] = int(n)
    return found


def list_feature_accounts(connection: Connection, environment_id: int, ordinal: int) -> list[tuple[Any, ...]]:
    """(account id, state, guided only, since day) of one feature."""
    sql = "SELECT account_id, state, guided_only, since_on FROM feature_state WHERE environment_id = ? AND ordinal = ?"
    return driver.fetch(connection, sql, (environment_id, ordinal))


def start_run(connection: Connection, environment_id: int, job: str, for_on: int, now: int) -> bool:
    """Takes the run of that day; False when it is done already. A run that was stopped is taken again."""
    mine = (job_runs.c.environment_id == environment_id, job_runs.c.job == job, job_runs.c.for_on == for_on)
    held = connection.execute(select(job_runs.c.status).where(*mine)).scalar()
    if held == "done":
        return False
    values = {"started_at": now, "finished_at": None, "status": "running", "detail": ""}
    if held is None:
        connection.execute(insert(job_runs).values(environment_id=environment_id, job=job, for_on=for_on, **values))
    else:
        connection.execute(update(job_runs).where(*mine).values(**values))
    return True


def finish_run(
    connection: Connection, environment_id: int, job: str, for_on: int, now: int, *, status: str = "done", detail: str = ""
) -> None:
    """Done or failed, with a word on it."""
    connection.execute(
        update(job_runs)
        .where(job_runs.c.environment_id == environment_id, job_runs.c.job == job, job_runs.c.for_on == for_on)
        .values(finished_at=now, status=status, detail=detail)
    )


def last_done_run(connection: Connection, environment_id: int, job: str) -> int | None:
    """The newest day the job has done."""
    sql = "SELECT max(for_on) FROM job_runs WHERE environment_id = ? AND job = ? AND status = 'done'"
    found = driver.fetch(connection, sql, (environment_id, job))[0][0]
    return None if found is None else int(found)
