"""Attachments: files that answer a question of a form. Attaching and detaching them, and opening what was sent."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from typing import IO, NamedTuple

from domain.forms.attachments import Attachment, Scan, faults_of, kind_by, plain_name, spoken_size
from domain.forms.form import Question
from domain.permissions import Action, Actor, Grant, Role
from domain.values.refusals import AttachmentRefused, NotAllowed, Problem, Unavailable
from gateways.files.encryption import number_of_parts
from gateways.files.kinds import examine
from gateways.files.scanner import UNANSWERED
from service.files import file_keys_of, place_of, scanner_of, whole_place_of
from store.challenges import attachments
from store.challenges.attached import Kept
from store.challenges.attachments import Begun, Place, Reader, Upload
from store.challenges.rounds import ChallengeRow
from store.files import sweeping

from .core import Core


class Opened(NamedTuple):
    """An attachment that is read.

    Args:
        attachment: what it is.
        content: its bytes, piece by piece.
    """

    attachment: Attachment
    content: AsyncIterator[bytes]


_WRITERS = (Role.TEAM, Role.WRITER)


class Attachments:
    """What people do with files."""

    def __init__(self, core: Core) -> None:
        self._core = core

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
            asked = await self._core.threads.read(
                attachments.question_for, self._core.database, place, self._core.clock
            )
            # A file without a name: if this process is killed, nothing of it stays on the disk.
            spool = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the thread that has it last
            try:
                received, digest = await _receive(content, spool, asked, size)
            except BaseException:
                spool.close()
                raise
            return await self._core.threads.carry(self._keep, place, asked, plain_name(name), spool, received, digest)

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
        is_own = _is_own(actor, row, found.attachment.application)
        grant = None if is_own else await self._core.allow(actor, Action.READ_APPLICATIONS, row)
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            if grant is not None:
                of_it = (self._core.database, row.id, found.attachment, _reader(grant), self._core.clock)
                await self._core.threads.write(attachments.check_sent, *of_it)
            if found.attachment.scan is Scan.INFECTED:
                raise AttachmentRefused(f"The attachment {attachment} has a virus: nobody opens it any more.")
        content = self._content(found.kept)
        return Opened(found.attachment, _after(await anext(content, b""), content))

    async def _found(self, row: ChallengeRow, attachment: str) -> attachments.Opened:
        return await self._core.threads.read(attachments.find, self._core.database, row.id, attachment)

    async def _content(self, kept: Kept) -> AsyncIterator[bytes]:
        place = place_of(self._core.options)
        keys = await self._core.threads.read(file_keys_of, self._core.options, self._core.database)
        key = keys.open(kept.key, kept.file)
        for number in range(number_of_parts(kept.size)):
            yield await self._core.threads.carry(place.part, kept.file, key, number, kept.size)

    def _keep(
        self, place: Place, question: Question, name: str, spool: IO[bytes], size: int, digest: bytes
    ) -> Attachment:
        """Looks at a file, has it scanned, keeps it and attaches it. Closes the file."""
        options, database, clock = self._core.options, self._core.database, self._core.clock
        with spool:
            content = examine(spool)
            _refuse(place, list(faults_of(question.title, question.types_taken, name, content)))
            kind = kind_by(name, content)
            assert kind is not None, "no file without a kind comes through"
            scanner = scanner_of(options)
            verdict = scanner.scan(spool) if scanner else UNANSWERED
            if verdict.scan is Scan.INFECTED:
                _refuse(place, [f"{question.title}: the file has a virus ({verdict.name}), and was not kept."])
            store = whole_place_of(options, database)
            keys = file_keys_of(options, database)
            upload = Upload(
                name=name,
                kind=kind,
                size=size,
                digest=keys.digest(digest),
                scan=verdict.scan,
                scanned=verdict.answered,
            )
            begun = attachments.begin(database, keys, place, upload, clock)
            try:
                if not begun.kept.is_whole:
                    store.put(begun.kept.file, keys.open(begun.kept.key, begun.kept.file), spool, size)
                return attachments.finish(database, begun, clock)
            except Exception:
                self._take_back(begun)
                raise

    def _take_back(self, begun: Begun) -> None:
        """Leaves nothing of an upload behind. What cannot be removed now goes with the worker's next sweep."""
        with suppress(Unavailable):
            attachments.abandon(self._core.database, begun)
            sweeping.sweep(self._core.database, self._core.clock, place_of(self._core.options).remove)


async def _receive(
    content: AsyncIterable[bytes], spool: IO[bytes], question: Question, size: int | None
) -> tuple[int, bytes]:
    """Writes down what comes in, and says how many bytes and which SHA-256 it has.

    Raises:
        AttachmentRefused: it is too much, nothing, or not what was announced.
    """
    received, digest, most = 0, hashlib.sha256(), question.bytes_taken
    async for piece in content:
        received += len(piece)
        if received > most:
            raise _refusal(
                question.id,
                f"{question.title}: the file has more than {spoken_size(most)}: attach a smaller one.",
            )
        digest.update(piece)
        _write(spool, piece)
    if received == 0:
        raise _refusal(question.id, f"{question.title}: the file is empty: attach one with content.")
    if size is not None and received != size:
        raise _refusal(
            question.id,
            f"{question.title}: the upload broke off after {spoken_size(received)} of {spoken_size(size)}: try again.",
        )
    return received, digest.digest()


async def _after(first: bytes, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What begins with the piece that was read already, so that a store that does not answer is known in time."""
    yield first
    async for piece in content:
        yield piece


def _write(spool: IO[bytes], piece: bytes) -> None:
    try:
        spool.write(piece)
    except OSError as error:  # what the sender's connection raises is not caught here
        raise Unavailable(
            f"The file cannot be looked at on this machine ({error.strerror}): free space for temporary files, then "
            "try again."
        ) from None


def _refuse(place: Place, faults: list[str]) -> None:
    if faults:
        raise AttachmentRefused.for_problems([Problem(field=place.question, text=fault) for fault in faults])


def _refusal(question: str, fault: str) -> AttachmentRefused:
    return AttachmentRefused(fault, [Problem(field=question, text=fault)])


def _is_own(actor: Actor, row: ChallengeRow, application: str) -> bool:
    return any(grant.role in _WRITERS and grant.person == application for grant in actor.roles(row.place))


def _reader(grant: Grant) -> Reader:
    return Reader(person=grant.person, assigned_only=grant.role is Role.READER)


def _check_own(actor: Actor, row: ChallengeRow, application: str) -> None:
    if not _is_own(actor, row, application):
        raise NotAllowed(f"The files of {application} are attached and detached by its own contact only.")
