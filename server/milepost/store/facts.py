"""Facts about one person and one account that guides ask for; each read by an index."""

import json
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
    where, value = ("key = ?", key) if key is not None else ("id = ?", account_id)
    if value is None:
        return None
    sql = (
        f"SELECT id, key, traits, coalesce(started_on, first_event_on), add_ons, {columns} FROM accounts "
        f"WHERE environment_id = ? AND {where}"
    )
    rows = driver.fetch(connection, sql, (environment_id, value))
    if not rows:
        return None
    account, shown, traits, started_on, add_ons, *values = rows[0]
    known = {name: v for name, v in zip(ACCOUNT_FACTS, values, strict=True) if v is not None}
    if add_ons is not None:
        known["add_ons"] = json.loads(add_ons)
    return AccountFacts(account, shown, known, json.loads(traits), started_on)


def count_uses(
    connection: Connection, environment_id: int, account_id: int, end_user_id: int, ordinal: int, since_day: int
) -> tuple[int, int]:
    """(unguided, guided) uses of one feature by one person since a day."""
    sql = (
        "SELECT coalesce(sum(n), 0), coalesce(sum(n_guided), 0) FROM usage WHERE environment_id = ? AND account_id = ? "
        "AND ordinal = ? AND day >= ? AND end_user_id = ?"
    )
    row = driver.fetch(connection, sql, (environment_id, account_id, ordinal, since_day, end_user_id))[0]
    return int(row[0]), int(row[1])
