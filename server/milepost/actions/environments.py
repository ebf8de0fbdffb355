"""Environments and their keys as an admin changes them: each change is audited and seen by every cache."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from milepost.actions import audit
from milepost.actions.keys import MAX_LABEL, create_key
from milepost.actions.runtime import Runtime
from milepost.actions.workspaces import CreatedEnvironment, add_identity_secret, check_time_zone, create_environment
from milepost.errors import Conflict, Invalid, NotFound
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import keys as key_store
from milepost.wire.environment import EnvironmentSettings

IDENTITY_MODES = ("off", "report", "enforce")
OVERLAP_MS = 24 * 3_600_000
KINDS = {"pk": "write key", "sk": "secret key"}


def add_environment(runtime: Runtime, workspace_id: int, actor: str, *, key: str, time_zone: str) -> CreatedEnvironment:
    """A further environment with keys and presets of its own; its secret key is shown this once only."""
    now = runtime.clock()
    check_time_zone(time_zone)
    with db.writing(runtime.engine) as connection:
        made = create_environment(connection, runtime.sealer, workspace_id, key=key, time_zone=time_zone, now=now)
        audit.record(
            connection,
            workspace_id,
            now=now,
            actor=actor,
            action="environment.created",
            subject=made.public_id,
            environment_id=made.id,
            key=key,
        )
    return made


def change_environment(
    runtime: Runtime, workspace_id: int, environment_id: int, actor: str, changes: Mapping[str, Any]
) -> list[str]:
    """Names of what changed, of: name, time_zone, identity_mode, retention_days, and the settings' own fields."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = environment_store.read_environment(connection, environment_id)
        before = _flat(row)
        wanted = before | dict(changes)
        columns = _columns(wanted)
        changed = sorted(name for name in wanted if wanted[name] != before.get(name))
        if changed:
            environment_store.update_environment(connection, environment_id, **columns)
            audit.record(
                connection,
                workspace_id,
                now=now,
                actor=actor,
                action="environment.changed",
                subject=row["public_id"],
                environment_id=environment_id,
                changed=changed,
            )
    return changed


COLUMNS = ("name", "time_zone", "identity_mode", "retention_days")


def _flat(row: RowMapping) -> dict[str, Any]:
    settings = EnvironmentSettings.model_validate_json(row["settings"])
    return {name: row[name] for name in COLUMNS} | settings.model_dump()


def _columns(wanted: Mapping[str, Any]) -> dict[str, Any]:
    check_time_zone(wanted["time_zone"])
    if wanted["identity_mode"] not in IDENTITY_MODES:
        raise Invalid(f"The identity mode is {wanted['identity_mode']!r}; choose one of {', '.join(IDENTITY_MODES)}.")
    if not 30 <= int(wanted["retention_days"]) <= 3650:
        raise Invalid("Raw events are kept for 30 to 3650 days.", code="retention_days")
    if not str(wanted["name"]).strip():
        raise Invalid("The environment needs a name.", code="name")
    settings = EnvironmentSettings.model_validate({k: v for k, v in wanted.items() if k not in COLUMNS})
    return {name: wanted[name] for name in COLUMNS} | {"settings": settings.model_dump_json()}


def add_key(runtime: Runtime, workspace_id: int, environment_id: int, actor: str, *, kind: str, label: str) -> tuple[str, str]:
    """(public id, the key itself: for a secret key shown this once only)."""
    if kind not in KINDS:
        raise Invalid(f"{kind!r} is not a kind of key; choose pk or sk.")
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        public_id, value = create_key(connection, workspace_id, environment_id, kind, label.strip()[:MAX_LABEL], now)
        audit.record(
            connection,
            workspace_id,
            now=now,
            actor=actor,
            action="key.created",
            subject=public_id,
            environment_id=environment_id,
            kind=kind,
        )
    return public_id, value


def rotate_key(runtime: Runtime, workspace_id: int, environment_id: int, actor: str, public_id: str) -> tuple[str, str]:
    """A new key of the same kind; the old one works for 24 hours more, so that both sides can change over."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        old = next(
            (k for k in key_store.list_keys(connection, workspace_id, environment_id) if k["public_id"] == public_id), None
        )
        if old is None:
            raise NotFound("There is no such key in this environment.")
        if old["revoked_at"] or old["expires_at"]:
            raise Conflict("This key is revoked or already being replaced.")
        made, value = create_key(connection, workspace_id, environment_id, old["kind"], old["label"][:MAX_LABEL], now)
        key_store.update_key(connection, workspace_id, public_id, expires_at=now + OVERLAP_MS)
        audit.record(
            connection,
            workspace_id,
            now=now,
            actor=actor,
            action="key.rotated",
            subject=public_id,
            environment_id=environment_id,
            replaced_by=made,
        )
    return made, value


def revoke_key(runtime: Runtime, workspace_id: int, environment_id: int, actor: str, public_id: str) -> None:
    """The key stops working everywhere within a second; raises NotFound, also for another workspace's."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        keys = key_store.list_keys(connection, workspace_id, environment_id)
        if not any(key["public_id"] == public_id for key in keys):
            raise NotFound("There is no such key in this environment.")
        key_store.update_key(connection, workspace_id, public_id, revoked_at=now)
        audit.record(
            connection,
            workspace_id,
            now=now,
            actor=actor,
            action="key.revoked",
            subject=public_id,
            environment_id=environment_id,
        )


def rotate_identity_secret(runtime: Runtime, workspace_id: int, environment_id: int, actor: str) -> str:
    """A new signing secret (the text, to be copied into the product's server); the old ones verify for 24 hours more."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        key_store.retire_identity_secrets(connection, environment_id, now + OVERLAP_MS)
        secret = add_identity_secret(connection, runtime.sealer, workspace_id, environment_id, now)
        environment_store.raise_generation(connection, environment_id)
        audit.record(
            connection,
            workspace_id,
            now=now,
            actor=actor,
            action="identity.secret_rotated",
            subject=str(environment_id),
            environment_id=environment_id,
        )
    return secret


def read_identity_secret(runtime: Runtime, environment_id: int) -> str:
    """The newest signing secret in plain text: for admins, who paste it into their server."""
    with db.reading(runtime.engine) as connection:
        rows = key_store.list_identity_secrets(connection, environment_id, runtime.clock())
    if not rows:
        raise NotFound("This environment has no signing secret; make one.")
    return runtime.sealer.open(rows[0]["sealed"], f"identity:{environment_id}")


def show_identity_secret(runtime: Runtime, workspace_id: int, environment_id: int, actor: str) -> str:
    """The same, and the log says who looked."""
    secret = read_identity_secret(runtime, environment_id)
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection,
            workspace_id,
            now=runtime.clock(),
            actor=actor,
            action="identity.secret_shown",
            subject=str(environment_id),
            environment_id=environment_id,
        )
    return secret
