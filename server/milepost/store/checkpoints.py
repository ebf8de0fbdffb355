"""Who reached which checkpoint, and when: once per account and once per end user."""

from collections.abc import Iterable

from sqlalchemy import Connection

from milepost.store import driver

Reached = tuple[int, str, int]  # checkpoint, account | end_user, internal id


def list_reached_by(connection: Connection, environment_id: int, subject: str, ids: Iterable[int]) -> set[tuple[int, int]]:
    """{(checkpoint, subject id)} of these accounts or end users."""
    sql = (
        "SELECT checkpoint_id, subject_id FROM checkpoint_reached WHERE environment_id = ? AND subject = ? AND subject_id IN {in}"
    )
    return {(int(c), int(s)) for c, s in driver.fetch_in(connection, sql, [environment_id, subject], sorted(ids))}


def list_keys_reached(connection: Connection, environment_id: int, account_id: int | None, end_user_id: int) -> set[str]:
    """Keys of checkpoints that this person or their account has reached."""
    sql = (
        "SELECT DISTINCT c.key FROM checkpoint_reached r JOIN checkpoints c ON c.environment_id = r.environment_id "
        "AND c.id = r.checkpoint_id WHERE r.environment_id = ? AND ((r.subject = 'end_user' AND r.subject_id = ?) "
        "OR (r.subject = 'account' AND r.subject_id = ?))"
    )
    return {str(key) for (key,) in driver.fetch(connection, sql, (environment_id, end_user_id, account_id or 0))}


def add_reached(connection: Connection, environment_id: int, rows: Iterable[tuple[int, str, int, int, int]]) -> None:
    """(checkpoint, subject, subject id, instant, catalogue version): the first time stands."""
    driver.execute_many(
        connection,
        "INSERT INTO checkpoint_reached (environment_id, checkpoint_id, subject, subject_id, reached_at, catalogue_version) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(environment_id, *row) for row in sorted(rows)],
    )


def read_activations(connection: Connection, environment_id: int, account_ids: Iterable[int]) -> dict[int, int]:
    """{account: instant at which it reached the activation checkpoint}."""
    sql = (
        "SELECT r.subject_id, r.reached_at FROM checkpoint_reached r JOIN checkpoints c "
        "ON c.environment_id = r.environment_id AND c.id = r.checkpoint_id "
        "WHERE r.environment_id = ? AND r.subject = 'account' AND c.is_activation = 1 AND c.retired_at IS NULL "
        "AND r.subject_id IN {in}"
    )
    return {int(a): int(at) for a, at in driver.fetch_in(connection, sql, [environment_id], sorted(account_ids))}


def retire_checkpoint(connection: Connection, environment_id: int, key: str, now: int) -> int:
    """How many changed: 0 when there is none in force."""
    sql = "UPDATE checkpoints SET retired_at = ?, is_activation = 0 WHERE environment_id = ? AND key = ? AND retired_at IS NULL"
    return driver.execute(connection, sql, (now, environment_id, key))


def forget_reached(connection: Connection, environment_id: int, checkpoint_id: int) -> None:
    """The condition changed: who reached it is worked out again."""
    sql = "DELETE FROM checkpoint_reached WHERE environment_id = ? AND checkpoint_id = ?"
    driver.execute(connection, sql, (environment_id, checkpoint_id))
