"""The record of a challenge: who did what, when and why; and whether the record is as it was written."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from domain.announcements.chain import Verified, heads_in
from domain.permissions import Actor
from domain.values.paging import Page
from domain.values.refusals import Problem
from domain.values.words import gettext

_LONGEST, _LONGEST_PLACE = 200, 2000


class Record:
    """The page with the record.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        path = "/staff/challenges/{round}/{slug}/record"
        return [Route(path, self.show), Route(path, self.verify, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Shows a page of the record, narrowed as its form says."""
        session = await self._front.must_be_signed_in(request)
        return await self._show(request, await self._front.actor(session))

    async def verify(self, request: Request) -> Response:
        """Verifies the record, also against lines that the visitor has kept elsewhere, and shows what was found."""
        form = await read_form(request)
        session = await self._front.must_be_signed_in(request)
        actor, challenge = await self._front.actor(session), _challenge(request)
        kept = [each for each in heads_in(form["heads"]) if each.challenge == challenge]
        with hidden():
            found = await self._front.desk.record_chain.verify(actor, challenge, kept)
        if form["heads"].strip() and not kept:
            text = gettext("No head of this challenge is there. Write it like {example}, or leave this empty.")
            problem = Problem(field="heads", text=text.format(example=f"{challenge}:7:5f…"))
            return await self._show(request, actor, refusal=problem, heads=form["heads"])
        return await self._show(request, actor, found, heads=form["heads"])

    async def _show(
        self,
        request: Request,
        actor: Actor,
        verified: Verified | None = None,
        *,
        refusal: Problem | None = None,
        heads: str = "",
    ) -> Response:
        challenge, desk = _challenge(request), self._front.desk.challenges
        by, action, after = (
            _said(request, "by").strip(),
            _said(request, "action"),
            _said(request, "after", _LONGEST_PLACE),
        )
        refused_only = _said(request, "refused") == "only"
        with hidden():
            actions = await desk.record_actions(actor, challenge)
            found = await desk.record(
                actor, Page(after=after), challenge, refused_only=refused_only, by=by, action=action
            )
            row = await desk.find(actor, challenge)
        narrowed = {"by": by, "action": action, "refused": "only" if refused_only else ""}
        kept = {name: value for name, value in narrowed.items() if value}
        path = f"/staff/challenges/{row.id}/record"
        return self._front.pages.show(
            request,
            "staff/record",
            422 if refusal else 200,
            faults=[refusal] if refusal else (),
            row=row,
            lines=found.items,
            actions=actions,
            by=by,
            action=action,
            refused_only=refused_only,
            is_narrowed=bool(kept),
            is_first=not after,
            more=f"{path}?{urlencode({**kept, 'after': found.next})}" if found.next else "",
            verified=verified,
            heads=heads,
        )


def _challenge(request: Request) -> str:
    return f"{request.path_params['round']}/{request.path_params['slug']}"


def _said(request: Request, name: str, longest: int = _LONGEST) -> str:
    return request.query_params.get(name, "").replace("\0", "")[:longest]
