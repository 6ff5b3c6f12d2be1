"""The page of a challenge for those who work on it: where it stands, who has to do what, and what came in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.front import Front
from console.hidden import hidden
from desk.open import ChallengeRow
from domain.challenges.page import evidence_of, facts_of, stages_of
from domain.permissions import Action, Actor, grant_for
from domain.values.paging import Page
from domain.values.refusals import InterestsMissing, NotAllowed, NotProven, Unavailable

from .places import OF_CHALLENGE, challenge_in

_LONGEST_PLACE = 2000
_GLANCE = 5
"""How many seconds the page waits for an answer from the workflow."""


class ChallengesAtWork:
    """The pages of challenges for their deciders, readers, operators and releasers.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [Route("/staff/challenges", self.list), Route(OF_CHALLENGE, self.one)]

    async def list(self, request: Request) -> Response:
        """Lists the challenges that the visitor works on."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        rows = tuple[ChallengeRow, ...]()
        with suppress(NotAllowed, NotProven):  # somebody without any
            rows = await self._front.desk.challenges.at_work(actor)
        return self._front.pages.show(request, "staff/challenges", rows=rows)

    async def one(self, request: Request) -> Response:
        """Shows where a challenge stands: by its workflow, or by the database if the workflow does not answer."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        desk = self._front.desk
        with hidden():
            readers = await desk.readers.list(actor, challenge_in(request))
            row = await desk.challenges.find(actor, challenge_in(request))
        try:
            state = await desk.challenges.state(actor, row.id, within=_GLANCE)
        except Unavailable:
            said: dict[str, Any] = {"facts": None}
        else:
            facts = [*facts_of(state, row.attention), *stages_of(state)]
            said = {"facts": [*facts, *(("Evidence", each) for each in evidence_of(state))]}
        counts = grant_for(actor, Action.COUNT_APPLICATIONS, row.place) is not None
        return self._front.pages.show(
            request,
            "staff/challenge",
            row=row,
            base=f"/staff/challenges/{row.id}",
            readers=readers,
            decided="decided" in request.query_params,
            may_read_record=grant_for(actor, Action.READ_RECORD, row.place) is not None,
            so_far=await desk.applications.so_far(actor, row.id) if counts else (),
            may_decide=grant_for(actor, Action.SELECT, row.place) is not None and not row.outcome,
            **said,
            **await self._applications(request, actor, row),
        )

    async def _applications(self, request: Request, actor: Actor, row: ChallengeRow) -> dict[str, Any]:
        """The applications, for those who may read them now; and whether their interests are missing."""
        is_sealed = row.applications is not None
        may_read = is_sealed and grant_for(actor, Action.READ_APPLICATIONS, row.place) is not None
        found: dict[str, Any] = {"applications": None, "more": "", "declares_first": False}
        if not may_read:
            return found
        page = Page(after=request.query_params.get("after", "")[:_LONGEST_PLACE])
        try:
            read = await self._front.desk.applications.list(actor, page, row.id)
        except InterestsMissing:
            return {**found, "declares_first": True}
        more = f"/staff/challenges/{row.id}?{urlencode({'after': read.next})}" if read.next else ""
        return {**found, "applications": read.items, "more": more}
