"""The guides on air in one environment, compiled once per generation."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from milepost.actions.guide_facts import Wanted, compile_wanted
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.audience import Verdict, compile_tree
from milepost.rules.choose import compile_claim
from milepost.rules.lint import leaves_of
from milepost.rules.localise import resolve
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.wire.event import parse_instant
from milepost.wire.guide import Guide

CACHE = "broadcast"
MAX_LOCALES = 50
BY_HAND = {"trigger": {"on": "manual"}}
Forms = tuple[msgspec.Raw, msgspec.Raw]  # JSON: as it was written, and as one that does not start unasked


@dataclass
class OnAir:
    """One published version."""

    guide_id: int
    public_id: str
    version: int
    guide: Guide
    schedule: tuple[int | None, int | None]
    verdict: Verdict
    may_claim: Callable[[Mapping[str, Any]], bool]
    encoded: dict[str, Forms] = field(default_factory=dict)

    def in_locale(self, locale: str) -> Forms:
        """As the SDK takes it, in one language; remembered."""
        found = self.encoded.get(locale)
        if found is None:
            found = self._encode(locale)
            if len(self.encoded) < MAX_LOCALES:
                self.encoded[locale] = found
        return found

    def _encode(self, locale: str) -> Forms:
        shown = {"guide": self.public_id, "version": self.version, **resolve(self.guide, locale)}
        return tuple(msgspec.Raw(msgspec.json.encode(form)) for form in (shown, shown | BY_HAND))  # type: ignore[return-value]


@dataclass
class Broadcast:
    """Everything boot needs that is the same for all people."""

    guides: tuple[OnAir, ...]  # highest priority first
    by_public_id: dict[str, OnAir]
    by_id: dict[int, OnAir]
    wanted: Wanted
    rules: msgspec.Raw
    themes: msgspec.Raw
    etag: str
    has_tasks: bool = False  # a checklist is on air: what is done takes more reads
    slow: set[str] = field(default_factory=set)  # accounts whose people's facts take long to read


def hold_broadcast(runtime: Runtime, tenant: Tenant) -> Broadcast:
    """The compiled guides of this generation, remembered: for readers of what is committed."""
    found: Broadcast = runtime.caches.get(CACHE, tenant.id, tenant.generation, lambda: _read(runtime, tenant))
    return found


def _read(runtime: Runtime, tenant: Tenant) -> Broadcast:
    with db.reading(runtime.engine) as connection:
        return load_broadcast(connection, tenant)


def peek_broadcast(runtime: Runtime, connection: Connection, tenant: Tenant) -> Broadcast:
    """The same for the writer, whose own transaction may have raised the generation and may yet roll back: not remembered."""
    found: Broadcast | None = runtime.caches.peek(CACHE, tenant.id, tenant.generation)
    return found if found is not None else load_broadcast(connection, tenant)


def load_broadcast(connection: Connection, tenant: Tenant) -> Broadcast:
    """From the published versions and the element rules of the catalogue."""
    guides = []
    for row in guide_store.list_published(connection, tenant.id):
        guide = Guide.model_validate_json(row["document"])
        schedule = (parse_instant(guide.schedule.from_at), parse_instant(guide.schedule.until_at))
        verdict, may_claim = compile_tree(guide.audience), compile_claim(guide.audience)
        guides.append(OnAir(row["guide_id"], row["public_id"], row["version"], guide, schedule, verdict, may_claim))
    guides.sort(key=lambda item: (-item.guide.priority, item.guide_id))
    asked = {leaf.fact for item in guides for _, leaf in leaves_of(item.guide.audience)}
    guide_ids = {row["key"]: row["id"] for row in guide_store.list_guides(connection, tenant.id)}
    rules = list_element_rules(connection, tenant.id)
    themes = {key: json.loads(text) for key, text in guide_store.list_themes(connection, tenant.id).items()}
    return Broadcast(
        tuple(guides),
        {item.public_id: item for item in guides},
        {item.guide_id: item for item in guides},
        compile_wanted(asked, tenant.catalogue.by_key, guide_ids),
        msgspec.Raw(msgspec.json.encode(rules)),
        msgspec.Raw(msgspec.json.encode(themes)),
        hashlib.sha256(json.dumps([rules, themes], sort_keys=True).encode()).hexdigest()[:16],
        any(item.guide.kind == "checklist" for item in guides),
    )


def list_element_rules(connection: Connection, environment_id: int) -> list[dict[str, Any]]:
    """What the SDK matches on clicks: {feature, path?, target}."""
    rules = []
    for row in feature_store.list_features(connection, environment_id):
        if row["merged_into"] is not None or row["retired_on"] is not None:
            continue
        for rule in json.loads(row["rules"]):
            if rule["on"] == "element":
                shown = {"feature": row["key"], "target": rule["target"]}
                if rule.get("path"):
                    shown["path"] = rule["path"]
                rules.append(shown)
    return rules
