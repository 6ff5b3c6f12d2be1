"""Files that people attach to applications and to evidence: looked at, scanned, kept, and opened again."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from typing import IO, NamedTuple

from domain.forms.attachments import Attachment, Scan, faults_of, kind_by, plain_name, spoken_size
from domain.forms.form import Question
from domain.values.refusals import AttachmentRefused, Problem, Unavailable
from gateways.files.encryption import number_of_parts
from gateways.files.kinds import examine
from gateways.files.scanner import UNANSWERED
from service.files import file_keys_of, place_of, scanner_of, whole_place_of
from store.challenges import attachments
from store.challenges.attached import Kept
from store.challenges.attachments import Begun, Place, Upload
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


class Keeping:
    """Takes files and gives them back. Whoever calls has asked whether they may be attached, or read."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def take(self, place: Place, name: str, content: AsyncIterable[bytes], size: int | None) -> Attachment:
        """Attaches a file. When this returns, the file is kept; if this raises, nothing of it is attached.

        Args:
            place: what to attach it to.
            name: the file's name.
            content: its bytes, piece by piece. If it raises, the upload has broken off.
            size: how many bytes there should be, if that is known.

        Raises:
            UnknownTeam, NotReadable, TooLate, OnHold: see `store.challenges.attachments.question_for`.
            AttachmentRefused: the file is of another kind, too large, empty, incomplete, and so on.
            Unavailable: the file cannot be kept.
        """
        asked = await self._core.threads.read(attachments.question_for, self._core.database, place, self._core.clock)
        # A file without a name: if this process is killed, nothing of it stays on the disk.
        spool = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the thread that has it last
        try:
            received, digest = await _receive(content, spool, asked, size)
        except BaseException:
            spool.close()
            raise
        return await self._core.threads.carry(self._keep, place, asked, plain_name(name), spool, received, digest)

    async def open(self, attachment: Attachment, kept: Kept) -> Opened:
        """Opens a file that is kept.

        Raises:
            AttachmentRefused: a scanner has found a virus since.
            Unavailable: the store does not give the file.
        """
        if attachment.scan is Scan.INFECTED:
            raise AttachmentRefused(f"The attachment {attachment.id} has a virus: nobody opens it any more.")
        content = self._content(kept)
        return Opened(attachment, _after(await anext(content, b""), content))

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
