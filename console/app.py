"""The web front: its pages, and what stands before them."""

from __future__ import annotations

from collections import defaultdict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from desk.desk import Desk
from identity.links import Links
from identity.organisations import Organisations
from service.codec import codec_in
from service.readiness import Readiness

from .answers import Answers
from .api.machines import Machines
from .applicants.begin import Beginning
from .applicants.copying import Copying
from .applicants.drafts import Writing
from .applicants.files import Files
from .applicants.following import Following
from .applicants.sending import Sending
from .applicants.writers import WritingTogether
from .codec import Decoding
from .decisions import Decisions
from .fair_share import FairShare
from .front import Front
from .guards import OurForms, OurHost, SafeHeaders, SmallBodies
from .language import Speaking
from .public.caching import Cache
from .public.challenges import Challenges
from .public.information import Information
from .public.questions import Asking
from .sign_in.passkeys import OwnPasskeys
from .sign_in.sessions import OwnSessions
from .sign_in.ways import SigningIn
from .staff.board import Board
from .staff.challenges import ChallengesAtWork
from .staff.deciding import Deciding
from .staff.interests import InterestPages
from .staff.landing import Landing
from .staff.notices import FailedNotices
from .staff.payments import Payments
from .staff.ranking import RankingPages
from .staff.reading import Reading
from .staff.record import Record
from .staff.releasing import Releasing


def build(desk: Desk, organisations: Organisations, links: Links) -> ASGIApp:
    """The web front as one application.

    Args:
        desk: what people can do; its settings, database and clock are those of the front.
        organisations: with which people can sign in.
        links: for those who have none.

    Raises:
        Unavailable: the keys of encrypted payloads cannot be used.
        FileRefused: a language that the settings name has no catalogue.
    """
    front = Front(desk, organisations, links)
    origin = front.options.web_origin
    app: ASGIApp = _Pages(front)
    app = OurForms(app, origin)
    app = SmallBodies(app)
    app = Decoding(app, codec_in(front.options.codec_key_file), front.options.ui_address, front.is_operator)
    app = OurHost(app, origin)
    app = FairShare(app, front.options.web_limit)
    return SafeHeaders(Speaking(Answers(app, front.pages), front.languages), origin)


def routes_of(front: Front) -> list[BaseRoute]:
    """Every address of the web front."""

    async def static(request: Request) -> Response:
        found = front.pages.static.answer(request, request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        parts = await readiness.parts()
        lines = [f"{name}: {'ok' if answers else 'does not answer'}\n" for name, answers in parts.items()]
        return PlainTextResponse("".join(lines), 200 if all(parts.values()) else 503)

    core = front.desk.core
    readiness = Readiness(core.options, core.database, core.threads)
    cache = Cache(front.desk.now)
    public = (Challenges(front, cache), Information(front, cache), Asking(front), Machines(front, cache))
    applicants = (
        Beginning(front),
        Writing(front),
        Files(front),
        WritingTogether(front),
        Copying(front),
        Sending(front),
        Following(front),
    )
    staff = (
        Landing(front),
        ChallengesAtWork(front),
        Deciding(front),
        Board(front),
        InterestPages(front),
        Reading(front),
        RankingPages(front),
        Releasing(front),
        Payments(front),
        Record(front),
        FailedNotices(front),
    )
    parts = (*public, *applicants, *staff, SigningIn(front), OwnSessions(front), OwnPasskeys(front), Decisions(front))
    own = [route for part in parts for route in part.routes]
    return [*own, Route("/static/{name}", static), Route("/health", health), Route("/ready", ready)]


class _Pages:
    """Finds the page of an address. What is raised goes on to `Answers`: Starlette's own application would answer it.

    Args:
        front: what the pages share.
    """

    def __init__(self, front: Front) -> None:
        below: dict[str, list[BaseRoute]] = defaultdict(list)
        for route in routes_of(front):
            below[_first_part(getattr(route, "path", ""))].append(route)
        # Its redirects to an address with or without a slash would be made from the host that the visitor named.
        self._routers = {part: Router(routes, redirect_slashes=False) for part, routes in below.items()}
        self._nothing = Router(redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # a router that belongs to an application raises what it cannot find
        router = self._routers.get(_first_part(scope["path"]), self._nothing)
        if scope["type"] == "http" and scope["method"] == "POST":
            # Whoever has to sign in first comes back to the page from which they sent the form.
            looked_at = {**scope, "method": "GET"}
            scope["is_page"] = any(each.matches(looked_at)[0] is Match.FULL for each in router.routes)
        await router(scope, receive, send)


def _first_part(path: str) -> str:
    """The first part of an address, which no address of ours leaves open: a router tries its routes one by one."""
    return path.split("/", 2)[1] if "/" in path else ""
