"""What arrived lately, and what the set-up list counts; each read is small whatever has come in before."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.people_search import find_account_key

UNTIMED_LOOKED_AT = 1_000
FIRST_TIMED = (1).to_bytes(6, "big")
_COLUMNS = "type, name, at, received_at, end_user_id, account_id, verified, excluded, body"


class ArrivalRow(NamedTuple):
    """One stored event, as far as the set-up pages look at it."""

    type: str
    name: str | None
    at: int
    received_at: int
    end_user_id: int | None
    account_id: int | None
    verified: int
    excluded: str | None
    body: str | None


def read_latest_events(connection: Connection, environment_id: int, since_ms: int, limit: int) -> list[ArrivalRow]:
    """Events sent since then, newest first by receive time; those without a time of their own among them."""
    sql = f"SELECT {_COLUMNS} FROM events WHERE environment_id = ? AND key >= ? ORDER BY key DESC LIMIT ?"
    timed = driver.fetch(connection, sql, (environment_id, since_ms.to_bytes(6, "big"), limit))
    sql = f"SELECT {_COLUMNS} FROM events WHERE environment_id = ? AND key < ? LIMIT ?"
    untimed = driver.fetch(connection, sql, (environment_id, FIRST_TIMED, UNTIMED_LOOKED_AT))
    rows = [ArrivalRow(*row) for row in (*timed, *untimed)]
    rows.sort(key=lambda row: -row.received_at)
    return [row for row in rows if row.received_at >= since_ms][:limit]


def has_events(connection: Connection, environment_id: int) -> bool:
    """Whether anything was ever stored."""
    return bool(driver.fetch(connection, "SELECT 1 FROM events WHERE environment_id = ? LIMIT 1", (environment_id,)))


def count_known_plans(connection: Connection, environment_id: int) -> tuple[int, int]:
    """(accounts whose plan is known, all accounts), merged ones left out."""
    sql = "SELECT count(plan), count(*) FROM accounts WHERE environment_id = ? AND merged_into_id IS NULL"
    known, everyone = driver.fetch(connection, sql, (environment_id,))[0]
    return int(known), int(everyone)


def count_scored(connection: Connection, environment_id: int) -> tuple[int, int]:
    """(accounts with a health score now, accounts with a live row)."""
    sql = "SELECT count(score), count(*) FROM live_scores WHERE environment_id = ?"
    scored, everyone = driver.fetch(connection, sql, (environment_id,))[0]
    return int(scored), int(everyone)


def count_refused_since(connection: Connection, environment_id: int, since_ms: int) -> list[tuple[str, int]]:
    """(reason, refused rows not replayed yet) received since then, most first."""
    sql = (
        "SELECT reason, count(*) FROM bad_rows WHERE environment_id = ? AND received_at >= ? AND replayed_at IS NULL "
        "GROUP BY reason ORDER BY 2 DESC, 1"
    )
    return [(str(reason), int(n)) for reason, n in driver.fetch(connection, sql, (environment_id, since_ms))]


def count_unsigned_since(connection: Connection, environment_id: int, since_ms: int) -> int:
    """Stored events sent since then that do not count because nobody signed for them."""
    sql = "SELECT count(*) FROM events WHERE environment_id = ? AND key >= ? AND excluded = 'unsigned'"
    values: tuple[Any, ...] = (environment_id, since_ms.to_bytes(6, "big"))
    return int(driver.fetch(connection, sql, values)[0][0])


def read_person_and_account(
    connection: Connection, environment_id: int, end_user_id: int | None, account_id: int | None
) -> tuple[str | None, str | None]:
    """(the person's id, the account's id) as the vendor calls them."""
    person = driver.fetch(
        connection, "SELECT key FROM end_users WHERE environment_id = ? AND id = ?", (environment_id, end_user_id)
    )
    return (str(person[0][0]) if person else None, find_account_key(connection, environment_id, account_id))
