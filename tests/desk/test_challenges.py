"""Challenges at the desk: who sees what, and what the record keeps of those who were refused."""

from __future__ import annotations

import pytest

from desk.challenges import ShownLine
from domain.values.paging import Page
from domain.values.refusals import (
    NotAllowed,
    NotReadable,
    Refused,
    TooLate,
    Unavailable,
    UnknownChallenge,
    UnknownMessage,
)
from store.database.database import Database
from store.record.record import read_record
from tests.desk.asking import ALL, AWAY, NOBODY, STRANGER, acting, desk_on, refusals
from tests.store.said import AIR, ROADS


async def test_anyone_sees_where_the_challenges_stand_in_the_order_of_their_file(open_: Database) -> None:
    async with desk_on(open_) as desk:
        assert [row.id for row in (await desk.challenges.list(NOBODY, ALL)).items] == [ROADS, AIR]
        assert (await desk.challenges.list(NOBODY, ALL, round_="another")).items == ()
        assert (await desk.challenges.find(NOBODY, "air-quality")).id == AIR
        with pytest.raises(UnknownChallenge, match="air-qualty"):
            await desk.challenges.find(NOBODY, "air-qualty")


@pytest.mark.parametrize("who", ["olivia", "sam", "fiona", "SAM@sepa.example"])
async def test_whoever_is_in_charge_reads_the_record_by_id_or_by_address(open_: Database, who: str) -> None:
    async with desk_on(open_) as desk:
        read = await desk.challenges.record(await acting(desk, who), ALL, AIR)
    assert read.items == tuple(ShownLine(**dict(line)) for line in read_record(open_, AIR))


async def test_a_refusal_to_read_is_on_the_record_without_an_address(open_: Database) -> None:
    """Fails when what somebody typed as their name is written down: it can be anybody's address."""
    async with desk_on(open_) as desk:
        for _ in range(2):
            with pytest.raises(NotAllowed, match="olivia"):
                await desk.challenges.record(await acting(desk, STRANGER), ALL, AIR)
    lines = refusals(open_)
    assert [(line.by, line.role, line.action) for line in lines] == [("unknown", "unknown", "read-record")] * 2
    assert not [line for line in lines if "@" in line.text or "stranger" in line.text]
    assert refusals(open_, ROADS) == []


async def test_a_person_of_the_round_is_on_the_record_by_their_id(open_: Database) -> None:
    async with desk_on(open_) as desk:
        with pytest.raises(NotAllowed):
            await desk.notices.list(await acting(desk, "sam@sepa.example"), ALL, AIR)
    [line] = refusals(open_)
    assert (line.by, line.role) == ("sam", "sponsor")
    assert "@" not in line.text


async def test_the_record_is_read_by_the_page_and_its_refusals_alone(open_: Database) -> None:
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        for _ in range(3):
            with pytest.raises(NotAllowed):
                await desk.challenges.record(NOBODY, ALL, AIR)
        first = await desk.challenges.record(olivia, Page(limit=2), AIR, refused_only=True)
        rest = await desk.challenges.record(olivia, Page(after=first.next, limit=2), AIR, refused_only=True)
    assert (len(first.items), rest.next) == (2, "")
    assert [*first.items, *rest.items] == [ShownLine(**dict(line)) for line in refusals(open_)]


async def test_what_cannot_be_understood_is_refused_with_every_fault_and_goes_nowhere(open_: Database) -> None:
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        with pytest.raises(UnknownMessage, match="holdd"):
            await desk.challenges.decide(olivia, AIR, "holdd")
        with pytest.raises(NotReadable) as refused:
            await desk.challenges.decide(olivia, AIR, "extend", closes="tomorrow", colour="red")
    assert {problem.field for problem in refused.value.problems} == {"closes", "colour"}
    assert [(line.by, line.action) for line in refusals(open_)] == [("olivia", "holdd"), ("olivia", "extend")]


async def test_who_may_not_decide_is_told_who_may(open_: Database) -> None:
    async with desk_on(open_) as desk:
        with pytest.raises(NotAllowed, match=r"fiona may not hold test-2016/air-quality: .*sam.*olivia"):
            await desk.challenges.decide(await acting(desk, "fiona"), AIR, "hold", reason="No money.")
    assert [(line.by, line.role, line.action) for line in refusals(open_)] == [("fiona", "releaser", "hold")]


async def test_while_temporal_is_away_a_decision_is_neither_taken_nor_refused(open_: Database) -> None:
    """Fails when an outage is written down as the answer to a person."""
    lines = read_record(open_, AIR)
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        for asked in (
            desk.challenges.decide(olivia, AIR, "hold", reason="No money."),
            desk.challenges.state(olivia, AIR),
            desk.challenges.retry(olivia, AIR),
        ):
            with pytest.raises(Unavailable):
                await asked
    assert read_record(open_, AIR) == lines


@pytest.mark.parametrize(("error", "lines"), [(Unavailable(AWAY), 0), (TooLate("It is over."), 1)])
async def test_what_is_refused_is_on_the_record_and_what_fails_is_not(
    open_: Database, error: Refused, lines: int
) -> None:
    """Fails when an outage in the midst of what is asked is taken for a refusal."""
    async with desk_on(open_) as desk:
        row, olivia = await desk.core.find(AIR), await acting(desk, "olivia")
        with pytest.raises(type(error)):
            async with desk.core.refusals_on_record(olivia, "hold", row):
                raise error
    assert [(line.by, line.text) for line in refusals(open_)] == [("olivia", "It is over.")] * lines
