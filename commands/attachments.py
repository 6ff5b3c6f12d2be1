"""Commands for files that answer a question: attach them, list them, detach them, and read what was sent."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from domain.forms.attachments import spoken_size
from domain.values.refusals import FileRefused

from .document import for_programs, say_done, show_json
from .options import ChallengeName, Who, a_desk, acting, command
from .output import attachments as output

ApplicationName = Annotated[str, typer.Argument(metavar="APPLICATION", help="The id of the application or draft.")]
AttachmentName = Annotated[str, typer.Argument(metavar="ATTACHMENT", help="Its id, as `attachments` shows it.")]
ForStage = Annotated[
    str, typer.Option("--stage", help="The stage whose further proposal it belongs to; not for the application.")
]
_PIECE = 256 * 1024


@command
async def attach(
    challenge: ChallengeName,
    application: ApplicationName,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question's id in the form.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to attach.")],
    by: Who,
    stage: ForStage = "",
) -> None:
    """Attach a file to an application that is being written.

    Example: `starter.py attach air-quality air-quality-7kx3qm costs costs.xlsx --as team@tay.example`
    """
    size = size_of(file)
    async with a_desk() as desk:
        actor = await acting(desk, by)
        done = await desk.attachments.attach(
            actor, challenge, application, question, file.name, pieces(file), stage=stage, size=size
        )
    if for_programs():
        show_json(done)
    else:
        output.attached(done)


@command
async def attachments(challenge: ChallengeName, application: ApplicationName, by: Who, stage: ForStage = "") -> None:
    """List the files of your own draft; or, after the seal, the files that were sent with an application.

    Example: `starter.py attachments air-quality air-quality-7kx3qm --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        rows = await desk.attachments.list(actor, challenge, application, stage=stage)
        zone = (await desk.challenges.find(actor, challenge)).time_zone
    if for_programs():
        show_json(rows)
    else:
        output.attachments(application, rows, zone)


@command
async def attachment(
    challenge: ChallengeName,
    name: AttachmentName,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it: a file that is not there yet.")],
    by: Who,
) -> None:
    """Read a file that was sent, after the seal; or your own.

    Example: `starter.py attachment air-quality g5k9d8m2x7q4w1zv --to costs.xlsx --as sepa-decider`
    """
    async with a_desk() as desk:
        opened = await desk.attachments.open(await acting(desk, by), challenge, name)
        await write_new(to, opened.content)
    found = opened.attachment
    what = f"{found.kind}, {spoken_size(found.size)}, {found.scan}"
    say_done(f"Written to {to}: {what}", attachment=found, file=str(to))


@command
async def detach(challenge: ChallengeName, name: AttachmentName, by: Who) -> None:
    """Take a file out of an application that is being written.

    Example: `starter.py detach air-quality g5k9d8m2x7q4w1zv --as team@tay.example`
    """
    async with a_desk() as desk:
        say_done(await desk.attachments.detach(await acting(desk, by), challenge, name))


def size_of(file: Path) -> int:
    """The size of a file, in bytes.

    Raises:
        FileRefused: there is no such file, or it is none.
    """
    try:
        if not file.is_file():
            raise FileRefused(f"{file} is not a file: check its name.")
        return file.stat().st_size
    except OSError as error:
        raise _not_read(file, error) from None


async def pieces(file: Path) -> AsyncIterator[bytes]:
    """The content of a file, piece by piece.

    Raises:
        FileRefused: the file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
    except OSError as error:
        raise _not_read(file, error) from None


def _not_read(file: Path, error: OSError) -> FileRefused:
    return FileRefused(f"{file} cannot be read ({error.strerror}): check its name.")


async def write_new(file: Path, content: AsyncIterator[bytes]) -> None:
    """Writes a file that only its owner may read, whole or not at all, and never over another."""
    with _new(file) as opened:
        async for piece in content:
            opened.write(piece)


@contextmanager
def _new(file: Path) -> Iterator[IO[bytes]]:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FileRefused(f"{file} is there already: name a file that is not there yet.") from None
    except OSError as error:
        raise _not_written(file, error) from None
    try:
        with open(descriptor, "wb") as opened:
            yield opened
    except OSError as error:
        file.unlink(missing_ok=True)
        raise _not_written(file, error) from None
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _not_written(file: Path, error: OSError) -> FileRefused:
    return FileRefused(f"{file} cannot be written ({error.strerror}): check the folder and the disk.")
