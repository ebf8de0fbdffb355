"""Settings of one environment that shape its numbers; every choice is printed where it counts."""

import json
from typing import Annotated, Literal

from pydantic import Field, field_validator

from milepost.wire.shape import Shape


class EnvironmentSettings(Shape):
    """Stored as JSON with the environment."""

    plan_unknown: Literal["unknown", "all"] = "unknown"
    count_guided: bool = False
    coverage_window_days: Annotated[int, Field(ge=7, le=365)] = 90
    active_share_denominator: Literal["employees", "seats"] = "employees"
    internal_domains: list[Annotated[str, Field(max_length=200)]] = []
    internal_user_ids: list[Annotated[str, Field(max_length=200)]] = []
    holiday_country: Annotated[str, Field(max_length=2)] = ""
    identity_jwks: Annotated[str, Field(max_length=20_000)] = ""  # public keys: a JSON Web Key Set
    host_url: Annotated[str, Field(max_length=500)] = ""

    @field_validator("identity_jwks")
    @classmethod
    def _keys_are_public(cls, text: str) -> str:
        """RSA from 2048 bits and Ed25519, public halves only. Source: RFC 7517, RFC 8037."""
        if not text.strip():
            return ""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise ValueError("this is not JSON") from problem
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or not 0 < len(keys) <= 10 or not all(isinstance(key, dict) for key in keys):
            raise ValueError('write a JSON Web Key Set: {"keys": […]}, with one to ten keys')
        for key in keys:
            if "d" in key or "k" in key:
                raise ValueError("a private or symmetric key is among them; paste the public halves only")
            is_rsa = key.get("kty") == "RSA" and len(str(key.get("n", ""))) >= 342  # 2048 bits in base64
            if not is_rsa and (key.get("kty"), key.get("crv")) != ("OKP", "Ed25519"):
                raise ValueError("each key must be RSA of 2048 bits or more, or Ed25519")
        return text.strip()

    @field_validator("internal_domains")
    @classmethod
    def _domains_are_lower_case(cls, domains: list[str]) -> list[str]:
        return [d.strip().lower().removeprefix("@") for d in domains if d.strip()]
