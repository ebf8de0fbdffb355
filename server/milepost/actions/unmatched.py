"""The inbox of event names and page templates no feature covers: one click makes a feature of each."""

import re
from dataclasses import dataclass

from milepost.actions import audit
from milepost.actions.features import Change, write_catalogue
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Conflict, Invalid, NotFound
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.wire.feature import DetectionRule, EventRule, Feature, PageRule

OTHER = "(other)"


@dataclass(frozen=True)
class UnmatchedName:
    """`kind` event or page; instants in ms; `key` and `title` are what a feature of it would be called."""

    kind: str
    name: str
    n: int
    first_at: int
    last_at: int
    key: str
    title: str


def list_unmatched(runtime: Runtime, tenant: Tenant, limit: int = 200) -> list[UnmatchedName]:
    """Most seen first; names a rule covers by now are left out."""
    with db.reading(runtime.engine) as connection:
        tenant = runtime.tenants.within(connection, tenant.id, runtime.clock())
        rows = feature_store.list_unmatched(connection, tenant.id, limit)
    return [
        UnmatchedName(r["kind"], r["name"], r["n"], r["first_at"], r["last_at"], *suggest(r["kind"], r["name"]))
        for r in rows
        if not _is_covered(tenant, r["kind"], r["name"])
    ]


def accept_unmatched(
    runtime: Runtime, tenant: Tenant, kind: str, name: str, actor_name: str, *, key: str = "", title: str = ""
) -> Change:
    """Makes a feature with one rule for the name; raises NotFound for a name that is not there, Conflict for a taken key."""
    suggested_key, suggested_title = suggest(kind, name)
    rule: DetectionRule = EventRule(on="event", name=name) if kind == "event" else PageRule(on="page", path=name)
    feature = Feature(key=key or suggested_key, name=title or suggested_title, rules=[rule])
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        held = {(r["kind"], r["name"]) for r in feature_store.list_unmatched(connection, tenant.id, 10_000)}
        if (kind, name) not in held:
            raise NotFound(f"The inbox holds no {kind} {name!r}.")
        if name == OTHER:
            raise Invalid("This line gathers names beyond the inbox's limit; it can't become a feature.")
        if feature_store.find_feature(connection, tenant.id, feature.key) is not None:
            raise Conflict(f"There is a feature {feature.key!r} already; choose another key.")
        return write_catalogue(connection, tenant, [feature], actor_name, now, f"from the inbox: {kind} {name}")


def ignore_unmatched(runtime: Runtime, tenant: Tenant, kind: str, name: str, actor_name: str) -> None:
    """Not a feature: it is counted on and shown no more."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        if not feature_store.ignore_unmatched(connection, tenant.id, kind, name, now):
            raise NotFound(f"The inbox holds no {kind} {name!r}.")
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="unmatched.ignored",
            subject=f"{kind} {name}"[:200], environment_id=tenant.id,
        )  # fmt: skip


def restore_unmatched(runtime: Runtime, tenant: Tenant, kind: str, name: str, actor_name: str) -> None:
    """Undoes an ignoring: the name stands in the inbox again."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        if not feature_store.restore_unmatched(connection, tenant.id, kind, name):
            raise NotFound(f"No {kind} {name!r} is ignored.")
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="unmatched.restored",
            subject=f"{kind} {name}"[:200], environment_id=tenant.id,
        )  # fmt: skip


def list_ignored(runtime: Runtime, tenant: Tenant) -> list[UnmatchedName]:
    """What a person has put aside, the latest first."""
    with db.reading(runtime.engine) as connection:
        rows = feature_store.list_ignored(connection, tenant.id)
    return [
        UnmatchedName(r["kind"], r["name"], r["n"], r["first_at"], r["last_at"], *suggest(r["kind"], r["name"])) for r in rows
    ]


def suggest(kind: str, name: str) -> tuple[str, str]:
    """(key, title) for a name: `Report Exported` → report_exported; /settings/:id/team → settings_team."""
    if kind == "page" and name == "/":
        return "home_page", "Home page"
    words = [w for w in re.split(r"[^0-9A-Za-z]+", re.sub(r"/:[^/]*|/\*+", "/", name) if kind == "page" else name) if w]
    key = "_".join(words).lower()[:80] or f"{kind}_{sum(name.encode()) % 9973}"
    title = " ".join(words).capitalize() if kind == "page" and words else name
    return key, title[:200]


def _is_covered(tenant: Tenant, kind: str, name: str) -> bool:
    return name in tenant.catalogue.by_event if kind == "event" else bool(tenant.catalogue.match_page(name))
