"""Signed identity: tokens of an environment, HS256 by its secrets in force, RS256 and EdDSA by its public keys."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt

from milepost.wire.event import as_id

MAX_AGE_S = 24 * 3600
LEEWAY_S = 60
CHECKED_HERE: Any = {  # times against the clock passed in; the library would ask the machine's
    "require": ["sub", "aud", "iat", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
}


@dataclass(frozen=True)
class Claims:
    """What a good token says."""

    user: str
    account: str | None
    expires_ms: int
    traits: dict[str, Any]


@dataclass(frozen=True)
class SigningSecret:
    """One secret in force; after `retired_at` (ms) it signs nothing any more."""

    text: str = field(repr=False)
    retired_at: int | None = None


@dataclass(frozen=True)
class PublicKey:
    """One key of a JSON Web Key Set; it verifies by its own algorithm and by no other."""

    algorithm: str  # RS256 | EdDSA
    kid: str | None
    key: Any


def read_public_keys(jwks: str) -> tuple[PublicKey, ...]:
    """The keys of a checked key set (`wire.environment`); one that can't be built is left out."""
    found = []
    for document in json.loads(jwks)["keys"] if jwks else []:
        algorithm = "RS256" if document["kty"] == "RSA" else "EdDSA"
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError):
            found.append(PublicKey(algorithm, document.get("kid"), jwt.PyJWK(document, algorithm).key))
    return tuple(found)


@dataclass
class Verifier:
    """Verifies tokens of one environment; remembers good ones until they, or the secret, expire."""

    environment: str  # public id = aud
    secrets: tuple["SigningSecret", ...]
    public_keys: tuple[PublicKey, ...] = ()
    seen: dict[str, Claims] = field(default_factory=dict)

    def verify(self, token: str, now_ms: int) -> Claims | None:
        """The claims, or None: bad signature, other audience, expired, valid for over 24 h, no sub."""
        held = self.seen.get(token)
        if held is not None:
            return held if now_ms < held.expires_ms else None
        tries = (self._decode(token, *known, now_ms) for known in self._in_force(token, now_ms))
        claims = next(filter(None, tries), None)
        if claims is not None:
            if len(self.seen) > 20_000:
                self.seen.clear()
            self.seen[token] = claims
        return claims

    def _in_force(self, token: str, now_ms: int) -> Iterator[tuple[Any, str, int | None]]:
        """(key, its one algorithm, when it retires) of whatever may have signed the token."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            return
        for secret in self.secrets:
            if secret.retired_at is None or secret.retired_at > now_ms:
                yield secret.text, "HS256", secret.retired_at
        for public in self.public_keys:
            if public.algorithm == header.get("alg") and header.get("kid") in {None, public.kid}:
                yield public.key, public.algorithm, None

    def _decode(self, token: str, key: Any, algorithm: str, retired_at: int | None, now_ms: int) -> Claims | None:
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.environment,
                options=CHECKED_HERE,
            )
            issued, expires, starts = float(payload["iat"]), float(payload["exp"]), float(payload.get("nbf", 0))
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError):
            return None
        now_s = now_ms / 1000
        in_time = max(issued, starts) <= now_s + LEEWAY_S and now_s < expires <= issued + MAX_AGE_S  # False for NaN, too
        user, account, traits = as_id(payload["sub"]), as_id(payload.get("account")), payload.get("traits")
        if not in_time or user is None:
            return None
        ends_ms = int(expires * 1000) if retired_at is None else min(int(expires * 1000), retired_at)
        return Claims(user, account, ends_ms, traits if isinstance(traits, dict) else {})


def sign(secret: str, environment: str, user: str, account: str | None, now_ms: int, **traits: Any) -> str:
    """A token as a host product makes it, for one hour; for tests, the demo and the docs."""
    now_s = now_ms // 1000
    payload: dict[str, Any] = {"sub": user, "aud": environment, "iat": now_s, "exp": now_s + 3600}
    if account is not None:
        payload["account"] = account
    if traits:
        payload["traits"] = traits
    return jwt.encode(payload, secret, algorithm="HS256")
