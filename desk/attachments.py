"""Attachments: files that answer a question of a form. Attaching and detaching them, and opening what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterable

from domain.forms.attachments import Attachment
from domain.permissions import Action, Actor, Grant, Role
from domain.values.refusals import NotAllowed, UnknownAttachment
from store.challenges import attachments
from store.challenges.attachments import Place, Reader
from store.challenges.rounds import ChallengeRow

from .core import Core
from .keeping import Keeping
from .keeping import Opened as Opened

_WRITERS = (Role.TEAM, Role.WRITER)


class Attachments:
    """What people do with files."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._keeping = Keeping(core)

    async def attach(
        self,
        actor: Actor,
        challenge: str,
        application: str,
        question: str,
        name: str,
        content: AsyncIterable[bytes],
        *,
        stage: str = "",
        size: int | None = None,
    ) -> Attachment:
        """Attaches a file to a draft. When this returns, the file is kept; if this raises, nothing of it is attached.

        Args:
            actor: whoever has the draft's address.
            challenge: its name.
            application: id of the draft.
            question: id of the question that the file answers.
            name: the file's name.
            content: its bytes, piece by piece. If it raises, the upload has broken off.
            stage: whose further proposal is written; empty for the application itself.
            size: how many bytes there should be, if that is known.

        Raises:
            UnknownChallenge, UnknownTeam, NotReadable: there is no such challenge, draft or question.
            NotAllowed: the actor does not have the draft's address.
            TooLate: the window is closed, or has closed during the upload.
            AttachmentRefused: the file is of another kind, too large, empty, incomplete, and so on.
            Unavailable: the file cannot be kept.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.ATTACH, row)
        place = Place(challenge=row.id, application=application, stage=stage, question=question)
        async with self._core.refusals_on_record(actor, Action.ATTACH, row):
            _check_own(actor, row, application)
            return await self._keeping.take(place, name, content, size)

    async def list(self, actor: Actor, challenge: str, application: str, *, stage: str = "") -> tuple[Attachment, ...]:
        """What is attached to one's own draft; or, for those who read applications, what was sent.

        Args:
            actor: who asks.
            challenge: its name.
            application: id of the draft or application.
            stage: whose further proposal it belongs to; empty for the application itself.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or draft.
            NotAllowed: the actor may not know.
            WindowNotSealed: nobody but the applicant may know yet.
            InterestsMissing, ConflictOfInterest: the actor has to declare their interests, or is shut out.
        """
        row = await self._core.find(challenge)
        if _is_own(actor, row, application):
            await self._core.allow(actor, Action.ATTACH, row)
            return await self._core.threads.read(attachments.read_of_draft, self._core.database, application, stage)
        reader = _reader(await self._core.allow(actor, Action.READ_APPLICATIONS, row))
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            return await self._core.threads.write(
                attachments.read_of_sent, self._core.database, row.id, application, stage, reader, self._core.clock
            )

    async def detach(self, actor: Actor, challenge: str, attachment: str) -> str:
        """Takes a file out of one's own draft. What was sent with the file stays as it was sent.

        Args:
            actor: whoever has the draft's address.
            challenge: its name.
            attachment: id of the attachment.

        Raises:
            UnknownChallenge, UnknownAttachment, UnknownTeam: there is no such challenge, attachment or draft.
            NotAllowed: it is the file of somebody else.
            TooLate: the window is closed.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.ATTACH, row)
        async with self._core.refusals_on_record(actor, Action.ATTACH, row):
            found = (await self._found(row, attachment)).attachment
            _check_own(actor, row, found.application)
            await self._core.threads.write(attachments.detach, self._core.database, row.id, found, self._core.clock)
        return f"Detached from {found.application}: the file that answered {found.question}"

    async def open(self, actor: Actor, challenge: str, attachment: str) -> Opened:
        """Opens a file: one's own; or, for those who read applications, one that was sent.

        Args:
            actor: who reads.
            challenge: its name.
            attachment: id of the attachment.

        Raises:
            UnknownChallenge, UnknownAttachment: there is no such challenge, or no such attachment of it was sent.
            NotAllowed: the actor may not read it.
            WindowNotSealed: nobody but the applicant may read it yet.
            InterestsMissing, ConflictOfInterest: the actor has to declare their interests, or is shut out.
            AttachmentRefused: a scanner has found a virus since.
            Unavailable: the store does not give the file.
        """
        row = await self._core.find(challenge)
        own = any(grant.role in _WRITERS for grant in actor.roles(row.place))
        await self._core.allow(actor, Action.ATTACH if own else Action.READ_APPLICATIONS, row)
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            found = await self._found(row, attachment)
        if _is_own(actor, row, found.attachment.application):
            async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
                return await self._keeping.open(found.attachment, found.kept)
        return await self.open_sent(actor, challenge, found.attachment.application, attachment)

    async def open_sent(self, actor: Actor, challenge: str, application: str, attachment: str) -> Opened:
        """Opens a file that was sent with an application, for those who read applications and nobody else.

        Args:
            actor: who reads.
            challenge: its name.
            application: id of the application.
            attachment: id of the attachment.

        Raises:
            UnknownChallenge, UnknownAttachment: there is no such challenge, or no such file was sent with it.
            NotAllowed, WindowNotSealed, InterestsMissing, ConflictOfInterest: see `open`.
            AttachmentRefused: a scanner has found a virus since.
            Unavailable: the store does not give the file.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_APPLICATIONS, row)
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            found = await self._found(row, attachment)
            if found.attachment.application != application:
                raise UnknownAttachment(f"{application} has no file {attachment!r}: look up its id.")
            of_it = (self._core.database, row.id, found.attachment, _reader(grant), self._core.clock)
            await self._core.threads.write(attachments.check_sent, *of_it)
            return await self._keeping.open(found.attachment, found.kept)

    async def _found(self, row: ChallengeRow, attachment: str) -> attachments.Opened:
        return await self._core.threads.read(attachments.find, self._core.database, row.id, attachment)


def _is_own(actor: Actor, row: ChallengeRow, application: str) -> bool:
    return any(grant.role in _WRITERS and grant.person == application for grant in actor.roles(row.place))


def _reader(grant: Grant) -> Reader:
    return Reader(person=grant.person, assigned_only=grant.role is Role.READER)


def _check_own(actor: Actor, row: ChallengeRow, application: str) -> None:
    if not _is_own(actor, row, application):
        raise NotAllowed(f"The files of {application} are attached and detached by its own contact only.")
