"""The page of a challenge for those who work on it: where it stands, who has to do what, and what came in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.front import Front
from desk.open import ChallengeRow
from domain.challenges.page import evidence_of, facts_of, stages_of
from domain.permissions import Action, Actor, grant_for
from domain.values.paging import Page
from domain.values.refusals import InterestsMissing, NotAllowed, NotProven, Unavailable, UnknownChallenge

_LONGEST_PLACE = 2000
_GLANCE = 5
"""How many seconds the page waits for an answer from the workflow."""


@contextmanager
def hidden() -> Iterator[None]:
    """Answers the same for what is not the visitor's, and for what never was.

    Raises:
        HTTPException: there is no such page, as for any address that leads nowhere.
    """
    try:
        yield
    except (NotAllowed, NotProven, UnknownChallenge):
        raise HTTPException(404) from None


def name_of(request: Request) -> str:
    """The challenge that the address of a page names."""
    return f"{request.path_params['round']}/{request.path_params['slug']}"


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
        return [Route("/work/challenges", self.list), Route("/work/challenges/{round}/{slug}", self.one)]

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
            readers = await desk.readers.list(actor, name_of(request))
            row = await desk.challenges.find(actor, name_of(request))
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
            base=f"/work/challenges/{row.id}",
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
        more = f"/work/challenges/{row.id}?{urlencode({'after': read.next})}" if read.next else ""
        return {**found, "applications": read.items, "more": more}
