"""One line in the audit log, in the transaction of what it tells of."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.tenant import Tenant
from milepost.store.audit import append_audit


@dataclass(frozen=True)
class Doer:
    """Who does it: the public id that is written down, and a member's address."""

    public_id: str
    email: str | None = None


def record(
    connection: Connection,
    workspace_id: int,
    *,
    now: int,
    actor: str,
    action: str,
    subject: str,
    environment_id: int | None = None,
    **detail: Any,
) -> None:
    """`actor` is a member's or key's public id; `detail` must hold no secret."""
    append_audit(
        connection,
        workspace_id,
        environment_id=environment_id,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        detail=json.dumps(detail, ensure_ascii=False),
    )


def note(connection: Connection, tenant: Tenant, action: str, subject: str, by: Doer, now: int) -> None:
    """What somebody did in an environment, without more to say of it."""
    record(connection, tenant.workspace_id, now=now, actor=by.public_id, action=action, subject=subject, environment_id=tenant.id)
