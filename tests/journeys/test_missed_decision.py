"""The sponsor lets the date pass."""

from __future__ import annotations

from pathlib import Path

from whenever import Instant, TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.values.calendar import earlier, later
from tests.journeys.dates import selection_due
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR


async def test_a_sponsor_who_misses_the_date_is_reminded_again_and_again_and_may_still_decide(tmp_path: Path) -> None:
    """Fails when reminders end with the date itself."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(3)
        state = await play.sealed()
        due = selection_due(play, state, "sealed")
        assert state.decide_by == due
        ladder = play.programme.reminders

        rungs: list[Instant] = [*(earlier(due, before, state.zone) for before in ladder.decision), due]
        for _ in range(4):
            rungs.append(later(rungs[-1], ladder.decision_overdue_every, state.zone, play.programme.holidays))
        await play.skip_to(rungs[-1])
        state = await play.until(lambda state: state.reminded >= rungs[-1])

        sent = [line.at for line in play.record("reminded") if line.stage == "exploration"]
        assert len(sent) == len(rungs)
        assert all(TimeDelta() <= at - rung < TimeDelta(seconds=1) for at, rung in zip(sent, rungs, strict=True))
        assert play.told(Occasion.DECISION_DUE) == {SPONSOR: len(ladder.decision)}
        assert play.told(Occasion.DECISION_OVERDUE) == {SPONSOR: 5, OPERATOR: 4}
        assert (state.phase, state.deadline) == (Phase.DECIDING, due)
        assert play.books.challenge(play.challenge.id).until == due

        await play.decide("select", stage="exploration", teams=teams)
        state = await play.payments_over(3)
        assert state.phase is Phase.RUNNING
        await play.stage_over()
        assert play.told(Occasion.DECISION_OVERDUE) == {SPONSOR: 5, OPERATOR: 4}
