"""Questions to the codec server, over its ASGI interface."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2
from starlette.requests import Request
from starlette.routing import Router

from console.codec import Decoding
from service.codec import Codec

UI = "https://temporal.scheme.example"
OPERATOR_IN = {"cookie": "__Host-session=operator"}


async def _is_operator(request: Request) -> bool:
    return request.cookies.get("__Host-session") == "operator"


async def asked(
    codec: Codec | None, method: str, path: str, headers: Mapping[str, str], content: str | bytes = b""
) -> httpx2.Response:
    """The answer of a codec server before an application that has nothing."""
    app = Decoding(Router(), codec, UI, _is_operator)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://web.example") as client:
        return await client.request(method, path, headers=dict(headers), content=content)


async def decoded_by_a_server(codec: Codec, payloads: str) -> httpx2.Response:
    """What the UI gets for an operator who is signed in."""
    return await asked(codec, "POST", "/codec/decode", {"origin": UI} | OPERATOR_IN, payloads)
