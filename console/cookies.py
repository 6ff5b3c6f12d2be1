"""The two cookies: of the browser, and of the session. Neither can be read by scripts or set by other sites."""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

SESSION = "__Host-session"
"""Holds the secret of the session. A browser takes a cookie with this prefix from the very host only, over TLS (or from
`localhost`) and for all paths: no other site, and no neighbour under the same domain, can set it."""
BROWSER = "__Host-browser"
"""Holds a secret of the browser, before anybody has signed in: a link that was asked for in this browser needs no code,
and forms are bound to it."""
_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{22,128}")


def read(request: Request, name: str) -> str:
    """What a cookie holds; empty if the cookie is missing, or holds what we never put there."""
    held = request.cookies.get(name, "")
    return held if _FORM.fullmatch(held) else ""


def new_secret() -> str:
    """A secret that nobody can guess, of 256 bits."""
    return secrets.token_urlsafe(_BYTES)


def put(response: Response, name: str, secret: str) -> None:
    """Gives the browser a cookie, which the browser forgets when it is closed."""
    response.set_cookie(name, secret, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Has the browser forget a cookie."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
