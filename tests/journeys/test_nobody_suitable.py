"""A challenge that nobody wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome
from domain.values.refusals import ReasonMissing
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR


async def test_a_sponsor_who_finds_nobody_suitable_ends_the_challenge_and_says_why(tmp_path: Path) -> None:
    """Fails when whoever takes nobody is said to have stopped what had begun."""
    async with months() as environment, playing(tmp_path, environment) as play:
        applicants = await play.applied(4)
        await play.sealed()
        with pytest.raises(ReasonMissing, match="needs a reason"):
            await play.decide("decline", stage="exploration")

        await play.decide("decline", stage="exploration", reason="No answer measures the air itself.")
        result = await play.result()

        assert result.outcome is Outcome.NO_AWARD
        assert result.reason == "No answer measures the air itself."
        assert play.told(Occasion.NOT_CONTINUED) == dict.fromkeys([*applicants, OPERATOR], 1)
        assert play.paid() == {}
        row = play.books.challenge(play.challenge.id)
        assert (row.outcome, row.outcome_reason) == ("no award", "No answer measures the air itself.")
        assert [line.refused for line in play.record("decline")] == [True, False]


async def test_a_challenge_that_nobody_answered_ends_when_its_window_closes(tmp_path: Path) -> None:
    """Fails when the sponsor is asked to select all the same."""
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.sealed()
        result = await play.result()

        assert result.outcome is Outcome.NO_AWARD
        assert result.reason == "nobody applied"
        assert play.told(Occasion.NOT_CONTINUED) == {SPONSOR: 1, OPERATOR: 1}
        assert play.books.challenge(play.challenge.id).applications == 0
