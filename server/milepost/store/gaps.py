"""Which published guide closes which gap."""

from sqlalchemy import Connection

from milepost.store import driver


def list_guides_for_gaps(connection: Connection, environment_id: int) -> list[tuple[str, str, int, str, bool]]:
    """(guide key, guide name, ordinal and key of its goal feature, whether that is core) of published guides."""
    sql = (
        "SELECT g.key, g.name, f.ordinal, f.key, f.core FROM guides g JOIN features f ON f.environment_id = g.environment_id "
        "AND f.key = g.goal_feature WHERE g.environment_id = ? AND g.status = 'published' ORDER BY g.id"
    )
    return [
        (key, name, int(o), feature, bool(core))
        for key, name, o, feature, core in driver.fetch(connection, sql, (environment_id,))
    ]
