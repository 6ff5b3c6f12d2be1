"""What all pages share: the desk, the ways to sign in, and who the visitor is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.desk import Desk
from domain.identity.proof import Way
from domain.identity.session import Session
from domain.permissions import Actor, Role
from identity.links import Links
from identity.organisations import Organisations
from identity.passkeys import Passkeys
from identity.persons import Persons
from identity.sessions import Sessions
from service.languages import languages_of
from service.settings import Settings
from service.threads import Threads

from . import cookies
from .local import local_page
from .rendering import Pages
from .visitors import browser_in_words, network_of

_IN_CHARGE = (Role.SPONSOR, Role.OPERATOR, Role.RELEASER)


class NeedsSignIn(Exception):
    """The page is for people who are signed in, and the visitor is not, or not any more."""


class Front:
    """The web front, as its pages see it.

    Args:
        desk: what people can do. Its settings, database, threads and clock are those of the front.
        organisations: with which people can sign in.
        links: for those who have none.
    """

    def __init__(self, desk: Desk, organisations: Organisations, links: Links) -> None:
        core = desk.core
        self.desk = desk
        self.organisations = organisations
        self.links = links
        self.sessions = Sessions(core.database, core.now)
        self.persons = Persons(core.database)
        self.passkeys = Passkeys(core.options, core.database, core.now)
        self.languages = languages_of(core.options.languages)
        brand = core.options
        logo = brand.brand_logo if brand.brand_logo != Path() else None
        self.pages = Pages(self.languages, brand.brand_name, logo)

    @property
    def options(self) -> Settings:
        """The settings."""
        return self.desk.core.options

    @property
    def threads(self) -> Threads:
        """Where the store is asked: never on the event loop, where one slow answer would hold up all visitors."""
        return self.desk.core.threads

    async def session(self, request: Request) -> Session | None:
        """The visitor's session; None if they are not signed in. It is looked up once for a request.

        Raises:
            Unavailable: the database cannot be reached.
        """
        if not hasattr(request.state, "session"):
            secret = cookies.read(request, cookies.SESSION)
            found = await self.threads.read(self.sessions.look_up, secret) if secret else None
            request.state.session = found
        session: Session | None = request.state.session
        return session

    async def must_be_signed_in(self, request: Request) -> Session:
        """The visitor's session.

        Raises:
            NeedsSignIn: they are not signed in. They are shown how, and come back.
            Unavailable: the database cannot be reached.
        """
        session = await self.session(request)
        if session is None:
            raise NeedsSignIn
        return session

    async def actor(self, session: Session) -> Actor:
        """Whoever is signed in, with their present roles, as the desk asks for them."""
        return await self.threads.read(self.persons.actor, session)

    async def actor_of(self, request: Request) -> Actor:
        """Whoever asks, signed in or not: with their roles, and with the drafts that were begun in this browser.

        They are looked up once for a request.

        Raises:
            Unavailable: the database cannot be reached.
        """
        if not hasattr(request.state, "actor"):
            session, actor = await self.threads.read(self._who, request)
            request.state.session, request.state.actor = session, actor
        found: Actor = request.state.actor
        return found

    def _who(self, request: Request) -> tuple[Session | None, Actor]:
        """The visitor's session, and whoever it is: in one go, because nearly every page begins with it."""
        secret = cookies.read(request, cookies.SESSION)
        known = getattr(request.state, "session", None)
        session = known or (self.sessions.look_up(secret) if secret else None)
        return session, self.persons.actor(session, cookies.read(request, cookies.BROWSER), self.desk.now())

    async def is_in_charge(self, session: Session) -> bool:
        """Whether somebody decides, operates or releases in any round, so that the second step may be asked for."""
        actor = await self.actor(session)
        return any(each.role in _IN_CHARGE for each in actor.grants)

    async def is_operator(self, request: Request) -> bool:
        """Whether whoever asks is signed in, and operates a round now.

        Raises:
            Unavailable: the database cannot be reached.
        """
        session = await self.session(request)
        return session is not None and any(each.role is Role.OPERATOR for each in (await self.actor(session)).grants)

    async def sign_in(
        self, request: Request, mailbox: str, wanted: str, way: Way, *, issuer: str = "", subject: str = ""
    ) -> Response:
        """Signs somebody in, in this browser, and goes on to the page that they wanted.

        The session that the browser had before ends: it may be somebody else's.

        Args:
            request: of the browser.
            mailbox: who, as was just proven.
            wanted: the page to go on to, as it came from outside.
            way: how it was proven.
            issuer, subject: of an organisation's sign-in.

        Raises:
            Unavailable: the database cannot be reached.
        """
        before = await self.session(request)
        if before is not None:
            await self.threads.write(self.sessions.end, before.id, before.mailbox)
        browser = cookies.read(request, cookies.BROWSER)
        await self.threads.write(self.persons.begins, mailbox, browser, self.desk.now())
        where = f"{browser_in_words(request.headers.get('user-agent', ''))}, {network_of(request)}"
        session, secret = await self.threads.write(
            self.sessions.begin, mailbox, way, issuer=issuer, subject=subject, where=where
        )
        return self.with_session(RedirectResponse(await self._onward(session, local_page(wanted)), 303), secret)

    def with_session(self, response: Response, secret: str) -> Response:
        """Gives the browser the secret of its session with an answer."""
        cookies.put(response, cookies.SESSION, secret)
        return response

    async def _onward(self, session: Session, wanted: str) -> str:
        """The page after the sign-in: first that of the second step, where it will be asked for."""
        if self.options.second_step and not session.passkey and await self.is_in_charge(session):
            return f"/passkeys/use?{urlencode({'wanted': wanted})}"
        return wanted
