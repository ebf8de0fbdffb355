"""Signed identity: HS256 tokens of an environment, verified against the secrets in force."""

from dataclasses import dataclass, field
from typing import Any

import jwt

MAX_AGE_S = 24 * 3600
LEEWAY_S = 60


@dataclass(frozen=True)
class Claims:
    """What a good token says."""

    user: str
    account: str | None
    expires_ms: int
    traits: dict[str, Any]


@dataclass
class Verifier:
    """Verifies tokens of one environment; remembers good ones until they expire."""

    environment: str  # public id = aud
    secrets: tuple[str, ...]
    seen: dict[str, Claims] = field(default_factory=dict)

    def verify(self, token: str, now_ms: int) -> Claims | None:
        """The claims, or None: bad signature, other audience, expired, valid for over 24 h, no sub."""
        held = self.seen.get(token)
        if held is not None:
            return held if now_ms < held.expires_ms else None
        claims = next(filter(None, (self._decode(token, secret, now_ms) for secret in self.secrets)), None)
        if claims is not None:
            if len(self.seen) > 20_000:
                self.seen.clear()
            self.seen[token] = claims
        return claims

    def _decode(self, token: str, secret: str, now_ms: int) -> Claims | None:
        try:
            payload = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=self.environment,
                options={"require": ["sub", "aud", "iat", "exp"], "verify_exp": False, "verify_iat": False, "verify_sub": False},
            )
            issued, expires = float(payload["iat"]), float(payload["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError):
            return None
        now_s = now_ms / 1000
        if expires <= now_s or issued > now_s + LEEWAY_S or expires - issued > MAX_AGE_S:
            return None
        account, traits = payload.get("account"), payload.get("traits")
        return Claims(
            str(payload["sub"]),
            str(account) if account is not None else None,
            int(expires * 1000),
            traits if isinstance(traits, dict) else {},
        )


def sign(secret: str, environment: str, user: str, account: str | None, now_ms: int, **traits: Any) -> str:
    """A token as a host product makes it, for one hour; for tests, the demo and the docs."""
    now_s = now_ms // 1000
    payload: dict[str, Any] = {"sub": user, "aud": environment, "iat": now_s, "exp": now_s + 3600}
    if account is not None:
        payload["account"] = account
    if traits:
        payload["traits"] = traits
    return jwt.encode(payload, secret, algorithm="HS256")
