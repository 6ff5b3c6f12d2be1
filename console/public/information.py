"""Pages about the service itself: how accessible it is, and what it keeps of people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.front import Front

from .caching import Cache, Made

_HTML = "text/html; charset=utf-8"


class Information:
    """The pages about the service.

    Args:
        front: what all pages share.
        cache: keeps what was made.
    """

    def __init__(self, front: Front, cache: Cache) -> None:
        self._front = front
        self._cache = cache

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [Route("/accessibility", self.accessibility), Route("/privacy", self.privacy)]

    async def accessibility(self, request: Request) -> Response:
        """The accessibility statement that public bodies publish."""
        return await self._page(request, "public/accessibility")

    async def privacy(self, request: Request) -> Response:
        """What is kept of people, and the cookies."""
        return await self._page(request, "public/privacy")

    async def _page(self, request: Request, page: str) -> Response:
        async def version() -> str:
            return "as it was written"

        async def make() -> Made:
            return Made(self._front.pages.for_everybody(page), _HTML)

        return await self._cache.answer(request, page, version, make)
