"""The page on which an application is withdrawn, or a team leaves. The page says first what this means."""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from domain.challenges.standing import Where
from domain.values.refusals import Problem, ReasonMissing
from domain.values.words import gettext

from .mine import CAN_LEAVE

_GONE = (Where.WITHDRAWN, Where.LEFT)
"""The same form sent once more finds what the first has done."""


class Leaving:
    """The page about withdrawing an application.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        path = "/applications/{application}/withdraw"
        return [Route(path, self.check, methods=["GET"]), Route(path, self.leave, methods=["POST"])]

    async def check(self, request: Request) -> Response:
        """Says what it means to withdraw, and asks for the reason."""
        return await self._page(request, uuid.uuid4().hex)

    async def leave(self, request: Request) -> Response:
        """Withdraws the application, or takes the team out. The same form sent twice does it once."""
        form = await read_form(request)
        actor = await self._front.actor(await self._front.must_be_signed_in(request))
        application = request.path_params["application"]
        with hidden():
            standing = (await self._front.desk.own.find(actor, application)).standing
        said = {"team": application, "reason": form["reason"], "decision_id": form["id"] or uuid.uuid4().hex}
        if standing.where not in (*CAN_LEAVE, *_GONE):
            text = gettext("This application cannot be withdrawn as things stand: nothing was done.")
            return await self._page(request, said["decision_id"], Problem(field="", text=text))
        try:
            if not form["reason"].strip():
                raise ReasonMissing(gettext("A withdrawal needs a reason, for the record."))
            await self._front.desk.challenges.decide(actor, standing.own.challenge, "withdraw", **said)
        except ReasonMissing as refusal:
            return await self._page(request, said["decision_id"], Problem(field="reason", text=str(refusal)))
        return RedirectResponse(f"/applications/{application}", 303)

    async def _page(self, request: Request, decision: str, fault: Problem | None = None) -> Response:
        actor = await self._front.actor(await self._front.must_be_signed_in(request))
        with hidden():
            followed = await self._front.desk.own.find(actor, request.path_params["application"])
        standing = followed.standing
        return self._front.pages.show(
            request,
            "applicants/withdraw",
            422 if fault else 200,
            faults=[fault] if fault else (),
            own=standing.own,
            can_leave=standing.where in CAN_LEAVE,
            payments=followed.payments,
            decision=decision,
        )
