"""The pages on which files are attached to a draft, taken away, and opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from console.forms import read_files, read_form
from console.front import Front
from desk.attachments import Opened
from desk.drafts import OpenDraft
from domain.forms.attachments import Attachment, spoken_size
from domain.forms.form import Kind, Question
from domain.values.refusals import AttachmentRefused, NotAllowed, NotReadable, Problem, UnknownAttachment
from domain.values.words import gettext

from .drafts import Writing
from .places import place_of, routes_at
from .questions import takes

_PIECE = 65_536
_NEVER_RUN = "default-src 'none'; sandbox"
"""What a browser may do with a file that somebody else has made: show nothing of it as a page of ours."""


class Files:
    """The pages about the files of a draft.

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
            *routes_at("/files/{question}", self.show),
            *routes_at("/files/{question}", self.attach, ["POST"]),
            *routes_at("/files/{question}/{attachment}", self.open),
            *routes_at("/files/{question}/{attachment}/remove", self.remove, ["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Lists the files that answer a question."""
        draft, question = await self._of(request)
        return await self._page(request, draft, question)

    async def attach(self, request: Request) -> Response:
        """Attaches a file. If anything is wrong with the file, nothing is attached, and the page says what."""
        _, files = await read_files(request)
        draft, question = await self._of(request)
        file = files.get("file")
        if file is None or not file.filename:
            fault = Problem(field="file", text=gettext("Choose a file first."))
            return await self._page(request, draft, question, [fault])
        place = place_of(request)
        try:
            await self._front.desk.attachments.attach(
                await self._front.actor_of(request),
                draft.draft.challenge,
                place.application,
                question.id,
                file.filename,
                pieces(file),
                stage=place.stage,
                size=file.size,
            )
        except AttachmentRefused as refusal:
            faults = [each.model_copy(update={"field": "file"}) for each in refusal.problems]
            return await self._page(request, draft, question, faults or [Problem(field="file", text=str(refusal))])
        except NotReadable as refusal:  # the question has as many files as it takes, perhaps from another tab
            return await self._page(request, draft, question, [Problem(field="", text=str(refusal))])
        return RedirectResponse(f"{place.base}/files/{question.id}", 303)

    async def open(self, request: Request) -> Response:
        """Gives a file back, to be kept and not to be shown: a browser runs nothing of it."""
        draft, _ = await self._of(request)
        try:
            opened = await self._front.desk.attachments.open(
                await self._front.actor_of(request), draft.draft.challenge, request.path_params["attachment"]
            )
        except (NotAllowed, UnknownAttachment):
            raise HTTPException(404) from None
        return as_download(opened)

    async def remove(self, request: Request) -> Response:
        """Takes a file out of the draft. What was sent with it stays as it was sent."""
        await read_form(request)
        draft, question = await self._of(request)
        try:
            await self._front.desk.attachments.detach(
                await self._front.actor_of(request), draft.draft.challenge, request.path_params["attachment"]
            )
        except (NotAllowed, UnknownAttachment):
            raise HTTPException(404) from None
        return RedirectResponse(f"{place_of(request).base}/files/{question.id}", 303)

    async def _of(self, request: Request) -> tuple[OpenDraft, Question]:
        draft = await self._writing.open(request, await self._front.actor_of(request))
        wanted = request.path_params["question"]
        question = next((each for each in draft.form.questions() if each.id == wanted and each.kind is Kind.FILE), None)
        if question is None:
            raise HTTPException(404)
        return draft, question

    async def _page(
        self, request: Request, draft: OpenDraft, question: Question, faults: Sequence[Problem] = ()
    ) -> Response:
        place = place_of(request)
        attached = await self._front.desk.attachments.list(
            await self._front.actor_of(request), draft.draft.challenge, place.application, stage=place.stage
        )
        number = next(
            number
            for number, section in enumerate(draft.form.sections, start=1)
            if question.id in {each.id for each in section.questions}
        )
        return self._front.pages.show(
            request,
            "applicants/files",
            422 if faults else 200,
            faults=faults,
            **self._writing.about(request, draft),
            question=question,
            number=number,
            files=[(each, spoken_size(each.size)) for each in attached if each.question == question.id],
            takes=takes(question),
            size=spoken_size(question.bytes_taken),
            is_full=_is_full(question, attached),
        )


def as_download(opened: Opened) -> Response:
    """The answer with a file, to be kept and not to be shown: a browser runs nothing of it."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(opened.attachment.name, safe='')}",
        "content-length": str(opened.attachment.size),
        "content-security-policy": _NEVER_RUN,
    }
    return StreamingResponse(opened.content, media_type="application/octet-stream", headers=headers)


def _is_full(question: Question, attached: Sequence[Attachment]) -> bool:
    return sum(each.question == question.id for each in attached) >= question.most_files_taken


async def pieces(file: UploadFile) -> AsyncIterator[bytes]:
    """The content of a file that came with a form, piece by piece."""
    while piece := await file.read(_PIECE):
        yield piece
