"""Guides as authors change them: a draft is saved, published as a numbered frozen version, paused, rolled back, retired.

Each change is audited. What changes on the air raises the environment's generation, so that every page hears of it within
a second; a draft raises none.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.guide_library import list_placeholders
from milepost.actions.resources import save_resources
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Conflict, Invalid, NotFound, Unpublishable
from milepost.rules.lint import Known, Problem, lint
from milepost.rules.resources import lint_resource
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.wire.guide import Guide, Theme
from milepost.wire.ids import new_id
from milepost.wire.resource import Resource

MAX_GUIDES = 500


@dataclass
class Saved:
    """What became of one document: created, changed or unchanged; `version` is the one on air, if any."""

    key: str
    public_id: str
    outcome: str
    status: str
    version: int | None
    published: bool = False  # a new version was made
    problems: list[Problem] = field(default_factory=list)


class DraftChanged(Conflict):
    """Somebody else saved this draft since you read it; read it again."""

    code = "draft_changed"


@dataclass(frozen=True)
class Published:
    """The version on air now; not `is_new` when it equals what was published last, and no version was made."""

    version: int
    is_new: bool


@dataclass
class Pushed:
    """What became of guides, and of resources: {key: created | changed | unchanged}."""

    guides: list[Saved]
    resources: dict[str, str]


def push_guides(
    runtime: Runtime, tenant: Tenant, documents: Sequence[Guide], actor: str, *, publish: bool = False, dry_run: bool = False
) -> list[Saved]:
    """Guides alone; see `push`."""
    return push(runtime, tenant, documents, (), actor, publish=publish, dry_run=dry_run).guides


def push(
    runtime: Runtime, tenant: Tenant, documents: Sequence[Guide], resources: Sequence[Resource], actor: str, *,
    publish: bool = False, dry_run: bool = False,
) -> Pushed:  # fmt: skip
    """Saves drafts, and publishes them if asked; resources are on air at once. All or nothing.

    A dry run tells the same and keeps nothing. Raises Conflict for a kind that can't change, Invalid when a problem stops a
    publication, or a resource names what is not there.
    """
    _refuse_twins([guide.key for guide in documents])
    _refuse_twins([resource.key for resource in resources])
    with db.writing(runtime.engine) as connection, connection.begin_nested() as savepoint:
        saved = [_save(connection, tenant, guide, actor, runtime.clock()) for guide in documents]
        known = known_of(connection, tenant)
        for guide, one in zip(documents, saved, strict=True):
            one.problems = lint(guide, known)
        _refuse([(f"/resources/{i}{p.pointer}", p.sentence) for i, r in enumerate(resources) for p in lint_resource(r, known)])
        kept = save_resources(connection, tenant, resources, actor, runtime.clock())
        if publish and not dry_run:
            _refuse_blocked(saved)
        for one in saved if publish and not any(p.blocks for s in saved for p in s.problems) else []:
            row = require_guide(connection, tenant, one.key)
            published = _publish(connection, tenant, row, row["draft"], actor, runtime.clock())
            one.status, one.version, one.published = "published", published.version, published.is_new
        if dry_run:
            savepoint.rollback()
    return Pushed(saved, kept)


def publish_guide(runtime: Runtime, tenant: Tenant, name: str, actor: str) -> Published:
    """Puts the draft on air. Raises Invalid with what stops it."""
    with db.writing(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        _refuse_problems(connection, tenant, row["draft"])
        return _publish(connection, tenant, row, row["draft"], actor, runtime.clock())


def restore_version(runtime: Runtime, tenant: Tenant, name: str, version: int, actor: str) -> Published:
    """Publishes an old version again, under a new number; the draft stays as it is."""
    with db.writing(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        held = guide_store.find_version(connection, tenant.id, row["id"], version)
        if held is None:
            raise NotFound(f"{row['key']} has no version {version}.")
        _refuse_problems(connection, tenant, held["document"])
        return _publish(connection, tenant, row, held["document"], actor, runtime.clock(), restored=version)


def pause_guide(runtime: Runtime, tenant: Tenant, name: str, actor: str) -> None:
    """Takes it off the air; who is in the middle of it may finish."""
    _set_status(runtime, tenant, name, "paused", actor, ("published",))


def resume_guide(runtime: Runtime, tenant: Tenant, name: str, actor: str) -> None:
    """Puts the paused version back on air."""
    _set_status(runtime, tenant, name, "published", actor, ("paused",))


def retire_guide(runtime: Runtime, tenant: Tenant, name: str, actor: str) -> None:
    """Takes it off the air and out of the list; its history stays, and publishing brings it back."""
    _set_status(runtime, tenant, name, "retired", actor, ("draft", "published", "paused"))


def bring_back_guide(runtime: Runtime, tenant: Tenant, name: str, actor: str) -> None:
    """A retired guide stands in the list again: as the draft it was, or paused when it had been on air."""
    with db.reading(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
    status = "draft" if row["current_version"] is None else "paused"
    _set_status(runtime, tenant, name, status, actor, ("retired",), "guide.brought_back")


def save_theme(runtime: Runtime, tenant: Tenant, key: str, theme: Theme, actor: str) -> None:
    """Makes or changes the look guides of this environment may name."""
    with db.writing(runtime.engine) as connection:
        guide_store.save_theme(connection, tenant.id, key, theme.model_dump_json())
        _tell(connection, tenant, key, actor, runtime.clock(), "theme.saved")


def known_of(connection: Connection, tenant: Tenant) -> Known:
    """What guides of this environment may name, as of this very transaction."""
    features = [row for row in feature_store.list_features(connection, tenant.id) if row["merged_into"] is None]
    return Known(
        features={key for row in features for key in (row["key"], *json.loads(row["aliases"]))},
        guides={row["key"] for row in guide_store.list_guides(connection, tenant.id) if row["status"] != "retired"},
        themes=set(guide_store.list_themes(connection, tenant.id)),
        checkpoints={row["key"] for row in feature_store.list_checkpoints(connection, tenant.id)},
        placeholders=list_placeholders(),
    )


def read_draft(row: RowMapping) -> Guide:
    """The draft of a row as a document."""
    return Guide.model_validate_json(row["draft"])


def dump_guide(guide: Guide) -> str:
    """As it is stored: canonical, so that equal guides are equal texts."""
    return guide.model_dump_json(by_alias=True, exclude_defaults=True)


def etag_of(text: str) -> str:
    """Equal drafts have equal marks."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def write_draft(
    connection: Connection, tenant: Tenant, row: RowMapping | None, guide: Guide, now: int, etag: str | None = None
) -> str:
    """created, changed or unchanged; `row` is the guide as it stands, None for a new one. The caller audits it.

    Raises Invalid for one guide too many and another key, DraftChanged when the draft is not the one `etag` marks (None:
    whatever it is), Conflict for a kind that can't change.
    """
    text = dump_guide(guide)
    columns = {"name": guide.name, "kind": guide.kind, "goal_feature": guide.goal_feature, "draft": text, "updated_at": now}
    if row is None:
        if len(guide_store.list_guides(connection, tenant.id)) >= MAX_GUIDES:
            raise Invalid(f"An environment holds at most {MAX_GUIDES} guides.")
        made = {"public_id": new_id("gde", now), "key": guide.key, "status": "draft", "created_at": now}
        guide_store.insert_guide(connection, tenant.id, **made, **columns)
        return "created"
    if guide.key != row["key"]:
        raise Invalid("A guide's key never changes: the key in the path and in the body must be the same.")
    held = dump_guide(read_draft(row))
    if text == held:
        return "unchanged"
    if etag is not None and etag != etag_of(held):
        raise DraftChanged
    _refuse_other_kind(row, guide)
    guide_store.update_guide(connection, tenant.id, row["id"], **columns)
    return "changed"


def _save(connection: Connection, tenant: Tenant, guide: Guide, actor: str, now: int) -> Saved:
    outcome = write_draft(connection, tenant, guide_store.find_guide_by_key(connection, tenant.id, guide.key), guide, now)
    if outcome != "unchanged":
        action = "guide.created" if outcome == "created" else "guide.saved"
        _note(connection, tenant, guide.key, actor, now, action)
    row = require_guide(connection, tenant, guide.key)
    return Saved(row["key"], row["public_id"], outcome, row["status"], row["current_version"])


def _publish(
    connection: Connection, tenant: Tenant, row: RowMapping, document: str, actor: str, now: int, restored: int | None = None
) -> Published:
    """Not new when this very document is the version on air, or was when it was paused: then no version is made."""
    current = row["current_version"]
    held = guide_store.find_version(connection, tenant.id, row["id"], current) if current is not None else None
    same = held is not None and _canonical(held["document"]) == _canonical(document)
    if same and row["status"] == "published":
        return Published(current, is_new=False)
    version = current if same else guide_store.newest_version(connection, tenant.id, row["id"]) + 1
    if not same:
        guide_store.insert_version(
            connection, tenant.id, row["id"], version=version, document=_canonical(document), published_at=now, published_by=actor
        )
    guide_store.update_guide(
        connection, tenant.id, row["id"], status="published", current_version=version, updated_at=now, **on_air(now)
    )
    detail = {"version": version} | ({"restored": restored} if restored is not None else {})
    _tell(connection, tenant, row["key"], actor, now, "guide.published", **detail)
    return Published(version, is_new=not same)


def _canonical(document: str) -> str:
    return dump_guide(Guide.model_validate_json(document))


def on_air(now: int) -> dict[str, int | None]:
    """What is forgotten when a guide is put on air: why it paused itself, and who closed it before."""
    return {"paused_for": None, "on_air_at": now}


def _set_status(
    runtime: Runtime, tenant: Tenant, name: str, status: str, actor: str, allowed: tuple[str, ...], action: str = ""
) -> None:
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        if row["status"] == status:
            return
        if row["status"] not in allowed:
            raise Conflict(f"{row['key']} is {row['status']}; only a guide that is {' or '.join(allowed)} can become {status}.")
        guide_store.update_guide(
            connection, tenant.id, row["id"], status=status, updated_at=now, **(on_air(now) if status == "published" else {})
        )
        _tell(connection, tenant, row["key"], actor, now, action or f"guide.{'resumed' if status == 'published' else status}")


def _tell(connection: Connection, tenant: Tenant, key: str, actor: str, now: int, action: str, **detail: int) -> None:
    environment_store.raise_generation(connection, tenant.id)
    _note(connection, tenant, key, actor, now, action, **detail)


def _note(connection: Connection, tenant: Tenant, key: str, actor: str, now: int, action: str, **detail: int) -> None:
    audit.record(
        connection, tenant.workspace_id, now=now, actor=actor, action=action, subject=key, environment_id=tenant.id, **detail
    )


def require_guide(connection: Connection, tenant: Tenant, name: str) -> RowMapping:
    """By key or id; raises NotFound."""
    row = guide_store.find_guide(connection, tenant.id, name)
    if row is None:
        raise NotFound(f"There is no guide {name!r}.")
    return row


def _refuse_twins(keys: Sequence[str]) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise Invalid(f"The key {twice[0]!r} stands in two documents; keys are unique.")


def _refuse_other_kind(row: RowMapping, guide: Guide) -> None:
    """What was shown as one kind was budgeted and counted as one."""
    if row["current_version"] is not None and row["kind"] != guide.kind:
        raise Conflict(f"{guide.key} was published as a {row['kind']}; make a {guide.kind} a guide of its own.")


def _refuse_problems(connection: Connection, tenant: Tenant, document: str) -> None:
    found = lint(Guide.model_validate_json(document), known_of(connection, tenant))
    _refuse([(p.pointer, p.sentence) for p in found if p.blocks])


def _refuse_blocked(saved: Sequence[Saved]) -> None:
    _refuse([(f"/guides/{i}{p.pointer}", p.sentence) for i, one in enumerate(saved) for p in one.problems if p.blocks])


def _refuse(found: list[tuple[str, str]]) -> None:
    if found:
        refused = Unpublishable("This can't be published: %(problem)s", values={"problem": found[0][1]})
        refused.errors = [{"pointer": pointer, "message": sentence} for pointer, sentence in found]
        raise refused
