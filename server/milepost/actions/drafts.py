"""The draft of a guide while somebody works on it: saved piece by piece, and never over what another author has saved.

A draft is not on air, so saving it raises no generation; the audit log gets one line per author and quarter of an hour.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.guide_library import free_key
from milepost.actions.guides import dump_guide, etag_of, known_of, read_draft, require_guide, write_draft
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.lint import Problem, lint
from milepost.store import audit as audit_store
from milepost.store import engine as db
from milepost.store import guides as guide_store
from milepost.wire.guide import Guide

WRITTEN = ("guide.created", "guide.saved")
ONE_SITTING_MS = 15 * 60_000


@dataclass(frozen=True)
class Draft:
    """What stands in the draft, its mark, and who wrote it last; `edited_by` is a public id, "" when nobody knows."""

    row: RowMapping
    guide: Guide
    etag: str
    edited_by: str
    edited_at: int
    problems: list[Problem]


def open_draft(runtime: Runtime, tenant: Tenant, name: str) -> Draft:
    """By key or id; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        return _read(connection, tenant, name)


def save_draft(runtime: Runtime, tenant: Tenant, name: str, guide: Guide, actor: str, etag: str | None) -> Draft:
    """Saves when the draft is still the one `etag` marks (None: whatever it is); else raises DraftChanged."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        if write_draft(connection, tenant, row, guide, now, etag) == "changed":
            _note(connection, tenant, row["key"], actor, now)
        return _read(connection, tenant, name)


def create_draft(runtime: Runtime, tenant: Tenant, guide: Guide, actor: str) -> str:
    """A new guide; its key gets a number when it is taken. Answers the key."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        key = free_key(guide.key, {row["key"] for row in guide_store.list_guides(connection, tenant.id)})
        write_draft(connection, tenant, None, guide.model_copy(update={"key": key}), now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor, action="guide.created", subject=key, environment_id=tenant.id
        )
    return key


def _read(connection: Connection, tenant: Tenant, name: str) -> Draft:
    row = require_guide(connection, tenant, name)
    guide = read_draft(row)
    act = audit_store.find_last_act(connection, tenant.workspace_id, tenant.id, row["key"], WRITTEN)
    problems = lint(guide, known_of(connection, tenant))
    return Draft(row, guide, etag_of(dump_guide(guide)), act["actor"] if act else "", row["updated_at"], problems)


def _note(connection: Connection, tenant: Tenant, key: str, actor: str, now: int) -> None:
    """One line per author and sitting: the last line always names who wrote last."""
    last = audit_store.find_last_act(connection, tenant.workspace_id, tenant.id, key, WRITTEN)
    if last is not None and last["actor"] == actor and now - last["at"] < ONE_SITTING_MS:
        return
    audit.record(
        connection, tenant.workspace_id, now=now, actor=actor, action="guide.saved", subject=key, environment_id=tenant.id
    )
