"""Pages of a visitor's own sign-ins: who is signed in, where they are signed in, and signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console import cookies
from console.forms import read_form
from console.front import Front


class OwnSessions:
    """The pages about a visitor's own sign-ins.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            Route("/account", self.account),
            Route("/signed-in", self.list),
            Route("/signed-in/end", self.end, methods=["POST"]),
            Route("/signed-in/end-all", self.end_all, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]

    async def account(self, request: Request) -> Response:
        """Shows who is signed in."""
        session = await self._front.must_be_signed_in(request)
        lacks = self._front.options.second_step and not session.passkey and await self._front.is_in_charge(session)
        return self._front.pages.show(request, "sign-in/account", lacks_second_step=lacks)

    async def list(self, request: Request) -> Response:
        """Lists where the visitor is signed in."""
        session = await self._front.must_be_signed_in(request)
        sessions = await self._front.threads.read(self._front.sessions.of, session.mailbox)
        return self._front.pages.show(request, "sign-in/signed-in", sessions=sessions)

    async def end(self, request: Request) -> Response:
        """Ends one of the visitor's sign-ins."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        await self._front.threads.write(self._front.sessions.end, form["id"], session.mailbox)
        return RedirectResponse("/signed-in", 303)  # where it was this one, that page asks for a sign-in

    async def end_all(self, request: Request) -> Response:
        """Ends all of the visitor's sign-ins."""
        await read_form(request)
        session = await self._front.must_be_signed_in(request)
        await self._front.threads.write(self._front.sessions.end_all, session.mailbox)
        return self._signed_out(request)

    async def sign_out(self, request: Request) -> Response:
        """Ends this sign-in, and says how to sign out of the organisation, too."""
        await read_form(request)
        session = await self._front.session(request)
        await self._leave(request)
        elsewhere = None
        if session is not None:
            await self._front.threads.write(self._front.sessions.end, session.id, session.mailbox)
            elsewhere = await self._front.organisations.sign_out(session.issuer) if session.issuer else None
        return self._signed_out(request, elsewhere)

    async def _leave(self, request: Request) -> None:
        """Whoever signs out leaves the computer: drafts that were begun in this browser stay, and it shows none."""
        browser = cookies.read(request, cookies.BROWSER)
        if browser:
            await self._front.threads.write(self._front.persons.leave, browser, self._front.desk.now())

    def _signed_out(self, request: Request, elsewhere: str | None = None) -> Response:
        request.state.session = None
        response = self._front.pages.show(request, "sign-in/signed-out", elsewhere=elsewhere)
        cookies.drop(response, cookies.SESSION)
        return response
