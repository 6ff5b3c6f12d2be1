#!/usr/bin/env bash
# Authlib 1.9.10 (its Starlette client) with httpx2 2.16.2, joserfc 1.8.0 and Starlette 1.10.0.
#
# A provider changes the key with which it signs ID tokens. The library reads the key set again if a token names a key that
# it does not know. One would expect the same if the new key has the name of the old one, as some providers have it that
# name their only key once and for all.
#
# The key set that was read first counts for good: until the process starts again, nobody can sign in with that provider.
#
# This service: identity/provider.py reads the keys once more whenever no key fits, whatever its name. Held by
# tests/identity/test_organisations.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 httpx2==2.16.2 joserfc==1.8.0 \
    starlette==1.10.0

cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import sys
import time

import httpx2
from authlib.integrations.starlette_client import OAuth
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ISSUER = "https://provider.example"
ANNOUNCED = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", "id_token_signing_alg_values_supported": ["ES256"]}
key = None


def provider(request):
    keys = {"keys": [key.as_dict(private=False)]}
    return httpx2.Response(200, json=keys if request.url.path == "/keys" else ANNOUNCED)


def changed(name):
    global key
    key = ECKey.generate_key("P-256", {"kid": name})


def signed():
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "olivia", "aud": "service", "nonce": "any", "iat": now, "exp": now + 60}
    return {"id_token": jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, algorithms=["ES256"]), "access_token": "any"}


async def known(client):
    try:
        return (await client.parse_id_token(signed(), nonce="any"))["sub"]
    except JoseError as error:
        return error.error


async def main():
    client = OAuth().register(
        "provider",
        client_id="service",
        server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
        client_kwargs={"transport": httpx2.MockTransport(provider)},
    )
    seen = []
    for name in ("first", "second", "second"):
        changed(name)
        seen.append(await known(client))
        print(f"a new key named {name!r}: {seen[-1]}")
    return seen


if asyncio.run(main()) == ["olivia", "olivia", "bad_signature"]:
    sys.exit(0)
print("This has changed: the keys are read again.")
sys.exit(1)
PYTHON

"$folder/venv/bin/python" "$folder/seen.py"
