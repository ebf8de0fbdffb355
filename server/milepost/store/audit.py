"""Who did what: appended, never changed."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, insert, select

from milepost.store.tables.workspaces import audit


def append_audit(
    connection: Connection,
    workspace_id: int,
    *,
    environment_id: int | None,
    at: int,
    actor: str,
    action: str,
    subject: str,
    detail: str = "{}",
) -> None:
    """One line of the log; `detail` is JSON without secrets."""
    connection.execute(
        insert(audit).values(
            workspace_id=workspace_id,
            environment_id=environment_id,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=detail,
        )
    )


def list_audit(
    connection: Connection, workspace_id: int, before_id: int | None, limit: int, *, actor: str = "", action: str = ""
) -> list[RowMapping]:
    """Newest first, `limit` lines below `before_id`; of one actor or one action where they are named."""
    query = select(audit).where(audit.c.workspace_id == workspace_id)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    if actor:
        query = query.where(audit.c.actor == actor)
    if action:
        query = query.where(audit.c.action == action)
    return list(connection.execute(query.order_by(audit.c.id.desc()).limit(limit)).mappings())


def list_actions(connection: Connection, workspace_id: int) -> list[str]:
    """Every kind of act the log holds, by name."""
    query = select(audit.c.action).where(audit.c.workspace_id == workspace_id).distinct().order_by(audit.c.action)
    return [str(action) for action in connection.execute(query).scalars()]


def find_last_act(
    connection: Connection, workspace_id: int, environment_id: int, subject: str, actions: Collection[str]
) -> RowMapping | None:
    """The newest line of these actions about this subject of one environment."""
    c = audit.c
    query = select(audit).where(c.workspace_id == workspace_id, c.environment_id == environment_id, c.subject == subject)
    return connection.execute(query.where(c.action.in_(actions)).order_by(c.id.desc()).limit(1)).mappings().first()
