"""Pages on which people follow their own applications: all of them, and each with its letters and payments."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.front import Front, NeedsSignIn
from console.hidden import hidden
from desk.own import Followed, Standing
from domain.challenges.sent_evidence import EvidenceOf
from domain.challenges.standing import Where
from domain.permissions import Actor
from domain.values.paging import Page
from domain.values.refusals import NotAllowed

from .words import evidence_in_words, status_in_words, where_in_words

_LONGEST_PLACE = 2000
CAN_LEAVE = (Where.SENT, Where.DECIDING, Where.RESERVE, Where.WORKING)
"""Where an application can be withdrawn."""


def page_of(standing: Standing) -> str:
    """Where an application has its page: where it is written, while it can be sent, and for whoever only writes it."""
    path = f"/applications/{standing.own.application}"
    is_written = standing.where is Where.DRAFT or not standing.is_contact
    return f"{path}/write" if is_written else path


def open_proposals(standing: Standing) -> list[tuple[str, str]]:
    """The stages for which a further proposal can be sent now: the address of its page, and the stage's title."""
    own, begins = standing.own, "proposal/"
    stages = [each.key.removeprefix(begins) for each in standing.next if each.key.startswith(begins)]
    return [(f"/applications/{own.application}/stages/{stage}/write", own.title_of(stage)) for stage in stages]


def _evidence(followed: Followed) -> list[tuple[str, EvidenceOf, str]]:
    """The instalments that are paid on evidence: the address of the page of each, and how far it has come."""
    base = f"/applications/{followed.standing.own.application}/evidence"
    return [(f"{base}/{each.stage}/{each.number}", each, evidence_in_words(each)) for each in followed.evidence]


class Mine:
    """The pages about the visitor's own applications.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        one = "/applications/{application}"
        return [
            Route("/applications", self.list),
            Route(one, self.one),
            Route(f"{one}/letters", self.letters),
            Route(f"{one}/letters/{{key:path}}", self.letter),
            Route(f"{one}/payments", self.payments),
        ]

    async def list(self, request: Request) -> Response:
        """Lists the visitor's applications and drafts: where each stands, and what comes next.

        Whoever is not signed in sees the drafts that were begun in this browser, which they can go on with.

        Raises:
            NeedsSignIn: nobody is signed in, and the browser goes on with no draft.
        """
        actor = await self._front.actor_of(request)
        found = tuple[Standing, ...]()
        if actor.grants:
            with suppress(NotAllowed):  # somebody without any
                found = await self._front.desk.own.list(actor)
        if not found and not actor.name:
            raise NeedsSignIn
        standings = [(each, where_in_words(each.where), page_of(each)) for each in found]
        return self._front.pages.show(request, "applicants/applications", standings=standings)

    async def one(self, request: Request) -> Response:
        """Shows where one application stands, and leads to all that belongs to it. A draft is written on."""
        followed = await self._followed(request)
        if followed.standing.where is Where.DRAFT:
            return RedirectResponse(page_of(followed.standing), 303)
        return self.show(request, followed)

    def show(self, request: Request, followed: Followed) -> Response:
        """The page of an application that was sent, or can no longer be sent.

        Args:
            request: who asks: they are signed in.
            followed: what they see.
        """
        standing = followed.standing
        return self._front.pages.show(
            request,
            "applicants/standing",
            followed=followed,
            standing=standing,
            own=standing.own,
            said=where_in_words(standing.where),
            where=Where,
            can_leave=standing.where in CAN_LEAVE,
            proposals=open_proposals(standing),
            evidence=_evidence(followed),
        )

    async def letters(self, request: Request) -> Response:
        """Lists the letters to the contact of an application."""
        actor, application = await self._actor(request), request.path_params["application"]
        page = Page(after=request.query_params.get("after", "")[:_LONGEST_PLACE])
        zone = (await self._followed(request)).standing.own.time_zone
        with hidden():
            found = await self._front.desk.own.letters(actor, page, application)
        path = f"/applications/{application}/letters"
        more = f"{path}?{urlencode({'after': found.next})}" if found.next else ""
        return self._front.pages.show(
            request, "applicants/letters", application=application, letters=found.items, more=more, zone=zone
        )

    async def letter(self, request: Request) -> Response:
        """Shows a letter as it was written."""
        actor, application = await self._actor(request), request.path_params["application"]
        zone = (await self._followed(request)).standing.own.time_zone
        with hidden():
            letter = await self._front.desk.own.letter(actor, application, request.path_params["key"])
        return self._front.pages.show(request, "applicants/letter", application=application, letter=letter, zone=zone)

    async def payments(self, request: Request) -> Response:
        """Lists the payments to a team: what for, how much, until when, and how far each has come."""
        followed = await self._followed(request)
        own = followed.standing.own
        payments = [(each, own.title_of(each.stage), status_in_words(each.status)) for each in followed.payments]
        return self._front.pages.show(
            request, "applicants/payments", own=own, followed=followed, payments=payments, evidence=_evidence(followed)
        )

    async def _followed(self, request: Request) -> Followed:
        actor = await self._actor(request)
        with hidden():
            return await self._front.desk.own.find(actor, request.path_params["application"])

    async def _actor(self, request: Request) -> Actor:
        return await self._front.actor(await self._front.must_be_signed_in(request))
