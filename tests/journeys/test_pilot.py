"""The pilot as it went."""

from __future__ import annotations

from pathlib import Path

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from tests.journeys.dates import happened_at, selection_due, stage_ends
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR


async def test_a_challenge_goes_from_its_window_to_commercialisation(tmp_path: Path) -> None:
    """Fails when a challenge ends before its last stage."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(5)
        state = await play.sealed()
        assert state.applications == 5
        assert state.decide_by == selection_due(play, state, "sealed")

        await play.decide("select", stage="exploration", teams=teams[:3], reserve=teams[3:4])
        state = await play.state()
        assert state.run.ends == stage_ends(play, state)
        state = await play.stage_over()
        assert state.phase is Phase.DECIDING
        assert state.decide_by == selection_due(play, state, "ended")

        winner = teams[0]
        await play.decide("select", stage="accelerator", teams=[winner])
        state = await play.state()
        assert state.run.ends == stage_ends(play, state)
        today = play.now().to_tz(play.programme.time_zone).date()
        await play.decide(
            "participation", OPERATOR, stage="accelerator", on=today, people=20, summary="Maps before numbers."
        )
        await play.stage_over()
        await play.decide("select", stage="pre-commercial", teams=[winner], amounts={winner: "40000"})
        await play.stage_over()
        await play.decide("select", stage="commercialisation", teams=[winner], amounts={winner: "10000"})
        await play.stage_over()
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert play.paid() == {
            f"exploration/{teams[0]}/1": "2000.00",
            f"exploration/{teams[1]}/1": "2000.00",
            f"exploration/{teams[2]}/1": "2000.00",
            f"accelerator/{winner}/1": "15000.00",
            f"pre-commercial/{winner}/1": "40000.00",
            f"commercialisation/{winner}/1": "10000.00",
        }
        assert set(result.paid) == {payment.key for payment in play.books.payments(play.challenge.id)}
        row = play.books.challenge(play.challenge.id)
        assert (row.outcome, row.waits_for, row.until) == ("completed", "nothing", None)
        assert play.course() == [
            *("opened", "sealed", "select", "ended", "select", "participation", "ended"),
            *("select", "ended", "select", "ended", "paid-up"),
        ]


async def test_everybody_is_told_what_concerns_them_and_nobody_twice(tmp_path: Path) -> None:
    """Fails when those in charge are not told that a stage is about to end."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.exploring(3, reserve=1)
        await play.stage_over()

        assert play.told(Occasion.APPLICATION_RECEIVED) == dict.fromkeys(teams, 1)
        assert play.told(Occasion.CLOSING_SOON) == {SPONSOR: 1, OPERATOR: 1}
        assert play.told(Occasion.STAGE_STARTED) == dict.fromkeys(teams[:3], 1)
        assert play.told(Occasion.IN_RESERVE) == {teams[3]: 1}
        assert play.told(Occasion.PAYMENT_REQUESTED) == dict.fromkeys(teams[:3], 1)
        assert play.told(Occasion.PAYEE_GIVEN) == dict.fromkeys(teams[:3], 1)
        assert play.told(Occasion.PAYMENT_TO_RELEASE) == {FINANCE: 3}
        assert play.told(Occasion.PAYMENT_SENT) == dict.fromkeys(teams[:3], 1)
        assert play.told(Occasion.STAGE_ENDING) == dict.fromkeys([*teams[:3], SPONSOR, OPERATOR], 1)
        assert play.told(Occasion.DECISION_INVITED) == {SPONSOR: 2}


async def test_reminders_and_ends_come_at_the_instant_that_people_were_told(tmp_path: Path) -> None:
    """Fails when a reminder comes an hour late."""
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.exploring()
        state = await play.state()
        ends = state.run.ends
        two_days_before = ends.to_tz(state.zone).subtract(days=2).to_instant()
        await play.skip_to(two_days_before)
        await play.until(lambda state: state.reminded >= two_days_before)
        assert happened_at(play, "reminded", two_days_before)

        await play.stage_over()
        assert happened_at(play, "ended", ends)
