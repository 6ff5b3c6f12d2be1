"""The codec server: decrypts payloads for the pages of Temporal's UI, for operators who are signed in to the web front.

It speaks the protocol of Temporal's remote codecs, and only decodes: whoever could encode could write messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common.v1 import Payloads

from domain.values.refusals import Unavailable
from service.codec import Codec

PATH = "/codec/decode"
_LARGEST = 16 << 20
"""Bytes of a request: a page of a history, of which one payload may have two MiB before it is encoded."""


class Decoding:
    """Answers `POST /codec/decode` itself, and leaves all else to the application behind it.

    It stands before the guards of forms: the UI's question is no form, comes from another origin, and is longer.

    The browser sends the session's cookie with the request, because both addresses belong to one site. Any other page
    on the internet could have the browser send it as well. So an answer goes only to the UI's own pages: others get
    none, and browsers do not show them one.

    Args:
        app: what answers all else.
        codec: with the keys; None if nothing is encrypted.
        ui: the address of Temporal's UI, as browsers name it.
        is_operator: whether whoever asks is signed in and operates a round.
    """

    def __init__(
        self, app: ASGIApp, codec: Codec | None, ui: str, is_operator: Callable[[Request], Awaitable[bool]]
    ) -> None:
        self._app = app
        self._codec = codec
        self._ui = ui
        self._is_operator = is_operator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if self._codec is None or scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        response = await self._answer(self._codec, Request(scope, receive))
        response.headers["Access-Control-Allow-Origin"] = self._ui
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response(scope, receive, send)

    async def _answer(self, codec: Codec, request: Request) -> Response:
        if request.headers.get("origin") != self._ui:
            return _refused(403, f"Only the pages of {self._ui} may have payloads decoded: correct the UI's address.")
        if request.method == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "authorization, content-type, x-namespace",
            }
            return Response(status_code=204, headers=allowed)
        if request.method != "POST":
            return _refused(405, "Payloads are decoded by POST.", {"Allow": "POST"})
        if not await self._is_operator(request):
            return _refused(401, "Only operators read payloads: sign in to the web front as one, then load this again.")
        return await self._decoded(codec, request)

    async def _decoded(self, codec: Codec, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST:
                return _refused(413, f"The request has more than {_LARGEST} bytes: ask for fewer payloads at a time.")
        try:
            payloads = Parse(body, Payloads())
        except (ParseError, UnicodeDecodeError, RecursionError):
            return _refused(400, 'The request is not a JSON object {"payloads": […]} of Temporal: send one.')
        try:
            await codec.decode_wrapper(payloads)
        except Unavailable as unknown_key:
            return _refused(409, str(unknown_key))
        return Response(MessageToJson(payloads), media_type="application/json")


def _refused(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": text}, status, headers)
