"""The sponsor does not continue the contract."""

from __future__ import annotations

from pathlib import Path

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome
from tests.playing import months, playing
from tests.rounds import OPERATOR


async def test_a_contract_that_is_not_continued_ends_the_challenge_after_the_accelerator(tmp_path: Path) -> None:
    """Fails when it is said that nobody was awarded anything."""
    async with months() as environment, playing(tmp_path, environment) as play:
        winner = await play.accelerating()
        await play.stage_over()

        reason = "It works, and we have no budget for it this year."
        answer = await play.decide("decline", stage="pre-commercial", reason=reason)
        result = await play.result()

        assert answer == "Nobody taken into Pre-commercial development; the challenge ends: discontinued"
        assert (result.outcome, result.reason) == (Outcome.DISCONTINUED, reason)
        assert play.told(Occasion.NOT_CONTINUED) == {winner: 1, OPERATOR: 1}
        assert sorted(play.paid().values()) == ["15000.00", "2000.00", "2000.00", "2000.00"]
