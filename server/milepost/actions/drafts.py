"""The draft of a guide while somebody works on it: saved piece by piece, and never over what another author has saved.

A draft is not on air, so saving it raises no generation; the audit log gets one line per author and quarter of an hour.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.guides import MAX_GUIDES, dump_guide, known_of, read_draft, refuse_other_kind, require_guide
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Conflict, Invalid
from milepost.rules.lint import Problem, lint
from milepost.store import audit as audit_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import guides as guide_store
from milepost.wire.guide import Guide
from milepost.wire.ids import new_id

WRITTEN = ("guide.created", "guide.saved")
ONE_SITTING_MS = 15 * 60_000


class DraftChanged(Conflict):
    """Somebody else saved this draft since you read it; read it again."""

    code = "draft_changed"


@dataclass(frozen=True)
class Draft:
    """What stands in the draft, its mark, and who wrote it last; `edited_by` is a public id, "" when nobody knows."""

    row: RowMapping
    guide: Guide
    etag: str
    edited_by: str
    edited_at: int
    problems: list[Problem]


def etag_of(text: str) -> str:
    """Equal drafts have equal marks."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def open_draft(runtime: Runtime, tenant: Tenant, name: str) -> Draft:
    """By key or id; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        return _read(connection, tenant, name)


def save_draft(runtime: Runtime, tenant: Tenant, name: str, guide: Guide, actor: str, etag: str | None) -> Draft:
    """Saves when the draft is still the one `etag` marks (None: whatever it is); else raises DraftChanged."""
    now, text = runtime.clock(), dump_guide(guide)
    with db.writing(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        if guide.key != row["key"]:
            raise Invalid("A guide's key never changes: the key in the path and in the body must be the same.")
        held = dump_guide(read_draft(row))
        if etag is not None and etag != etag_of(held) and text != held:
            raise DraftChanged
        refuse_other_kind(row, guide)
        if text != held:
            columns = {"name": guide.name, "kind": guide.kind, "goal_feature": guide.goal_feature, "draft": text}
            guide_store.update_guide(connection, tenant.id, row["id"], updated_at=now, **columns)
            _note(connection, tenant, row["key"], actor, now)
        return _read(connection, tenant, name)


def create_draft(runtime: Runtime, tenant: Tenant, guide: Guide, actor: str) -> str:
    """A new guide; its key gets a number when it is taken. Answers the key."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        taken = {row["key"] for row in guide_store.list_guides(connection, tenant.id)}
        if len(taken) >= MAX_GUIDES:
            raise Invalid(f"An environment holds at most {MAX_GUIDES} guides.")
        key = free_key(guide.key, taken)
        guide = guide.model_copy(update={"key": key})
        guide_store.insert_guide(
            connection, tenant.id, public_id=new_id("gde", now), key=key, name=guide.name, kind=guide.kind,
            goal_feature=guide.goal_feature, draft=dump_guide(guide), status="draft", created_at=now, updated_at=now,
        )  # fmt: skip
        environment_store.raise_generation(connection, tenant.id)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor, action="guide.created", subject=key, environment_id=tenant.id
        )
    return key


def free_key(wanted: str, taken: set[str]) -> str:
    """`intro`, else `intro-2`, `intro-3`…"""
    keys = (wanted if number == 1 else f"{wanted[:74]}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in keys if key not in taken)


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
