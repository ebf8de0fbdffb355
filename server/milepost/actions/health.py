"""Health models: the presets of a new environment, saving and publishing a version, what validation says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound, SettingError
from milepost.rules.days import day_of
from milepost.rules.health import Verdict, validate_model
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import models as model_store
from milepost.store import rollups
from milepost.store.schema import data_folder
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.health import HealthModel

PRESETS = ("adoption", "starter")  # the first one scores


@dataclass(frozen=True)
class HeldModel:
    """A published version, parsed."""

    id: int
    key: str
    version: int
    active: bool
    active_from_on: int
    published_at: int
    published_by: str
    source: str
    model: HealthModel


@lru_cache(maxsize=8)
def read_preset(key: str) -> str:
    """The YAML of a shipped model."""
    path = data_folder("guides") / "library" / "health" / f"{key}.yaml"
    if not path.is_file():
        raise SettingError(f"The installation lacks its health model {key}.yaml; install Milepost again.")
    return path.read_text(encoding="utf-8")


def install_presets(connection: Connection, environment_id: int, now: int) -> None:
    """The shipped models as version 1; `adoption` scores."""
    zone = environment_store.read_environment(connection, environment_id)["time_zone"]
    today = day_of(now, zone)
    for key in PRESETS:
        source = read_preset(key)
        model = parse_yaml(source, HealthModel, f"{key}.yaml")
        _insert(connection, environment_id, model, source, "system", now, today, active=key == PRESETS[0])


def check_model(source: str, name: str = "the model") -> tuple[HealthModel, Verdict]:
    """Reads and judges a model by itself; raises Invalid with the line of the first faults."""
    model = parse_yaml(source, HealthModel, name, by_hand=True)
    return model, validate_model(model)


def judge_model(connection: Connection, environment_id: int, model: HealthModel) -> Verdict:
    """The verdict by the environment's catalogue: a signal about a feature that is not there is never known."""
    missing = _missing_features(connection, environment_id, model)
    return validate_model(model, missing)


def _missing_features(connection: Connection, environment_id: int, model: HealthModel) -> dict[str, str]:
    """{signal: the feature it names} where the catalogue has no such feature."""
    keys = {row["key"] for row in feature_store.list_features(connection, environment_id)}
    named = {name: model.signal(name).feature for name in model.used_signals()}
    return {name: feature for name, feature in named.items() if feature is not None and feature not in keys}


def publish_model(
    runtime: Runtime, tenant: Tenant, source: str, actor_name: str, *, activate: bool = True
) -> tuple[HeldModel, Verdict]:
    """A new immutable version; when activated every account is scored again by it. Raises Invalid."""
    model, _alone = check_model(source)
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        missing = _missing_features(connection, tenant.id, model)
        if missing:
            raise Invalid.of_parts(_say_missing(missing))
        verdict = judge_model(connection, tenant.id, model)
        today = day_of(now, tenant.zone)
        model_id = _insert(connection, tenant.id, model, source, actor_name, now, today, active=False)
        if activate:
            _activate(connection, tenant, model_id, now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="health_model.published",
            subject=model.id, environment_id=tenant.id, activated=activate,
        )  # fmt: skip
        row = model_store.find_model(connection, tenant.id, model.id)
    if row is None:
        raise NotFound
    return _held(row), verdict


def _say_missing(missing: Mapping[str, str]) -> list[str]:
    return [
        f"signals.{signal}: the catalogue has no feature {feature!r}; name one that it has, or publish that feature first"
        for signal, feature in missing.items()
    ]


def activate_model(runtime: Runtime, tenant: Tenant, key: str, version: int | None, actor_name: str) -> HeldModel:
    """Another published version scores from now on."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = model_store.find_model(connection, tenant.id, key, version)
        if row is None:
            raise NotFound(f"There is no health model {key!r}{f' version {version}' if version else ''}.")
        _activate(connection, tenant, row["id"], now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="health_model.activated",
            subject=key, environment_id=tenant.id, version=row["version"],
        )  # fmt: skip
        return read_active_model(connection, tenant.id)


def read_active_model(connection: Connection, environment_id: int) -> HeldModel:
    """The version that scores; raises NotFound when the environment has none."""
    row = model_store.find_active_model(connection, environment_id)
    if row is None:
        raise NotFound("This environment has no active health model; publish one.")
    return _held(row)


def list_models(connection: Connection, environment_id: int) -> list[HeldModel]:
    """Every version, newest first."""
    return [_held(row) for row in model_store.list_models(connection, environment_id)]


def _activate(connection: Connection, tenant: Tenant, model_id: int, now: int) -> None:
    model_store.activate_model(connection, tenant.id, model_id, day_of(now, tenant.zone))
    environment_store.raise_generation(connection, tenant.id)
    rollups.mark_all_dirty(connection, tenant.id, now)


def _insert(
    connection: Connection,
    environment_id: int,
    model: HealthModel,
    source: str,
    actor: str,
    now: int,
    today: int,
    *,
    active: bool,
) -> int:
    return model_store.insert_model(
        connection,
        environment_id,
        key=model.id,
        version=model_store.newest_model_version(connection, environment_id, model.id) + 1,
        source=source,
        document=json.dumps(model.model_dump(mode="json", by_alias=True, exclude_none=True), ensure_ascii=False),
        published_at=now,
        published_by=actor,
        active_from_on=today,
        active=int(active),
    )


def _held(row: RowMapping) -> HeldModel:
    return HeldModel(
        id=row["id"],
        key=row["key"],
        version=row["version"],
        active=bool(row["active"]),
        active_from_on=row["active_from_on"],
        published_at=row["published_at"],
        published_by=row["published_by"],
        source=row["source"],
        model=HealthModel.model_validate_json(row["document"]),
    )
