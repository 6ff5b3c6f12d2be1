"""The page on which people are invited to write an application together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from domain.permissions import Role
from domain.values.refusals import NotAllowed, NotReadable, Problem

from .drafts import Writing
from .places import place_of


class WritingTogether:
    """The page about those who write an application.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._writing = Writing(front)

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        address = "/applications/{application}/writers"
        return [
            Route(address, self.show),
            Route(address, self.invite, methods=["POST"]),
            Route(f"{address}/take-away", self.take_away, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Lists who writes with the applicant, and takes an address."""
        return await self._page(request)

    async def invite(self, request: Request) -> Response:
        """Invites somebody."""
        form = await read_form(request)
        actor, place = await self._front.actor_of(request), place_of(request)
        await self._writing.open(request, actor)
        try:
            await self._front.desk.writers.invite(actor, place.application, form["email"].strip())
        except NotReadable as refusal:
            return await self._page(request, form["email"], refusal.problems)
        except NotAllowed as refusal:
            return await self._page(request, form["email"], [Problem(field="email", text=str(refusal))])
        return RedirectResponse(f"{place.base}/writers", 303)

    async def take_away(self, request: Request) -> Response:
        """Lets somebody write no more."""
        form = await read_form(request)
        actor, place = await self._front.actor_of(request), place_of(request)
        await self._writing.open(request, actor)
        try:
            await self._front.desk.writers.take_away(actor, place.application, form["id"])
        except NotAllowed:
            raise HTTPException(404) from None
        return RedirectResponse(f"{place.base}/writers", 303)

    async def _page(self, request: Request, email: str = "", faults: Sequence[Problem] = ()) -> Response:
        actor, place = await self._front.actor_of(request), place_of(request)
        draft = await self._writing.open(request, actor)
        those = await self._front.desk.writers.list(actor, place.application)
        invites = any(each.role is Role.TEAM and each.person == place.application for each in actor.grants)
        return self._front.pages.show(
            request,
            "applicants/writers",
            422 if faults else 200,
            faults=faults,
            **self._writing.about(request, draft),
            writers=those,
            may_invite=invites,
            email=email,
        )
