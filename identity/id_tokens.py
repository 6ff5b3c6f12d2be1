"""What an organisation says about somebody who signed in: ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jws import JWSRegistry
from whenever import Instant

_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
"""All have a private key that only the organisation holds. With "none" or a shared secret (HS256), anybody who knows
the public keys, or the secret, could write a token."""
_LEEWAY = 30
"""Seconds by which the clocks of the organisation and of this machine may differ."""
_LONGEST_SUBJECT = 255


class NotSigned(Exception):
    """No known key has signed the token. The organisation may have changed its keys."""


class NotBelieved(Exception):
    """The token is signed, but was not made for this sign-in. `str(error)` names the claim."""


def keys_in(said: object) -> KeySet:
    """The public keys in an organisation's key set. A key of a kind that is not known here is left out.

    Raises:
        ValueError: it is no key set.
    """
    keys = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(keys, list):
        raise ValueError("no key set")
    return KeySet([key for each in keys if (key := _public_key(each)) is not None])


def _public_key(data: object) -> Key | None:
    # One key that is not understood must not shut out the others (RFC 7517, section 5).
    try:
        return JWKRegistry.import_key(data) if isinstance(data, dict) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def claims_of(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, access_token: str, now: Instant
) -> Mapping[str, Any]:
    """The claims of an ID token that was made for this very sign-in.

    Args:
        token: as the organisation sent it.
        keys: the organisation's public keys.
        issuer: the organisation. A token of another one, however well signed, says nothing about its people.
        client_id: this service. Another service that people sign in to could send their tokens here.
        nonce: of this sign-in. Somebody could put in a token from an earlier one.
        access_token: came with the token; its hash is checked if the token has one.
        now: the present.

    Raises:
        NotSigned: no key fits.
        NotBelieved: the token says something else, is too old, or is not valid yet.
    """
    try:
        signed = jwt.decode(token, keys, registry=JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False))
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotSigned(_word(error)) from None
    expected = {"iss": issuer, "aud": client_id}
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        options={name: {"essential": True, "value": value} for name, value in expected.items()},
        params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=now.timestamp(), leeway=_LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise NotBelieved(_word(error)) from None
    if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
        raise NotBelieved("sub")
    return dict(claims)


def _word(error: Exception) -> str:
    """What is wrong, without anything that the token says."""
    return str(getattr(error, "claim", "") or getattr(error, "error", "") or type(error).__name__)
