"""The interface for machines: what everybody sees, as JSON, described by an OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp
from whenever import Instant

from console.front import Front
from console.public.caching import Cache, Made
from domain.permissions import Actor
from domain.publishing.challenge import PublicChallenge, Shelf
from domain.publishing.ocds import Package
from domain.publishing.release import package_of
from domain.values.paging import Page
from domain.values.refusals import UnknownChallenge

from . import answers, writing
from .problems import PROBLEM

_ANYONE = Actor()
_JSON = "application/json"
_VERSION = "1"
"""Of the interface. Another number means that names have changed or are gone."""
_OPEN = {"access-control-allow-origin": "*"}
"""Scripts of any site may read what everybody can read: they come without cookies."""
Round = Annotated[str, Path(alias="round")]
_DESCRIPTION = """What the public sees of challenges. Nobody has to sign in, and nothing can be sent here.

Answers have an `ETag`: ask with `If-None-Match` whether something has changed. A fault is a
problem detail (RFC 9457)."""
_FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Fault"}}}}
    for status, said in {
        404: "There is no such public challenge.",
        422: "A parameter is wrong.",
        503: "The database does not answer, and nothing is kept of this.",
    }.items()
}


class PageAsked(BaseModel):
    """Which page of a list is asked for."""

    model_config = ConfigDict(extra="forbid")

    after: str = Field("", max_length=2000, description="from `next` of the page before; nothing for the first page")
    limit: int = Field(50, ge=1, le=100, description="how many items at most")

    @property
    def page(self) -> Page:
        """The page."""
        return Page(after=self.after, limit=self.limit)

    @property
    def again(self) -> dict[str, str]:
        """What the address of the next page has to say, too."""
        said = self.model_dump(mode="json", exclude_defaults=True, exclude={"after"})
        return {name: str(value) for name, value in said.items() if value is not None}


class ChallengesAsked(PageAsked):
    """Which page of which challenges is asked for."""

    state: Shelf | None = Field(None, description="only challenges in this state")


class NothingAsked(BaseModel):
    """No parameters: another one is a mistake, and is said to be one."""

    model_config = ConfigDict(extra="forbid")


class _Raising(FastAPI):
    """Raises what goes wrong: whatever stands before all pages answers it, once and in one form."""

    def build_middleware_stack(self) -> ASGIApp:
        return AsyncExitStackMiddleware(self.router)


class Machines:
    """The interface for machines. It asks nobody but the database, and knows nobody.

    Args:
        front: what all pages share.
        cache: keeps what was made.
    """

    def __init__(self, front: Front, cache: Cache) -> None:
        self._front = front
        self._cache = cache

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of the interface."""
        api = _Raising(
            title=self._front.options.brand_name,
            description=_DESCRIPTION,
            version=_VERSION,
            responses=_FAULTS,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        _read(api, "/challenges", self.challenges, answers.Challenges)
        _read(api, "/challenges/{round}/{slug}", self.challenge, answers.Challenge)
        _read(api, "/catalogue", self.catalogue, answers.Catalogue)
        _read(api, "/ocds/{round}/{slug}", self.release, Package)
        description = _described(api)

        async def openapi(_: Request) -> Response:
            return JSONResponse(description, headers=_OPEN | {"cache-control": "public, max-age=3600"})

        api.add_route("/openapi.json", openapi, include_in_schema=False)
        return [Mount("/api", api)]

    async def challenges(self, request: Request, asked: Annotated[ChallengesAsked, Query()]) -> Response:
        """Lists the challenges, by the closing of their windows."""

        async def make() -> Made:
            found, now = await self._front.desk.public.list(_ANYONE, asked.page, asked.state), self._front.desk.now()
            said = writing.challenges(found, now, self._front.options.web_origin, asked.again)
            return _made(said, _until(found.items, now))

        return await self._of_all(request, make)

    async def catalogue(self, request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
        """Lists the challenges that were completed, with the solutions that came through."""

        async def make() -> Made:
            found, now = await self._front.desk.public.catalogue(_ANYONE, asked.page), self._front.desk.now()
            return _made(writing.catalogue(found, now, self._front.options.web_origin, asked.again), None)

        return await self._of_all(request, make)

    async def challenge(
        self, request: Request, round_: Round, slug: str, _: Annotated[NothingAsked, Query()]
    ) -> Response:
        """Shows a challenge with all that the public may know."""
        now, origin = self._front.desk.now, self._front.options.web_origin
        return await self._of_one(request, f"{round_}/{slug}", lambda found: writing.challenge(found, now(), origin))

    async def release(
        self, request: Request, round_: Round, slug: str, _: Annotated[NothingAsked, Query()]
    ) -> Response:
        """Shows a challenge as a release package of the Open Contracting Data Standard, version 1.1.

        The package has one release, which is whole: it replaces those before.
        """
        options = self._front.options

        def package(found: PublicChallenge) -> Package:
            return package_of(
                found,
                self._front.desk.now(),
                origin=options.web_origin,
                publisher=options.brand_name,
                prefix=options.ocds_prefix,
            )

        return await self._of_one(request, f"{round_}/{slug}", package)

    async def _of_all(self, request: Request, make: Callable[[], Awaitable[Made]]) -> Response:
        public = self._front.desk.public
        return await self._cache.answer(request, "", lambda: public.version_of_all(_ANYONE), make, _OPEN)

    async def _of_one(self, request: Request, name: str, write: Callable[[PublicChallenge], BaseModel]) -> Response:
        public = self._front.desk.public

        async def make() -> Made:
            found = await public.find(_ANYONE, name)
            return _made(write(found), _until([found], self._front.desk.now()))

        try:
            return await self._cache.answer(request, name, lambda: public.version_of(_ANYONE, name), make, _OPEN)
        except UnknownChallenge as unknown:
            raise HTTPException(404, str(unknown)) from None


def _read(api: FastAPI, path: str, endpoint: Callable[..., Awaitable[Response]], answer: type[BaseModel]) -> None:
    """Adds an address that can only be read. Its answer is written here, so FastAPI only describes it."""
    name = endpoint.__name__
    api.add_api_route(path, endpoint, methods=["GET"], response_model=answer, operation_id=name)
    api.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)


def _described(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the interface."""
    described = api.openapi()
    described["servers"] = [{"url": "/api"}]
    described["components"]["schemas"]["Fault"] = answers.Fault.model_json_schema()
    return described


def _made(answer: BaseModel, until: Instant | None) -> Made:
    # OCDS writes keys in its own way and leaves out what is not known; the other answers say null.
    is_ocds = isinstance(answer, Package)
    return Made(answer.model_dump_json(by_alias=True, exclude_none=is_ocds).encode(), _JSON, until)


def _until(found: Iterable[PublicChallenge], now: Instant) -> Instant | None:
    """The next moment at which a window opens or closes, and the answer is another."""
    moments = (moment for each in found for moment in (each.opens, each.closes))
    return min((each for each in moments if each > now), default=None)
