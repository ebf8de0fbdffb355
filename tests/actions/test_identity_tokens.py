"""Signed identity: what verifies, what does not, and for how long."""

from typing import Any

import jwt
import pytest

from milepost.actions.identity import SigningSecret, Verifier, sign

NOW = 1_795_000_000_000
NOW_S = NOW // 1000
OLD, NEW = "ids_" + "o" * 32, "ids_" + "n" * 32


def verifier(*secrets: SigningSecret) -> Verifier:
    return Verifier("env_1", secrets or (SigningSecret(NEW),))


def token(secret: str = NEW, algorithm: str = "HS256", **claims: Any) -> str:
    usual = {"sub": "u1", "aud": "env_1", "iat": NOW_S, "exp": NOW_S + 3600, "account": "a1"}
    return jwt.encode({k: v for k, v in (usual | claims).items() if v is not ...}, secret, algorithm=algorithm)


def test_a_good_token_names_person_account_and_traits() -> None:
    claims = verifier().verify(sign(NEW, "env_1", "u1", "a1", NOW, plan="pro"), NOW)
    assert claims is not None
    assert (claims.user, claims.account, claims.traits) == ("u1", "a1", {"plan": "pro"})


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "env_2"}, {"aud": ...}, {"sub": ...}, {"sub": ""}, {"sub": {}}, {"sub": True}, {"iat": ...}, {"exp": ...},
        {"exp": NOW_S}, {"exp": NOW_S - 1}, {"exp": NOW_S + 24 * 3600 + 1}, {"iat": NOW_S + 61}, {"nbf": NOW_S + 61},
        {"exp": float("nan")}, {"exp": float("inf")}, {"iat": float("nan")}, {"exp": "soon"}, {"exp": []},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_with_a_wrong_claim_is_none(claims: dict[str, Any]) -> None:
    assert verifier().verify(token(**claims), NOW) is None


def test_the_widest_token_allowed_is_good() -> None:
    assert verifier().verify(token(exp=NOW_S + 24 * 3600), NOW) is not None
    assert verifier().verify(token(nbf=NOW_S - 5, sub=42, account=...), NOW) is not None


def test_another_key_or_algorithm_is_none() -> None:
    assert verifier().verify(token(OLD), NOW) is None
    assert verifier().verify(token(NEW * 2, "HS512"), NOW) is None
    unsigned = jwt.encode({"sub": "u1", "aud": "env_1", "iat": NOW_S, "exp": NOW_S + 60}, None, algorithm="none")
    assert verifier().verify(unsigned, NOW) is None
    assert verifier().verify("not.a.token", NOW) is None
    assert verifier().verify("", NOW) is None


def test_a_remembered_token_still_expires() -> None:
    ours, text = verifier(), token(exp=NOW_S + 10)
    assert ours.verify(text, NOW) is not None
    assert ours.verify(text, NOW + 9_999) is not None
    assert ours.verify(text, NOW + 10_000) is None


def test_a_retired_secret_verifies_until_its_overlap_ends_and_not_a_moment_longer() -> None:
    ours = verifier(SigningSecret(NEW), SigningSecret(OLD, retired_at=NOW + 5_000))
    early, late = token(OLD), token(OLD, sub="u2")
    assert ours.verify(early, NOW) is not None
    assert ours.verify(early, NOW + 5_000) is None  # although remembered, and not expired itself
    assert ours.verify(late, NOW + 5_000) is None
    assert ours.verify(token(NEW), NOW + 5_000) is not None


def test_a_secret_does_not_show_in_a_traceback() -> None:
    assert NEW not in repr(verifier())
