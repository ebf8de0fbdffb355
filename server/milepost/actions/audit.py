"""One line in the audit log, in the transaction of what it tells of."""

import json
from typing import Any

from sqlalchemy import Connection

from milepost.store.audit import append_audit


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
