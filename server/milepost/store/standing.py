"""What boot and claim ask about one person: one statement, so that all of it is of the same moment."""

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.engine import is_sqlite
from milepost.store.facts import ACCOUNT_COLUMNS, AccountFacts, PersonRow, read_account
from milepost.store.runs import DAY_MS

PERSON = "p.id, p.account_id, p.name, p.email, p.role, p.traits, p.no_tips, p.internal"
N_PERSON = 8
N_LISTS = 3
STATES = (
    "SELECT {array}(guide_id, state, reason, at, until_at) AS r FROM guide_states WHERE environment_id = ? AND end_user_id = p.id"
)
RUNS = (
    "SELECT {array}(public_id, guide_id, version, step) AS r FROM runs WHERE environment_id = ? AND end_user_id = p.id "
    "AND closed_at IS NULL AND last_at > ? AND started_at > ? ORDER BY started_at DESC, id DESC LIMIT 10"
)
USES = (
    "SELECT {array}(ordinal, sum(n), sum(n_guided)) AS r FROM usage WHERE environment_id = ? AND account_id = p.account_id "
    "AND end_user_id = p.id AND day >= ? AND ordinal IN ({marks}) GROUP BY ordinal"
)
BY_KEY = "(SELECT coalesce(merged_into_id, id) FROM accounts WHERE environment_id = ? AND key = ?)"
State = tuple[int, str, str | None, int, int | None]  # guide_id, state, reason, at, until_at
OpenRun = tuple[str, int, int, str | None]  # public_id, guide_id, version, step
_states = msgspec.json.Decoder(list[State])
_runs = msgspec.json.Decoder(list[OpenRun])
_uses = msgspec.json.Decoder(list[tuple[int, int, int]])


class Standing(NamedTuple):
    """`uses` is {feature: (unguided, guided)}; open runs come newest first."""

    person: PersonRow | None
    account: AccountFacts | None
    states: list[State]
    open_runs: list[OpenRun]
    uses: dict[int, tuple[int, int]]


def read_standing(
    connection: Connection, environment_id: int, user: str, account: str | None, *, with_account: bool,
    ordinals: tuple[int, ...], since_day: int, heard_since: int,
) -> Standing:  # fmt: skip
    """Of a person by the vendor's id, in an account by the vendor's id, else in their own."""
    sql = _statement(is_sqlite(connection), with_account, account is not None, len(ordinals))
    marks: list[Any] = [environment_id, environment_id, heard_since, heard_since - DAY_MS]
    if ordinals:
        marks += [environment_id, since_day, *ordinals]
    marks += [environment_id, user]
    if with_account:
        marks += [environment_id] if account is None else [environment_id, environment_id, account]
    row = driver.fetch(connection, sql, marks)[0]
    states, runs, uses = row[N_PERSON : N_PERSON + N_LISTS]
    found = row[N_PERSON + N_LISTS :]
    return Standing(
        PersonRow(*row[:N_PERSON]) if row[0] is not None else None,
        read_account(found) if found and found[0] is not None else None,
        _states.decode(states) if states else [],
        _runs.decode(runs) if runs else [],
        {ordinal: (n, guided) for ordinal, n, guided in _uses.decode(uses)} if uses else {},
    )


@lru_cache(maxsize=256)
def _statement(sqlite: bool, with_account: bool, by_key: bool, n_features: int) -> str:
    array = "json_array" if sqlite else "json_build_array"
    gather = "json_group_array(json(r))" if sqlite else "json_agg(r)::text"
    lists = [STATES, RUNS, USES.replace("{marks}", ", ".join("?" * n_features)) if n_features else ""]
    gathered = [f"(SELECT {gather} FROM ({one.replace('{array}', array)}) AS l)" if one else "NULL" for one in lists]
    columns = [PERSON, *gathered, *([ACCOUNT_COLUMNS] if with_account else [])]
    sql = f"SELECT {', '.join(columns)} FROM (SELECT 1 AS one) AS o LEFT JOIN end_users p ON p.environment_id = ? AND p.key = ?"
    if with_account:
        sql += f" LEFT JOIN accounts a ON a.environment_id = ? AND a.id = {BY_KEY if by_key else 'p.account_id'}"
    return sql
