"""How far people got, written in the transaction of the events that say so."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from milepost.actions.intake_group import Counted
from milepost.actions.tenant import Tenant
from milepost.rules.choose import LATER_MS
from milepost.store import runs as run_store

CLOSING = {"finished": "finished", "dismissed": "dismissed"}
REASONS = frozenset({"closed", "later", "never", "no_tips"})


def follow_guides(connection: Connection, tenant: Tenant, counted: Sequence[Counted], now: int) -> None:  # noqa: ARG001
    """Applies every `$guide` event of a known person; unknown runs and other people's runs change nothing."""
    for item in counted:
        reading = item.reading
        if reading.name == "$guide" and reading.type == "track" and item.end_user_id is not None and item.excluded != "unsigned":
            _apply(connection, tenant.id, item.end_user_id, reading.properties, reading.at)


def _apply(connection: Connection, environment_id: int, end_user_id: int, properties: dict[str, Any], at: int) -> None:
    run, what = properties.get("run"), properties.get("what")
    held = run_store.find_run(connection, environment_id, run) if isinstance(run, str) and len(run) <= 100 else None
    if held is None or held[3] != end_user_id:
        return
    run_id, guide_id, version = held[:3]
    if properties.get("version") not in {None, version}:
        return
    step = properties.get("step")
    step = step if isinstance(step, str) and 0 < len(step) <= 80 else None
    reason = properties.get("reason")
    reason = reason if isinstance(reason, str) and len(reason) <= 80 else None
    run_store.touch_run(connection, environment_id, run_id, step=step, at=at, shown=what == "shown")
    if what in {"shown", "step"} and step is not None:
        run_store.record_step(connection, environment_id, run_id, step, shown_at=at, missing_at=None, reason=None)
    elif what == "missing":
        if step is not None:
            run_store.record_step(connection, environment_id, run_id, step, shown_at=None, missing_at=at, reason=reason)
        if properties.get("over"):
            run_store.close_run(connection, environment_id, run_id, outcome="missing", reason=reason, at=at)
    elif what in CLOSING:
        _close(connection, environment_id, (run_id, guide_id, end_user_id), str(what), reason, at)


def _close(
    connection: Connection, environment_id: int, ids: tuple[int, int, int], what: str, reason: str | None, at: int
) -> None:
    run_id, guide_id, end_user_id = ids
    if what == "dismissed":
        reason = reason if reason in REASONS else "closed"
    run_store.close_run(connection, environment_id, run_id, outcome=what, reason=reason, at=at)
    state = "later" if reason == "later" else what
    until = at + LATER_MS if reason == "later" else None
    run_store.save_state(connection, environment_id, guide_id, end_user_id, state=state, reason=reason, at=at, until_at=until)
    if reason == "no_tips":
        run_store.set_no_tips(connection, environment_id, end_user_id)
