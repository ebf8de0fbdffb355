"""The lock that lets one process of several run the jobs (PostgreSQL)."""

from sqlalchemy import Connection, text

JOB_LOCK = 0x6D696C65706F7374  # "milepost"


def take_job_lock(connection: Connection) -> bool:
    """True when this session holds it from now on; it is let go when the connection is really closed."""
    return bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": JOB_LOCK}).scalar())


def holds_job_lock(connection: Connection) -> bool:
    """Asks the server, so that a connection that died is found out; raises what the database raises."""
    sql = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted "
        "AND (classid::bigint << 32 | objid::bigint) = :key"
    )
    return bool(connection.execute(text(sql), {"key": JOB_LOCK}).scalar())
