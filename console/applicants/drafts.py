"""The pages on which a draft is written: its list of sections, and each section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from console.forms import read_long_form
from console.front import Front, NeedsSignIn
from console.showing import clock, deadline
from desk.drafts import OpenDraft
from domain.challenges.draft import Draft, Saved, Typed
from domain.forms.conditions import shown
from domain.forms.form import Kind, Section
from domain.permissions import Actor
from domain.values.model import Value
from domain.values.refusals import ApplicationRefused, NotAllowed, NotProven, Problem, UnknownTeam
from domain.values.words import gettext

from .places import place_of, routes_at
from .questions import FIELD, Field, at_fields, fields_of, in_words, typed_in


class Task(Value):
    """A section of a draft in the list of what is to be done.

    Args:
        number: of the section, from 1.
        title: of the section.
        begun: whether anything is answered there.
        problems: how many answers are missing or wrong.
    """

    number: int
    title: str
    begun: bool
    problems: int


class Writing:
    """The pages of drafts.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [
            *routes_at("/write", self.tasks),
            *routes_at("/sections/{number:int}", self.section),
            *routes_at("/sections/{number:int}", self.save, ["POST"]),
            *routes_at("/answers", self.autosave, ["POST"]),
        ]

    async def tasks(self, request: Request) -> Response:
        """Lists the sections, with what is done and what is left."""
        draft = await self.open(request, await self._front.actor_of(request))
        return self._front.pages.show(request, "applicants/tasks", **self.about(request, draft), tasks=tasks_of(draft))

    async def section(self, request: Request) -> Response:
        """Shows a section as it was saved last."""
        draft = await self.open(request, await self._front.actor_of(request))
        number = self._number(request, draft)
        return await self._section(request, draft, fields_of(draft.form, number, draft.draft.answers))

    async def save(self, request: Request) -> Response:
        """Saves a section, and goes on to the next. If somebody else has saved meanwhile, both texts are shown."""
        form = await read_long_form(request)
        actor = await self._front.actor_of(request)
        draft = await self.open(request, actor)
        number = self._number(request, draft)
        place = place_of(request)
        typed = tuple(typed_in(form, draft.form.sections[number - 1].questions))
        try:
            saved = await self._front.desk.drafts.save(actor, place.application, typed, place.stage)
        except ApplicationRefused as refusal:
            fields = _as_typed(fields_of(draft.form, number, draft.draft.answers), typed)
            return await self._section(request, draft, fields, at_fields(refusal.problems))
        if any(each.other for each in saved):
            fields = _with_both(draft, fields_of(draft.form, number, draft.draft.answers), typed, saved)
            return await self._section(request, draft, fields)
        if form["leave"]:
            return RedirectResponse(f"{place.base}/write", 303)
        is_last = number == len(draft.form.sections)
        return RedirectResponse(f"{place.base}/check" if is_last else f"{place.base}/sections/{number + 1}", 303)

    async def autosave(self, request: Request) -> Response:
        """Saves what was typed into some fields, for the script of the page. What becomes of it comes as JSON."""
        form = await read_long_form(request)
        actor, place = await self._front.actor_of(request), place_of(request)
        draft = await self.open(request, actor)
        asked = [each for each in draft.form.questions() if f"{FIELD}{each.id}" in form.all("question")]
        typed = tuple(typed_in(form, asked))
        if not typed or len(typed) != len(form.all("question")):
            text = gettext("The page named no version of an answer, so nothing was saved: open the page again.")
            return JSONResponse({"detail": text}, 422)
        try:
            saved = await self._front.desk.drafts.save(actor, place.application, typed, place.stage)
        except ApplicationRefused as refusal:
            return JSONResponse({"detail": " ".join(each.text for each in refusal.problems)}, 422)
        now = self._front.desk.now()
        versions = [{"question": each.yours.question, "version": (each.other or each.yours).version} for each in saved]
        conflicts = [each.yours.question for each in saved if each.other]
        return JSONResponse(
            {
                "saved": versions,
                "conflicts": conflicts,
                "time": clock(now, draft.time_zone),
                "now": now.format_iso(),
                "closes": draft.draft.closes.format_iso(),
                "until": deadline(draft.draft.closes, draft.time_zone),
            }
        )

    async def open(self, request: Request, actor: Actor) -> OpenDraft:
        """The draft that a request is about.

        Raises:
            NeedsSignIn: nobody is signed in, and the browser writes no such draft: whoever has the address signs in.
            HTTPException: there is no such draft, or it is not theirs. Nobody learns which.
        """
        place = place_of(request)
        try:
            return await self._front.desk.drafts.read(actor, place.application, place.stage)
        except (NotAllowed, NotProven, UnknownTeam):
            raise hidden_from(actor) from None

    def about(self, request: Request, draft: OpenDraft) -> dict[str, Any]:
        """What all pages of a draft show."""
        return {
            "place": place_of(request),
            "draft": draft.draft,
            "form": draft.form,
            "zone": draft.time_zone,
            "of_question": draft.question,
            "begun": "begun" in request.query_params,
            "now": self._front.desk.now(),
            "progress": _progress(draft.draft, self._front.desk.now() >= draft.draft.closes),
        }

    async def attached(self, request: Request, draft: OpenDraft) -> dict[str, str]:
        """The names of the files that are attached to a draft, by their ids."""
        if not any(question.kind is Kind.FILE for question in draft.form.questions()):
            return {}
        place, actor = place_of(request), await self._front.actor_of(request)
        attached = await self._front.desk.attachments.list(
            actor, draft.draft.challenge, place.application, stage=place.stage
        )
        return {each.id: each.name for each in attached}

    async def _section(
        self, request: Request, draft: OpenDraft, fields: Sequence[Field], faults: Sequence[Problem] = ()
    ) -> Response:
        number = self._number(request, draft)
        return self._front.pages.show(
            request,
            "applicants/section",
            422 if faults else 409 if any(each.other for each in fields) else 200,
            faults=faults,
            **self.about(request, draft),
            section=_section_of(draft, number),
            number=number,
            files=await self.attached(request, draft),
            fields=fields,
        )

    def _number(self, request: Request, draft: OpenDraft) -> int:
        number: int = request.path_params["number"]
        if not 1 <= number <= len(draft.form.sections):
            raise HTTPException(404)
        return number


def hidden_from(actor: Actor) -> Exception:
    """What to raise where somebody does not write a draft: they sign in, or learn only that there is no such page."""
    return HTTPException(404) if actor.name else NeedsSignIn()


def tasks_of(draft: OpenDraft) -> tuple[Task, ...]:
    """The sections of a draft, with what is left in each."""
    answers, asked = draft.draft.answered(), shown(draft.form, draft.draft.answered())
    found = []
    for number, section in enumerate(draft.form.sections, start=1):
        ids = {question.id for question in section.questions}
        found.append(
            Task(
                number=number,
                title=section.title,
                begun=any(answers.get(each) not in (None, "", ()) for each in ids & asked),
                problems=sum(problem.field in ids for problem in draft.problems),
            )
        )
    return tuple(found)


def _section_of(draft: OpenDraft, number: int) -> Section:
    return draft.form.sections[number - 1]


def _as_typed(fields: Sequence[Field], typed: Sequence[Typed]) -> tuple[Field, ...]:
    """The fields with what was typed, which was not kept."""
    by_question = {each.question: each.answer for each in typed}
    return tuple(
        field.model_copy(update={"value": _value(by_question[field.question.id])})
        if field.question.id in by_question
        else field
        for field in fields
    )


def _with_both(
    draft: OpenDraft, fields: Sequence[Field], typed: Sequence[Typed], saved: Sequence[Saved]
) -> tuple[Field, ...]:
    """The fields with what was typed and, where somebody else came between, with their text beside it."""
    others = {each.yours.question: each.other for each in saved if each.other}
    questions = {question.id: question for question in draft.form.questions()}
    found = []
    for field in _as_typed(fields, typed):
        other = others.get(field.question.id)
        if other is not None:
            shown_ = in_words(questions[other.question], other.answer, {}) or gettext("(empty)")
            found.append(field.model_copy(update={"other": shown_, "builds_on": other.version}))
        else:
            found.append(field)
    return tuple(found)


def _value(answer: object) -> object:
    return ("yes" if answer else "no") if isinstance(answer, bool) else answer


def _progress(draft: Draft, is_over: bool) -> str:
    """Where a draft stands, in words."""
    if draft.sent and draft.sent.withdrawn:
        return gettext("withdrawn")
    if draft.sent and draft.sent.changed:
        return gettext("sent, and changed since")
    if draft.sent:
        return gettext("sent")
    return gettext("not sent, and closed") if is_over or draft.is_sealed else gettext("not sent yet")
