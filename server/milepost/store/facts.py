"""Facts about one person and one account that guides ask for; each read by an index."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from milepost.store import driver

ACCOUNT_FACTS = ("name", "plan", "tier", "arr", "currency", "employees", "seats", "owner_email")
ACCOUNT_COLUMNS = "a.id, a.key, a.traits, coalesce(a.started_on, a.first_event_on), a.add_ons, " + ", ".join(
    f"a.{name}" for name in ACCOUNT_FACTS
)


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


def read_account(row: tuple[Any, ...]) -> AccountFacts:
    """From a row of `ACCOUNT_COLUMNS`."""
    account, shown, traits, started_on, add_ons, *values = row
    known = {name: v for name, v in zip(ACCOUNT_FACTS, values, strict=True) if v is not None}
    if add_ons is not None:
        known["add_ons"] = msgspec.json.decode(add_ons)
    return AccountFacts(account, shown, known, msgspec.json.decode(traits), started_on)


def list_people(connection: Connection, environment_id: int, limit: int) -> list[PersonRow]:
    """Counted people, last seen first."""
    sql = (
        "SELECT id, account_id, name, email, role, traits, no_tips, internal FROM end_users WHERE environment_id = ? "
        "AND internal = 0 ORDER BY coalesce(last_seen_at, 0) DESC, id DESC LIMIT ?"
    )
    return [PersonRow(*row) for row in driver.fetch(connection, sql, (environment_id, limit))]


def list_account_facts(connection: Connection, environment_id: int) -> dict[int, AccountFacts]:
    """{internal id: facts} of every account; one merged away answers with the facts of the one it was merged into."""
    sql = f"SELECT a.merged_into_id, {ACCOUNT_COLUMNS} FROM accounts a WHERE a.environment_id = ?"
    rows = driver.fetch(connection, sql, (environment_id,))
    held = {int(row[1]): read_account(row[1:]) for row in rows}
    into = {int(row[1]): row[0] for row in rows if row[0] is not None}
    return {account: held.get(into.get(account, account), facts) for account, facts in held.items()}


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


def list_used(
    connection: Connection, environment_id: int, account_id: int, end_user_id: int, ordinals: Sequence[int]
) -> set[int]:
    """Those of these features that the person ever used unguided."""
    sql = (
        "SELECT ordinal FROM usage WHERE environment_id = ? AND account_id = ? AND end_user_id = ? AND ordinal IN {in} "
        "GROUP BY ordinal HAVING sum(n) > 0"
    )
    rows = driver.fetch_in(connection, sql, [environment_id, account_id, end_user_id], ordinals)
    return {int(ordinal) for (ordinal,) in rows}
