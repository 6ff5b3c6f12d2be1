"""What an organisation says about its own sign-in: addresses and public keys (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from whenever import Instant, TimeDelta

from domain.identity.issuer import is_safe

from .asking import Client, Trouble
from .id_tokens import keys_in

_KEPT_FOR = TimeDelta(hours=1)
_WAYS_TO_SHOW_A_SECRET = ("client_secret_basic", "client_secret_post")


def _safe(address: str) -> str:
    if not is_safe(address):
        raise ValueError("anybody on the way could read what is sent there")
    return address


_Endpoint = Annotated[str, AfterValidator(_safe)]


class Announced(BaseModel):
    """What an organisation announces. Fields that are not named here are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    issuer: str
    authorization_endpoint: _Endpoint
    token_endpoint: _Endpoint
    jwks_uri: _Endpoint
    userinfo_endpoint: _Endpoint | None = None
    end_session_endpoint: _Endpoint | None = None
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @property
    def way_to_show_a_secret(self) -> str:
        """How this service shows its secret at the token endpoint.

        Raises:
            Trouble: the organisation takes no secret.
        """
        for way in _WAYS_TO_SHOW_A_SECRET:
            if way in self.token_endpoint_auth_methods_supported:
                return way
        raise Trouble("takes no client secret, which is the only way that this service has")


class Announcements:
    """What one organisation announces, kept for an hour. If several people need it at once, it is read once.

    Args:
        issuer: of the organisation.
        clock: the present.
    """

    def __init__(self, issuer: str, clock: Callable[[], Instant]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._announced: tuple[Instant, Announced] | None = None
        self._keys: tuple[Instant, KeySet] | None = None

    async def read(self, client: Client) -> Announced:
        """The addresses of its sign-in.

        Raises:
            Trouble: what is announced cannot be used.
        """
        async with self._one_at_a_time:
            kept = self._announced
            if kept is None or self._clock() - kept[0] > _KEPT_FOR:
                # The address is part of the standard; no other may be announced.
                said = await client.read(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                kept = self._announced = (self._clock(), self._checked(said))
            return kept[1]

    async def keys(self, client: Client, *, anew: bool) -> KeySet:
        """Its public keys.

        Args:
            client: asks.
            anew: whether those that are kept do not fit: the organisation may have changed its keys a moment ago, even
                under the same name.

        Raises:
            Trouble: they cannot be read.
        """
        address = (await self.read(client)).jwks_uri
        async with self._one_at_a_time:
            kept = self._keys
            if anew or kept is None or self._clock() - kept[0] > _KEPT_FOR:
                kept = self._keys = (self._clock(), keys_in(await client.read(address)))
            return kept[1]

    def _checked(self, said: object) -> Announced:
        try:
            announced = Announced.model_validate(said)
        except ValidationError as error:
            wrong = ", ".join(dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"]))
            raise Trouble(f"announces what cannot be used ({wrong or 'no object'})") from None
        if announced.issuer != self._issuer:
            raise Trouble("announces another issuer than the settings name")
        addresses = (announced.token_endpoint, announced.jwks_uri, announced.userinfo_endpoint or self._issuer)
        if {urlsplit(each).scheme for each in addresses} != {urlsplit(self._issuer).scheme}:
            raise Trouble("announces addresses without TLS")
        return announced
