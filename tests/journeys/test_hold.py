"""The challenge's clock stands for a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from whenever import TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.values.calendar import pushed_back
from domain.values.refusals import OnHold, TooLate
from tests.journeys.dates import happened_at
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR

MONTH = timedelta(days=30)


async def test_a_month_on_hold_moves_the_end_of_the_accelerator_by_the_clock_on_the_wall(tmp_path: Path) -> None:
    """Fails when resuming leaves the end of the stage where it was."""
    async with months() as environment, playing(tmp_path, environment) as play:
        winner = await play.accelerating()
        was = (await play.state()).run.ends
        await play.skip_to(was - TimeDelta(hours=24 * 10))

        await play.decide("hold", OPERATOR, reason="The sponsor moves its offices.")
        state = await play.state()
        assert (state.deadline, state.waits_for) == (None, "release of the hold")
        reminded = len(play.record("reminded"))
        await play.skip(MONTH)  # beyond the end as it stood
        with pytest.raises(OnHold, match="must be resumed first"):
            await play.decide("select", stage="pre-commercial", teams=[winner], amounts={winner: "1000"})
        assert (await play.state()).phase is Phase.RUNNING
        assert len(play.record("reminded")) == reminded

        await play.decide("resume", OPERATOR)
        state = await play.state()
        held, resumed = (play.record(action)[-1].at for action in ("hold", "resume"))
        assert state.run.ends == pushed_back(was, held, resumed, state.zone)
        assert state.run.ends > was + TimeDelta(hours=24 * 29)
        assert play.told(Occasion.HELD) == {SPONSOR: 1, OPERATOR: 1, winner: 1}
        assert play.told(Occasion.RESUMED) == {SPONSOR: 1, OPERATOR: 1, winner: 1}

        await play.stage_over()
        assert happened_at(play, "ended", state.run.ends)


async def test_a_window_on_hold_takes_no_application_and_closes_later(tmp_path: Path) -> None:
    """Fails when resuming leaves the closing where it was."""
    async with months() as environment, playing(tmp_path, environment) as play:
        applicant = (await play.apply(1)).application
        was = play.challenge.closes
        await play.decide("hold", reason="The question is reviewed.")
        with pytest.raises(OnHold, match="takes no application now"):
            await play.apply(2)
        await play.skip(MONTH)
        with pytest.raises(OnHold):
            await play.apply(3)
        assert (await play.state()).phase is Phase.WINDOW

        await play.decide("resume")
        state = await play.state()
        held, resumed = (play.record(action)[-1].at for action in ("hold", "resume"))
        assert state.closes == pushed_back(was, held, resumed, state.zone)
        assert play.books.challenge(play.challenge.id).closes == state.closes
        await play.apply(4)
        assert play.told(Occasion.HELD) == {SPONSOR: 1, OPERATOR: 1, applicant: 1}

        state = await play.sealed()
        assert state.applications == 2
        assert happened_at(play, "sealed", state.closes)


async def test_nobody_is_reminded_of_a_selection_while_it_is_on_hold(tmp_path: Path) -> None:
    """Fails when a challenge on hold still has its deadline."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(3)
        was = (await play.sealed()).decide_by
        assert was is not None
        await play.decide("hold", OPERATOR, reason="The sponsor asks its lawyers.")
        told = len(play.record("reminded"))
        await play.skip(MONTH)
        assert len(play.record("reminded")) == told

        await play.decide("resume", OPERATOR)
        state = await play.state()
        held, resumed = (play.record(action)[-1].at for action in ("hold", "resume"))
        assert state.decide_by == pushed_back(was, held, resumed, state.zone)
        await play.decide("select", stage="exploration", teams=teams)
        with pytest.raises(TooLate, match="is not on hold"):
            await play.decide("resume", OPERATOR)
