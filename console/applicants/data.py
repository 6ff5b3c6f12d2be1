"""The page of the visitor's own data: all of it to read and to download, and drafts to erase."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from desk.own import Standing
from domain.challenges.standing import Where
from domain.permissions import Actor
from domain.values.refusals import NotAllowed

from .words import where_in_words


class OwnDataPages:
    """The pages about the visitor's own data.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            Route("/data", self.show),
            Route("/data/download", self.download),
            Route("/data/erase", self.erase, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Says what the service has of the visitor, and what can be erased when."""
        actor = await self._actor(request)
        data = await self._front.desk.own_data.read(actor)
        try:
            found = await self._front.desk.own.list(actor)
        except NotAllowed:  # somebody without applications
            found = tuple[Standing, ...]()
        unsent = (Where.DRAFT, Where.UNSENT)
        return self._front.pages.show(
            request,
            "applicants/data",
            counts={name: len(rows) for name, rows in data.items()},
            drafts=[each.own for each in found if each.where in unsent],
            sent=[(each.own, where_in_words(each.where)) for each in found if each.where not in unsent],
        )

    async def download(self, request: Request) -> Response:
        """All of it as a JSON file."""
        data = await self._front.desk.own_data.read(await self._actor(request))
        text = json.dumps({"as of": self._front.desk.now().format_iso(), **data}, ensure_ascii=False, indent=1)
        headers = {
            "content-type": "application/json; charset=utf-8",
            "content-disposition": 'attachment; filename="my-data.json"',
            "x-content-type-options": "nosniff",
        }
        return Response(text.encode(), headers=headers)

    async def erase(self, request: Request) -> Response:
        """Erases a draft that was not sent. The page asks for a tick, because nothing brings the draft back."""
        form = await read_form(request)
        actor = await self._actor(request)
        if form["sure"]:
            with hidden():
                await self._front.desk.own_data.erase_draft(actor, form["application"])
        return RedirectResponse("/data", 303)

    async def _actor(self, request: Request) -> Actor:
        return await self._front.actor(await self._front.must_be_signed_in(request))
