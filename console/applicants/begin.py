"""The page on which somebody begins an application. Nobody needs an account for that."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from whenever import Instant

from console import cookies
from console.forms import Form, read_long_form
from console.front import Front
from console.public.names import challenge_of
from console.rendering import browser_of, with_browser
from console.showing import deadline
from console.visitors import network_of
from desk.drafts import OnPage
from desk.forms import AskedForm
from domain.challenges.draft import KeptAnswer
from domain.values.addresses import mailbox_of
from domain.values.refusals import ApplicationRefused, Problem, UnknownChallenge, UnknownRound
from domain.values.words import gettext
from identity.limits import Limit, Limits

from .places import Place
from .questions import at_fields, fields_of, typed_in

_BY_NETWORK = Limit("begin-draft", 300, 10)
"""For those who name an address that is not theirs, as far as we know: a letter goes to each."""


class Beginning:
    """The page on which an application is begun: its first section, and whose it is.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._limits = Limits()

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        address = "/challenges/{round}/{slug}/apply"
        return [Route(address, self.show), Route(address, self.begin, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Shows the first section, and asks whose application it is. Nobody writes what cannot be sent any more."""
        asked = await self._asked(request)
        if asked.is_over and asked.closes is not None:
            return self._over(request, asked, asked.closes)
        session = await self._front.session(request)
        return self._page(request, asked, "", session.mailbox if session else "")

    async def begin(self, request: Request) -> Response:
        """Makes the draft with what was typed. Whoever is not signed in goes on in this browser."""
        form = await read_long_form(request)
        asked, actor = await self._asked(request), await self._front.actor_of(request)
        organisation, email = form["organisation"], form["email"].strip()
        typed = tuple(typed_in(form, asked.form.sections[0].questions))
        is_own = bool(actor.name) and mailbox_of(email) == mailbox_of(actor.name)
        if not is_own:
            self._limits.count(_BY_NETWORK, network_of(request))
        on_page = OnPage(once=form["once"], typed=typed, browser="" if is_own else browser_of(request))
        try:
            draft = await self._front.desk.drafts.begin_on_page(
                actor, asked.of, on_page, organisation=organisation, email=email
            )
        except ApplicationRefused as refusal:
            return self._page(request, asked, organisation, email, form, refusal.problems)
        place = Place(application=draft)
        next_page = "write" if form["leave"] else "sections/2" if len(asked.form.sections) > 1 else "check"
        return with_browser(request, RedirectResponse(f"{place.base}/{next_page}?begun", 303))

    async def _asked(self, request: Request) -> AskedForm:
        actor = await self._front.actor_of(request)
        try:
            return await self._front.desk.forms.read(actor, challenge_of(request, self._front))
        except (UnknownChallenge, UnknownRound):
            raise HTTPException(404) from None

    def _over(self, request: Request, asked: AskedForm, closes: Instant) -> Response:
        text = gettext("Too late: this challenge takes no more applications. They closed: {closes}.")
        return self._front.pages.show(
            request,
            "fault",
            409,
            heading=gettext("Applications have closed"),
            text=text.format(closes=deadline(closes, asked.time_zone)),
            typed={},
            onward=f"/challenges/{asked.of}",
            onward_words=gettext("Go to the challenge"),
        )

    def _page(
        self,
        request: Request,
        asked: AskedForm,
        organisation: str,
        email: str,
        sent: Form | None = None,
        problems: Sequence[Problem] = (),
    ) -> Response:
        typed = typed_in(sent, asked.form.sections[0].questions) if sent else ()
        now = self._front.desk.now()
        kept = [KeptAnswer(question=each.question, version=0, answer=each.answer, saved_at=now) for each in typed]
        whose = [each for each in problems if each.field in ("organisation", "email")]
        others = at_fields(each for each in problems if each not in whose)
        return self._front.pages.show(
            request,
            "applicants/begin",
            422 if problems else 200,
            faults=[*whose, *others],
            asked=asked,
            now=now,
            section=asked.form.sections[0],
            fields=fields_of(asked.form, 1, kept),
            organisation=organisation,
            email=email,
            once=(sent["once"] if sent else "") or cookies.new_secret(),
        )
