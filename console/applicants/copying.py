"""The page on which an application is copied into another challenge, as a draft of its own."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console import cookies
from console.forms import read_form
from console.front import Front
from console.public.names import public
from console.rendering import browser_of, with_browser
from desk.drafts import OnPage
from domain.challenges.draft import Typed
from domain.forms.copying import copied
from domain.publishing.challenge import PublicChallenge, Shelf
from domain.values.addresses import mailbox_of
from domain.values.paging import Page
from domain.values.refusals import UnknownChallenge, UnknownRound

from .drafts import Writing
from .places import Place, place_of


class Copying:
    """The page on which an application is copied.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._writing = Writing(front)

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        address = "/applications/{application}/copy"
        return [Route(address, self.show), Route(address, self.copy, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Lists the challenges into which the application can be copied."""
        actor = await self._front.actor_of(request)
        draft = await self._writing.open(request, actor)
        found = list[PublicChallenge]()
        for shelf in (Shelf.OPEN, Shelf.COMING):
            found += (await self._front.desk.public.list(actor, Page(), shelf)).items
        return self._front.pages.show(
            request,
            "applicants/copy",
            **self._writing.about(request, draft),
            challenges=[each for each in found if each.id != draft.draft.challenge],
            once=cookies.new_secret(),
        )

    async def copy(self, request: Request) -> Response:
        """Begins a draft there with all answers that both forms ask alike. The application itself does not change."""
        form = await read_form(request)
        actor = await self._front.actor_of(request)
        draft = await self._writing.open(request, actor)
        try:
            other = await self._front.desk.forms.read(actor, public(form["challenge"], self._front))
        except (UnknownChallenge, UnknownRound):
            raise HTTPException(404) from None
        taken = copied(draft.form, draft.draft.answered(), other.form)
        typed = tuple(Typed(question=question, answer=answer) for question, answer in taken.answers.items())
        is_own = mailbox_of(draft.draft.email) == mailbox_of(actor.name)
        on_page = OnPage(once=form["once"], typed=typed, browser="" if is_own else browser_of(request))
        begun = await self._front.desk.drafts.begin_on_page(
            actor, other.of, on_page, organisation=draft.draft.organisation, email=draft.draft.email
        )
        return with_browser(
            request,
            self._front.pages.show(
                request,
                "applicants/copied",
                source=place_of(request),
                place=Place(application=begun),
                left=taken.left,
                number=len(taken.answers),
            ),
        )
