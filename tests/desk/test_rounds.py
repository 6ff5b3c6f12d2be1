"""Rounds at the desk: anyone sees a plan, an operator of the file alone opens it, and all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from whenever import Instant, TimeDelta

from domain.values.refusals import FileRefused, NotAllowed, TooLate, Unavailable, UnknownChallenge, UnknownRound
from store.challenges import rounds
from store.database.database import Database
from tests.desk.asking import ALL, NOBODY, acting, desk_on

BEFORE = Instant.from_utc(2016, 6, 1)
PILOT = "pilot-2016"


async def operator_of(database: Database) -> str:
    """The id of the operator whom the pilot's file names."""
    async with desk_on(database) as desk:
        return (await desk.rounds.read_file(NOBODY, PILOT)).round.operators[0].id


async def test_anyone_sees_what_a_file_plans_and_nothing_is_kept_of_it(database: Database) -> None:
    async with desk_on(database) as desk:
        file = await desk.rounds.read_file(NOBODY, PILOT)
        round_, plans = await desk.rounds.plans(NOBODY, PILOT)
        assert (round_, len(plans)) == (file.round, len(file.challenges))
        assert (await desk.challenges.list(NOBODY, ALL)).items == ()


async def test_a_plan_moves_as_a_whole(database: Database) -> None:
    """Fails when windows are moved one by one, each to the same instant."""
    async with desk_on(database) as desk:
        file = await desk.rounds.read_file(NOBODY, PILOT)
        moved = await desk.rounds.read_file(NOBODY, PILOT, file.first_opening + TimeDelta(hours=7 * 24))
    shifts = {there.opens - here.opens for here, there in zip(file.challenges, moved.challenges, strict=True)}
    assert shifts == {TimeDelta(hours=7 * 24)}


async def test_files_that_are_not_there_or_wrong_are_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "broken.round.toml").write_text("id = ", encoding="utf-8")
    async with desk_on(database, programmes=tmp_path) as desk:
        with pytest.raises(UnknownRound, match="nothing"):
            await desk.rounds.read_file(NOBODY, "nothing")
        with pytest.raises(FileRefused, match="broken"):
            await desk.rounds.read_file(NOBODY, "broken")


async def test_what_needs_holidays_that_are_not_known_is_neither_planned_nor_opened(open_: Database) -> None:
    """Fails when a date is shown or enforced that was counted as if the year had no holidays."""
    opens = Instant("2061-01-04T09:00Z")
    async with desk_on(open_, BEFORE) as desk:
        who = await acting(desk, await operator_of(open_))
        for refused in (desk.rounds.plans(NOBODY, PILOT, opens), desk.rounds.open(who, PILOT, opens)):
            with pytest.raises(FileRefused) as refusal:
                await refused
            (line,) = str(refusal.value).splitlines()
            assert line.startswith(f"{PILOT}/air-quality: working days are counted from 2061 to 2062, but ")
    assert rounds.challenges(open_, PILOT) == ()


@pytest.mark.parametrize("who", ["", "somebody", "olivia"])
async def test_only_an_operator_whom_the_file_names_opens_a_round(open_: Database, who: str) -> None:
    """Fails when a right in one round, as Olivia has it in another, is a right in all."""
    async with desk_on(open_, BEFORE) as desk:
        with pytest.raises(NotAllowed, match=f"{await operator_of(open_)} may"):
            await desk.rounds.open(await acting(desk, who), PILOT)
    assert rounds.challenges(open_, PILOT) == ()


async def test_a_round_of_the_past_is_not_opened_at_all(database: Database) -> None:
    who = await operator_of(database)
    async with desk_on(database, Instant.from_utc(2020, 1, 1)) as desk:
        with pytest.raises(TooLate, match="--opens"):
            await desk.rounds.open(await acting(desk, who), PILOT)
    assert rounds.challenges(database) == ()


async def test_a_round_is_not_kept_while_temporal_is_away(database: Database) -> None:
    """Fails when challenges are kept that nothing runs."""
    who = await operator_of(database)
    async with desk_on(database, BEFORE) as desk:
        with pytest.raises(Unavailable):
            await desk.rounds.open(await acting(desk, who), PILOT)
    assert rounds.challenges(database) == ()


async def test_only_a_round_that_was_opened_is_renewed(open_: Database) -> None:
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        for name in ("nothing", "test-2016/nothing"):
            with pytest.raises(UnknownChallenge, match="nothing"):
                await desk.rounds.renew(olivia, name)
