"""Signing in with an organisation, by OpenID Connect: what the web front calls."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable, Mapping

from whenever import Instant, TimeDelta

from domain.values.model import Value
from domain.values.refusals import SignInOver, SignInRefused, Unavailable
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database
from store.identity import begun, secrets

from .asking import trusted
from .limits import Limit, Limits
from .organisation_file import Organisation, read_organisations
from .provider import Provider

_IN_TIME = TimeDelta(minutes=10)
_BEGUN, _FINISHED = Limit("organisation", 300, 10), Limit("answer", 300, 10)
"""A whole body may come from one network in the morning. More would only fill the database, or keep it busy."""
_TO_SIGN_OUT = 2.0
"""Seconds for which somebody who signs out here waits to be told where else to sign out."""
_LEAST_SECRET = 22
"""Characters of a browser's secret: 128 bits in base64."""


class SignedIn(Value):
    """What an organisation says about somebody who has just signed in with it.

    Args:
        issuer: which organisation says so, as the settings and round files write it.
        subject: who it is, by a name that the organisation gives to nobody else, ever.
        address: the person's address; empty if the organisation gave none.
        verified: whether the address proves a mailbox: the organisation says that it has verified the address, and
            the settings say that the organisation vouches for addresses of this domain. An address that is not
            verified counts for nothing: anybody could have typed it there.
        wanted: the page that the person had asked for when the sign-in began.
    """

    issuer: str
    subject: str
    address: str
    verified: bool
    wanted: str


class Organisations:
    """The organisations with which people can sign in. Nothing here blocks the event loop.

    Args:
        options: `organisations` names the file; `web_address` is where people come back to.
        database: keeps what was begun.
        threads: do what blocks.
        clock: the present.
        limits: count who asks how often; the same for all requests of a process.

    Raises:
        FileRefused: the file of organisations is wrong. The text has a line for each problem, and no secret.
    """

    def __init__(
        self,
        options: Settings,
        database: Database,
        threads: Threads,
        clock: Callable[[], Instant] = Instant.now,
        limits: Limits | None = None,
    ) -> None:
        self._database = database
        self._threads = threads
        self._clock = clock
        self._limits = limits or Limits()
        self._home = options.web_address
        self._known = {each.id: each for each in read_organisations(options.organisations)}
        trusted()  # nothing may block later
        self._providers = {key: Provider(each, self._back(key), clock) for key, each in self._known.items()}

    def listed(self) -> list[tuple[str, str]]:
        """Key and name of each organisation, in the order of the file. The key belongs into addresses of pages."""
        return [(key, each.name) for key, each in self._known.items()]

    async def begin(self, key: str, browser: str, wanted: str, network: str) -> str:
        """Begins a sign-in. A browser may begin several at once.

        Args:
            key: of the organisation.
            browser: a secret of 128 bits or more that only this browser holds, in a cookie that also comes with a link
                from elsewhere (SameSite=Lax). Without the secret, somebody could have another person's browser finish
                their own sign-in.
            wanted: the page to go on to.
            network: the network that the request came from, as limits count it.

        Returns:
            The address at the organisation to which the browser goes next.

        Raises:
            SignInRefused: there is no such organisation.
            TooOften: too much was asked from this network.
            Unavailable: the organisation or the database cannot be reached.
        """
        organisation = self._organisation(key)
        self._limits.count(_BEGUN, network)
        if len(browser) < _LEAST_SECRET:
            raise ValueError("a browser's secret must be too long to guess")
        state = secrets.new()
        url = await self._providers[key].address_of_sign_in(
            state, _made(browser, "nonce", state), _made(browser, "verifier", state)
        )
        now = self._clock()
        await self._threads.write(
            begun.keep,
            self._database,
            state=secrets.hashed(state),
            issuer=organisation.issuer,
            browser=secrets.hashed(browser),
            wanted=wanted,
            at=now,
            ends=now + _IN_TIME,
        )
        return url

    async def finish(self, key: str, params: Mapping[str, str], browser: str, network: str) -> SignedIn:
        """Finishes a sign-in, once.

        Args:
            key: of the organisation, from the address to which the browser came back: `/sign-in/with/KEY/back`. Each
                organisation has an address of its own, so that none can pass on what another one said.
            params: the query of that address.
            browser: the secret that the browser holds; empty if it holds none.
            network: the network that the request came from, as limits count it.

        Raises:
            SignInOver: the sign-in is too old, was used, or was begun in another browser or with another organisation.
            SignInRefused: the person gave up, or what the organisation says cannot be believed.
            TooOften: too much was asked from this network.
            Unavailable: the organisation or the database cannot be reached.
        """
        self._limits.count(_FINISHED, network)
        organisation, state = self._organisation(key), params.get("state", "")
        wanted = await self._threads.write(
            begun.use,
            self._database,
            state=secrets.hashed(state),
            issuer=organisation.issuer,
            browser=secrets.hashed(browser),
            at=self._clock(),
        )
        if wanted is None:
            raise SignInOver(
                f"This sign-in with {organisation.name} cannot be finished here: it was begun more than 10 minutes ago "
                "or in another browser, or it was finished already. Sign in again."
            )
        who = await self._providers[key].who(params, _made(browser, "nonce", state), _made(browser, "verifier", state))
        return SignedIn(
            issuer=organisation.issuer,
            subject=who.subject,
            address=who.address,
            verified=who.verified and organisation.vouches_for(who.address),
            wanted=wanted,
        )

    async def sign_out(self, issuer: str) -> str | None:
        """The address at which somebody signs out of their organisation, too, and comes back from to `/sign-in`.

        Args:
            issuer: of the session that has ended here.

        Returns:
            None if the organisation has no such address, or cannot be reached: the person is signed out here anyhow.
        """
        key = next((key for key, each in self._known.items() if each.issuer == issuer), None)
        if key is None:
            return None
        try:
            async with asyncio.timeout(_TO_SIGN_OUT):
                return await self._providers[key].address_of_sign_out(f"{self._home}/sign-in")
        except (Unavailable, TimeoutError):
            return None

    def _organisation(self, key: str) -> Organisation:
        if organisation := self._known.get(key):
            return organisation
        raise SignInRefused("This service knows no such organisation: choose one on the page for signing in.")

    def _back(self, key: str) -> str:
        return f"{self._home}/sign-in/with/{key}/back"


def _made(browser: str, purpose: str, state: str) -> str:
    """A secret of one sign-in, made from what the browser holds: nobody finds it in the database or in the state.

    Nonce and verifier need not be kept in this way, and no other browser can make them.
    """
    made = hmac.digest(
        browser.encode(errors="surrogatepass"), f"{purpose} {state}".encode(errors="surrogatepass"), "sha256"
    )
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
