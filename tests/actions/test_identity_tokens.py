"""Signed identity: what verifies, what does not, and for how long."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from milepost.actions.environments import change_environment
from milepost.actions.identity import SigningSecret, Verifier, read_public_keys, sign
from milepost.wire.environment import EnvironmentSettings
from tests.factories import Sandbox

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


ED, RSA = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
JWK_OF_ED = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(ED.public_key())) | {"kid": "ed"}
JWK_OF_RSA = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key())) | {"kid": "rsa"}


def key_set(*keys: dict[str, Any]) -> str:
    return EnvironmentSettings(identity_jwks=json.dumps({"keys": keys})).identity_jwks


def asymmetric(key: Any, algorithm: str, kid: str | None = None, **claims: Any) -> str:
    usual = {"sub": "u1", "aud": "env_1", "iat": NOW_S, "exp": NOW_S + 3600, "account": "a1"}
    return jwt.encode(usual | claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def test_public_keys_verify_by_their_own_algorithm_only() -> None:
    ours = Verifier("env_1", (SigningSecret(NEW),), read_public_keys(key_set(JWK_OF_ED, JWK_OF_RSA)))
    for good in (asymmetric(ED, "EdDSA", "ed"), asymmetric(ED, "EdDSA"), asymmetric(RSA, "RS256", "rsa"), token()):
        assert ours.verify(good, NOW) is not None
    other = ed25519.Ed25519PrivateKey.generate()
    for bad in (
        asymmetric(other, "EdDSA", "ed"), asymmetric(RSA, "PS256", "rsa"), asymmetric(RSA, "RS512", "rsa"),
        asymmetric(ED, "EdDSA", "rsa"), asymmetric(ED, "EdDSA", "ed", exp=NOW_S),
    ):  # fmt: skip
        assert ours.verify(bad, NOW) is None


def test_a_public_key_is_no_secret_to_sign_with() -> None:
    """The confusion of algorithms: the public half, known to all, used as an HMAC secret."""
    ours = Verifier("env_1", (), read_public_keys(key_set(JWK_OF_RSA)))
    assert ours.verify(token(JWK_OF_RSA["n"]), NOW) is None


@pytest.mark.parametrize(
    "jwks",
    [
        "{}", "[]", "no json", '{"keys": []}', '{"keys": [1]}', '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        json.dumps({"keys": [json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(ED))]}),
        json.dumps({"keys": [JWK_OF_RSA | {"n": JWK_OF_RSA["n"][:170]}]}), '{"a":' + "[" * 8000,
    ],
    ids=["nothing", "a list", "no JSON", "no keys", "a number", "a secret", "a private key", "a short key", "too deep"],
)  # fmt: skip
def test_other_keys_are_refused(jwks: str) -> None:
    with pytest.raises(ValidationError):
        EnvironmentSettings(identity_jwks=jwks)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "n", "e", "kid", "use"]), st.text(max_size=400) | st.integers()))
def test_a_key_that_cannot_be_built_verifies_nothing(document: dict[str, Any]) -> None:
    for kind in ({"kty": "OKP", "crv": "Ed25519"}, {"kty": "RSA", "n": "A" * 342}):
        text = json.dumps({"keys": [document | kind]})
        assert Verifier("env_1", (), read_public_keys(text)).verify(token(), NOW) is None


def test_a_token_vouches_for_the_account_inside_it_and_for_no_other(sandbox: Sandbox) -> None:
    tenant = sandbox.tenant
    change_environment(sandbox.runtime, tenant.workspace_id, tenant.id, "test", {"identity_mode": "enforce"})
    secret, now = tenant.verifier.secrets[0].text, sandbox.clock()

    def stored(account_in_token: str | None, account_of_event: str | None) -> str | None:
        signed = sign(secret, tenant.public_id, "u1", account_in_token, now)
        context = {"milepost": {"token": signed}} | ({"groupId": account_of_event} if account_of_event else {})
        event = sandbox.event(user="u1", account=None, context=context)
        sandbox.send(event, secret=False)
        ((excluded,),) = sandbox.rows("SELECT excluded FROM events WHERE message_id = :m", m=event["messageId"])
        return excluded

    assert stored("a1", "a1") is None
    assert stored("a1", None) is None
    assert stored("a1", "a2") == "unsigned"
    assert stored(None, "a2") == "unsigned"


def test_an_unsigned_address_does_not_take_a_person_out_of_the_numbers(sandbox: Sandbox) -> None:
    """Where identity is enforced, a stranger can't make a customer's person one of the vendor's own."""
    tenant = sandbox.tenant
    changes = {"identity_mode": "enforce", "internal_domains": ["vendor.test"]}
    change_environment(sandbox.runtime, tenant.workspace_id, tenant.id, "test", changes)
    signed = {"milepost": {"token": sign(tenant.verifier.secrets[0].text, tenant.public_id, "u1", "a1", sandbox.clock())}}
    claim = {"traits": {"email": "eve@vendor.test"}}

    sandbox.send(sandbox.event(account=None) | {"type": "identify"} | claim, secret=False)
    event = sandbox.event(account=None, context=signed)
    sandbox.send(event, secret=False)
    assert sandbox.rows("SELECT excluded FROM events WHERE message_id = :m", m=event["messageId"]) == [(None,)]

    proven = sandbox.event(account=None, context=signed) | {"type": "identify"} | claim
    after = sandbox.event(account=None, context=signed)
    sandbox.send(proven, secret=False)
    sandbox.send(after, secret=False)
    assert sandbox.rows("SELECT excluded FROM events WHERE message_id = :m", m=after["messageId"]) == [("internal",)]
