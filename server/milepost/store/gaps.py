"""Which published guide closes which gap."""

from sqlalchemy import Connection

from milepost.store import driver


def list_guides_for_gaps(connection: Connection, environment_id: int) -> list[tuple[str, str, int]]:
    """(guide key, guide name, ordinal of its goal feature) of published guides."""
    sql = (
        "SELECT g.key, g.name, f.ordinal FROM guides g JOIN features f ON f.environment_id = g.environment_id "
        "AND f.key = g.goal_feature WHERE g.environment_id = ? AND g.status = 'published' ORDER BY g.id"
    )
    return [(key, name, int(ordinal)) for key, name, ordinal in driver.fetch(connection, sql, (environment_id,))]
