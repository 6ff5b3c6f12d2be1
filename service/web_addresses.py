"""Where the web front is: its address as people type it, and the networks of the proxies before it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_PORTS = {"http": 80, "https": 443}
_WRONG = "is no address of a web front: write one such as https://challenges.example"


def origin_of(address: str) -> str:
    """The origin of an address as browsers name it: in small letters, in ASCII, without the usual port.

    Args:
        address: scheme, host and perhaps a port.

    Raises:
        ValueError: it is something else.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        named = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError:  # also UnicodeError
        raise ValueError(_WRONG) from None
    if parts.scheme not in _PORTS or not named or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(_WRONG)
    return f"{parts.scheme}://{named}" + (f":{port}" if port not in (None, _PORTS[parts.scheme]) else "")


def _checked(address: str) -> str:
    origin_of(address)
    return address


def _known_networks(text: str) -> str:
    for each in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(
                "names proxies by addresses or networks, such as 127.0.0.1 or 10.0.0.0/8, with commas between them"
            ) from None
    return text


WebAddress = Annotated[str, AfterValidator(_checked)]
Networks = Annotated[str, AfterValidator(_known_networks)]
