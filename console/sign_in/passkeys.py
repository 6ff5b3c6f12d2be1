"""Pages of passkeys: a visitor's own, how they add one, how they use one, and how they remove one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.local import local_page
from domain.identity.session import Session
from domain.values.refusals import NotReadable, UnknownPasskey

_LIST = "/passkeys"


class OwnPasskeys:
    """The pages about a visitor's own passkeys.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            Route(_LIST, self.list),
            Route("/passkeys/add", self.begin_adding),
            Route("/passkeys/add", self.add, methods=["POST"]),
            Route("/passkeys/use", self.begin_using),
            Route("/passkeys/use", self.use, methods=["POST"]),
            Route("/passkeys/remove", self.remove, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """Lists the visitor's passkeys."""
        session = await self._front.must_be_signed_in(request)
        passkeys = await self._front.threads.read(self._front.passkeys.of, session.mailbox)
        return self._front.pages.show(request, "sign-in/passkeys", passkeys=passkeys)

    async def begin_adding(self, request: Request) -> Response:
        """Shows the form for another passkey."""
        return await self._adding(request, await self._front.must_be_signed_in(request))

    async def _adding(
        self, request: Request, session: Session, name: str = "", refusal: NotReadable | None = None
    ) -> Response:
        options = await self._front.threads.write(self._front.passkeys.begin_adding, session)
        faults, status = (refusal.problems, 422) if refusal else ((), 200)
        return self._front.pages.show(request, "sign-in/passkey-add", status, faults, options=options, name=name)

    async def add(self, request: Request) -> Response:
        """Adds the passkey that the browser has made. Whoever made one has used it."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        try:
            actor = await self._front.actor(session)
            await self._front.desk.passkeys.add(actor, session, form["name"], form["answer"])
        except NotReadable as refusal:
            return await self._adding(request, session, form["name"], refusal)
        return await self._stepped_up(session, _LIST)

    async def begin_using(self, request: Request) -> Response:
        """Shows the button with which the visitor uses a passkey. Without one, they are shown how to add one."""
        session = await self._front.must_be_signed_in(request)
        wanted = local_page(request.query_params.get("wanted", ""))
        try:
            options = await self._front.threads.write(self._front.passkeys.begin_using, session)
        except UnknownPasskey:
            return RedirectResponse(_LIST, 303)
        return self._front.pages.show(request, "sign-in/passkey-use", options=options, wanted=wanted)

    async def use(self, request: Request) -> Response:
        """Takes the second step: from now on, the session is one with a passkey."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        await self._front.threads.write(self._front.passkeys.use, session, form["answer"])
        return await self._stepped_up(session, local_page(form["wanted"]))

    async def _stepped_up(self, session: Session, onward: str) -> Response:
        """Goes on with a new secret: whoever knew the secret of before the second step has nothing of it."""
        response = RedirectResponse(onward, 303)
        if session.passkey:
            return response
        secret = await self._front.threads.write(self._front.sessions.step_up, session)
        return self._front.with_session(response, secret)

    async def remove(self, request: Request) -> Response:
        """Removes one of the visitor's passkeys."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        await self._front.desk.passkeys.remove_own(await self._front.actor(session), session, form["id"])
        return RedirectResponse(_LIST, 303)
