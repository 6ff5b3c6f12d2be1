"""More than one team goes on, as in the pilot, where nine projects came of six challenges."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.values.refusals import ReasonMissing, WrongNumber
from tests.playing import months, playing
from tests.rounds import SPONSOR


async def test_two_teams_enter_the_accelerator_with_a_reason_and_both_are_paid(tmp_path: Path) -> None:
    """Fails when only the first team is taken in."""
    async with months() as environment, playing(tmp_path, environment) as play:
        one, other, third = await play.exploring()
        await play.stage_over()

        with pytest.raises(ReasonMissing, match="expects 1 team: taking 2 needs a reason"):
            await play.decide("select", stage="accelerator", teams=[one, other])
        reason = "They complete each other."
        await play.decide("select", stage="accelerator", teams=[one, other], reason=reason)
        await play.stage_over()

        assert {key: amount for key, amount in play.paid().items() if key.startswith("accelerator")} == {
            f"accelerator/{one}/1": "15000.00",
            f"accelerator/{other}/1": "15000.00",
        }
        assert play.told(Occasion.NOT_SELECTED) == {third: 1}
        assert play.told(Occasion.REFUSED) == {SPONSOR: 1}
        taken = [(line.stage, line.reason) for line in play.record("select") if not line.refused]
        assert taken == [("exploration", ""), ("accelerator", reason)]


async def test_no_reason_makes_room_for_more_teams_than_the_programme_allows(tmp_path: Path) -> None:
    """Fails when their number is not checked."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(4)
        await play.sealed()

        with pytest.raises(WrongNumber, match="takes 1 to 3 teams: 4 were named"):
            await play.decide("select", stage="exploration", teams=teams, reason="All are good.")
        assert (await play.state()).runs == ()
