"""The lock that lets one process of several run the jobs (PostgreSQL)."""

from sqlalchemy import Connection, text

JOB_LOCK = 0x6D696C65706F7374  # "milepost"


def take_job_lock(connection: Connection) -> bool:
    """True when this session holds it from now on; it is let go when the connection is really closed."""
    return bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": JOB_LOCK}).scalar())


def release_job_lock(connection: Connection) -> None:
    """Lets another process work."""
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": JOB_LOCK})
