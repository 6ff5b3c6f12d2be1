"""Readers at the desk: what they read, what is assigned to them, and their place that goes to a successor."""

from __future__ import annotations

import pytest
from whenever import TimeDelta

from domain.announcements.occasions import Occasion
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from domain.values.paging import Page
from domain.values.refusals import (
    InterestsMissing,
    NotAllowed,
    ReasonMissing,
    UnknownPerson,
    UnknownTeam,
    WindowNotSealed,
)
from store.database.database import Database
from store.record.notices import read_notices
from store.record.record import read_record
from tests.desk.asking import ALL, acting, desk_on, refusals
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, applied, seal
from tests.store.test_readers import ANN, BO, keep, named


@pytest.fixture
def read(database: Database, round_: Round, programme: Programme) -> tuple[Database, list[str]]:
    """A sealed challenge with three applications: ann reads all challenges of the sponsor, bo only AIR."""
    keep(database, named(round_, ANN, BO, sponsor=["ann"], air=["bo"]), programme)
    ids = [applied(database, f"{name} Ltd", at=MIDWAY + TimeDelta(seconds=n)) for n, name in enumerate("ABC")]
    applied(database, "D Ltd", ROADS)
    for challenge in (AIR, ROADS):
        seal(database, challenge)
    return database, ids


async def test_a_reader_reads_where_the_round_names_them_and_only_after_they_have_declared(
    read: tuple[Database, list[str]],
) -> None:
    database, ids = read
    async with desk_on(database, CLOSES) as desk:
        bo = await acting(desk, "bo@panel.example")
        with pytest.raises(InterestsMissing, match="bo has not declared"):
            await desk.applications.list(bo, ALL, AIR)
        await desk.interests.declare_none(bo, AIR)
        assert [each.id for each in (await desk.applications.list(bo, ALL, AIR)).items] == ids
        with pytest.raises(NotAllowed, match="sam or olivia or its readers may"):
            await desk.applications.list(bo, ALL, ROADS)
        with pytest.raises(NotAllowed):
            await desk.interests.list(bo, ALL, ROADS)
        for who in ("bo", "ann"):
            with pytest.raises(NotAllowed):
                await desk.challenges.decide(await acting(desk, who), AIR, "select", stage="exploration", teams=ids)
    assert [line.role for line in refusals(database)] == ["reader"] * 3


async def test_a_reader_reads_what_is_assigned_and_a_decider_reads_all(read: tuple[Database, list[str]]) -> None:
    database, ids = read
    async with desk_on(database, CLOSES) as desk:
        olivia, sam, bo, ann = [await acting(desk, who) for who in ("olivia", "sam", "bo", "ann")]
        said = await desk.readers.assign(olivia, AIR, reader="bo", applications=ids[:1])
        assert said == f"bo reads 1 application ({ids[0]})"
        with pytest.raises(InterestsMissing, match="for 1 application"):  # for what they could read, and no more
            await desk.applications.list(bo, ALL, AIR)
        for actor in (sam, bo):
            await desk.interests.declare_none(actor, AIR)
        assert [each.id for each in (await desk.applications.list(bo, ALL, AIR)).items] == ids[:1]
        assert (await desk.applications.list(ann, ALL, AIR)).items == ()
        assert [each.id for each in (await desk.applications.list(sam, ALL, AIR)).items] == ids
        assert [(each.person, each.reads) for each in await desk.readers.list(ann, AIR)] == [("ann", 0), ("bo", 1)]
        with pytest.raises(UnknownPerson, match="No such person reads in"):
            await desk.readers.assign(sam, AIR, reader="sam", applications=ids)
        with pytest.raises(NotAllowed):
            await desk.readers.assign(bo, AIR, share=1)
        assert await desk.readers.assign(sam, AIR) == "Every reader reads all applications"
    lines = [(line.by, line.refused) for line in read_record(database, AIR) if line.action == "assign"]
    assert lines == [("olivia", False), ("sam", True), ("bo", True), ("sam", False)]


async def test_no_page_of_a_list_shows_what_one_has_not_declared_for(read: tuple[Database, list[str]]) -> None:
    """Fails where only the first page asks, and somebody begins with the second."""
    database, ids = read
    async with desk_on(database, CLOSES) as desk:
        sam, olivia = await acting(desk, "sam"), await acting(desk, "olivia")
        await desk.interests.declare_none(olivia, AIR)
        first = await desk.applications.list(olivia, Page(limit=1), AIR)
        assert [each.id for each in first.items] == ids[:1]
        assert (await desk.applications.list(sam, Page(after=first.next, limit=2), AIR)).items == ()
        await desk.interests.declare(sam, AIR, ids[2])
        rest = await desk.applications.list(sam, Page(after=first.next, limit=2), AIR)
        assert [each.id for each in rest.items] == ids[2:]


async def test_nothing_is_assigned_before_the_seal(open_: Database) -> None:
    async with desk_on(open_) as desk:
        with pytest.raises(WindowNotSealed):
            await desk.readers.assign(await acting(desk, "olivia"), AIR, share=1)


async def test_a_readers_place_goes_to_a_successor_though_no_workflow_knows_of_readers(
    read: tuple[Database, list[str]],
) -> None:
    """Fails where the workflows are told: they know no such person, and would refuse every later hand-over too."""
    database, ids = read
    async with desk_on(database, CLOSES) as desk:
        olivia = await acting(desk, "olivia")
        await desk.readers.assign(olivia, AIR, reader="ann", applications=ids)
        await desk.interests.declare_none(await acting(desk, "ann"), AIR)
        with pytest.raises(ReasonMissing):
            await desk.people.hand_over(olivia, "test-2016", "ann", "cy", "", name="Cy", email="cy@panel.example")
        given = {"name": "Cy", "email": "cy@panel.example"}
        done = await desk.people.hand_over(olivia, "test-2016", "ann", "cy", "On leave.", **given)
        assert (done.text, done.challenges) == (
            "ann hands over to cy, as reader in test-2016, in 2 challenges",
            (ROADS, AIR),
        )
        again = await desk.people.hand_over(olivia, "test-2016", "ann", "cy", "On leave.", **given)
        assert again.number == done.number
        with pytest.raises(NotAllowed):
            await desk.applications.list(await acting(desk, "ann"), ALL, AIR)
        cy = await acting(desk, "cy")
        with pytest.raises(InterestsMissing, match="cy has not declared their interests for 3"):
            await desk.applications.list(cy, ALL, AIR)
        await desk.interests.declare_none(cy, AIR)
        assert [each.id for each in (await desk.applications.list(cy, ALL, AIR)).items] == ids
    [line] = [each for each in read_record(database, AIR) if each.action == "hand-over" and not each.refused]
    assert line.text == "ann hands over to cy, as reader"
    told = {each.recipient for each in read_notices(database) if each.occasion == Occasion.HANDED_OVER}
    assert told == {"ann", "cy"}


@pytest.mark.parametrize("typed", ["Ann Orr <ann@private.example>", "", "a\0b", "\ud800", "x" * 500])
async def test_nothing_that_is_typed_for_an_id_goes_on_the_record(read: tuple[Database, list[str]], typed: str) -> None:
    database, _ = read
    async with desk_on(database, CLOSES) as desk:
        olivia = await acting(desk, "olivia")
        with pytest.raises(UnknownTeam, match="No application has such an id"):
            await desk.interests.declare(olivia, AIR, typed, "I know them.")
        with pytest.raises(UnknownTeam):
            await desk.readers.assign(olivia, AIR, reader="ann", applications=[typed])
        with pytest.raises(UnknownPerson):
            await desk.readers.assign(olivia, AIR, reader=typed or "nobody", applications=())
    assert len(refusals(database)) == 3
    assert "private" not in str(read_record(database, AIR))
