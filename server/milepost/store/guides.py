"""Guides and their frozen versions."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from milepost.store import driver
from milepost.store.tables.guides import guide_themes, guide_versions, guides


def list_guides(connection: Connection, environment_id: int) -> list[RowMapping]:
    """Every guide, the retired too, newest change first."""
    query = select(guides).where(guides.c.environment_id == environment_id)
    return list(connection.execute(query.order_by(guides.c.updated_at.desc(), guides.c.id)).mappings())


def find_guide(connection: Connection, environment_id: int, name: str) -> RowMapping | None:
    """By key or public id."""
    query = select(guides).where(guides.c.environment_id == environment_id, (guides.c.key == name) | (guides.c.public_id == name))
    return connection.execute(query).mappings().first()


def find_guide_by_id(connection: Connection, environment_id: int, guide_id: int) -> RowMapping | None:
    """By its internal id."""
    query = select(guides).where(guides.c.environment_id == environment_id, guides.c.id == guide_id)
    return connection.execute(query).mappings().first()


def find_guide_by_key(connection: Connection, environment_id: int, key: str) -> RowMapping | None:
    """By key alone: a document never names a public id."""
    query = select(guides).where(guides.c.environment_id == environment_id, guides.c.key == key)
    return connection.execute(query).mappings().first()


def insert_guide(connection: Connection, environment_id: int, **values: Any) -> int:
    """The new guide's internal id."""
    row = connection.execute(insert(guides).values(environment_id=environment_id, **values).returning(guides.c.id))
    return int(row.scalar_one())


def update_guide(connection: Connection, environment_id: int, guide_id: int, **values: Any) -> None:
    """Changes columns of one guide."""
    mine = (guides.c.environment_id == environment_id) & (guides.c.id == guide_id)
    connection.execute(update(guides).where(mine).values(**values))


def insert_version(connection: Connection, environment_id: int, guide_id: int, **values: Any) -> None:
    """A frozen version; it is never changed."""
    connection.execute(insert(guide_versions).values(environment_id=environment_id, guide_id=guide_id, **values))


def newest_version(connection: Connection, environment_id: int, guide_id: int) -> int:
    """0 before the first publication."""
    c = guide_versions.c
    query = select(func.coalesce(func.max(c.version), 0)).where(c.environment_id == environment_id, c.guide_id == guide_id)
    return int(connection.execute(query).scalar_one())


def list_versions(connection: Connection, environment_id: int, guide_id: int) -> list[RowMapping]:
    """Newest first, with the documents."""
    c = guide_versions.c
    query = select(guide_versions).where(c.environment_id == environment_id, c.guide_id == guide_id)
    return list(connection.execute(query.order_by(c.version.desc())).mappings())


def find_version(connection: Connection, environment_id: int, guide_id: int, version: int) -> RowMapping | None:
    """One frozen version."""
    c = guide_versions.c
    query = select(guide_versions).where(c.environment_id == environment_id, c.guide_id == guide_id, c.version == version)
    return connection.execute(query).mappings().first()


def list_published(connection: Connection, environment_id: int) -> list[RowMapping]:
    """(guide_id, public_id, key, version, document) of every guide on air."""
    c = guide_versions.c
    join = (guides.c.environment_id == c.environment_id) & (guides.c.id == c.guide_id) & (guides.c.current_version == c.version)
    query = (
        select(guides.c.id.label("guide_id"), guides.c.public_id, guides.c.key, c.version, c.document)
        .join(guide_versions, join)
        .where(guides.c.environment_id == environment_id, guides.c.status == "published")
    )
    return list(connection.execute(query.order_by(guides.c.id)).mappings())


def list_finished_keys(connection: Connection, environment_id: int, end_user_id: int) -> set[str]:
    """Keys of guides that a person finished."""
    sql = (
        "SELECT g.key FROM guide_states s JOIN guides g ON g.environment_id = s.environment_id AND g.id = s.guide_id "
        "WHERE s.environment_id = ? AND s.end_user_id = ? AND s.state = 'finished'"
    )
    return {str(key) for (key,) in driver.fetch(connection, sql, (environment_id, end_user_id))}


def list_themes(connection: Connection, environment_id: int) -> dict[str, str]:
    """{key: JSON}."""
    query = select(guide_themes).where(guide_themes.c.environment_id == environment_id)
    return {row.key: row.document for row in connection.execute(query)}


def save_theme(connection: Connection, environment_id: int, key: str, document: str) -> None:
    """Makes or changes one theme; `document` is JSON."""
    driver.execute(
        connection,
        "INSERT INTO guide_themes (environment_id, key, document) VALUES (?, ?, ?) "
        "ON CONFLICT (environment_id, key) DO UPDATE SET document = excluded.document",
        (environment_id, key, document),
    )
