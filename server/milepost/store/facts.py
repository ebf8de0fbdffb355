"""Facts about one person and one account that guides ask for; each read by an index."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.store import driver

ACCOUNT_FACTS = ("name", "plan", "tier", "arr", "currency", "employees", "seats", "owner_email")


class PersonRow(NamedTuple):
    """An end user."""

    id: int
    account_id: int | None
    name: str | None
    email: str | None
    role: str | None
    traits: str  # JSON
    no_tips: int
    internal: int


class AccountFacts(NamedTuple):
    """An account: trusted facts that are known, and every other trait."""

    id: int
    key: str
    known: dict[str, Any]
    traits: dict[str, Any]
    started_on: int | None


def find_person(connection: Connection, environment_id: int, key: str) -> PersonRow | None:
    """By the vendor's id."""
    sql = (
        "SELECT id, account_id, name, email, role, traits, no_tips, internal FROM end_users WHERE environment_id = ? AND key = ?"
    )
    rows = driver.fetch(connection, sql, (environment_id, key))
    return PersonRow(*rows[0]) if rows else None


def find_account(connection: Connection, environment_id: int, key: str | None, account_id: int | None) -> AccountFacts | None:
    """By the vendor's id, else by the internal one."""
    columns = ", ".join(ACCOUNT_FACTS)
    if key is not None:
        where = "id = (SELECT coalesce(merged_into_id, id) FROM accounts WHERE environment_id = ? AND key = ?)"
        marks: tuple[Any, ...] = (environment_id, environment_id, key)
    elif account_id is not None:
        where, marks = "id = ?", (environment_id, account_id)
    else:
        return None
    sql = (
        f"SELECT id, key, traits, coalesce(started_on, first_event_on), add_ons, {columns} FROM accounts "
        f"WHERE environment_id = ? AND {where}"
    )
    rows = driver.fetch(connection, sql, marks)
    if not rows:
        return None
    return _read_account(rows[0])


def _read_account(row: tuple[Any, ...]) -> AccountFacts:
    account, shown, traits, started_on, add_ons, *values = row
    known = {name: v for name, v in zip(ACCOUNT_FACTS, values, strict=True) if v is not None}
    if add_ons is not None:
        known["add_ons"] = json.loads(add_ons)
    return AccountFacts(account, shown, known, json.loads(traits), started_on)


def count_uses(
    connection: Connection, environment_id: int, account_id: int, end_user_id: int, ordinals: Sequence[int], since_day: int
) -> dict[int, tuple[int, int]]:
    """{feature: (unguided, guided) uses} by one person since a day; features not used are left out."""
    sql = (
        "SELECT ordinal, sum(n), sum(n_guided) FROM usage WHERE environment_id = ? AND account_id = ? AND day >= ? "
        "AND end_user_id = ? AND ordinal IN ({marks}) GROUP BY ordinal"
    ).replace("{marks}", ", ".join("?" * len(ordinals)))
    rows = driver.fetch(connection, sql, (environment_id, account_id, since_day, end_user_id, *ordinals)) if ordinals else []
    return {int(ordinal): (int(n), int(guided)) for ordinal, n, guided in rows}


def list_people(connection: Connection, environment_id: int, limit: int) -> list[PersonRow]:
    """Counted people, last seen first."""
    sql = (
        "SELECT id, account_id, name, email, role, traits, no_tips, internal FROM end_users WHERE environment_id = ? "
        "AND internal = 0 ORDER BY coalesce(last_seen_at, 0) DESC, id DESC LIMIT ?"
    )
    return [PersonRow(*row) for row in driver.fetch(connection, sql, (environment_id, limit))]


def list_account_facts(connection: Connection, environment_id: int) -> dict[int, AccountFacts]:
    """{internal id: facts} of every account; one merged away answers with the facts of the one it was merged into."""
    columns = ", ".join(ACCOUNT_FACTS)
    sql = (
        f"SELECT id, merged_into_id, key, traits, coalesce(started_on, first_event_on), add_ons, {columns} FROM accounts "
        "WHERE environment_id = ?"
    )
    rows = driver.fetch(connection, sql, (environment_id,))
    held = {int(row[0]): _read_account((row[0], *row[2:])) for row in rows}
    return {int(row[0]): held.get(row[1], held[int(row[0])]) if row[1] is not None else held[int(row[0])] for row in rows}


def list_uses(
    connection: Connection, environment_id: int, ordinals: Sequence[int], since_day: int
) -> dict[tuple[int, int], dict[int, tuple[int, int]]]:
    """{(account, end user): {feature: (unguided, guided)}} since a day."""
    if not ordinals:
        return {}
    sql = (
        "SELECT account_id, end_user_id, ordinal, sum(n), sum(n_guided) FROM usage WHERE environment_id = ? AND day >= ? "
        "AND ordinal IN ({marks}) GROUP BY account_id, end_user_id, ordinal"
    ).replace("{marks}", ", ".join("?" * len(ordinals)))
    found: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}
    for account, user, ordinal, n, guided in driver.fetch(connection, sql, (environment_id, since_day, *ordinals)):
        found.setdefault((int(account), int(user)), {})[int(ordinal)] = (int(n), int(guided))
    return found
