"""Pages on which people sign in: the page of all ways, links by e-mail, and organisations."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console import cookies
from console.forms import read_form
from console.front import Front
from console.local import local_page
from console.rendering import browser_of, with_browser
from console.visitors import network_of
from domain.identity.proof import Way
from domain.values.refusals import NotReadable, Problem, SignInRefused


class SigningIn:
    """The pages for people who are not signed in yet.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            Route("/sign-in", self.ways),
            Route("/sign-in", self.ask, methods=["POST"]),
            Route("/sign-in/sent", self.sent),
            Route("/link/{secret}", self.link),
            Route("/link", self.follow, methods=["POST"]),
            Route("/sign-in/with/{key}", self.begin),
            Route("/sign-in/with/{key}/back", self.back),
        ]

    async def ways(self, request: Request) -> Response:
        """Shows all ways to sign in."""
        await self._front.session(request)
        return self._ways(request, local_page(request.query_params.get("wanted", "")))

    def _ways(self, request: Request, wanted: str, address: str = "", refusal: NotReadable | None = None) -> Response:
        return self._front.pages.show(
            request,
            "sign-in/sign-in",
            422 if refusal else 200,
            faults=refusal.problems if refusal else (),
            organisations=self._front.organisations.listed(),
            wanted=wanted,
            address=address,
        )

    async def ask(self, request: Request) -> Response:
        """Has a link sent. What comes next is the same for every address."""
        form = await read_form(request)
        wanted, address = local_page(form["wanted"]), form["address"].strip()
        asked = (address, browser_of(request), network_of(request), wanted)
        try:
            await self._front.threads.write(self._front.links.ask, *asked)
        except NotReadable as refusal:
            await self._front.session(request)
            return self._ways(request, wanted, address, refusal)
        return with_browser(request, RedirectResponse(f"/sign-in/sent?{urlencode({'wanted': wanted})}", 303))

    async def sent(self, request: Request) -> Response:
        """Shows the code for another browser, as long as the link can be used."""
        await self._front.session(request)
        wanted = local_page(request.query_params.get("wanted", ""))
        browser = cookies.read(request, cookies.BROWSER)
        asked = await self._front.threads.read(self._front.links.asked_for, browser)
        if asked is None:
            return RedirectResponse(f"/sign-in?{urlencode({'wanted': wanted})}", 303)
        return self._front.pages.show(request, "sign-in/sent", address=asked.address, code=asked.code, wanted=wanted)

    async def link(self, request: Request) -> Response:
        """Shows what a link is for. Nothing changes, however often it is opened: programs that look for bad mail do."""
        await self._front.session(request)
        return await self._link(request, request.path_params["secret"])

    async def _link(self, request: Request, secret: str, faults: Sequence[Problem] = ()) -> Response:
        browser = cookies.read(request, cookies.BROWSER)
        opened = await self._front.threads.read(self._front.links.open, secret, browser, network_of(request))
        response = self._front.pages.show(
            request, "sign-in/link", 422 if faults else 200, faults, secret=secret, needs_code=opened.needs_code
        )
        response.headers["referrer-policy"] = "no-referrer"  # the address of this page holds the secret
        return response

    async def follow(self, request: Request) -> Response:
        """Signs somebody in by a link."""
        form = await read_form(request)
        browser, network = cookies.read(request, cookies.BROWSER), network_of(request)
        secret, code = form["secret"], form["code"]
        try:
            used = await self._front.threads.write(self._front.links.sign_in, secret, browser, network, code)
        except SignInRefused as refusal:
            if not refusal.problems:
                raise
            await self._front.session(request)
            return await self._link(request, secret, refusal.problems)
        return await self._front.sign_in(request, used.mailbox, used.wanted, used.way)

    async def begin(self, request: Request) -> Response:
        """Sends the browser to an organisation."""
        wanted = local_page(request.query_params.get("wanted", ""))
        asked = (request.path_params["key"], browser_of(request), wanted, network_of(request))
        url = await self._front.organisations.begin(*asked)
        return with_browser(request, RedirectResponse(url, 303))

    async def back(self, request: Request) -> Response:
        """Signs somebody in who comes back from their organisation."""
        browser, key = cookies.read(request, cookies.BROWSER), request.path_params["key"]
        who = await self._front.organisations.finish(key, request.query_params, browser, network_of(request))
        proven = (who.issuer, who.subject, who.address, who.verified)
        mailbox = await self._front.threads.read(self._front.persons.signed_in, *proven)
        return await self._front.sign_in(
            request, mailbox, who.wanted, Way.ORGANISATION, issuer=who.issuer, subject=who.subject
        )
