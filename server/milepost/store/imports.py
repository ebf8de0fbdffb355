"""How far the import of a file has come, by a hash of the file and of how it is read."""

from sqlalchemy import Connection

from milepost.store import driver


def start_import(connection: Connection, environment_id: int, digest: str, name: str, now: int) -> tuple[int, int, bool]:
    """(id, lines already in, finished before?) of this file."""
    driver.execute(
        connection,
        "INSERT INTO imports (environment_id, file_hash, name, started_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (environment_id, file_hash) DO NOTHING",
        (environment_id, digest, name, now),
    )
    sql = 'SELECT id, "offset", finished_at FROM imports WHERE environment_id = ? AND file_hash = ?'
    import_id, offset, finished_at = driver.fetch(connection, sql, (environment_id, digest))[0]
    return int(import_id), int(offset), finished_at is not None


def save_offset(connection: Connection, environment_id: int, import_id: int, offset: int) -> None:
    """So many lines are committed."""
    sql = 'UPDATE imports SET "offset" = ? WHERE environment_id = ? AND id = ?'
    driver.execute(connection, sql, (offset, environment_id, import_id))


def finish_import(connection: Connection, environment_id: int, import_id: int, now: int) -> None:
    """The whole file is in; should it come again, it is read from its start and counts nothing twice."""
    sql = 'UPDATE imports SET finished_at = ?, "offset" = 0 WHERE environment_id = ? AND id = ?'
    driver.execute(connection, sql, (now, environment_id, import_id))
