"""The board: all challenges of an operator's rounds on one page, by what needs a person first."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.front import Front
from domain.challenges.board import BoardRow, View
from domain.values.paging import Page
from domain.values.refusals import NotAllowed
from service.connection import namespace

from .standing import late_in_words, waits_in_words, who_acts

_PAGE = "/staff/rounds"
_LONGEST, _LONGEST_PLACE = 200, 2000


class Line(NamedTuple):
    """A challenge, as the table of the board shows it.

    Args:
        row: the challenge.
        waits: what it waits for, in words.
        acts: who has to act; empty if nobody.
        late: how late it is, in words; empty if it is in time.
        run: the address of its run in Temporal's UI.
    """

    row: BoardRow
    waits: str
    acts: str
    late: str
    run: str


class Board:
    """The page with the board.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        return [Route(_PAGE, self.show)]

    async def show(self, request: Request) -> Response:
        """Shows a page of the board, narrowed as its form says."""
        session = await self._front.must_be_signed_in(request)
        actor, board, view = await self._front.actor(session), self._front.desk.board, _view(request)
        try:
            filters = await board.filters(actor)
            found = await board.list(actor, Page(after=_said(request, "after", _LONGEST_PLACE)), view)
        except NotAllowed:
            raise HTTPException(404) from None
        narrowed = {"round": view.round, "stage": view.stage, "search": view.search}
        narrowed |= {"needs": "somebody" if view.needs_somebody else ""}
        kept = {name: value for name, value in narrowed.items() if value}
        return self._front.pages.show(
            request,
            "staff/board",
            lines=[self._line(row) for row in found.items],
            filters=filters,
            view=view,
            is_narrowed=bool(kept),
            is_first=not _said(request, "after", _LONGEST_PLACE),
            more=f"{_PAGE}?{urlencode({**kept, 'after': found.next})}" if found.next else "",
        )

    def _line(self, row: BoardRow) -> Line:
        late = row.late(self._front.desk.now())
        run = f"{self._runs}/{quote(row.id, safe='')}"
        return Line(row, waits_in_words(row.waits_for), who_acts(row), late_in_words(late) if late else "", run)

    @cached_property
    def _runs(self) -> str:
        """The address below which Temporal's UI has the runs of challenges."""
        return f"{self._front.options.ui_address}/namespaces/{quote(namespace(), safe='')}/workflows"


def _view(request: Request) -> View:
    return View(
        round=_said(request, "round"),
        stage=_said(request, "stage"),
        needs_somebody=_said(request, "needs") == "somebody",
        search=_said(request, "search").strip(),
    )


def _said(request: Request, name: str, longest: int = _LONGEST) -> str:
    """What the address says. Whatever no text of ours has is nowhere to be found."""
    return request.query_params.get(name, "").replace("\0", "")[:longest]
