"""Where a draft's pages are: those of an application, and those of a further proposal of a stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.values.model import Value

Page = Callable[[Request], Awaitable[Response]]


class Place(Value):
    """Which draft a request is about.

    Args:
        application: its id, as the address has it: it may be anything.
        stage: whose further proposal it is; empty for the application itself.
    """

    application: str
    stage: str = ""

    @property
    def base(self) -> str:
        """The address of the draft's page."""
        address = f"/applications/{quote(self.application, safe='')}"
        return f"{address}/stages/{quote(self.stage, safe='')}" if self.stage else address


def place_of(request: Request) -> Place:
    """Which draft a request is about."""
    return Place(application=request.path_params["application"], stage=request.path_params.get("stage", ""))


def routes_at(path: str, page: Page, methods: Sequence[str] = ("GET",)) -> Iterator[BaseRoute]:
    """The routes of a page that applications and further proposals have alike.

    Args:
        path: what follows the address of the draft, such as "/check".
        page: what answers.
        methods: that it takes.
    """
    yield Route(f"/applications/{{application}}{path}", page, methods=list(methods))
    yield Route(f"/applications/{{application}}/stages/{{stage}}{path}", page, methods=list(methods))
