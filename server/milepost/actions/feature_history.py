"""Who changed a feature, when and what: read from the frozen versions of the catalogue."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import keys as key_store
from milepost.store import workspaces as workspace_store

MAX_VERSIONS = 200


@dataclass(frozen=True)
class VersionLine:
    """One version that touched the feature: `kind` created, changed or removed; `fields` are wire names that differ."""

    version: int
    at: int
    author: str
    note: str
    kind: str
    fields: list[str]


@dataclass(frozen=True)
class CatalogueVersion:
    """One version of the whole catalogue; the counts are of features."""

    version: int
    at: int
    author: str
    note: str
    n_created: int
    n_changed: int
    n_removed: int


def read_feature_history(runtime: Runtime, tenant: Tenant, key: str) -> list[VersionLine]:
    """Newest first, out of the last 200 versions."""
    with db.reading(runtime.engine) as connection:
        versions = feature_store.list_version_documents(connection, tenant.id, MAX_VERSIONS)
        names = read_author_names(connection, tenant.workspace_id)
    lines: list[VersionLine] = []
    before: dict[str, Any] | None = None
    for index, row in enumerate(versions):
        held = _features(row["document"]).get(key)
        kind = _kind(before, held)
        if kind and (index or len(versions) < MAX_VERSIONS):
            fields = sorted(n for n in {*(before or {}), *(held or {})} if (before or {}).get(n) != (held or {}).get(n))
            author = names.get(row["actor"], row["actor"])
            lines.append(VersionLine(row["version"], row["at"], author, row["note"], kind, fields if kind == "changed" else []))
        before = held
    return lines[::-1]


def read_catalogue_history(runtime: Runtime, tenant: Tenant, limit: int = 20) -> list[CatalogueVersion]:
    """The newest versions, newest first."""
    with db.reading(runtime.engine) as connection:
        versions = feature_store.list_version_documents(connection, tenant.id, limit + 1)
        names = read_author_names(connection, tenant.workspace_id)
    found, before = [], {} if len(versions) <= limit else _features(versions[0]["document"])
    for row in versions if len(versions) <= limit else versions[1:]:
        held = _features(row["document"])
        found.append(
            CatalogueVersion(
                row["version"], row["at"], names.get(row["actor"], row["actor"]), row["note"],
                len(held.keys() - before.keys()), sum(before[k] != held[k] for k in held.keys() & before.keys()),
                len(before.keys() - held.keys()),
            )
        )  # fmt: skip
        before = held
    return found[::-1]


def read_author_names(connection: Connection, workspace_id: int) -> dict[str, str]:
    """{public id: name} of the workspace's members and keys; who has left keeps the public id."""
    members = workspace_store.list_members(connection, workspace_id)
    return key_store.read_labels(connection, workspace_id) | {row["public_id"]: row["name"] or row["email"] for row in members}


def _features(document: str) -> dict[str, Any]:
    return {feature["key"]: feature for feature in json.loads(document).get("features", [])}


def _kind(before: dict[str, Any] | None, held: dict[str, Any] | None) -> str:
    if before == held:
        return ""
    if before is None:
        return "created"
    return "removed" if held is None else "changed"
