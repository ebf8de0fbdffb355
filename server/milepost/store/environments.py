"""Environments of a workspace and the generation that every cache hangs on."""

from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import NoResultFound

from milepost.store import driver
from milepost.store.tables.workspaces import environments


def insert_environment(
    connection: Connection, workspace_id: int, *, public_id: str, key: str, name: str, time_zone: str, now: int
) -> int:
    """The internal id of the new environment."""
    row = connection.execute(
        insert(environments)
        .values(workspace_id=workspace_id, public_id=public_id, key=key, name=name, time_zone=time_zone, created_at=now)
        .returning(environments.c.id)
    )
    return int(row.scalar_one())


def list_environments(connection: Connection, workspace_id: int) -> list[RowMapping]:
    """Every environment of the workspace, oldest first."""
    query = select(environments).where(environments.c.workspace_id == workspace_id).order_by(environments.c.id)
    return list(connection.execute(query).mappings())


def find_environment(connection: Connection, workspace_id: int, key: str) -> RowMapping | None:
    """By the key that stands in links, or by public id; None when the workspace has none such."""
    query = select(environments).where(
        environments.c.workspace_id == workspace_id, (environments.c.key == key) | (environments.c.public_id == key)
    )
    return connection.execute(query).mappings().first()


def read_environment(connection: Connection, environment_id: int) -> RowMapping:
    """The row itself; the id comes from a credential."""
    return connection.execute(select(environments).where(environments.c.id == environment_id)).mappings().one()


def read_all_environments(connection: Connection) -> list[RowMapping]:
    """Every environment of the installation: for jobs, which carry each row's tenant on."""
    return list(connection.execute(select(environments).order_by(environments.c.id)).mappings())


def read_generations(connection: Connection) -> dict[int, int]:
    """{environment id: generation} of the installation, for the caches of this process."""
    return {int(r.id): int(r.generation) for r in connection.execute(select(environments.c.id, environments.c.generation))}


def read_generation(connection: Connection, environment_id: int) -> int:
    """The number every cache of the environment hangs on."""
    rows = driver.fetch(connection, "SELECT generation FROM environments WHERE id = ?", (environment_id,))
    if not rows:
        raise NoResultFound(f"there is no environment {environment_id}")
    return int(rows[0][0])


def raise_generation(connection: Connection, environment_id: int) -> None:
    """Says to every cache that something changed; in the transaction of the change."""
    connection.execute(
        update(environments).where(environments.c.id == environment_id).values(generation=environments.c.generation + 1)
    )


def update_environment(connection: Connection, environment_id: int, **values: Any) -> None:
    """Changes columns and raises the generation."""
    connection.execute(update(environments).where(environments.c.id == environment_id).values(**values))
    raise_generation(connection, environment_id)
