"""Pages of decisions that came in the visitor's name without a proof: they confirm them, or drop them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from desk.open import Unconfirmed
from domain.identity.session import Session
from domain.permissions import Actor
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed, Problem, ReasonMissing, UnknownDecision

from .forms import read_form
from .front import Front

_LIST = "/decisions"
_LONGEST_PLACE = 2000


class Decisions:
    """The pages about decisions that wait for the visitor.

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
            Route("/decisions/confirm", self.confirm, methods=["POST"]),
            Route("/decisions/drop", self.drop, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """Lists the decisions that wait for the visitor, each with all that it says."""
        session = await self._front.must_be_signed_in(request)
        return await self._list(request, session, request.query_params.get("after", "")[:_LONGEST_PLACE])

    async def _list(
        self, request: Request, session: Session, after: str = "", refusal: Problem | None = None
    ) -> Response:
        actor = await self._front.actor(session)
        try:
            page = await self._front.desk.confirmations.list(actor, Page(after=after))
        except NotAllowed:  # somebody without a role, whom no decision can name
            page = Paged[Unconfirmed](items=())
        return self._front.pages.show(
            request,
            "decisions",
            422 if refusal else 200,
            faults=[refusal] if refusal else (),
            decisions=[(each, _said(each)) for each in page.items],
            more=f"{_LIST}?{urlencode({'after': page.next})}" if page.next else "",
        )

    async def confirm(self, request: Request) -> Response:
        """Sends the very decision again, with the visitor's proof. What a rule refuses goes on waiting."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        actor = await self._mine(session, form["id"])
        said = await self._front.desk.confirmations.confirm(actor, form["id"])
        return self._front.pages.show(request, "decided", said=said, confirmed=True)

    async def drop(self, request: Request) -> Response:
        """Drops a decision that is not the visitor's."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        actor = await self._mine(session, form["id"])
        try:
            said = await self._front.desk.confirmations.drop(actor, form["id"], form["reason"])
        except ReasonMissing as refusal:
            return await self._list(request, session, refusal=Problem(field=f"reason-{form['id']}", text=str(refusal)))
        return self._front.pages.show(request, "decided", said=said, confirmed=False)

    async def _mine(self, session: Session, decision: str) -> Actor:
        """Whoever is signed in, if a decision names them.

        Raises:
            HTTPException: there is no such decision, or it names somebody else. Nobody learns which.
        """
        actor = await self._front.actor(session)
        try:
            await self._front.desk.confirmations.find(actor, decision)
        except (NotAllowed, UnknownDecision):
            raise HTTPException(404) from None
        return actor


def _said(decision: Unconfirmed) -> dict[str, str]:
    """What a decision says, for people. Whoever sent it may have written anything: it is shown as text."""
    said = {name: value for name, value in json.loads(decision.content).items() if name != "by"}
    return {name: value if isinstance(value, str) else json.dumps(value, indent=1) for name, value in said.items()}
