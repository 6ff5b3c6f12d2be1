#!/usr/bin/env bash
# Authlib 1.9.10 with httpx2 2.16.2.
#
# A client shows its name and its secret to a token endpoint by HTTP Basic. RFC 6749, section 2.3.1, wants both encoded
# as in a form first, so that a provider decodes them: one would expect the library to do so.
#
# Authlib sends both as they are. A provider that follows the standard decodes "+" as a space and "%41" as "A", and refuses
# a secret with such characters as wrong. A secret with a colon is safe by chance, a name with a colon is not.
#
# This service: identity/asking.py `_in_header` encodes both itself. Held by tests/identity/test_organisations.py, whose
# provider has a secret with +, %, : and a space.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 httpx2==2.16.2

cat > "$folder/seen.py" <<'PYTHON'
import base64
import sys
from urllib.parse import unquote_plus

import httpx2
from authlib.integrations.httpx_client import OAuth2Client

SECRET = "one+one%3D2"
sent = []


def endpoint(request):
    sent.append(request.headers["Authorization"].removeprefix("Basic "))
    return httpx2.Response(200, json={"access_token": "any", "token_type": "Bearer"})


client = OAuth2Client("service", SECRET, transport=httpx2.MockTransport(endpoint))
client.fetch_token("https://provider.example/token", code="any")
understood = [unquote_plus(part) for part in base64.b64decode(sent[0]).decode().split(":")]
print(f"shown: {SECRET!r}; understood by a provider that follows the standard: {understood[1]!r}")
if understood == ["service", "one one=2"]:
    sys.exit(0)
print("This has changed: the secret is encoded.")
sys.exit(1)
PYTHON

"$folder/venv/bin/python" "$folder/seen.py"
