"""The page on which anybody reads the questions about a challenge with their answers, and asks another."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.rendering import with_browser
from console.visitors import network_of
from domain.values.refusals import NotReadable, Problem, TooLate, UnknownChallenge

from .names import challenge_of


class Asking:
    """The page of questions. Whoever asks needs no account, and is named nowhere.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        address = "/challenges/{round}/{slug}/questions"
        return [Route(address, self.show), Route(address, self.ask, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Shows what was asked and answered, and until when one can ask."""
        return await self._page(request, asked=request.query_params.get("asked", "")[:40])

    async def ask(self, request: Request) -> Response:
        """Takes a question."""
        form = await read_form(request)
        text, email = form["text"], form["email"].strip()
        actor, name = await self._front.actor_of(request), challenge_of(request, self._front)
        try:
            await self._front.desk.questions.ask(
                actor, name, text.replace("\r\n", "\n"), address=email, network=network_of(request)
            )
        except NotReadable as refusal:
            return await self._page(request, text, email, refusal.problems)
        except TooLate as late:
            return await self._page(request, text, email, [Problem(field="", text=str(late))])
        except UnknownChallenge:
            raise HTTPException(404) from None
        return with_browser(request, RedirectResponse(f"/challenges/{name}/questions?asked=yes", 303))

    async def _page(
        self,
        request: Request,
        text: str = "",
        email: str = "",
        faults: Sequence[Problem] = (),
        asked: str = "",
    ) -> Response:
        try:
            actor = await self._front.actor_of(request)
            found = await self._front.desk.public.find(actor, challenge_of(request, self._front))
        except UnknownChallenge:
            raise HTTPException(404) from None
        now = self._front.desk.now()
        return self._front.pages.show(
            request,
            "public/questions",
            422 if faults else 200,
            faults=faults,
            challenge=found,
            zone=found.posed.time_zone,
            is_over=now >= found.closes,
            is_late=now >= found.questions_close,
            text=text,
            email=email,
            asked=asked,
        )
