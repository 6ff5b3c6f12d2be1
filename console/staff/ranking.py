"""The page with the ranking of a stage, as far as the visitor may see it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.front import Front
from console.hidden import hidden
from domain.judging.ranking import shown
from domain.values.paging import all_of
from domain.values.refusals import InterestsMissing, UnknownStage

from .places import OF_CHALLENGE, base_of, challenge_in


class RankingPages:
    """The page with the ranking.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The address of this page."""
        return [Route(f"{OF_CHALLENGE}/ranking", self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        """Shows the ranking. Whoever has interests to declare goes there first."""
        await self._front.must_be_signed_in(request)
        actor, challenge, base = await self._front.actor_of(request), challenge_in(request), base_of(request)
        desk, stage = self._front.desk, request.query_params.get("stage", "")
        with hidden():
            try:
                ranked = await desk.judging.ranking(actor, challenge, stage)
            except InterestsMissing:
                return RedirectResponse(f"{base}/interests", 303)
            except UnknownStage:
                if stage:
                    raise
                row = await desk.challenges.find(actor, challenge)
                return self._front.pages.show(request, "staff/ranking", challenge=row, base=base, ranked=None)
            progress, line = await desk.judging.progress(actor, challenge, ranked.stage)
            cards = await desk.judging.scorecards(actor, challenge)
            row = await desk.challenges.find(actor, challenge)
            applicants = await all_of(lambda page: desk.interests.list(actor, page, challenge))
        return self._front.pages.show(
            request,
            "staff/ranking",
            challenge=row,
            base=base,
            ranked=ranked,
            stages=list(cards),
            criteria=cards[ranked.stage].criteria,
            names={each.application: each.organisation for each in applicants},
            progress=progress,
            line=line,
            shown=shown,
        )
