"""Which page somebody goes on to: one of this service, and no other, whatever an address says."""

from __future__ import annotations

from urllib.parse import urlsplit

HOME = "/applications"
_LONGEST = 500
_NEVER = ("/sign-in", "/sign-out", "/link")
"""Pages that lead elsewhere themselves: whoever went on to them would go round in a circle."""


def local_page(wanted: str) -> str:
    """The wanted page, or the first page if the wanted one is not a page of this service.

    Otherwise a link to our sign-in could lead people on to a copy of our pages elsewhere, just when they trust them.

    Args:
        wanted: path and query, as they came from outside.
    """
    # Browsers drop tabs and line ends, and read "\\" as "/": "/\\there.example" would be another site.
    is_odd = len(wanted) > _LONGEST or "\\" in wanted or not wanted.isascii() or not wanted.isprintable()
    if is_odd or not wanted.startswith("/") or wanted.startswith("//"):
        return HOME
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or any(parts.path == each or parts.path.startswith(f"{each}/") for each in _NEVER):
        return HOME
    return wanted
