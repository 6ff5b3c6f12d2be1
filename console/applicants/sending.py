"""The pages on which a draft is checked and sent, and the receipt."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from whenever import TimeDelta

from console.forms import read_form
from console.front import Front
from console.showing import duration
from desk.drafts import OpenDraft
from domain.forms.answers import changed_since, seen
from domain.forms.conditions import shown
from domain.permissions import Actor
from domain.values.refusals import (
    ApplicationRefused,
    DraftChanged,
    NotAllowed,
    NotProven,
    OnHold,
    Problem,
    TooEarly,
    TooLate,
    UnknownTeam,
)
from domain.values.words import gettext

from .drafts import Writing, hidden_from
from .places import place_of, routes_at
from .questions import FIELD, in_words


class Sending:
    """The pages on which a draft is sent.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._writing = Writing(front)

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            *routes_at("/check", self.check),
            *routes_at("/send", self.send, ["POST"]),
            *routes_at("/receipt", self.receipt),
        ]

    async def check(self, request: Request) -> Response:
        """Shows all answers as they would be sent, and what is missing or wrong."""
        actor = await self._front.actor_of(request)
        return await self._check(request, await self._writing.open(request, actor))

    async def send(self, request: Request) -> Response:
        """Sends the draft, if it is still what the page showed. A second click finds what the first has sent."""
        form = await read_form(request)
        actor, place = await self._front.actor_of(request), place_of(request)
        try:
            await self._front.desk.drafts.send(actor, place.application, place.stage, form["seen"])
        except (NotAllowed, NotProven, UnknownTeam):
            raise hidden_from(actor) from None
        except DraftChanged:
            return await self._changed(request, actor, form["seen"])
        except ApplicationRefused as refusal:
            draft = await self._writing.open(request, actor)
            return await self._check(request, draft, refusal.problems, 422)
        except (TooEarly, TooLate, OnHold) as refusal:
            draft = await self._writing.open(request, actor)
            text = self._how_late(draft, refusal) if isinstance(refusal, TooLate) else str(refusal)
            return await self._check(request, draft, [Problem(field="", text=text)], 409)
        return RedirectResponse(f"{place.base}/receipt", 303)

    async def receipt(self, request: Request) -> Response:
        """Shows what was sent and when. The same comes by letter."""
        actor, place = await self._front.actor_of(request), place_of(request)
        draft = await self._writing.open(request, actor)
        if draft.draft.sent is None:
            return RedirectResponse(f"{place.base}/check", 303)
        return self._front.pages.show(request, "applicants/receipt", **self._writing.about(request, draft))

    async def _check(
        self, request: Request, draft: OpenDraft, faults: Sequence[Problem] = (), status: int = 200
    ) -> Response:
        files = await self._writing.attached(request, draft)
        answers = draft.draft.answered()
        asked = shown(draft.form, answers)
        sections = [
            (
                number,
                section,
                [
                    (question, in_words(question, answers.get(question.id, ""), files))
                    for question in section.questions
                    if question.id in asked
                ],
            )
            for number, section in enumerate(draft.form.sections, start=1)
        ]
        return self._front.pages.show(
            request,
            "applicants/check",
            status,
            faults=faults,
            **self._writing.about(request, draft),
            sections=sections,
            problems=_by_section(draft),
            others=[each.text for each in draft.problems if not each.field],
            is_complete=not draft.problems,
            problem_count=len(draft.problems),
            seen=seen(answers),
        )

    async def _changed(self, request: Request, actor: Actor, was: str) -> Response:
        """Shows the answers as they are by now, and says which were changed since the page was shown."""
        draft = await self._writing.open(request, actor)
        changed, asked = changed_since(was, draft.draft.answered()), shown(draft.form, draft.draft.answered())
        text = gettext("“{question}” was changed since this page was shown: read it once more, then send.")
        faults = [
            Problem(field=f"{FIELD}{each.id}" if each.id in asked else "", text=text.format(question=each.title))
            for each in draft.form.questions()
            if each.id in changed
        ]
        return await self._check(request, draft, faults, 409)

    def _how_late(self, draft: OpenDraft, late: TooLate) -> str:
        """By how much somebody came too late, by the service's clock."""
        late_by = max(TimeDelta.ZERO, self._front.desk.now() - draft.draft.closes)
        by = late_by.in_units(["hours", "minutes", "seconds"])
        text = gettext("{refusal} You sent it {time} after that. What you wrote is kept.")
        return text.format(refusal=late, time=duration(by) if by else gettext("less than a second"))


def _by_section(draft: OpenDraft) -> dict[int, list[Problem]]:
    """What is missing or wrong, by the number of the section."""
    return {
        number: [each for each in draft.problems if each.field in {question.id for question in section.questions}]
        for number, section in enumerate(draft.form.sections, start=1)
    }
