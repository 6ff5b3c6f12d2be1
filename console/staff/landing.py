"""The page on which the work of sponsors, readers, operators and finance begins."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.front import Front
from domain.permissions import STAFF, Actor, Role
from domain.values.model import Value
from domain.values.words import gettext


class Area(Value):
    """A part of the work.

    Args:
        address: of its first page.
        title: what one finds there.
        about: what one does there.
    """

    address: str
    title: str
    about: str


class Landing:
    """The page with all that the visitor works on.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The address of this page."""
        return [Route("/staff", self.show)]

    async def show(self, request: Request) -> Response:
        """Shows the parts of the work that the visitor's roles lead to."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        return self._front.pages.show(request, "staff/landing", areas=list(_areas(actor)))


def _areas(actor: Actor) -> Iterator[Area]:
    roles = {each.role for each in actor.grants}
    if Role.OPERATOR in roles:
        yield Area(
            address="/staff/rounds",
            title=gettext("All challenges"),
            about=gettext("Where every challenge of your rounds stands, what needs a person first."),
        )
        yield Area(
            address="/staff/notices",
            title=gettext("Letters that did not arrive"),
            about=gettext("Why they failed. Have them sent again."),
        )
    if roles & STAFF:
        yield Area(
            address="/staff/challenges",
            title=gettext("Your challenges"),
            about=gettext("Where each stands, who has to do what, its applications, and the decisions on its stages."),
        )
        yield Area(
            address="/decisions",
            title=gettext("Decisions to confirm"),
            about=gettext("What came in your name, without a proof that it is yours."),
        )
    if roles & {Role.OPERATOR, Role.RELEASER}:
        yield Area(
            address="/staff/payments",
            title=gettext("Payments"),
            about=gettext("What has to be paid by when: release payments, and deal with money that comes back."),
        )
