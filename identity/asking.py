"""Asking an organisation over HTTP by Authlib's client: within a time, up to a length, and nobody else."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx2
import structlog
from authlib.integrations.httpx_client import AsyncOAuth2Client

from domain.values.refusals import OthersUnavailable, Refused

from .organisation_file import Organisation

_logger = structlog.get_logger("identity")

_WITHIN = 10
"""Seconds in which an organisation has to answer everything that one page asks."""
_LONGEST_ANSWER = 262_144


class Trouble(Exception):
    """An organisation does not answer as it has to. `str(error)` continues a sentence about its sign-in."""


class Client(AsyncOAuth2Client):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client, which reads no answer without an end and unpacks nothing."""

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Sends a request, and reads the answer to its end."""
        del stream
        response = await super().send(request, stream=True, **options)
        body = b""
        try:
            async for part in response.aiter_raw():
                body += part
                if len(body) > _LONGEST_ANSWER:
                    raise Trouble("gave an answer without an end")
        finally:
            await response.aclose()
        return httpx2.Response(response.status_code, headers=response.headers, content=body, request=request)

    async def read(self, address: str, headers: Mapping[str, str] | None = None) -> Any:
        """What a JSON document says.

        Args:
            address: of the document.
            headers: of the request.

        Raises:
            Trouble: there is no such document.
            ValueError: it is not JSON.
        """
        response = await self.request("GET", address, withhold_token=True, headers=headers)
        if response.status_code != httpx2.codes.OK:
            raise Trouble(f"gave no answer that can be used (status {response.status_code})")
        return response.json()


@cache
def trusted() -> ssl.SSLContext:
    """Whom this machine trusts. To read that blocks, so it is read once, when the process starts."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def asking(organisation: Organisation, back: str) -> AsyncIterator[Client]:
    """A client for everything that one page asks of an organisation.

    Args:
        organisation: which.
        back: where people come back to from it.

    Raises:
        Unavailable: the organisation does not answer as it has to. The text has no secret, code or token.
    """
    trouble, cause = "", ""
    try:
        async with asyncio.timeout(_WITHIN), _client(organisation, back) as client:
            yield client
    except (TimeoutError, httpx2.TimeoutException):
        trouble = "did not answer in time"
    except httpx2.HTTPStatusError as error:
        trouble = f"gave no answer that can be used (status {error.response.status_code})"
    except httpx2.HTTPError as error:
        trouble, cause = "cannot be reached", type(error).__name__
    except Trouble as error:
        trouble = str(error)
    except (ValueError, RecursionError, httpx2.InvalidURL):  # brackets in brackets without end are JSON, too
        trouble = "gave an answer that cannot be understood"
    except Refused as refusal:
        _logger.warning("sign-in refused", organisation=organisation.id, reason=str(refusal))
        raise
    if trouble:
        # Raised outside the `except`, because the library's error holds the request with the code and our secret.
        _logger.warning("sign-in does not work", organisation=organisation.id, reason=trouble, cause=cause)
        raise OthersUnavailable(
            f"The sign-in of {organisation.name} {trouble}: try again in a moment, or sign in another way."
        )


def _client(organisation: Organisation, back: str) -> Client:
    client = Client(
        client_id=organisation.client_id,
        client_secret=organisation.secret,
        scope="openid email",
        redirect_uri=back,
        code_challenge_method="S256",
        verify=trusted(),
        timeout=_WITHIN,
        follow_redirects=False,  # only the organisation in the settings may see codes and the secret
        # A proxy from the environment cannot read TLS. Without TLS it could read everything.
        trust_env=urlsplit(organisation.issuer).scheme == "https",
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )
    client.register_client_auth_method(("client_secret_basic", _in_header))
    return client


def _in_header(
    client: Any, _: str, uri: str, headers: MutableMapping[str, str], body: str
) -> tuple[str, MutableMapping[str, str], str]:
    """Name and secret of this service, encoded as RFC 6749, 2.3.1 asks: Authlib leaves a % or + in them as it is."""
    text = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(text.encode()).decode()}"
    return uri, headers, body
