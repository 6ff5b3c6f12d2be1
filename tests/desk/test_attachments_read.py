"""Who opens files: their applicant, and after the seal whoever reads applications and is not shut out."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from domain.identity.proof import AT_TERMINAL
from domain.values.refusals import (
    ConflictOfInterest,
    InterestsMissing,
    NotAllowed,
    UnknownAttachment,
    UnknownTeam,
    WindowNotSealed,
)
from store.database import tables
from store.database.database import Database
from store.record.record import read_record
from tests.desk.attaching import RIVAL, declared, desk_at
from tests.store.attaching import (
    PLAN,
    SHEET,
    attach,
    read,
    writer,
)
from tests.store.said import AIR, ROADS, seal


async def test_nobody_but_the_applicant_sees_a_file_before_the_seal_and_no_other_applicant_ever(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        await desk.drafts.send(actor, draft)
        await writer(desk, RIVAL)
        names = ("sam", "olivia", "fiona", RIVAL, "", draft)
        for sealed in (False, True):
            for name in names if not sealed else ("fiona", RIVAL, "", draft):
                other = await desk.actor(name, AT_TERMINAL)
                for way in (
                    lambda other=other: desk.attachments.open(other, AIR, done.id),
                    lambda other=other: desk.attachments.list(other, AIR, draft),
                    lambda other=other: desk.attachments.detach(other, AIR, done.id),
                    lambda other=other: attach(desk, other, draft, "plans", "plan.pdf", PLAN),
                ):
                    with pytest.raises((NotAllowed, WindowNotSealed)):
                        await way()
            seal(round_with_files)
    assert "costs.xlsx" not in str(read_record(round_with_files, AIR))


async def test_a_sealed_challenge_does_not_open_the_files_of_another(
    round_with_files: Database, tmp_path: Path
) -> None:
    """Fails if a reader can name an application to a window that is still open beside a challenge that is sealed."""
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        await desk.drafts.send(actor, draft)
        seal(round_with_files, ROADS)
        sponsor = await declared(desk, ROADS)
        with pytest.raises(UnknownTeam):
            await desk.attachments.list(sponsor, ROADS, draft)
        with pytest.raises(UnknownAttachment):
            await desk.attachments.open(sponsor, ROADS, done.id)


async def test_what_was_not_sent_is_read_by_nobody_else(round_with_files: Database, tmp_path: Path) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        first = await attach(desk, actor, draft)
        await desk.drafts.send(actor, draft)
        later = await attach(desk, actor, draft, "plans", "plan.pdf", PLAN)
        await desk.attachments.detach(actor, AIR, first.id)
        seal(round_with_files)
        sponsor = await declared(desk)
        assert [each.id for each in await desk.attachments.list(sponsor, AIR, draft)] == [first.id]
        assert await read(desk, sponsor, first.id) == SHEET  # what was sent stays as it was sent
        with pytest.raises(UnknownAttachment, match="was not sent"):
            await desk.attachments.open(sponsor, AIR, later.id)
        assert await read(desk, actor, later.id) == PLAN


async def test_nobody_opens_a_file_before_they_have_declared_their_interests_or_with_a_conflict(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        await desk.drafts.send(actor, draft)
        seal(round_with_files)
        for name in ("sam", "olivia"):
            reader = await desk.actor(name, AT_TERMINAL)
            for refusal in (InterestsMissing, ConflictOfInterest):
                with pytest.raises(refusal):
                    await desk.attachments.list(reader, AIR, draft)
                with pytest.raises(refusal):
                    await desk.attachments.open(reader, AIR, done.id)
                await desk.interests.declare(reader, AIR, draft, "My sister works there.", conflict=True)
    with round_with_files.reading() as connection:
        window = select(tables.windows.c.read_at).where(tables.windows.c.challenge == AIR)
        assert connection.scalar(window) is None  # a late application can still be admitted
