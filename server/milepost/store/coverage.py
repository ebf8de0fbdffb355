"""Reads of the roll-ups behind coverage: days of use as masks, who was active, what accounts had bought.

Every read takes a list of accounts: one account costs well under a millisecond, 2,000 accounts are read in one go.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.months import spread

ACCOUNT_COLUMNS = (
    "id", "key", "name", "plan", "add_ons", "tier", "arr", "currency", "employees", "seats", "started_on", "renewal_on",
    "ended_on", "owner_email", "parent_id", "traits", "sources", "first_event_on", "last_event_on",
)  # fmt: skip


class AccountRow(NamedTuple):
    """An account's columns; `traits` and `sources` as dicts, `add_ons` as a list or None."""

    id: int
    key: str
    name: str | None
    plan: str | None
    add_ons: list[str] | None
    tier: str | None
    arr: float | None
    currency: str | None
    employees: int | None
    seats: int | None
    started_on: int | None
    renewal_on: int | None
    ended_on: int | None
    owner_email: str | None
    parent_id: int | None
    traits: dict[str, Any]
    sources: dict[str, Any]
    first_event_on: int | None
    last_event_on: int | None

    def is_lost(self, today: int) -> bool:
        """Its contract ended before today."""
        return self.ended_on is not None and self.ended_on < today


def list_account_ids(connection: Connection, environment_id: int) -> list[int]:
    """Every account that was not merged into another, by internal id."""
    sql = "SELECT id FROM accounts WHERE environment_id = ? AND merged_into_id IS NULL ORDER BY id"
    return [int(row[0]) for row in driver.fetch(connection, sql, (environment_id,))]


def read_accounts(connection: Connection, environment_id: int, ids: Iterable[int]) -> list[AccountRow]:
    """These accounts, by internal id."""
    sql = f"SELECT {', '.join(ACCOUNT_COLUMNS)} FROM accounts WHERE environment_id = ? AND id IN {{in}}"
    return [_account(row) for row in driver.fetch_in(connection, sql, [environment_id], sorted(ids))]


def list_plain_accounts(connection: Connection, environment_id: int) -> list[AccountRow]:
    """Every account not merged away, without add-ons, traits and their sources: the portfolio's read."""
    names = ["NULL" if name == "add_ons" else name for name in ACCOUNT_COLUMNS[: ACCOUNT_COLUMNS.index("traits")]]
    sql = (
        f"SELECT {', '.join(names)}, first_event_on, last_event_on FROM accounts "
        "WHERE environment_id = ? AND merged_into_id IS NULL ORDER BY key"
    )
    n = len(names)
    return [AccountRow._make((*row[:n], {}, {}, *row[n:])) for row in driver.fetch(connection, sql, (environment_id,))]


def find_account(connection: Connection, environment_id: int, key: str) -> AccountRow | None:
    """By the vendor's id; a merged account answers as the one it was merged into."""
    sql = "SELECT coalesce(merged_into_id, id) FROM accounts WHERE environment_id = ? AND key = ?"
    rows = driver.fetch(connection, sql, (environment_id, key))
    found = read_accounts(connection, environment_id, [int(rows[0][0])]) if rows else []
    return found[0] if found else None


def _account(row: tuple[Any, ...]) -> AccountRow:
    values = dict(zip(ACCOUNT_COLUMNS, row, strict=True))
    values["add_ons"] = json.loads(values["add_ons"]) if values["add_ons"] is not None else None
    return AccountRow(**values | {"traits": json.loads(values["traits"]), "sources": json.loads(values["sources"])})


def read_entitlements(
    connection: Connection, environment_id: int, ids: Iterable[int]
) -> dict[int, list[tuple[int, str | None, list[str]]]]:
    """{account: [(from day, plan, add-ons)]}, ascending."""
    sql = (
        "SELECT account_id, from_on, plan, add_ons FROM entitlement_history WHERE environment_id = ? AND account_id IN {in} "
        "ORDER BY account_id, from_on"
    )
    found: dict[int, list[tuple[int, str | None, list[str]]]] = {}
    for account, from_on, plan, add_ons in driver.fetch_in(connection, sql, [environment_id], sorted(ids)):
        found.setdefault(account, []).append((from_on, plan, json.loads(add_ons)))
    return found


def read_roles(connection: Connection, environment_id: int, ids: Iterable[int]) -> dict[int, set[str | None]]:
    """{account: roles of its end users}; None stands for people whose role is not known. Internal people are left out."""
    sql = "SELECT DISTINCT account_id, role FROM end_users WHERE environment_id = ? AND internal = 0 AND account_id IN {in}"
    found: dict[int, set[str | None]] = {}
    for account, role in driver.fetch_in(connection, sql, [environment_id], sorted(ids)):
        found.setdefault(account, set()).add(role)
    return found


def read_use_days(connection: Connection, environment_id: int, ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """{account: [(day, bits of ordinals used unguided)]}, ascending."""
    sql = (
        "SELECT account_id, day, bitmap FROM account_day WHERE environment_id = ? AND account_id IN {in} ORDER BY account_id, day"
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for account, day, bitmap in driver.fetch_in(connection, sql, [environment_id], sorted(ids)):
        found.setdefault(account, []).append((day, int.from_bytes(bytes(bitmap), "little")))
    return found


def read_guided_days(connection: Connection, environment_id: int, ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """{account: [(day, ordinal)]} of guided use, read by its own small index."""
    sql = "SELECT DISTINCT account_id, day, ordinal FROM usage WHERE environment_id = ? AND n_guided > 0 AND account_id IN {in}"
    found: dict[int, list[tuple[int, int]]] = {}
    for account, day, ordinal in driver.fetch_in(connection, sql, [environment_id], sorted(ids)):
        found.setdefault(account, []).append((day, ordinal))
    return found


def read_active_people(
    connection: Connection, environment_id: int, ids: Iterable[int], from_day: int
) -> dict[int, dict[int, list[int]]]:
    """{account: {day: end users active}} from a day on; internal people are not in the roll-up."""
    sql = "SELECT account_id, day, end_user_id FROM active_day WHERE environment_id = ? AND day >= ? AND account_id IN {in}"
    found: dict[int, dict[int, list[int]]] = {}
    for account, day, user in driver.fetch_in(connection, sql, [environment_id, from_day], sorted(ids)):
        found.setdefault(account, {}).setdefault(day, []).append(user)
    return found


def read_feature_people(
    connection: Connection, environment_id: int, ids: Iterable[int], ordinals: Iterable[int]
) -> dict[int, dict[int, list[tuple[int, int, int]]]]:
    """{account: {ordinal: [(day, end user, unguided uses)]}} of a few features."""
    sql = (
        "SELECT account_id, ordinal, day, end_user_id, n, days FROM usage "
        "WHERE environment_id = ? AND ordinal = ? AND n > 0 AND account_id IN {in}"
    )
    found: dict[int, dict[int, list[tuple[int, int, int]]]] = {}
    wanted = sorted(ids)
    for ordinal in sorted(set(ordinals)):
        for account, _, first, user, n, days in driver.fetch_in(connection, sql, [environment_id, ordinal], wanted):
            uses = found.setdefault(account, {}).setdefault(ordinal, [])
            uses += [(day, user, n_day) for day, n_day in spread(first, n, days)]
    return found


def read_last_days(connection: Connection, environment_id: int, ids: Iterable[int]) -> dict[int, dict[int, tuple[int, int]]]:
    """{account: {ordinal: (first, last day of unguided use)}}."""
    sql = "SELECT account_id, ordinal, first_day, last_day FROM feature_last WHERE environment_id = ? AND account_id IN {in}"
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for account, ordinal, first, last in driver.fetch_in(connection, sql, [environment_id], sorted(ids)):
        found.setdefault(account, {})[ordinal] = (first, last)
    return found


def read_feature_spans(connection: Connection, environment_id: int, ordinal: int) -> dict[int, tuple[int, int]]:
    """{account: (first, last day of unguided use)} of one feature."""
    sql = "SELECT account_id, first_day, last_day FROM feature_last WHERE environment_id = ? AND ordinal = ?"
    return {int(account): (first, last) for account, first, last in driver.fetch(connection, sql, (environment_id, ordinal))}


def count_accounts_using(
    connection: Connection, environment_id: int, from_day: int, today: int, of: int | None = None
) -> dict[int, int]:
    """{ordinal: accounts with unguided use since that day}, of all features or of one, without those that left before today."""
    only, marks = ("", ()) if of is None else ("AND l.ordinal = ? ", (of,))
    sql = (
        "SELECT l.ordinal, count(*) FROM feature_last l JOIN accounts a ON a.environment_id = l.environment_id "
        "AND a.id = l.account_id WHERE l.environment_id = ? AND l.last_day >= ? AND (a.ended_on IS NULL OR a.ended_on >= ?) "
        f"{only}GROUP BY l.ordinal"
    )
    return {int(o): int(n) for o, n in driver.fetch(connection, sql, (environment_id, from_day, today, *marks))}


def read_event_hours(connection: Connection, environment_id: int, until_hour: int) -> tuple[int, int] | None:
    """(first, last hour since 1970 with any counted event) before `until_hour`; None before the first event ever."""
    sql = "SELECT min(hour), max(hour) FROM rule_hour WHERE environment_id = ? AND ordinal = -1 AND hour < ?"
    first, last = driver.fetch(connection, sql, (environment_id, until_hour))[0]
    return None if first is None else (int(first), int(last))


def read_people(connection: Connection, environment_id: int, account_id: int, from_day: int) -> list[Mapping[str, Any]]:
    """People of one account: key, name, role, last_seen_at, active days and features used since `from_day`; recent first."""
    sql = (
        "SELECT p.id, p.key, p.name, p.email, p.role, p.last_seen_at, p.internal, "
        "(SELECT count(*) FROM active_day a WHERE a.environment_id = p.environment_id AND a.account_id = p.account_id "
        "AND a.day >= ? AND a.end_user_id = p.id) "
        "FROM end_users p WHERE p.environment_id = ? AND p.account_id = ? ORDER BY coalesce(p.last_seen_at, 0) DESC, p.key"
    )
    names = ("id", "key", "name", "email", "role", "last_seen_at", "internal", "active_days")
    return [dict(zip(names, row, strict=True)) for row in driver.fetch(connection, sql, (from_day, environment_id, account_id))]


def count_person_features(connection: Connection, environment_id: int, account_id: int, from_day: int) -> dict[int, set[int]]:
    """{end user: ordinals used unguided since that day} in one account."""
    sql = (
        "SELECT end_user_id, ordinal, day, n, days FROM usage WHERE environment_id = ? AND account_id = ? AND n > 0 "
        "AND day + span > ?"
    )
    found: dict[int, set[int]] = {}
    for user, ordinal, first, n, days in driver.fetch(connection, sql, (environment_id, account_id, from_day)):
        if first >= from_day or any(day >= from_day for day, _ in spread(first, n, days)):
            found.setdefault(user, set()).add(ordinal)
    return found


def list_people_of(connection: Connection, environment_id: int, ids: Iterable[int]) -> set[tuple[int, int | None]]:
    """{(account, end user)} of these accounts."""
    sql = "SELECT account_id, id FROM end_users WHERE environment_id = ? AND account_id IN {in}"
    return {(int(a), int(u)) for a, u in driver.fetch_in(connection, sql, [environment_id], sorted(ids))}
