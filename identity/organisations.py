"""Signing in with an organisation, by OpenID Connect: what the web front calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from whenever import Instant

from domain.values.model import Value
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database


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

    Raises:
        FileRefused: the file of organisations is wrong. The text has a line for each problem, and no secret.
    """

    def __init__(
        self, options: Settings, database: Database, threads: Threads, clock: Callable[[], Instant] = Instant.now
    ) -> None:
        raise NotImplementedError

    def listed(self) -> list[tuple[str, str]]:
        """Key and name of each organisation, in the order of the file. The key belongs into addresses of pages."""
        raise NotImplementedError

    async def begin(self, key: str, browser: str, wanted: str) -> str:
        """Begins a sign-in. A browser may begin several at once.

        Args:
            key: of the organisation.
            browser: a secret that only this browser holds, in a cookie that also comes with a link from elsewhere
                (SameSite=Lax). Without it, somebody could have another person's browser finish their own sign-in.
            wanted: the page to go on to.

        Returns:
            The address at the organisation to which the browser goes next.

        Raises:
            SignInRefused: there is no such organisation.
            Unavailable: the organisation or the database cannot be reached.
        """
        raise NotImplementedError

    async def finish(self, key: str, params: Mapping[str, str], browser: str) -> SignedIn:
        """Finishes a sign-in, once.

        Args:
            key: of the organisation, from the address to which the browser came back: `/sign-in/with/KEY/back`. Each
                organisation has an address of its own, so that none can pass on what another one said.
            params: the query of that address.
            browser: the secret that the browser holds.

        Raises:
            SignInOver: the sign-in is too old, was used, or was begun in another browser or with another organisation.
            SignInRefused: the person gave up, or what the organisation says cannot be believed.
            Unavailable: the organisation or the database cannot be reached.
        """
        raise NotImplementedError

    async def sign_out(self, issuer: str) -> str | None:
        """The address at which somebody signs out of their organisation, too, and comes back from.

        Args:
            issuer: of the session that has ended here.

        Returns:
            None if the organisation has no such address, or cannot be reached: the person is signed out here anyhow.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Closes the connections."""
        raise NotImplementedError
