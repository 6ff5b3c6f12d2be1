"""The page on which an application is read beside the scorecard, and marked; and the files that came with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.applicants.files import as_download
from console.applicants.questions import in_words
from console.forms import Form, read_form, read_long_form
from console.front import Front
from console.hidden import hidden
from desk.judging import Looked
from domain.forms.attachments import Attachment
from domain.forms.form import Kind, Question
from domain.judging.reading import Proposal
from domain.judging.scorecard import Criterion
from domain.permissions import Actor
from domain.values.refusals import KINDS, InterestsMissing, NotAllowed, Problem, ScoreRefused, TooEarly, TooLate

from .marking import agreed_in, at_agreed, at_fields, rows_in, scored
from .places import OF_CHALLENGE, base_of, challenge_in


class Said(NamedTuple):
    """An answer as people read it.

    Args:
        question: which one it answers.
        text: of the answer; empty for files.
        files: that answer it.
    """

    question: Question
    text: str
    files: Sequence[Attachment]


class Reading:
    """The pages of one application for those who read and mark it.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        one = f"{OF_CHALLENGE}/applications/{{application}}"
        return [
            Route(one, self.show, methods=["GET"]),
            Route(one, self.give, methods=["POST"]),
            Route(f"{one}/agreed", self.agree, methods=["POST"]),
            Route(f"{one}/files/{{attachment}}", self.open, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Shows what was sent, beside the scorecard. Whoever has interests to declare goes there first."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        try:
            looked = await self._look(request, actor, request.query_params.get("stage", ""))
        except InterestsMissing:
            return RedirectResponse(f"{base_of(request)}/interests", 303)
        return await self._page(request, actor, looked)

    async def give(self, request: Request) -> Response:
        """Keeps the visitor's marks: all of them, or none. What was typed stays, whatever is wrong."""
        form = await read_long_form(request)
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        looked = await self._look(request, actor, form["stage"])
        to_read = looked.to_read
        if to_read.scorecard is None:
            raise HTTPException(404)
        rows, desk = rows_in(form, to_read.scorecard, to_read.application.id), self._front.desk.judging
        try:
            _, kept = await desk.give(actor, challenge_in(request), rows, to_read.stage)
        except ScoreRefused as refusal:
            faults = at_fields(refusal.problems, rows, to_read.scorecard)
            return await self._page(request, actor, looked, form, faults)
        except (TooEarly, TooLate, NotAllowed) as refusal:
            fault, status = Problem(field="", text=str(refusal)), KINDS[refusal.code].http_status
            return await self._page(request, actor, looked, form, [fault], status)
        query = urlencode({"stage": to_read.stage, "saved": kept.new})
        return RedirectResponse(f"{request.url.path}?{query}", 303)

    async def agree(self, request: Request) -> Response:
        """Records the mark that was agreed on for a criterion. What was typed stays, whatever is wrong."""
        form = await read_form(request)
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        looked = await self._look(request, actor, form["stage"])
        stage, typed = looked.to_read.stage, agreed_in(form)
        with hidden():
            try:
                await self._front.desk.judging.moderate(
                    actor, challenge_in(request), looked.to_read.application.id, *typed, stage
                )
            except ScoreRefused as refusal:
                return await self._page(request, actor, looked, form, at_agreed(refusal.problems))
            except (TooEarly, TooLate) as refusal:
                fault, status = Problem(field="", text=str(refusal)), KINDS[refusal.code].http_status
                return await self._page(request, actor, looked, form, [fault], status)
        page = request.url.path.removesuffix("/agreed")
        return RedirectResponse(f"{page}?{urlencode({'stage': stage})}#others", 303)

    async def open(self, request: Request) -> Response:
        """Gives a file that came with the application, to be kept and not to be shown: a browser runs nothing of it."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        which = request.path_params["application"], request.path_params["attachment"]
        with hidden():
            opened = await self._front.desk.attachments.open_sent(actor, challenge_in(request), *which)
        return as_download(opened)

    async def _look(self, request: Request, actor: Actor, stage: str) -> Looked:
        with hidden():
            return await self._front.desk.judging.look(
                actor, challenge_in(request), request.path_params["application"], stage
            )

    # Longer than others: it names all that the page shows.
    async def _page(
        self,
        request: Request,
        actor: Actor,
        looked: Looked,
        form: Form | None = None,
        faults: Sequence[Problem] = (),
        status: int = 422,
    ) -> Response:
        to_read, base = looked.to_read, base_of(request)
        with hidden():
            row = await self._front.desk.challenges.find(actor, challenge_in(request))
            proposals = [(each, await self._said(request, actor, each)) for each in to_read.proposals]
        criteria: Sequence[Criterion] = to_read.scorecard.criteria if to_read.scorecard else ()
        left = [each for each in looked.sheet.left if each != to_read.application.id] if looked.sheet else []
        return self._front.pages.show(
            request,
            "staff/application",
            status if faults else 200,
            faults=faults,
            challenge=row,
            base=base,
            application=to_read.application,
            proposals=proposals,
            looked=looked,
            scored=scored(looked, form),
            typed=form or Form({}),
            titles={each.id: each.title for each in criteria},
            asked=_places(to_read.proposals),
            saved=request.query_params.get("saved", "") if form is None else "",
            onward=left[0] if left else "",
            left=len(left),
        )

    async def _said(self, request: Request, actor: Actor, proposal: Proposal) -> list[Said]:
        files: Mapping[str, Attachment] = {}
        if any(question.kind is Kind.FILE for question, _ in proposal.answered()):
            attached = await self._front.desk.attachments.list(
                actor, challenge_in(request), request.path_params["application"], stage=proposal.stage
            )
            files = {each.id: each for each in attached}
        found = []
        for question, answer in proposal.answered():
            if question.kind is Kind.FILE and isinstance(answer, tuple):
                found.append(Said(question, "", [files[each] for each in answer if each in files]))
            else:
                found.append(Said(question, in_words(question, answer, {}), ()))
        return found


def _places(proposals: Sequence[Proposal]) -> Mapping[str, tuple[str, str]]:
    """Where the answer to each question stands on the page, and the question's title. The last proposal counts."""
    return {
        question.id: (f"answer-{number}-{question.id}", question.title)
        for number, proposal in enumerate(proposals, start=1)
        for question, _ in proposal.answered()
    }
