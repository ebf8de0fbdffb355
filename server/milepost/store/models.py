"""Health models: every published version, and which of them scores."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from milepost.store.tables.scores import health_models


def insert_model(connection: Connection, environment_id: int, **values: Any) -> int:
    """The internal id of a new, immutable version."""
    row = connection.execute(insert(health_models).values(environment_id=environment_id, **values).returning(health_models.c.id))
    return int(row.scalar_one())


def newest_model_version(connection: Connection, environment_id: int, key: str) -> int:
    """0 before the first."""
    query = select(func.coalesce(func.max(health_models.c.version), 0)).where(
        health_models.c.environment_id == environment_id, health_models.c.key == key
    )
    return int(connection.execute(query).scalar_one())


def list_models(connection: Connection, environment_id: int) -> list[RowMapping]:
    """Every version, newest first."""
    query = select(health_models).where(health_models.c.environment_id == environment_id)
    return list(connection.execute(query.order_by(health_models.c.id.desc())).mappings())


def find_model(connection: Connection, environment_id: int, key: str, version: int | None = None) -> RowMapping | None:
    """This version, or the newest of the key."""
    query = select(health_models).where(health_models.c.environment_id == environment_id, health_models.c.key == key)
    if version is not None:
        query = query.where(health_models.c.version == version)
    return connection.execute(query.order_by(health_models.c.version.desc()).limit(1)).mappings().first()


def find_active_model(connection: Connection, environment_id: int) -> RowMapping | None:
    """The version that scores now."""
    query = select(health_models).where(health_models.c.environment_id == environment_id, health_models.c.active == 1)
    return connection.execute(query.order_by(health_models.c.id.desc()).limit(1)).mappings().first()


def activate_model(connection: Connection, environment_id: int, model_id: int, from_on: int) -> None:
    """From this day on this version scores, and no other."""
    mine = health_models.c.environment_id == environment_id
    connection.execute(update(health_models).where(mine).values(active=0))
    connection.execute(update(health_models).where(mine, health_models.c.id == model_id).values(active=1, active_from_on=from_on))
