"""Write keys, secret keys and identity secrets of environments."""

from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from milepost.store.tables.workspaces import environments, identity_secrets, keys


def insert_key(connection: Connection, workspace_id: int, environment_id: int, **values: Any) -> None:
    """A new key; `key_hash` is what is looked up, `shown` only for public keys."""
    connection.execute(insert(keys).values(workspace_id=workspace_id, environment_id=environment_id, **values))


def find_key(connection: Connection, key_hash: str) -> RowMapping | None:
    """The key behind a hash and its environment's time zone, whatever its tenant: the credential names the tenant."""
    query = select(keys, environments.c.time_zone).join(environments, environments.c.id == keys.c.environment_id)
    return connection.execute(query.where(keys.c.key_hash == key_hash)).mappings().first()


def list_keys(connection: Connection, workspace_id: int, environment_id: int) -> list[RowMapping]:
    """Every key of the environment, newest first, revoked ones too."""
    query = select(keys).where(keys.c.workspace_id == workspace_id, keys.c.environment_id == environment_id)
    return list(connection.execute(query.order_by(keys.c.id.desc())).mappings())


def read_labels(connection: Connection, workspace_id: int) -> dict[str, str]:
    """{public id: label, else `sk_…` and the last four characters} of every key the workspace ever had."""
    query = select(keys.c.public_id, keys.c.label, keys.c.kind, keys.c.hint).where(keys.c.workspace_id == workspace_id)
    return {public_id: label or f"{kind}_…{hint}" for public_id, label, kind, hint in connection.execute(query)}


def update_key(connection: Connection, workspace_id: int, public_id: str, **values: Any) -> RowMapping | None:
    """The changed key; None when this workspace has no such key."""
    statement = update(keys).where(keys.c.workspace_id == workspace_id, keys.c.public_id == public_id)
    return connection.execute(statement.values(**values).returning(keys)).mappings().first()


def insert_identity_secret(connection: Connection, workspace_id: int, environment_id: int, **values: Any) -> None:
    """A new signing secret, sealed."""
    connection.execute(insert(identity_secrets).values(workspace_id=workspace_id, environment_id=environment_id, **values))


def list_identity_secrets(connection: Connection, environment_id: int, now: int) -> list[RowMapping]:
    """Secrets that still verify, newest first."""
    query = select(identity_secrets).where(
        identity_secrets.c.environment_id == environment_id,
        identity_secrets.c.retired_at.is_(None) | (identity_secrets.c.retired_at > now),
    )
    return list(connection.execute(query.order_by(identity_secrets.c.id.desc())).mappings())


def retire_identity_secrets(connection: Connection, environment_id: int, at: int) -> None:
    """Every secret in force stops verifying at `at`."""
    connection.execute(
        update(identity_secrets)
        .where(identity_secrets.c.environment_id == environment_id, identity_secrets.c.retired_at.is_(None))
        .values(retired_at=at)
    )


def touch_key(connection: Connection, workspace_id: int, public_id: str, day: int) -> None:
    """The key was used on this day (days since 1970, UTC)."""
    connection.execute(
        update(keys).where(keys.c.workspace_id == workspace_id, keys.c.public_id == public_id).values(last_used_on=day)
    )
