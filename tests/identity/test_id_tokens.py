"""ID tokens of every kind of key, and key sets with keys that nobody here knows."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from whenever import Instant

from identity.id_tokens import NotSigned, claims_of, keys_in

NOW = Instant.from_utc(2016, 7, 20, 9, 30)
ISSUER = "https://login.office.example"
RSA, EC, ED = RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")


def token(key: Key, algorithm: str, **header: str) -> str:
    at = NOW.timestamp()
    claims = {"iss": ISSUER, "sub": "olivia", "aud": "challenges", "nonce": "of mine", "iat": at, "exp": at + 600}
    return jwt.encode({"alg": algorithm, **header}, claims, key, algorithms=[algorithm])


def subject(signed: str, keys: KeySet) -> Any:
    expected = {"issuer": ISSUER, "client_id": "challenges", "nonce": "of mine", "access_token": "any"}
    return claims_of(signed, keys, now=NOW, **expected)["sub"]


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (RSA, "RS512"), (RSA, "PS256"), (EC, "ES256"), (ED, "Ed25519")]
)
def test_a_token_may_be_signed_with_any_of_the_usual_keys(key: Key, algorithm: str) -> None:
    keys = keys_in({"keys": [key.as_dict(private=False, kid="one")]})

    assert subject(token(key, algorithm, kid="one"), keys) == "olivia"
    assert subject(token(key, algorithm), keys) == "olivia"  # where there is one key, it needs no name


@pytest.mark.parametrize(
    "other", [{"kty": "new"}, {}, 7, None, {"kty": "RSA", "n": "é", "e": "AQAB"}, {"kty": "EC", "crv": "P-1"}]
)
def test_a_key_that_is_not_known_here_shuts_out_no_other(other: object) -> None:
    keys = keys_in({"keys": [other, EC.as_dict(private=False, kid="one"), other]})

    assert subject(token(EC, "ES256", kid="one"), keys) == "olivia"


@pytest.mark.parametrize("said", [None, [], {}, {"keys": None}, {"keys": {}}, "keys"])
def test_what_is_no_key_set_has_no_keys(said: object) -> None:
    with pytest.raises(ValueError, match="no key set"):
        keys_in(said)


@pytest.mark.parametrize("published", [{"keys": []}, {"keys": [EC.as_dict(private=False, kid="two")]}])
def test_a_token_that_no_known_key_has_signed_is_not_signed(published: object) -> None:
    with pytest.raises(NotSigned):
        subject(token(EC, "ES256", kid="one"), keys_in(published))


def test_a_key_for_encryption_signs_nothing() -> None:
    keys = keys_in({"keys": [RSA.as_dict(private=False, kid="one", use="enc")]})

    with pytest.raises(NotSigned):
        subject(token(RSA, "RS256", kid="one"), keys)
