"""The catalogue as people change it: pushed as code, edited, merged, retired; versioned, audited, previewed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Conflict, Invalid, NotFound
from milepost.rules.days import date_of, day_number, day_of
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import rollups
from milepost.store.features import FeatureRow
from milepost.wire.feature import Catalogue, DetectionRule, EventRule, Feature, PageRule

RULES: TypeAdapter[list[DetectionRule]] = TypeAdapter(list[DetectionRule])
MAX_FEATURES = 2_000
MANY_CORE = 12
INTRODUCED_FROM_DAY = 28  # a feature made later than this is "introduced" on the day it was published


@dataclass
class Change:
    """What a change of the catalogue did (or would do): keys of features, warnings, the version made."""

    version: int = 0
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)  # in the catalogue, not in the file: left as they are
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def push_catalogue(runtime: Runtime, tenant: Tenant, document: Catalogue, actor_name: str, note: str = "") -> Change:
    """Makes what the file has and changes what differs, as one new version; nothing changed makes no version.

    Raises Conflict when a key is another feature's alias.
    """
    with db.writing(runtime.engine) as connection:
        return write_catalogue(connection, tenant, document.features, actor_name, runtime.clock(), note)


def write_catalogue(
    connection: Connection, tenant: Tenant, features: Sequence[Feature], actor_name: str, now: int, note: str = ""
) -> Change:
    """The same inside a transaction."""
    held = {row["key"]: row for row in feature_store.list_features(connection, tenant.id)}
    _refuse_taken_keys(held, features)
    change = Change()
    default_introduced, today = _default_introduced_on(connection, tenant, now), day_of(now, tenant.zone)
    for feature in features:
        row = held.get(feature.key)
        if row is None:
            _create(connection, tenant.id, feature, default_introduced, now, today)
            change.created.append(feature.key)
        elif is_changed(row, feature):
            _update(connection, tenant.id, feature, row, now, today)
            change.changed.append(feature.key)
        else:
            change.unchanged.append(feature.key)
    named = {f.key for f in features}
    change.absent = [k for k, row in held.items() if k not in named and row["merged_into"] is None]
    if change.created or change.changed:
        change.version = freeze_version(connection, tenant, actor_name, now, note)
        _cover(connection, tenant.id, features)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="catalogue.published",
            subject=f"version {change.version}", environment_id=tenant.id, created=change.created, changed=change.changed,
        )  # fmt: skip
    else:
        change.version = feature_store.newest_version(connection, tenant.id)
    change.warnings = find_warnings(feature_store.list_features(connection, tenant.id))
    return change


def save_feature(runtime: Runtime, tenant: Tenant, feature: Feature, actor_name: str, *, create: bool = False) -> Change:
    """One feature from a form; with `create` an existing key is a Conflict, without it an unknown key is NotFound."""
    with db.writing(runtime.engine) as connection:
        held = feature_store.find_feature(connection, tenant.id, feature.key)
        if create and held is not None:
            raise Conflict(f"There is a feature {feature.key!r} already; edit it, or choose another key.")
        if not create and held is None:
            raise NotFound(f"There is no feature {feature.key!r}.")
        return write_catalogue(connection, tenant, [feature], actor_name, runtime.clock())


def retire_feature(runtime: Runtime, tenant: Tenant, key: str, day: int | None, actor_name: str) -> Change:
    """Leaves both sides of coverage from that day (today by default); history before it stays."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, key)
        day = day if day is not None else day_of(now, tenant.zone)
        if row["introduced_on"] is not None and day < row["introduced_on"]:
            raise Invalid(f"{key} was introduced on {date_of(row['introduced_on'])}; it can't be retired before that.")
        feature_store.update_feature(connection, tenant.id, row["ordinal"], retired_on=day, updated_at=now)
        return _publish(connection, tenant, key, actor_name, now, "feature.retired", retired_on=str(date_of(day)))


def merge_feature(runtime: Runtime, tenant: Tenant, key: str, into: str, day: int | None, actor_name: str) -> Change:
    """From that day uses of `key` count for `into`, which takes over its rules and its key as an alias."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        source, target = _require(connection, tenant.id, key), _require(connection, tenant.id, into)
        if source["ordinal"] == target["ordinal"]:
            raise Invalid("A feature can't be merged into itself.")
        day = day if day is not None else day_of(now, tenant.zone)
        rules = json.loads(target["rules"])
        rules += [rule for rule in json.loads(source["rules"]) if rule not in rules]
        aliases = sorted({*json.loads(target["aliases"]), key, *json.loads(source["aliases"])})
        update = feature_store.update_feature
        update(
            connection, tenant.id, target["ordinal"],
            rules=_dump(rules[:20]), aliases=_dump(aliases), updated_at=now,
            proven_at=target["proven_at"] if target["proven_at"] is not None else source["proven_at"],
        )  # fmt: skip
        update(
            connection, tenant.id, source["ordinal"], merged_into=target["ordinal"], merged_on=day, aliases="[]", updated_at=now
        )
        return _publish(connection, tenant, key, actor_name, now, "feature.merged", into=into, merged_on=str(date_of(day)))


def list_catalogue(connection: Connection, environment_id: int) -> Catalogue:
    """The catalogue as code: every feature not merged away, by module and name."""
    rows = [row for row in feature_store.list_features(connection, environment_id) if row["merged_into"] is None]
    return Catalogue(features=[to_wire(row) for row in rows])


def to_wire(row: FeatureRow) -> Feature:
    """A catalogue row as files and the API show it."""
    return Feature(
        key=row["key"],
        name=row["name"],
        description=row["description"],
        module=row["module"],
        core=bool(row["core"]),
        weight=row["weight"],
        level=row["level"],
        cadence=row["cadence"],
        audience_role=row["audience_role"],
        rules=RULES.validate_json(row["rules"]),
        plans=json.loads(row["plans"]) if row["plans"] is not None else None,
        add_ons=json.loads(row["add_ons"]) if row["add_ons"] is not None else None,
        introduced_on=_iso(row["introduced_on"]),
        retired_on=_iso(row["retired_on"]),
        aliases=json.loads(row["aliases"]),
    )


def find_warnings(rows: Sequence[FeatureRow]) -> list[str]:
    """What an author should hear: too many core features, features nothing can detect."""
    live = [r for r in rows if r["merged_into"] is None and r["retired_on"] is None]
    core = [r for r in live if r["core"]]
    blind = sorted(r["key"] for r in live if not json.loads(r["rules"]))
    warnings = []
    if len(core) > MANY_CORE:
        warnings.append(f"{len(core)} features are core; more than {MANY_CORE} blur what matters.")
    if blind:
        warnings.append(f"No rule detects: {', '.join(blind[:10])}{'…' if len(blind) > 10 else ''}.")
    return warnings


def freeze_version(connection: Connection, tenant: Tenant, actor_name: str, now: int, note: str = "") -> int:
    """Keeps the whole catalogue as it is now; every cache and every account hears of it."""
    version = feature_store.newest_version(connection, tenant.id) + 1
    document = list_catalogue(connection, tenant.id).model_dump(mode="json", exclude_defaults=True)
    feature_store.insert_version(
        connection, tenant.id, version=version, at=now, actor=actor_name, note=note[:500], document=_dump(document)
    )
    environment_store.raise_generation(connection, tenant.id)
    rollups.mark_all_dirty(connection, tenant.id, now)
    return version


def _publish(connection: Connection, tenant: Tenant, key: str, actor_name: str, now: int, action: str, **detail: Any) -> Change:
    version = freeze_version(connection, tenant, actor_name, now)
    audit.record(
        connection, tenant.workspace_id, now=now, actor=actor_name, action=action, subject=key,
        environment_id=tenant.id, version=version, **detail,
    )  # fmt: skip
    return Change(version, changed=[key], warnings=find_warnings(feature_store.list_features(connection, tenant.id)))


def _require(connection: Connection, environment_id: int, key: str) -> FeatureRow:
    row = feature_store.find_feature(connection, environment_id, key)
    if row is None:
        raise NotFound(f"There is no feature {key!r}.")
    if row["merged_into"] is not None:
        raise Conflict(f"{key!r} was merged into another feature.")
    return row


def _refuse_taken_keys(held: dict[str, FeatureRow], features: Sequence[Feature]) -> None:
    coming = {f.key for f in features}
    owners = {k: key for key, row in held.items() if key not in coming for k in (key, *json.loads(row["aliases"]))}
    for feature in features:
        row = held.get(feature.key)
        if row is not None and row["merged_into"] is not None:
            raise Conflict(f"{feature.key!r} was merged into another feature; its key can't be used again.")
        for key in (feature.key, *feature.aliases):
            owner = owners.get(key)
            merged_here = owner in feature.aliases and held[str(owner)]["merged_into"] is not None if owner else False
            if owner is not None and not merged_here:
                raise Conflict(f"{key!r} is a key or alias of the feature {owner!r}; keys are unique.")
    if len({*held, *coming}) > MAX_FEATURES:
        raise Invalid(f"A catalogue holds at most {MAX_FEATURES} features.")


def _default_introduced_on(connection: Connection, tenant: Tenant, now: int) -> int | None:
    """Empty = always there; from the 29th day of the environment a new feature is introduced on its publication day."""
    created = environment_store.read_environment(connection, tenant.id)["created_at"]
    today = day_of(now, tenant.zone)
    return today if today - day_of(created, tenant.zone) >= INTRODUCED_FROM_DAY else None


def _create(
    connection: Connection, environment_id: int, feature: Feature, introduced_on: int | None, now: int, today: int
) -> None:
    values = _columns(feature, None)
    if values["introduced_on"] is None:
        values["introduced_on"] = introduced_on
    insert = feature_store.insert_feature
    ordinal = insert(connection, environment_id, key=feature.key, created_at=now, updated_at=now, **values)
    feature_store.record_offer(connection, environment_id, ordinal, today, values["plans"], values["add_ons"])


def _update(connection: Connection, environment_id: int, feature: Feature, row: FeatureRow, now: int, today: int) -> None:
    """Whom it is offered to is dated: what reaches an account by this change joins its coverage 28 days later."""
    ordinal, values = row["ordinal"], _columns(feature, row)
    feature_store.update_feature(connection, environment_id, ordinal, **values, updated_at=now)
    if any(row[name] != values[name] for name in ("plans", "add_ons")):
        feature_store.record_offer(connection, environment_id, ordinal, today, values["plans"], values["add_ons"])


def _columns(feature: Feature, row: FeatureRow | None) -> dict[str, Any]:
    """`introduced_on` left out of a file keeps what it was filled with."""
    introduced = day_number(feature.introduced_on) if feature.introduced_on else (row["introduced_on"] if row else None)
    return {
        "name": feature.name,
        "description": feature.description,
        "module": feature.module,
        "core": int(feature.core),
        "weight": feature.weight,
        "level": feature.level,
        "cadence": feature.cadence,
        "audience_role": feature.audience_role,
        "rules": _dump([rule.model_dump(mode="json", by_alias=True, exclude_none=True) for rule in feature.rules]),
        "plans": None if feature.plans is None else _dump(feature.plans),
        "add_ons": None if feature.add_ons is None else _dump(feature.add_ons),
        "introduced_on": introduced,
        "retired_on": day_number(feature.retired_on) if feature.retired_on else None,
        "aliases": _dump(feature.aliases),
    }


def is_changed(row: FeatureRow, feature: Feature) -> bool:
    """Does the file say anything else than the catalogue holds?"""
    return any(row[name] != value for name, value in _columns(feature, row).items())


def _cover(connection: Connection, environment_id: int, features: Sequence[Feature]) -> None:
    """Names that a rule covers now leave the inbox of unmatched ones; globs leave it as their pages are seen again."""
    for feature in features:
        for rule in feature.rules:
            if isinstance(rule, EventRule):
                feature_store.forget_unmatched(connection, environment_id, "event", rule.name)
            elif isinstance(rule, PageRule):
                feature_store.forget_unmatched(connection, environment_id, "page", rule.path)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()
