"""What the intake and boot hold of an environment: settings, zone, catalogue, verifier; by generation."""

import json
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import Connection

from milepost.actions.identity import SigningSecret, Verifier, read_public_keys
from milepost.actions.secrets import Sealer
from milepost.rules.matching import CompiledCatalogue, MatchableFeature
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import keys as key_store
from milepost.wire.environment import EnvironmentSettings
from milepost.wire.feature import DetectionRule

RULES: TypeAdapter[list[DetectionRule]] = TypeAdapter(list[DetectionRule])


@dataclass
class Tenant:
    """One environment, ready for the hot path."""

    id: int
    public_id: str
    workspace_id: int
    generation: int
    zone: str
    identity_mode: str
    retention_days: int
    settings: EnvironmentSettings
    catalogue: CompiledCatalogue
    verifier: Verifier
    unproven: set[int]
    has_checkpoints: bool

    def is_internal(self, user: str, email: str | None) -> bool:
        """People of the vendor itself: by id or by the domain of their address."""
        if user in self.settings.internal_user_ids:
            return True
        address = email or (user if "@" in user else "")
        return address.rpartition("@")[2].lower() in self.settings.internal_domains


def load_tenant(connection: Connection, environment_id: int, sealer: Sealer, now: int) -> Tenant:
    """Everything in one read transaction."""
    row = environment_store.read_environment(connection, environment_id)
    features = feature_store.list_features(connection, environment_id)
    version = feature_store.newest_version(connection, environment_id)
    secrets = tuple(
        SigningSecret(sealer.open(secret["sealed"], f"identity:{environment_id}"), secret["retired_at"])
        for secret in key_store.list_identity_secrets(connection, environment_id, now)
    )
    settings = EnvironmentSettings.model_validate_json(row["settings"])
    return Tenant(
        id=environment_id,
        public_id=row["public_id"],
        workspace_id=row["workspace_id"],
        generation=row["generation"],
        zone=row["time_zone"],
        identity_mode=row["identity_mode"],
        retention_days=row["retention_days"],
        settings=settings,
        catalogue=CompiledCatalogue(version, tuple(_matchable(f) for f in features if f["merged_into"] is None)),
        verifier=Verifier(row["public_id"], secrets, read_public_keys(settings.identity_jwks)),
        unproven={f["ordinal"] for f in features if f["proven_at"] is None},
        has_checkpoints=feature_store.has_checkpoints(connection, environment_id),
    )


def _matchable(row: "feature_store.FeatureRow") -> MatchableFeature:
    return MatchableFeature(
        row["ordinal"], row["key"], tuple(json.loads(row["aliases"])), tuple(RULES.validate_json(row["rules"]))
    )
