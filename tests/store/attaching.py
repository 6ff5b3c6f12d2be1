"""A round whose form asks for files, and people who attach them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from whenever import Instant

from desk.desk import Desk
from domain.challenges.draft import Typed
from domain.forms.attachments import Attachment, FileKind
from domain.forms.form import Form, Kind, Question, Section
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from store.challenges.people import keep_people
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.record import announce
from tests.gateways.documents import pdf, sheet
from tests.store.said import AIR, OPENS, ROADS, compose, opened
from tests.store.writing import ADDRESS, with_form

SHEET, PLAN = sheet("planted-marker-of-content"), pdf()
FILES = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Your answer",
            questions=(
                Question(id="idea", title="Your idea"),
                Question(id="costs", title="Costs", kind=Kind.FILE, types=(FileKind.XLSX, FileKind.CSV), size="40 kB"),
                Question(id="plans", title="Plans", kind=Kind.FILE, required=False, most_files=2),
            ),
        ),
    ),
)


def open_with_files(database: Database, round_: Round, programme: Programme) -> Database:
    """Opens both windows of the round, in which applications have files."""
    formed = with_form(programme, FILES)
    keep_round(database, round_, formed, challenges_of(round_, formed), OPENS)
    with database.writing() as connection:
        keep_people(connection, round_)
    for challenge in (AIR, ROADS):
        announce(database, opened(challenge), compose)
    return database


def settings_in(folder: Path) -> dict[str, Any]:
    """Where the files of a test are kept."""
    return {"files_place": str(folder / "files"), "files_key_file": folder / "files.key"}


async def pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """A file, piece by piece, as it comes over a network."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def writer(desk: Desk, email: str = ADDRESS, challenge: str = AIR) -> tuple[Actor, str]:
    """Somebody who has begun a draft with everything but files, and its id."""
    begun = await desk.drafts.begin(Actor(), challenge, organisation="Breathe Ltd", email=email)
    actor, draft = await desk.actor(email, AT_TERMINAL), begun.draft.application
    await desk.drafts.save(actor, draft, [Typed(question="idea", answer="Buses measure the air.")])
    return actor, draft


async def attach(
    desk: Desk,
    actor: Actor,
    draft: str,
    question: str = "costs",
    name: str = "costs.xlsx",
    content: bytes = SHEET,
    challenge: str = AIR,
) -> Attachment:
    """Attaches a file."""
    return await desk.attachments.attach(actor, challenge, draft, question, name, pieces(content))


async def read(desk: Desk, actor: Actor, attachment: str, challenge: str = AIR) -> bytes:
    """The content of a file, as somebody reads it."""
    opened_ = await desk.attachments.open(actor, challenge, attachment)
    return b"".join([piece async for piece in opened_.content])


def lie_in(folder: Path) -> list[str]:
    """What lies in the store, with what a killed process left."""
    place = folder / "files"
    return sorted(str(each.relative_to(place)) for each in place.rglob("*") if each.is_file())


def rows(database: Database) -> tuple[int, int]:
    """How many attachments and how many files the database knows."""
    with database.reading() as connection:
        return tuple(len(connection.execute(select(table)).all()) for table in (tables.attachments, tables.files))  # type: ignore[return-value]


LATER = OPENS.add(hours=49)
"""More than a day after the tests attach anything, and before the window closes."""
NOW: Instant = OPENS.add(hours=24)
