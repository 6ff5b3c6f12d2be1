"""Notices that reached nobody: operators see why, and have them sent again."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from domain.permissions import Actor
from domain.values.paging import Page
from domain.values.refusals import NotAllowed, NotSentAgain, Problem, UnknownNotice

_PAGE = "/staff/notices"
_LONGEST_PLACE = 2000


class FailedNotices:
    """The page with the notices that failed.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        return [Route(_PAGE, self.list), Route(f"{_PAGE}/send-again", self.send_again, methods=["POST"])]

    async def list(self, request: Request) -> Response:
        """Lists what failed in the rounds that the visitor operates, oldest first."""
        session = await self._front.must_be_signed_in(request)
        return await self._list(request, await self._front.actor(session))

    async def send_again(self, request: Request) -> Response:
        """Has one of them sent again, to the recipient's present address."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        actor = await self._front.actor(session)
        try:
            await self._front.desk.notices.send_again(actor, form["id"])
        except (NotAllowed, UnknownNotice):
            raise HTTPException(404) from None
        except NotSentAgain as refusal:
            return await self._list(request, actor, Problem(field="", text=str(refusal)))
        return RedirectResponse(f"{_PAGE}?sent=again", 303)

    async def _list(self, request: Request, actor: Actor, refusal: Problem | None = None) -> Response:
        after = request.query_params.get("after", "")[:_LONGEST_PLACE]
        try:
            found = await self._front.desk.notices.list(actor, Page(after=after), status="failed")
        except NotAllowed:
            raise HTTPException(404) from None
        return self._front.pages.show(
            request,
            "staff/notices",
            409 if refusal else 200,
            faults=[refusal] if refusal else (),
            notices=found.items,
            is_sent=request.query_params.get("sent") == "again",
            more=f"{_PAGE}?{urlencode({'after': found.next})}" if found.next else "",
        )
