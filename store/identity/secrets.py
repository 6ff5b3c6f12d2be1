"""Secrets that browsers and letters hold: made here, and kept as hashes only.

A secret has 256 bits of chance, so nobody finds it from its hash: whoever reads the database, or a copy of it, cannot
sign in as anybody. A row is found by the hash, and how long that takes tells nothing about the secret.
"""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """A secret that nobody can guess: 43 characters that are allowed in a URL and in a cookie."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A name for a row that people may see. It is no secret."""
    return secrets.token_hex(8)


def hashed(secret: str) -> str:
    """What is kept of a secret. Any text has a hash: what is no secret finds nothing."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
