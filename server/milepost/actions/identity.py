"""Signed identity: HS256 tokens of an environment, verified against the secrets in force."""

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


@dataclass
class Verifier:
    """Verifies tokens of one environment; remembers good ones until they, or the secret, expire."""

    environment: str  # public id = aud
    secrets: tuple["SigningSecret", ...]
    seen: dict[str, Claims] = field(default_factory=dict)

    def verify(self, token: str, now_ms: int) -> Claims | None:
        """The claims, or None: bad signature, other audience, expired, valid for over 24 h, no sub."""
        held = self.seen.get(token)
        if held is not None:
            return held if now_ms < held.expires_ms else None
        in_force = (s for s in self.secrets if s.retired_at is None or s.retired_at > now_ms)
        claims = next(filter(None, (self._decode(token, secret, now_ms) for secret in in_force)), None)
        if claims is not None:
            if len(self.seen) > 20_000:
                self.seen.clear()
            self.seen[token] = claims
        return claims

    def _decode(self, token: str, secret: SigningSecret, now_ms: int) -> Claims | None:
        try:
            payload = jwt.decode(
                token,
                secret.text,
                algorithms=["HS256"],
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
        ends_ms = int(expires * 1000) if secret.retired_at is None else min(int(expires * 1000), secret.retired_at)
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
