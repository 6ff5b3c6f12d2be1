"""A stage that ends later for one team, in the workflow: timers, payments and the selection after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from whenever import ItemizedDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.programmes.pay import Due, Instalment, Pay
from domain.programmes.programme import Programme
from domain.values.calendar import later
from domain.values.money import Money
from domain.values.refusals import TooEarly, TooLate
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR, pilot

WHY = "The sensors came late."


def paid_at_the_end() -> Programme:
    """The pilot, whose first stage pays half at its end."""
    _, programme, _ = pilot()
    first, *others = programme.stages
    pay = Pay(fixed=Money(200_000), instalments=(Instalment(share="50%"), Instalment(share="50%", due=Due.END)))
    return programme.model_copy(update={"stages": (first.model_copy(update={"pay": pay}), *others)})


async def test_a_challenge_that_owes_money_at_its_very_end_shows_it_in_every_list(tmp_path: Path) -> None:
    """Fails when the list says at the end that the challenge waits for nothing, until somebody has released."""
    programme = paid_at_the_end()
    programme = programme.model_copy(update={"stages": programme.stages[:1]})
    async with months() as environment, playing(tmp_path, environment, programme=programme) as play:
        await play.exploring(1)
        await play.payments_over(1)
        play.finance_works = False
        state = await play.stage_over()
        assert (state.phase, state.waits_for, len(state.unpaid)) == (Phase.ENDED, "payments", 1)
        row = play.books.challenge(play.challenge.id)
        assert (row.outcome, row.waits_for) == ("completed", "payments")
        page = await play.details()
        assert "**payments**" in page
        assert "not paid yet: £1,000" in page
        play.finance_works = True
        await play.result()
        assert play.books.challenge(play.challenge.id).waits_for == "nothing"


async def test_one_team_works_on_while_the_others_are_paid_for_the_end_of_the_stage(tmp_path: Path) -> None:
    """Fails when the timer of the stage stays where it was, or when nobody is paid before the last team has ended."""
    async with months() as environment, playing(tmp_path, environment, programme=paid_at_the_end()) as play:
        one, two, three = await play.exploring(3)
        state = await play.payments_over(3)
        was = state.run.ends
        said = {"stage": "exploration", "team": two, "longer": "P1W", "reason": WHY}
        await play.decide("extend-stage", SPONSOR, **said)
        assert play.told(Occasion.STAGE_EXTENDED) == {two: 1, SPONSOR: 1, OPERATOR: 1}
        assert play.told(Occasion.STAGE_GOES_ON) == {one: 1, three: 1}

        await play.skip_to(was)
        state = await play.payments_over(5)
        assert state.phase is Phase.RUNNING
        assert play.books.challenge(play.challenge.id).until == state.run.last_end
        halves = {f"exploration/{team}/{number}" for team in (one, two, three) for number in (1, 2)}
        assert play.paid().keys() == halves - {f"exploration/{two}/2"}
        with pytest.raises(TooEarly, match="runs until"):
            await play.select("accelerator", [one])
        with pytest.raises(TooLate, match=f"ended for {one}"):
            await play.decide("extend-stage", OPERATOR, **said | {"team": one})

        ends = later(was, ItemizedDelta(weeks=1), state.zone, state.programme.holidays)
        assert state.deadline == ends
        await play.skip_to(ends)
        state = await play.payments_over(6)
        assert state.phase is Phase.DECIDING
        first, last = (line.at for line in play.record("ended"))
        assert was <= first < ends <= last
        assert play.paid().keys() == halves
        assert [(line.by, line.reason) for line in play.record("extend-stage") if not line.refused] == [(SPONSOR, WHY)]
