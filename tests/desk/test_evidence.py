"""Evidence at the desk, on both databases: who sends and reads it, what it leaves behind, and what erasure blanks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from desk.desk import Desk
from domain.challenges.sent_evidence import place_of
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from domain.values.refusals import (
    ConflictOfInterest,
    DraftChanged,
    InterestsMissing,
    NotAllowed,
    NotReadable,
    TooLate,
    UnknownAttachment,
    UnknownStage,
    UnknownTeam,
)
from store import erasure, own_data
from store.challenges import people, writers
from store.database import tables
from store.database.database import Database
from store.files.sweeping import sweep
from store.record.record import read_record
from tests.desk.attaching import declared, desk_at
from tests.gateways.documents import pdf
from tests.store import conftest as stores
from tests.store.said import AIR, announcing, compose
from tests.store.showing import (
    LATER,
    NUMBER,
    REPORT,
    SPOKEN,
    STAGE,
    decided,
    half_on_evidence,
    in_stage,
    pieces,
    put,
    snapshot,
    team_of,
)

BREATHE, SMELL, BEN = "breathe@applicants.example", "smell@applicants.example", "ben@breathe.example"
NOW = LATER.add(hours=1)
REPORT_FILE = pdf()


@pytest.fixture(scope="module")
def programme() -> Programme:
    """A stage pays half on a report."""
    return half_on_evidence(stores.programme.__wrapped__())  # type: ignore[attr-defined]


@pytest.fixture
async def desk(open_: Database, round_: Round, tmp_path: Path) -> AsyncIterator[Desk]:
    with open_.writing() as connection:
        people.keep_people(connection, round_)
    async with desk_at(open_, tmp_path) as desk:
        desk.core.clock = lambda: NOW
        yield desk


@pytest.fixture
def team(desk: Desk) -> str:
    return team_of(desk.core.database)


async def by(desk: Desk, name: str) -> Actor:
    return await desk.actor(name, AT_TERMINAL)


async def attach(desk: Desk, team: str, name: str = "report.pdf", content: bytes = REPORT_FILE) -> str:
    """The id of a file that waits to be sent."""
    done = await desk.evidence.attach(await by(desk, BREATHE), team, STAGE, NUMBER, name, pieces(content))
    return done.id


async def send(desk: Desk, team: str, statement: str = SPOKEN, once: str = "one") -> int:
    return (await desk.evidence.send(await by(desk, BREATHE), team, STAGE, NUMBER, statement, once)).version


def count(database: Database, *names: str) -> list[int]:
    """How many rows tables have."""
    with database.reading() as connection:
        return [
            connection.scalars(select(func.count()).select_from(tables.METADATA.tables[name])).one() for name in names
        ]


async def test_each_sending_is_a_version_with_its_files_which_those_who_judge_read(desk: Desk, team: str) -> None:
    first = await attach(desk, team)
    assert await send(desk, team) == 1
    second = await attach(desk, team, "more.txt", b"Report 2.\n")
    assert await send(desk, team, "More.", "two") == 2
    sponsor = await declared(desk)

    (asked,) = await desk.evidence.read(sponsor, AIR, STAGE, team)

    assert (asked.number, asked.what, str(asked.amount.gross)) == (NUMBER, REPORT, "1000.00")
    assert [(each.version, each.statement) for each in asked.sent] == [(1, SPOKEN), (2, "More.")]
    assert [[file.id for file in each.files] for each in asked.sent] == [[first], [second]]
    opened = await desk.evidence.open_sent(sponsor, AIR, first)
    assert b"".join([piece async for piece in opened.content]) == REPORT_FILE


async def test_the_same_form_is_one_version_and_its_other_words_are_refused(desk: Desk, team: str) -> None:
    actor = await by(desk, BREATHE)
    assert await send(desk, team) == await send(desk, team) == 1
    assert (await desk.evidence.send(actor, team, STAGE, NUMBER, SPOKEN, "one")).is_repeated
    with pytest.raises(DraftChanged):
        await send(desk, team, "Other words.")
    assert count(desk.core.database, "evidence_sent") == [1]


async def test_nobody_but_the_team_sends_or_sees_what_waits_and_every_attempt_is_on_the_record(
    desk: Desk, team: str
) -> None:
    """Fails where the id of a team, of a file, or the right to write its application opens its evidence."""
    database = desk.core.database
    waiting = await attach(desk, team)
    with database.writing() as connection:
        writers.invite(connection, team, BEN, BREATHE, NOW)
    sponsor = await declared(desk)
    with pytest.raises(UnknownAttachment):
        await desk.evidence.open_sent(sponsor, AIR, waiting)
    for name in (SMELL, BEN, "sam", "olivia", "fiona", "", team):
        other, before = await by(desk, name), len(read_record(database, AIR))
        for way in (
            lambda other=other: desk.evidence.find(other, team, STAGE, NUMBER),
            lambda other=other: desk.evidence.save(other, team, STAGE, NUMBER, "Ha!"),
            lambda other=other: desk.evidence.detach(other, team, STAGE, NUMBER, waiting),
            lambda other=other: desk.evidence.send(other, team, STAGE, NUMBER, "Ha!", "once"),
            lambda other=other: desk.evidence.open(other, team, waiting),
        ):
            with pytest.raises(NotAllowed):
                await way()
        assert len(read_record(database, AIR)) == before + 5
    breathe = await by(desk, BREATHE)
    assert await desk.attachments.list(breathe, AIR, team, stage=place_of(STAGE, NUMBER)) == ()
    with pytest.raises(UnknownAttachment):
        await desk.attachments.open(breathe, AIR, waiting)
    with pytest.raises(UnknownAttachment):
        await desk.attachments.detach(breathe, AIR, waiting)
    assert "report.pdf" not in str(read_record(database, AIR))
    assert count(database, "evidence_sent", "attachments") == [0, 1]


async def test_nobody_reads_it_before_they_declare_their_interests_or_with_a_conflict(desk: Desk, team: str) -> None:
    file = await attach(desk, team)
    await send(desk, team)
    for person, refusal in (("sam", InterestsMissing), ("olivia", ConflictOfInterest)):
        actor = await by(desk, person)
        if refusal is ConflictOfInterest:
            await desk.interests.declare(actor, AIR, team, "A sister.", conflict=True)
            await desk.interests.declare_none(actor, AIR)
        before = len(read_record(desk.core.database, AIR))
        with pytest.raises(refusal):
            await desk.evidence.read(actor, AIR, STAGE, team)
        with pytest.raises(refusal):
            await desk.evidence.open_sent(actor, AIR, file)
        assert len(read_record(desk.core.database, AIR)) == before + 2
    for name in ("fiona", SMELL, BREATHE, ""):
        with pytest.raises(NotAllowed):
            await desk.evidence.read(await by(desk, name), AIR, STAGE, team)
        with pytest.raises(NotAllowed):
            await desk.evidence.open_sent(await by(desk, name), AIR, file)


async def test_what_there_is_not_is_refused_in_a_line(desk: Desk, team: str) -> None:
    actor, sponsor = await by(desk, BREATHE), await declared(desk)
    for stage, number in ((STAGE, 1), (STAGE, 3), ("accelerator", NUMBER)):
        for way in (
            lambda stage=stage, number=number: desk.evidence.find(actor, team, stage, number),
            lambda stage=stage, number=number: desk.evidence.send(actor, team, stage, number, "Ha!", "once"),
            lambda stage=stage, number=number: desk.evidence.attach(
                actor, team, stage, number, "x.pdf", pieces(REPORT_FILE)
            ),
        ):
            with pytest.raises(UnknownTeam, match="has no such instalment"):
                await way()
    with pytest.raises(UnknownStage, match="is paid for nothing on evidence"):
        await desk.evidence.read(sponsor, AIR, "accelerator", team)
    with pytest.raises(UnknownTeam):
        await desk.evidence.read(sponsor, AIR, STAGE, "none")
    with pytest.raises(NotReadable, match="is empty"):
        await send(desk, team, "\r\n ")
    for number in range(10):
        await attach(desk, team, f"{number}.pdf")
    with pytest.raises(NotReadable, match="remove one"):
        await attach(desk, team)


async def test_a_decision_that_comes_during_an_upload_ends_it_and_nothing_stays(desk: Desk, team: str) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield REPORT_FILE[:100]
        decided(desk.core.database, team, NOW)
        yield REPORT_FILE[100:]

    with pytest.raises(TooLate, match="was accepted"):
        await desk.evidence.attach(await by(desk, BREATHE), team, STAGE, NUMBER, "report.pdf", slow())
    assert count(desk.core.database, "attachments", "files") == [0, 0]


async def test_the_sweep_leaves_what_waits_and_what_was_sent(desk: Desk, team: str) -> None:
    sent = await attach(desk, team, "2.txt", b"Report 2.\n")
    await send(desk, team)
    waits, gone = await attach(desk, team, "3.txt", b"Report 3.\n"), await attach(desk, team, "4.txt", b"Report 4.\n")
    await desk.evidence.detach(await by(desk, BREATHE), team, STAGE, NUMBER, gone)
    removed: list[str] = []

    assert sweep(desk.core.database, lambda: NOW.add(hours=10_000), lambda name, _: removed.append(name)) == 1

    actor = await by(desk, BREATHE)
    for each in (sent, waits):
        assert (await desk.evidence.open(actor, team, each)).attachment.id == each
    with pytest.raises(UnknownAttachment):
        await desk.evidence.open(actor, team, gone)


async def test_erasure_blanks_the_words_and_removes_the_files_and_own_data_shows_both_before(
    desk: Desk, team: str
) -> None:
    database = desk.core.database
    await attach(desk, team)
    await send(desk, team, once="Quixotic form")
    await attach(desk, team, "later.txt", b"Report 2.\n")
    await desk.evidence.save(await by(desk, BREATHE), team, STAGE, NUMBER, "Not Quixotic yet.")
    shown = own_data.read(database, BREATHE)
    assert [each["statement"] for each in shown["evidence"]] == [SPOKEN]
    assert [each["statement"] for each in shown["evidence not sent"]] == ["Not Quixotic yet."]
    assert {each["name"] for each in shown["files"]} == {"report.pdf", "later.txt"}
    decided(database, team, NOW, "No report.", final=True)

    found = erasure.find(database, team=team)
    erasure.erase(database, [announcing("erase", at=NOW)], found, "", NOW, compose)

    with database.reading() as connection:
        everything = "\n".join(
            str(row) for table in tables.METADATA.sorted_tables for row in connection.execute(select(table)).all()
        )
    assert "Quixotic" not in everything
    assert count(database, "evidence_sent", "evidence_files", "evidence_drafts", "attachments") == [1, 0, 0, 0]
    sponsor = await declared(desk)
    (asked,) = await desk.evidence.read(sponsor, AIR, STAGE, team)
    assert [(each.statement, each.files) for each in asked.sent] == [("", ())]
    assert [(each.accepted, each.final, each.reason) for each in asked.judged] == [(False, True, "No report.")]


async def test_nothing_is_sent_for_an_application_that_was_erased_meanwhile(desk: Desk, team: str) -> None:
    """Fails where only the session says whose application it is: the words would come after the erasure."""
    actor, database = await by(desk, BREATHE), desk.core.database
    found = erasure.find(database, team=team)
    erasure.erase(database, [announcing("erase", at=NOW)], found, "", NOW, compose)

    for way in (
        lambda: desk.evidence.send(actor, team, STAGE, NUMBER, SPOKEN, "once"),
        lambda: desk.evidence.save(actor, team, STAGE, NUMBER, SPOKEN),
        lambda: desk.evidence.attach(actor, team, STAGE, NUMBER, "report.pdf", pieces(REPORT_FILE)),
    ):
        with pytest.raises(UnknownTeam):
            await way()
    assert count(database, "evidence_sent", "evidence_drafts", "attachments") == [0, 0, 0]


async def test_an_amended_award_is_shown_with_the_instalments_that_keep_their_amounts(desk: Desk, team: str) -> None:
    inside = in_stage(team)
    assert inside.award is not None
    half = inside.award.model_copy(update={"net": type(inside.award.net)(80_000)})
    put(desk.core.database, snapshot(inside.model_copy(update={"kept": {1: half}})))

    showing = await desk.evidence.find(await by(desk, BREATHE), team, STAGE, NUMBER)

    assert str(showing.asked.amount.gross) == "1200.00"
