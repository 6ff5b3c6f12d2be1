"""How a visitor's browser and network are called, for their own list and for limits."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

_NETWORK_BITS = 64
"""One home has as many IPv6 addresses as it likes, all with the same first bits."""
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
"""What stands in what a browser says of itself, and the name that people know. The first that is found counts: most
browsers also name others."""


def browser_in_words(says: str) -> str:
    """A browser as people know it, such as "Firefox on Windows".

    Args:
        says: what the browser says of itself (`User-Agent`). It may be anything.
    """
    browser = next((name for mark, name in _BROWSERS.items() if mark in says), "a browser")
    system = next((name for mark, name in _SYSTEMS.items() if mark in says), "")
    return f"{browser} on {system}" if system else browser


def address_of(request: Request) -> str:
    """The network address that a request came from; behind a proxy that we trust: as the proxy says."""
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    """The network that a request came from, as limits count it."""
    return _network(address_of(request))


@lru_cache(maxsize=1_000)
def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((parsed, _NETWORK_BITS), strict=False))
    return str(parsed)
