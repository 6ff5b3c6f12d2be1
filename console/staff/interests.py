"""The page on which people declare what they have to do with each applicant, before they read anything."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import Form, read_form
from console.front import Front
from console.hidden import hidden
from domain.judging.marks import check_id
from domain.values.paging import Page
from domain.values.refusals import InterestsMissing, NotReadable, Problem
from domain.values.words import gettext

from .places import OF_CHALLENGE, base_of, challenge_in

_LONGEST_PLACE = 2000
_NOTHING, _INTEREST, _CONFLICT = "nothing", "interest", "conflict"


class InterestPages:
    """The pages about what people have to do with applicants.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        path = f"{OF_CHALLENGE}/interests"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.declare, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Lists the applicants by name, with what the visitor has declared for each. Nothing of what they wrote."""
        await self._front.must_be_signed_in(request)
        return await self._page(request)

    async def declare(self, request: Request) -> Response:
        """Keeps what the visitor declares for one applicant, or "nothing" for all that are left. It counts at once."""
        form = await read_form(request)
        await self._front.must_be_signed_in(request)
        actor, challenge = await self._front.actor_of(request), challenge_in(request)
        application, desk = form["application"], self._front.desk.interests
        with hidden():
            try:
                if form["all"]:
                    await desk.declare_none(actor, challenge)
                else:
                    check_id(application)
                    kind, what = form[f"kind-{application}"], form[f"what-{application}"].strip()
                    if fault := _wrong(application, kind, what):
                        return await self._page(request, form, [fault])
                    await desk.declare(actor, challenge, application, what, conflict=kind == _CONFLICT)
            except NotReadable as refusal:
                faults = [each.model_copy(update={"field": f"what-{application}"}) for each in refusal.problems]
                return await self._page(request, form, faults)
            except InterestsMissing:
                text = gettext(
                    "You may know some of these applicants: they are marked below. Declare for each of them by name."
                )
                return await self._page(request, form, [Problem(field="", text=text)])
        after = form["after"][:_LONGEST_PLACE]
        query = f"?{urlencode({'after': after})}" if after else ""
        place = f"#{application}" if application else ""
        return RedirectResponse(f"{base_of(request)}/interests{query}{place}", 303)

    async def _page(self, request: Request, form: Form | None = None, faults: Sequence[Problem] = ()) -> Response:
        actor, challenge = await self._front.actor_of(request), challenge_in(request)
        after = (form["after"] if form else request.query_params.get("after", ""))[:_LONGEST_PLACE]
        with hidden():
            page = await self._front.desk.interests.list(actor, Page(after=after), challenge)
            row = await self._front.desk.challenges.find(actor, challenge)
        base = base_of(request)
        return self._front.pages.show(
            request,
            "staff/interests",
            422 if faults else 200,
            faults=faults,
            challenge=row,
            base=base,
            interests=page.items,
            typed=form or Form({}),
            kinds=[
                (_NOTHING, gettext("Nothing")),
                (_INTEREST, gettext("Something, and I can still judge it fairly")),
                (_CONFLICT, gettext("A conflict of interest: I do not read, mark or decide on it")),
            ],
            is_left=any(not each.declared for each in page.items),
            after=after,
            more=f"{base}/interests?{urlencode({'after': page.next})}" if page.next else "",
        )


def _wrong(application: str, kind: str, what: str) -> Problem | None:
    """What is wrong with a declaration as it was typed. What is too long, the desk says."""
    if kind not in (_NOTHING, _INTEREST, _CONFLICT):
        return Problem(field=f"kind-{application}", text=gettext("Choose what you have to do with the applicant."))
    if kind == _NOTHING and what:
        text = gettext("You chose “Nothing”, and wrote something: choose another answer, or empty the field.")
        return Problem(field=f"what-{application}", text=text)
    if kind != _NOTHING and not what:
        text = gettext("Say in a few words what you have to do with the applicant.")
        return Problem(field=f"what-{application}", text=text)
    return None
