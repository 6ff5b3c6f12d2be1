"""The page on which a team shows evidence for an instalment: what is asked, what was sent and decided, and the form."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import Form, read_files
from console.front import Front
from console.hidden import hidden
from domain.challenges.sent_evidence import FILES, LONGEST_STATEMENT, SentEvidence
from domain.forms.attachments import Attachment
from domain.permissions import Actor
from domain.values.model import Value
from domain.values.refusals import (
    AttachmentRefused,
    DraftChanged,
    NotReadable,
    OnHold,
    Problem,
    Refused,
    TooLate,
    UnknownAttachment,
)
from domain.values.words import gettext

from .files import as_download, pieces
from .questions import takes
from .words import evidence_in_words

_LONGEST_KEPT = 20 * LONGEST_STATEMENT
"""The most characters that are kept of a statement that is too long."""


_LONGEST_ID = 64
"""The most characters that are kept of what names a form: the page gives 32."""


class Place(Value):
    """Which instalment a request is about, as its address has it.

    Args:
        team: id of the application.
        stage, number: the instalment.
    """

    team: str
    stage: str
    number: int

    @property
    def base(self) -> str:
        """The address of the page."""
        return f"/applications/{self.team}/evidence/{self.stage}/{self.number}"

    @property
    def which(self) -> tuple[str, str, int]:
        """The instalment, as the desk asks for it."""
        return self.team, self.stage, self.number


class EvidencePages:
    """The pages about the evidence for an instalment.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        path = "/applications/{application}/evidence/{stage}/{number:int}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.give, methods=["POST"]),
            Route(f"{path}/{{attachment}}", self.open, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Shows what is asked, what was sent and decided, and the form to send more."""
        return await self._page(request, None)

    async def give(self, request: Request) -> Response:
        """Keeps the text, attaches a file, takes one away, or sends everything: as the pressed button says.

        A file that was chosen is attached whatever the button. The text stays, whatever is wrong.
        """
        form, files = await read_files(request)
        actor, place, file = await self._actor(request), _place_of(request), files.get("file")
        is_chosen = file is not None and bool(file.filename)
        with hidden():
            try:
                if form["do"] != "send":
                    await self._save(actor, place, form)
                if form["remove"]:
                    await self._front.desk.evidence.detach(actor, *place.which, form["remove"])
                attached = await self._attach(actor, place, file) if file is not None and is_chosen else None
                if form["do"] == "attach" and not is_chosen:
                    raise _refusal(gettext("Choose a file first."))
                if form["do"] == "send":
                    await self._send(actor, place, form, attached)
            except UnknownAttachment:
                raise HTTPException(404) from None
            except (AttachmentRefused, NotReadable, DraftChanged) as refusal:
                await self._save(actor, place, form)
                return await self._page(request, form, _faults(refusal))
            except (TooLate, OnHold) as refusal:
                return await self._page(request, form, [Problem(field="", text=str(refusal))], 409)
        return RedirectResponse(place.base, 303)

    async def _save(self, actor: Actor, place: Place, form: Form) -> None:
        await self._front.desk.evidence.save(actor, *place.which, form["statement"][:_LONGEST_KEPT])

    async def _attach(self, actor: Actor, place: Place, file: UploadFile) -> Attachment:
        name, content = file.filename or "", pieces(file)
        return await self._front.desk.evidence.attach(actor, *place.which, name, content, size=file.size)

    async def _send(self, actor: Actor, place: Place, form: Form, attached: Attachment | None) -> None:
        """Sends it. If the same form has come before, nothing of its second copy is left waiting."""
        desk, once = self._front.desk.evidence, form["once"][:_LONGEST_ID] or uuid.uuid4().hex
        sent = await desk.send(actor, *place.which, form["statement"], once)
        if sent.is_repeated and attached is not None:
            with suppress(UnknownAttachment):  # it went with the first
                await desk.detach(actor, *place.which, attached.id)

    async def open(self, request: Request) -> Response:
        """Gives a file back, to be kept and not to be shown: a browser runs nothing of it."""
        actor, place = await self._actor(request), _place_of(request)
        with hidden():
            try:
                opened = await self._front.desk.evidence.open(actor, place.team, request.path_params["attachment"])
            except UnknownAttachment:
                raise HTTPException(404) from None
        return as_download(opened)

    async def _page(
        self, request: Request, form: Form | None, faults: Sequence[Problem] = (), status: int = 422
    ) -> Response:
        actor, place = await self._actor(request), _place_of(request)
        with hidden():
            showing = await self._front.desk.evidence.find(actor, place.team, place.stage, place.number)
        return self._front.pages.show(
            request,
            "applicants/evidence",
            status if faults else 200,
            faults=faults,
            application=place.team,
            base=place.base,
            asked=showing.asked,
            said=evidence_in_words(showing.asked),
            happened=[(isinstance(each, SentEvidence), each) for each in showing.asked.happened],
            zone=showing.time_zone,
            currency=showing.currency,
            typed=form["statement"] if form else showing.written.statement,
            files=showing.written.files,
            once=uuid.uuid4().hex,
            most=LONGEST_STATEMENT,
            most_bytes=FILES.bytes_taken,
            takes=takes(FILES),
            is_full=len(showing.written.files) >= FILES.most_files_taken,
        )

    async def _actor(self, request: Request) -> Actor:
        return await self._front.actor(await self._front.must_be_signed_in(request))


def _place_of(request: Request) -> Place:
    said = request.path_params
    return Place(team=said["application"], stage=said["stage"], number=said["number"])


def _refusal(text: str) -> AttachmentRefused:
    return AttachmentRefused(text, [Problem(field="file", text=text)])


def _faults(refusal: Refused) -> list[Problem]:
    """What is wrong, each at the field of the page that it is about."""
    if isinstance(refusal, DraftChanged):
        text = gettext("This form was sent before, with other words. Send it once more if you mean to add this.")
        return [Problem(field="statement", text=text)]
    if isinstance(refusal, AttachmentRefused):
        texts = [each.text for each in refusal.problems] or [str(refusal)]
        return [Problem(field="file", text=text) for text in texts]
    return list(refusal.problems) or [Problem(field="file", text=str(refusal))]
