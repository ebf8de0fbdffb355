"""Resources: what the resource centre offers."""

from sqlalchemy import Connection

from milepost.store import driver


def list_resources(connection: Connection, environment_id: int) -> dict[str, str]:
    """{key: JSON}, in the order of keys."""
    sql = "SELECT key, document FROM resources WHERE environment_id = ? ORDER BY key"
    return {str(key): str(document) for key, document in driver.fetch(connection, sql, (environment_id,))}


def find_resource(connection: Connection, environment_id: int, key: str) -> str | None:
    """Its JSON."""
    sql = "SELECT document FROM resources WHERE environment_id = ? AND key = ?"
    rows = driver.fetch(connection, sql, (environment_id, key))
    return str(rows[0][0]) if rows else None


def save_resource(connection: Connection, environment_id: int, key: str, document: str, now: int) -> None:
    """Makes or changes one."""
    driver.execute(
        connection,
        "INSERT INTO resources (environment_id, key, document, updated_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (environment_id, key) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at",
        (environment_id, key, document, now),
    )


def delete_resource(connection: Connection, environment_id: int, key: str) -> int:
    """How many went: 0 when there is none."""
    return driver.execute(connection, "DELETE FROM resources WHERE environment_id = ? AND key = ?", (environment_id, key))
