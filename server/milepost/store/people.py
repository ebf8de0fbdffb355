"""Accounts and end users as the intake sees them: by the vendor's own id, made on first sight."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.store import driver

TRUSTED_TRAITS = (
    "name",
    "plan",
    "add_ons",
    "tier",
    "arr",
    "currency",
    "employees",
    "seats",
    "started_on",
    "renewal_on",
    "ended_on",
    "owner_email",
)


@dataclass
class Person:
    """What the writer remembers of an end user."""

    id: int
    account_id: int | None
    internal: bool


def load_people(connection: Connection, environment_id: int, keys: Iterable[str]) -> dict[str, Person]:
    """{vendor's id: person} for those that are there."""
    sql = "SELECT key, id, account_id, internal FROM end_users WHERE environment_id = ? AND key IN {in}"
    return {k: Person(i, a, bool(x)) for k, i, a, x in driver.fetch_in(connection, sql, [environment_id], keys)}


def find_person_key(connection: Connection, environment_id: int, end_user_id: int) -> str:
    """The vendor's id of a person who is there."""
    sql = "SELECT key FROM end_users WHERE environment_id = ? AND id = ?"
    return str(driver.fetch(connection, sql, (environment_id, end_user_id))[0][0])


def set_internal(connection: Connection, environment_id: int, end_user_id: int) -> None:
    """The person belongs to the vendor: left out from now on."""
    driver.execute(
        connection, "UPDATE end_users SET internal = 1 WHERE environment_id = ? AND id = ?", (environment_id, end_user_id)
    )


def add_people(connection: Connection, environment_id: int, people: Mapping[str, bool], now: int) -> None:
    """Makes end users {vendor's id: internal?} that are not there."""
    driver.write_rows(
        connection,
        "environment_id, key text, internal, created_at",
        "INSERT INTO end_users (environment_id, key, internal, created_at) "
        "SELECT environment_id, key, internal, created_at FROM v WHERE true ON CONFLICT DO NOTHING",
        [(environment_id, key, int(internal), now) for key, internal in sorted(people.items())],
    )


def load_account_ids(connection: Connection, environment_id: int, keys: Iterable[str]) -> dict[str, int]:
    """{vendor's id: internal id}; a merged account answers with the one it was merged into."""
    sql = "SELECT key, coalesce(merged_into_id, id) FROM accounts WHERE environment_id = ? AND key IN {in}"
    return {k: int(i) for k, i in driver.fetch_in(connection, sql, [environment_id], keys)}


def add_accounts(connection: Connection, environment_id: int, keys: Iterable[str], now: int) -> None:
    """Makes accounts that are not there."""
    driver.write_rows(
        connection,
        "environment_id, key text, created_at",
        "INSERT INTO accounts (environment_id, key, created_at) "
        "SELECT environment_id, key, created_at FROM v WHERE true ON CONFLICT DO NOTHING",
        [(environment_id, key, now) for key in sorted(keys)],
    )


def load_anonymous(connection: Connection, environment_id: int, ids: Iterable[str]) -> dict[str, int]:
    """{anonymous id: end user} for those claimed."""
    sql = "SELECT anonymous_id, end_user_id FROM anonymous_ids WHERE environment_id = ? AND anonymous_id IN {in}"
    return {a: int(u) for a, u in driver.fetch_in(connection, sql, [environment_id], ids)}


def claim_anonymous(connection: Connection, environment_id: int, anonymous: str, end_user_id: int, now: int) -> bool:
    """True when this person is the first to claim the id."""
    sql = (
        "INSERT INTO anonymous_ids (environment_id, anonymous_id, end_user_id, claimed_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    )
    return driver.execute(connection, sql, (environment_id, anonymous, end_user_id, now)) == 1


def set_accounts(connection: Connection, environment_id: int, moved: Mapping[int, int]) -> None:
    """{end user: account}: where these people are from now on."""
    driver.write_rows(
        connection,
        "environment_id, end_user_id, account_id",
        "UPDATE end_users SET account_id = v.account_id FROM v "
        "WHERE end_users.environment_id = v.environment_id AND end_users.id = v.end_user_id",
        [(environment_id, user, account) for user, account in sorted(moved.items())],
    )


def touch_people(connection: Connection, environment_id: int, seen: Mapping[int, int]) -> None:
    """{end user: instant}: last seen moves forward only."""
    driver.write_rows(
        connection,
        "environment_id, end_user_id, at",
        "UPDATE end_users SET last_seen_at = v.at FROM v WHERE end_users.environment_id = v.environment_id "
        "AND end_users.id = v.end_user_id AND coalesce(end_users.last_seen_at, 0) < v.at",
        [(environment_id, user, at) for user, at in sorted(seen.items())],
    )


def read_person(
    connection: Connection, environment_id: int, end_user_id: int
) -> tuple[str | None, str | None, str | None, dict[str, Any]]:
    """(name, email, role, traits)."""
    sql = "SELECT name, email, role, traits FROM end_users WHERE environment_id = ? AND id = ?"
    name, email, role, traits = driver.fetch(connection, sql, (environment_id, end_user_id))[0]
    return name, email, role, json.loads(traits)


def update_person(
    connection: Connection, environment_id: int, end_user_id: int, name: Any, email: Any, role: Any, traits: dict[str, Any]
) -> None:
    """Writes what an identify said."""
    driver.execute(
        connection,
        "UPDATE end_users SET name = ?, email = ?, role = ?, traits = ? WHERE environment_id = ? AND id = ?",
        (name, email, role, json.dumps(traits, ensure_ascii=False), environment_id, end_user_id),
    )


def read_account(connection: Connection, environment_id: int, account_id: int) -> dict[str, Any]:
    """Trusted traits by name, with `traits` and `sources` as dicts."""
    columns = (*TRUSTED_TRAITS, "traits", "sources", "first_event_on", "parent_id", "key")
    sql = f"SELECT {', '.join(columns)} FROM accounts WHERE environment_id = ? AND id = ?"
    row = dict(zip(columns, driver.fetch(connection, sql, (environment_id, account_id))[0], strict=True))
    row["traits"], row["sources"] = json.loads(row["traits"]), json.loads(row["sources"])
    row["add_ons"] = json.loads(row["add_ons"]) if row["add_ons"] is not None else None
    return row


def update_account(connection: Connection, environment_id: int, account_id: int, values: Mapping[str, Any]) -> None:
    """Writes columns of one account; dicts and lists as JSON."""
    packed = {k: json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for k, v in values.items()}
    sets = ", ".join(f"{name} = ?" for name in packed)
    sql = f"UPDATE accounts SET {sets} WHERE environment_id = ? AND id = ?"
    driver.execute(connection, sql, (*packed.values(), environment_id, account_id))


def record_entitlement(
    connection: Connection, environment_id: int, account_id: int, on: int, plan: str | None, add_ons: list[str]
) -> None:
    """What the account has bought from this day on."""
    driver.execute(
        connection,
        "INSERT INTO entitlement_history (environment_id, account_id, from_on, plan, add_ons) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, account_id, from_on) DO UPDATE SET plan = excluded.plan, add_ons = excluded.add_ons",
        (environment_id, account_id, on, plan, json.dumps(add_ons)),
    )
