"""Roll-ups, added in the transaction of the rows they count."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from milepost.store import driver
from milepost.store.engine import is_sqlite

UsageKey = tuple[int, int, int, int]  # account, ordinal, day, end user


def add_usage(connection: Connection, environment_id: int, counts: Mapping[UsageKey, Sequence[int]]) -> None:
    """{key: (unguided, guided)} is added to what is there."""
    driver.write_rows(
        connection,
        "environment_id, account_id, ordinal, day, end_user_id, n, n_guided",
        "INSERT INTO usage (environment_id, account_id, ordinal, day, end_user_id, span, n, n_guided) "
        "SELECT environment_id, account_id, ordinal, day, end_user_id, 1, n, n_guided FROM v WHERE true "
        "ON CONFLICT (environment_id, account_id, ordinal, day, end_user_id) "
        "DO UPDATE SET n = usage.n + excluded.n, n_guided = usage.n_guided + excluded.n_guided",
        [(environment_id, *key, *counts[key]) for key in sorted(counts)],
    )


def widen_feature_last(connection: Connection, environment_id: int, spans: Mapping[tuple[int, int], tuple[int, int]]) -> None:
    """{(account, ordinal): (first, last)} of unguided use widens what is there."""
    least, most = ("min", "max") if is_sqlite(connection) else ("least", "greatest")
    driver.write_rows(
        connection,
        "environment_id, account_id, ordinal, first_day, last_day",
        "INSERT INTO feature_last (environment_id, account_id, ordinal, first_day, last_day) "
        "SELECT environment_id, account_id, ordinal, first_day, last_day FROM v WHERE true "
        "ON CONFLICT (environment_id, account_id, ordinal) DO UPDATE SET "
        f"first_day = {least}(feature_last.first_day, excluded.first_day), "
        f"last_day = {most}(feature_last.last_day, excluded.last_day)",
        [(environment_id, *key, first, last) for key, (first, last) in sorted(spans.items())],
    )


def add_active_days(connection: Connection, environment_id: int, days: Iterable[tuple[int, int, int]]) -> None:
    """(account, day, end user), each once for ever."""
    driver.write_rows(
        connection,
        "environment_id, account_id, day, end_user_id",
        "INSERT INTO active_day (environment_id, account_id, day, end_user_id) "
        "SELECT environment_id, account_id, day, end_user_id FROM v WHERE true ON CONFLICT DO NOTHING",
        [(environment_id, *row) for row in sorted(days)],
    )


def add_account_days(connection: Connection, environment_id: int, bits: Mapping[tuple[int, int], int]) -> None:
    """{(account, day): bits of ordinals used unguided} is or-ed into the bitmaps that are there."""
    if not bits:
        return
    keys = sorted(bits)
    pairs = [(environment_id, *key) for key in keys]
    locked = ""
    if not is_sqlite(connection):  # several writers: make the row first, then lock it
        driver.write_rows(
            connection,
            "environment_id, account_id, day",
            "INSERT INTO account_day (environment_id, account_id, day, bitmap) "
            "SELECT environment_id, account_id, day, ''::bytea FROM v WHERE true ON CONFLICT DO NOTHING",
            pairs,
        )
        locked = " FOR UPDATE OF d"
    found = driver.fetch_rows(
        connection,
        "environment_id, account_id, day",
        "SELECT d.account_id, d.day, d.bitmap FROM v CROSS JOIN account_day d WHERE d.environment_id = v.environment_id "
        f"AND d.account_id = v.account_id AND d.day = v.day ORDER BY d.account_id, d.day{locked}",
        pairs,
    )
    held = {(account, day): int.from_bytes(bytes(bitmap), "little") for account, day, bitmap in found}
    rows = []
    for key in keys:
        merged = held.get(key, 0) | bits[key]
        if merged != held.get(key):
            rows.append((environment_id, *key, merged.to_bytes((merged.bit_length() + 7) // 8, "little")))
    driver.write_rows(
        connection,
        "environment_id, account_id, day, bitmap bytea",
        "INSERT INTO account_day (environment_id, account_id, day, bitmap) "
        "SELECT environment_id, account_id, day, bitmap FROM v WHERE true "
        "ON CONFLICT (environment_id, account_id, day) DO UPDATE SET bitmap = excluded.bitmap",
        rows,
    )


def add_rule_hours(connection: Connection, environment_id: int, counts: Mapping[tuple[int, int], int]) -> None:
    """{(hour, ordinal): uses} is added; ordinal −1 counts every event."""
    driver.write_rows(
        connection,
        "environment_id, hour, ordinal, n",
        "INSERT INTO rule_hour (environment_id, hour, ordinal, n) SELECT environment_id, hour, ordinal, n FROM v WHERE true "
        "ON CONFLICT (environment_id, hour, ordinal) DO UPDATE SET n = rule_hour.n + excluded.n",
        [(environment_id, *key, n) for key, n in sorted(counts.items())],
    )


def add_reach(connection: Connection, environment_id: int, days: Mapping[int, Sequence[int]]) -> None:
    """{day: (matched, total)} views and events."""
    driver.write_rows(
        connection,
        "environment_id, day, matched, total",
        "INSERT INTO reach_day (environment_id, day, matched, total) "
        "SELECT environment_id, day, matched, total FROM v WHERE true "
        "ON CONFLICT (environment_id, day) DO UPDATE SET matched = reach_day.matched + excluded.matched, "
        "total = reach_day.total + excluded.total",
        [(environment_id, day, m, t) for day, (m, t) in sorted(days.items())],
    )


def add_unmatched(connection: Connection, environment_id: int, names: Mapping[tuple[str, str], int], now: int) -> None:
    """{(event | page, name): count} for the inbox."""
    driver.write_rows(
        connection,
        "environment_id, kind text, name text, n, first_at, last_at",
        "INSERT INTO unmatched (environment_id, kind, name, n, first_at, last_at) "
        "SELECT environment_id, kind, name, n, first_at, last_at FROM v WHERE true "
        "ON CONFLICT (environment_id, kind, name) "
        "DO UPDATE SET n = unmatched.n + excluded.n, last_at = excluded.last_at",
        [(environment_id, kind, name, n, now, now) for (kind, name), n in sorted(names.items())],
    )


def count_unmatched_names(connection: Connection, environment_id: int) -> int:
    """How many names the inbox holds."""
    return int(driver.fetch(connection, "SELECT count(*) FROM unmatched WHERE environment_id = ?", (environment_id,))[0][0])


def is_listed(connection: Connection, environment_id: int, kind: str, name: str) -> bool:
    """Does the inbox hold this name?"""
    sql = "SELECT 1 FROM unmatched WHERE environment_id = ? AND kind = ? AND name = ?"
    return bool(driver.fetch(connection, sql, (environment_id, kind, name)))


def mark_dirty(connection: Connection, environment_id: int, accounts: Iterable[int], now: int) -> None:
    """These accounts' live rows must be worked out again; the number moves on with every mark, so none is ever lost."""
    driver.write_rows(
        connection,
        "environment_id, account_id, since_at",
        "INSERT INTO dirty_accounts (environment_id, account_id, since_at) "
        "SELECT environment_id, account_id, since_at FROM v WHERE true "
        "ON CONFLICT (environment_id, account_id) DO UPDATE SET since_at = dirty_accounts.since_at + 1",
        [(environment_id, account, now) for account in sorted(accounts)],
    )


def prove_features(connection: Connection, environment_id: int, ordinals: Iterable[int], now: int) -> None:
    """The rules of these features have matched for the first time."""
    driver.execute_many(
        connection,
        "UPDATE features SET proven_at = ? WHERE environment_id = ? AND ordinal = ? AND proven_at IS NULL",
        [(now, environment_id, ordinal) for ordinal in sorted(ordinals)],
    )


def touch_accounts(connection: Connection, environment_id: int, days: Mapping[int, tuple[int, int]]) -> None:
    """{account: (first, last day)} of any event."""
    least, most = ("min", "max") if is_sqlite(connection) else ("least", "greatest")
    driver.write_rows(
        connection,
        "environment_id, account_id, first_day, last_day",
        f"UPDATE accounts SET first_event_on = {least}(coalesce(first_event_on, v.first_day), v.first_day), "
        f"last_event_on = {most}(coalesce(last_event_on, v.last_day), v.last_day) "
        "FROM v WHERE accounts.environment_id = v.environment_id AND accounts.id = v.account_id",
        [(environment_id, account, *span) for account, span in sorted(days.items())],
    )


def clear_rollups(connection: Connection, environment_id: int, from_day: int) -> None:
    """Empties what `rebuild` adds again, from a day on; `feature_last` is worked out whole, see below."""
    for name in ("usage", "active_day", "account_day", "reach_day"):
        driver.execute(connection, f"DELETE FROM {name} WHERE environment_id = ? AND day >= ?", (environment_id, from_day))
    driver.execute(connection, "DELETE FROM rule_hour WHERE environment_id = ? AND hour >= ?", (environment_id, from_day * 24))
    driver.execute(connection, "DELETE FROM feature_last WHERE environment_id = ?", (environment_id,))


def restore_feature_last(connection: Connection, environment_id: int, before_day: int) -> None:
    """First and last unguided day of each (account, feature) from the bitmaps that were taken as given."""
    sql = "SELECT account_id, day, bitmap FROM account_day WHERE environment_id = ? AND day < ?"
    widen_feature_last(connection, environment_id, find_spans(driver.fetch(connection, sql, (environment_id, before_day))))


def find_spans(rows: Iterable[tuple[int, int, bytes]]) -> dict[tuple[int, int], tuple[int, int]]:
    """{(account, ordinal): (first, last day)} of rows of `account_day`: (account, day, bitmap)."""
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for account, day, bitmap in rows:
        bits = int.from_bytes(bytes(bitmap), "little")
        while bits:
            key = (account, (bits & -bits).bit_length() - 1)
            first, last = spans.get(key, (day, day))
            spans[key] = (min(first, day), max(last, day))
            bits &= bits - 1
    return spans


def mark_all_dirty(connection: Connection, environment_id: int, now: int) -> None:
    """Every account's live row must be worked out again."""
    driver.execute(
        connection,
        "INSERT INTO dirty_accounts (environment_id, account_id, since_at) "
        "SELECT environment_id, id, ? FROM accounts WHERE environment_id = ? "
        "ON CONFLICT (environment_id, account_id) DO UPDATE SET since_at = dirty_accounts.since_at + 1",
        (now, environment_id),
    )
