"""The sign-in of one organisation: where people go, and who comes back (OpenID Connect, code flow with PKCE)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from whenever import Instant

from domain.values.model import Value
from domain.values.refusals import SignInRefused

from .announced import Announced, Announcements
from .asking import Client, Trouble, asking
from .id_tokens import NotBelieved, NotSigned, claims_of
from .organisation_file import Organisation

_CODE = re.compile(r"[a-z_]{1,40}")
_LATER = frozenset({"temporarily_unavailable", "server_error"})
_SET_UP_WRONGLY = frozenset(
    {
        *("invalid_client", "unauthorized_client", "invalid_request"),
        *("invalid_scope", "unsupported_response_type", "unsupported_grant_type"),
    }
)
"""Errors whose reason is in the settings, here or at the organisation."""


class Who(Value):
    """Somebody who has signed in with an organisation.

    Args:
        subject: who it is, by a name that the organisation gives to nobody else.
        address: the person's address; empty if the organisation gave none.
        verified: whether the organisation says that it has verified the address.
    """

    subject: str
    address: str
    verified: bool


class Provider:
    """The sign-in of one organisation. Many people may use it at once.

    Args:
        organisation: which.
        back: where people come back to from this organisation, and from no other.
        clock: the present.
    """

    def __init__(self, organisation: Organisation, back: str, clock: Callable[[], Instant]) -> None:
        self._organisation = organisation
        self._back = back
        self._clock = clock
        self._announcements = Announcements(organisation.issuer, clock)

    async def address_of_sign_in(self, state: str, nonce: str, verifier: str) -> str:
        """Where a browser goes to sign in.

        Args:
            state: comes back with the browser.
            nonce: comes back in the ID token.
            verifier: of PKCE; its hash goes along.

        Raises:
            Unavailable: the organisation cannot be reached.
        """
        async with self._asking() as client:
            endpoint = (await self._announcements.read(client)).authorization_endpoint
            url, _ = client.create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=nonce)
            return str(url)

    async def who(self, params: Mapping[str, str], nonce: str, verifier: str) -> Who:
        """Who came back.

        Args:
            params: the query with which the browser came.
            nonce, verifier: as in `address_of_sign_in`.

        Raises:
            SignInRefused: the person gave up, or what the organisation says cannot be believed.
            Unavailable: the organisation cannot be reached.
        """
        async with self._asking() as client:
            announced = await self._announcements.read(client)
            self._check_origin(params, announced)
            tokens = await self._tokens(client, announced, self._code(params), verifier)
            claims = await self._claims(client, tokens, nonce)
            return _who(await self._with_address(client, announced, tokens, claims))

    async def address_of_sign_out(self, then: str) -> str | None:
        """Where a browser signs out of the organisation (OpenID Connect RP-Initiated Logout 1.0); None if nowhere.

        Args:
            then: where the browser comes back to.

        Raises:
            Unavailable: the organisation cannot be reached.
        """
        async with self._asking() as client:
            endpoint = (await self._announcements.read(client)).end_session_endpoint
        query = {"client_id": self._organisation.client_id, "post_logout_redirect_uri": then}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}" if endpoint else None

    def _asking(self) -> AbstractAsyncContextManager[Client]:
        return asking(self._organisation, self._back)

    def _check_origin(self, params: Mapping[str, str], announced: Announced) -> None:
        """Checks that this organisation has sent the browser back.

        Otherwise one organisation could pass on a code of another, and be given what the code is worth (RFC 9207).

        Raises:
            SignInRefused: another one has.
        """
        issuer = params.get("iss")
        if issuer is None and not announced.authorization_response_iss_parameter_supported:
            return
        if issuer != announced.issuer:
            raise self._not_believed("the answer came from another organisation (iss)")

    def _code(self, params: Mapping[str, str]) -> str:
        """The code with which the browser came back.

        Raises:
            SignInRefused, Trouble: it came with none.
        """
        if error := params.get("error"):
            code = _word(error)
            if code in _LATER:
                raise Trouble(f"cannot sign people in at the moment ({code})")
            if code in _SET_UP_WRONGLY:
                raise Trouble(f"does not know this service as it is set up ({code})")
            name = self._organisation.name
            raise SignInRefused(f"The sign-in with {name} was ended there ({code}): sign in again, or another way.")
        if not params.get("code"):
            raise self._not_believed("the answer has no code")
        return params["code"]

    async def _tokens(self, client: Client, announced: Announced, code: str, verifier: str) -> Mapping[str, Any]:
        """The tokens for a code.

        Raises:
            SignInRefused, Trouble: the organisation gives none.
        """
        client.token_endpoint_auth_method = announced.way_to_show_a_secret
        try:
            tokens = await client.fetch_token(announced.token_endpoint, code=code, code_verifier=verifier)
        except AuthlibBaseError as error:
            reason = _word(error.error)
        except (TypeError, OverflowError):  # Authlib reckons with what it is told
            raise Trouble("gave an answer that cannot be understood") from None
        else:
            if isinstance(tokens.get("id_token"), str) and isinstance(tokens.get("access_token"), str):
                return dict(tokens)
            reason = "no ID token"
        if reason in _SET_UP_WRONGLY:
            raise Trouble(f"does not know this service as it is set up ({reason})")
        raise self._not_believed(f"nothing was given for its code ({reason})")

    async def _claims(self, client: Client, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of the ID token. Before a token is refused for its key, the keys are read once more.

        Raises:
            SignInRefused, Trouble: the token cannot be believed, or the keys cannot be read.
        """
        reason = ""
        for anew in (False, True):
            keys = await self._announcements.keys(client, anew=anew)
            try:
                return claims_of(
                    tokens["id_token"],
                    keys,
                    issuer=self._organisation.issuer,
                    client_id=self._organisation.client_id,
                    nonce=nonce,
                    access_token=tokens["access_token"],
                    now=self._clock(),
                )
            except NotBelieved as error:
                raise self._not_believed(f"its ID token was not made for this sign-in ({error})") from None
            except NotSigned as error:
                reason = str(error)
        raise self._not_believed(f"none of its keys has signed its ID token ({reason})")

    async def _with_address(
        self, client: Client, announced: Announced, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The claims, with the address. Address and "verified" come from one place: two could speak of two addresses.

        Raises:
            SignInRefused, Trouble: userinfo speaks of somebody else, or cannot be read.
        """
        if ("email" in claims and "email_verified" in claims) or announced.userinfo_endpoint is None:
            return claims
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = await client.read(announced.userinfo_endpoint, headers=bearer)
        if not isinstance(said, dict) or said.get("sub") != claims["sub"]:
            raise self._not_believed("its ID token and its userinfo speak of two people (sub)")
        return said

    def _not_believed(self, why: str) -> SignInRefused:
        return SignInRefused(
            f"What {self._organisation.name} answered cannot be believed: {why}. Sign in again, or another way. "
            "If it happens again, tell the people who run this service."
        )


def _word(error: object) -> str:
    """The code of an error. What else it may say could be somebody's data."""
    return error if isinstance(error, str) and _CODE.fullmatch(error) else "error"


def _who(claims: Mapping[str, Any]) -> Who:
    address = claims.get("email")
    # Only true itself counts. Some write "false" as text, which Python would hold for true.
    verified = claims.get("email_verified") is True
    return Who(subject=claims["sub"], address=address if isinstance(address, str) else "", verified=verified)
