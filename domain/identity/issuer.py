"""The address of an organisation's sign-in, and which addresses nobody between can answer for."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints


def is_safe(address: str) -> bool:
    """Whether an address is one of HTTPS, or of this machine itself: nobody between can answer in its place."""
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no address
        return False
    local = parts.scheme == "http" and parts.hostname == "localhost"
    return bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or local)


def _is_issuer(text: str) -> str:
    """Checks an issuer as OpenID Connect Core 1.0, section 2 has it.

    Raises:
        ValueError: somebody between could answer in the organisation's place, or the address has parts that no issuer
            has.
    """
    if not is_safe(text):
        raise ValueError("is not an issuer: write its address with https://, such as https://login.body.example")
    if "?" in text or "#" in text:
        raise ValueError("is not an issuer: write its address without ? or #, as the organisation announces it")
    return text


Issuer = Annotated[
    str,
    StringConstraints(max_length=300, pattern=r"^https?://[!-~]+$"),
    AfterValidator(_is_issuer),
    Field(description="the organisation's issuer, such as https://login.body.example"),
]
