"""What stands before every page, as plain ASGI: the host, the size of what is sent, where forms come from, headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.forms.attachments import LARGEST
from domain.values.words import gettext

from .showing import number

MOST_BYTES = 65_536
"""The most bytes of a form here: names, codes, reasons and the answers of passkeys."""
_LONG_FORM = re.compile(r"(/staff)?/(applications|challenges)/")
_MOST_BYTES_LONG = 6_000_000
"""The most bytes of a form with answers to the questions of a challenge."""
_FILES = re.compile(r"/applications/.+/(files|evidence)/")
_MOST_BYTES_FILES = LARGEST + 1_000_000
"""The most bytes of a form with a file. How much of a file its question takes, the desk says."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTENT = "; ".join(
    (
        *("default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'"),
        *("connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)
_HEADERS = {
    "content-security-policy": _CONTENT,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "publickey-credentials-create=(self), publickey-credentials-get=(self), camera=(), "
    "geolocation=(), microphone=()",
}


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them. They are the same for every answer, so they are written once."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


_UNLESS_SAID = _encoded({"cache-control": "no-store", "referrer-policy": "same-origin", "x-robots-tag": "noindex"})
"""Pages are for one person, so nothing keeps them. A page may say otherwise, as styles do."""
_ONLY_TLS = "max-age=31536000"


class SafeHeaders:
    """Puts the headers on every answer that have browsers protect people: no foreign scripts, frames or copies.

    Args:
        app: what answers.
        web_address: of the web front; a browser that came by TLS is told to come by TLS only.
    """

    def __init__(self, app: ASGIApp, web_address: str) -> None:
        self._app = app
        only_tls = {"strict-transport-security": _ONLY_TLS} if web_address.startswith("https:") else {}
        self._always = _encoded(_HEADERS | only_tls)
        # A page may add a policy of its own: browsers then hold to both.
        self._always_names = {name for name, _ in self._always} - {b"content-security-policy"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                kept = [each for each in message["headers"] if each[0] not in self._always_names]
                more = [each for each in _UNLESS_SAID if each[0] not in said]
                message = {**message, "headers": [*kept, *self._always, *more]}
            await send(message)

        await self._app(scope, receive, with_headers)


class OurHost:
    """Answers only under the address that people type.

    Whoever could choose the host could have links and redirects lead to their own site, or have another name on the
    same network address (DNS rebinding) speak with this service from a browser inside.

    Args:
        app: what answers.
        web_address: of the web front.
    """

    def __init__(self, app: ASGIApp, web_address: str) -> None:
        self._app = app
        self._address = web_address
        parts = urlsplit(web_address)
        usual = {"http": 80, "https": 443}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
        port = parts.port or usual
        self._hosts = {f"{host}:{port}"} | ({host} if port == usual else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or named[0].lower() not in self._hosts:
                raise HTTPException(
                    421,
                    gettext("This service is not at the address that you used: go to {address}.").format(
                        address=self._address
                    ),
                )
        await self._app(scope, receive, send)


class SmallBodies:
    """Takes no more bytes than a form can have.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said, most = Headers(scope=scope).get("content-length", ""), most_bytes(scope["path"])
        if said.isdecimal() and (len(said) > 12 or int(said) > most):
            raise self._too_large(most)
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise self._too_large(most)
            return message

        await self._app(scope, counted, send)

    def _too_large(self, most: int) -> HTTPException:
        return HTTPException(
            413,
            gettext("What you sent has more than {number} bytes, and this page takes no more: send less.").format(
                number=number(most)
            ),
        )


def most_bytes(path: str) -> int:
    """The most bytes that may be sent to an address."""
    if _FILES.match(path):
        return _MOST_BYTES_FILES
    return _MOST_BYTES_LONG if _LONG_FORM.match(path) else MOST_BYTES


class OurForms:
    """Takes forms from our own pages only, as browsers say by `Sec-Fetch-Site`, and older ones by `Origin`.

    Together with the token in each form (`console.forms`). Otherwise another site could have the browser of somebody
    who is signed in here send a form for them.

    Args:
        app: what answers.
        web_address: of the web front.
    """

    def __init__(self, app: ASGIApp, web_address: str) -> None:
        self._app = app
        self._origin = web_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and not self._is_ours(Headers(scope=scope)):
            raise HTTPException(
                403,
                gettext(
                    "This form was sent from another site, so nothing was done: open the page here, and send it again."
                ),
            )
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin", "null")
        # A page with the policy "no-referrer" sends its forms with the origin "null".
        return origin in (self._origin, "null") if site == "same-origin" else site is None and origin == self._origin
