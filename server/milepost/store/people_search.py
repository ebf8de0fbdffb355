"""Finds end users for people who only half know who they look for."""

from typing import NamedTuple

from sqlalchemy import Connection

from milepost.store import driver


class Found(NamedTuple):
    """An end user and the account they were last seen in, by the vendor's ids."""

    key: str
    name: str | None
    email: str | None
    account: str | None


def search_people(connection: Connection, environment_id: int, text: str, limit: int) -> list[Found]:
    """Whose id is the text, then whose id, e-mail or name begins with it, last seen first."""
    pattern = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    sql = (
        "SELECT u.key, u.name, u.email, a.key FROM end_users u LEFT JOIN accounts a "
        "ON a.environment_id = u.environment_id AND a.id = u.account_id WHERE u.environment_id = ? AND (u.key = ? "
        "OR lower(u.key) LIKE ? ESCAPE '\\' OR lower(u.email) LIKE ? ESCAPE '\\' OR lower(u.name) LIKE ? ESCAPE '\\') "
        "ORDER BY CASE WHEN u.key = ? THEN 0 ELSE 1 END, coalesce(u.last_seen_at, 0) DESC, u.id LIMIT ?"
    )
    return [Found(*row) for row in driver.fetch(connection, sql, (environment_id, text, *[pattern] * 3, text, limit))]


def find_account_key(connection: Connection, environment_id: int, account_id: int | None) -> str | None:
    """The vendor's id of an account."""
    if account_id is None:
        return None
    rows = driver.fetch(connection, "SELECT key FROM accounts WHERE environment_id = ? AND id = ?", (environment_id, account_id))
    return str(rows[0][0]) if rows else None
