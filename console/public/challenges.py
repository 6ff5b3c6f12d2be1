"""The pages of challenges that everybody sees: the list, each challenge with its form, and the catalogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from whenever import Instant

from console.applicants.questions import hint_of
from console.front import Front
from domain.permissions import Actor
from domain.publishing.challenge import PublicChallenge, Shelf
from domain.values.paging import Page, all_of
from domain.values.refusals import UnknownChallenge
from domain.values.words import gettext

from . import calendars, feed
from .caching import Cache, Made
from .dates import dates_of
from .markdown import as_html
from .timeline import timeline

_ANYONE = Actor()
_HTML = "text/html; charset=utf-8"
_LONGEST_PLACE = 2000


class Challenges:
    """The public pages of challenges. None of them asks who the visitor is, or anybody but the database.

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
        one = "/challenges/{round}/{slug}"
        return [
            Route("/", self.list),
            Route(one, self.one),
            Route(f"{one}/form", self.form),
            Route(f"{one}/dates.ics", self.dates),
            Route("/catalogue", self.catalogue),
            Route("/calendar.ics", self.calendar),
            Route("/feed.atom", self.feed),
        ]

    async def list(self, request: Request) -> Response:
        """Lists the challenges: open ones first, then those that come, are closed, and are finished."""
        after, named = _place(request), request.query_params.get("shelf", "")
        only = next((shelf for shelf in Shelf if shelf == named), None)

        async def make() -> Made:
            shelves, soon = list[tuple[str, str, Sequence[PublicChallenge], str]](), list[Instant]()
            for shelf in Shelf if only is None else (only,):
                page = await self._front.desk.public.list(_ANYONE, Page(after=after if only else ""), shelf)
                more = f"/?{urlencode({'shelf': shelf, 'after': page.next})}" if page.next else ""
                shelves.append((shelf, _title(shelf), page.items, more))
                soon += [moment for each in page.items for moment in (each.opens, each.closes)]
            html = self._front.pages.for_everybody("public/challenges", shelves=shelves, now=self._front.desk.now())
            return Made(html, _HTML, self._next(soon))

        return await self._of_all(request, make)

    async def one(self, request: Request) -> Response:
        """Shows a challenge with all that the public may know."""

        def page(found: PublicChallenge) -> bytes:
            now, dates = self._front.desk.now(), [each for each in dates_of(found) if not each.is_off]
            return self._front.pages.for_everybody(
                "public/challenge",
                canonical=self._canonical(f"/challenges/{found.id}"),
                challenge=found,
                posed=found.posed,
                shelf=found.shelf(now),
                zone=found.posed.time_zone,
                now=now,
                dates=dates,
                timeline=timeline(dates, now),
                background=as_html(found.posed.background),
                stages={each.stage: each for each in found.snapshot.stages},
            )

        return await self._of_one(request, page)

    async def form(self, request: Request) -> Response:
        """Shows the questions, and by what answers are marked, before anybody begins."""

        def page(found: PublicChallenge) -> bytes:
            canonical = self._canonical(f"/challenges/{found.id}/form")
            form = found.posed.form
            hints = {each.id: hint_of(form, each) for each in form.questions()}
            return self._front.pages.for_everybody(
                "public/form", canonical=canonical, challenge=found, posed=found.posed, hints=hints
            )

        return await self._of_one(request, page)

    async def dates(self, request: Request) -> Response:
        """The dates of a challenge as a calendar file."""
        return await self._of_one(request, lambda found: self._calendar([found]), calendars.KIND)

    async def calendar(self, request: Request) -> Response:
        """The dates of all challenges as a calendar file."""

        async def make() -> Made:
            return Made(self._calendar(await self._all()), calendars.KIND)

        return await self._of_all(request, make)

    async def feed(self, request: Request) -> Response:
        """What has happened, as an Atom feed."""

        async def make() -> Made:
            found = await self._all()
            options = self._front.options
            return Made(feed.feed_of(found, options.web_origin, options.brand_name), feed.KIND)

        return await self._of_all(request, make)

    async def catalogue(self, request: Request) -> Response:
        """Lists the solutions that came through."""
        after = _place(request)

        async def make() -> Made:
            page = await self._front.desk.public.catalogue(_ANYONE, Page(after=after))
            more = f"/catalogue?{urlencode({'after': page.next})}" if page.next else ""
            return Made(self._front.pages.for_everybody("public/catalogue", found=page.items, more=more), _HTML)

        return await self._of_all(request, make)

    def _canonical(self, path: str) -> str:
        """The one address under which search engines list a page."""
        return f"{self._front.options.web_origin}{path}"

    def _calendar(self, found: Sequence[PublicChallenge]) -> bytes:
        return calendars.calendar_of(found, self._front.options.web_origin, self._front.options.brand_name)

    async def _all(self) -> Sequence[PublicChallenge]:
        """All challenges: a list by deadline ends with the newest, so its first page is not enough."""
        return await all_of(lambda page: self._front.desk.public.list(_ANYONE, page))

    async def _of_all(self, request: Request, make: Callable[[], Awaitable[Made]]) -> Response:
        return await self._cache.answer(request, "", lambda: self._front.desk.public.version_of_all(_ANYONE), make)

    async def _of_one(self, request: Request, page: Callable[[PublicChallenge], bytes], kind: str = _HTML) -> Response:
        name = f"{request.path_params['round']}/{request.path_params['slug']}"

        async def make() -> Made:
            found = await self._front.desk.public.find(_ANYONE, name)
            return Made(page(found), kind, self._next([each.at for each in dates_of(found)]))

        try:
            return await self._cache.answer(
                request, name, lambda: self._front.desk.public.version_of(_ANYONE, name), make
            )
        except UnknownChallenge:
            raise HTTPException(404) from None

    def _next(self, moments: Sequence[Instant]) -> Instant | None:
        """The next moment at which a page would say something else."""
        now = self._front.desk.now()
        return min((each for each in moments if each > now), default=None)


def _place(request: Request) -> str:
    return request.query_params.get("after", "")[:_LONGEST_PLACE]


def _title(shelf: Shelf) -> str:
    return {
        Shelf.OPEN: gettext("Open now"),
        Shelf.COMING: gettext("Coming"),
        Shelf.CLOSED: gettext("Closed, and going on"),
        Shelf.FINISHED: gettext("Finished"),
    }[shelf]
