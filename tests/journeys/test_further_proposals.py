"""Selected teams are asked for a fuller proposal before they can enter the next stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from whenever import ItemizedDelta, TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from domain.forms.form import text_form
from domain.programmes.programme import Asks, CountedFrom, Programme, Stage, Without
from domain.values.calendar import WorkingDays, later
from domain.values.refusals import NotAllowed, OnHold, Refused, TooEarly, TooLate, UnknownTeam
from store.database import tables
from tests.journeys.dates import happened_at
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR, pilot

FULLER = Asks(form="fuller", title="Full application", within=ItemizedDelta(weeks=3))
BID = Asks(form="fuller", within=ItemizedDelta(days=10), counted_from=CountedFrom.SELECTION, without=Without.AS_IT_WAS)
INTEREST = Stage(name="interest", title="Expression of interest", target=3, max=6, decision_within=WorkingDays(5))
HOUR, DAY = TimeDelta(hours=1), TimeDelta(hours=24)


def asking(stages: tuple[Stage, ...] | None = None, **asks: Asks) -> Programme:
    """The pilot's programme, or one with other stages, in which some stages ask for further proposals."""
    rules = pilot()[1]
    form = text_form(5000).model_copy(update={"id": "fuller", "title": "Fuller proposal"})
    changed = tuple(stage.model_copy(update={"asks": asks.get(stage.name)}) for stage in stages or rules.stages)
    return rules.model_copy(update={"forms": (form,), "stages": changed})


def proposed(play: Play, stage: str) -> dict[str, str]:
    """What the database has of the further proposals for a stage."""
    sent = select(tables.proposals).where(tables.proposals.c.stage == stage)
    with play.desk.core.database.reading() as connection:
        return {row.application: row.answers for row in connection.execute(sent)}


async def test_from_an_expression_of_interest_to_a_full_application(tmp_path: Path) -> None:
    """Fails when a team that sent nothing can be selected, or one that sent its application cannot."""
    rules = asking((INTEREST, *pilot()[1].stages[:2]), exploration=FULLER)
    async with months() as environment, playing(tmp_path, environment, programme=rules) as play:
        one, two, three, other = await play.applied(4)
        await play.sealed()
        await play.select("interest", [one, two, three])
        state = await play.stage_over()

        assert (state.phase, state.waits_for) == (Phase.WINDOW, "proposals for exploration")
        assert state.run.ended is not None
        assert state.deadline == later(state.run.ended, FULLER.within, state.zone, play.programme.holidays)
        row = play.books.challenge(play.challenge.id)
        assert (row.stage, row.waits_for, row.until) == ("exploration", "proposals for exploration", state.deadline)
        assert play.told(Occasion.PROPOSAL_INVITED) == {one: 1, two: 1, three: 1}
        assert play.told(Occasion.WINDOW_OPENED) == {SPONSOR: 2, OPERATOR: 2}
        with pytest.raises(NotAllowed):
            await play.propose(other, "exploration", "We were not selected.")
        with pytest.raises(TooEarly, match="decide after it is sealed"):
            await play.select("exploration", [one])

        await play.propose(one, "exploration", "Our full application.")
        await play.propose(two, "exploration", "Ours, too.")
        assert (await play.propose(two, "exploration", "Ours, and better.")).version == 2
        closes = state.deadline
        state = await play.proposals_in()

        assert state.field == (one, two)
        assert state.decide_by == later(closes, state.filling.decision_within, state.zone, play.programme.holidays)
        assert play.told(Occasion.PROPOSAL_DUE) == {three: len(rules.reminders.window)}
        assert play.told(Occasion.PROPOSAL_MISSING) == {three: 1}
        assert proposed(play, "exploration").keys() == {one, two}
        with pytest.raises(TooLate):
            await play.propose(three, "exploration", "Too late.")
        with pytest.raises(UnknownTeam, match="choose from"):
            await play.select("exploration", [three])
        await play.select("exploration", [one, two])
        await play.stage_over()
        await play.decide("decline", stage="accelerator", reason="Neither is ready.")
        assert (await play.result()).outcome is Outcome.DISCONTINUED


async def test_a_fuller_proposal_before_the_accelerator_can_be_sent_until_a_deadline_that_moves(tmp_path: Path) -> None:
    """Fails when more time, or a hold, reaches the state but not the window by which proposals are refused."""
    async with months() as environment, playing(tmp_path, environment, programme=asking(accelerator=FULLER)) as play:
        one, two, three = await play.exploring()
        state = await play.stage_over()
        assert state.deadline is not None
        first, longer = state.deadline, state.deadline + 7 * DAY
        await play.decide("extend", closes=longer, reason="It is holiday time.")
        assert play.told(Occasion.DEADLINE_MOVED) == {SPONSOR: 1, OPERATOR: 1, one: 1, two: 1, three: 1}
        await play.skip_to(first)
        await play.propose(one, "accelerator", "After the first deadline.")

        await play.decide("hold", by=OPERATOR, reason="An objection.")
        with pytest.raises(OnHold):
            await play.propose(two, "accelerator", "While it is on hold.")
        await play.skip_to(longer + DAY)
        await play.decide("resume", by=OPERATOR, reason="It was settled.")
        state = await play.state()
        assert state.deadline is not None
        assert state.deadline > longer + DAY
        await play.propose(two, "accelerator", "Once it goes on.")
        enforced = state.deadline
        state = await play.proposals_in()

        assert happened_at(play, "sealed", enforced)
        assert state.field == (one, two)
        with pytest.raises(TooLate, match="for good"):
            await play.decide("extend", closes=enforced + 30 * DAY, reason="Once more.")
        await play.select("accelerator", [two])
        assert (await play.state()).run.active == (two,)


async def test_a_bid_for_phase_two_is_taken_while_phase_one_runs_and_who_sends_none_stays(tmp_path: Path) -> None:
    """Fails when the bid cannot be sent before the stage has ended, or when it is still taken after its closing."""
    async with months() as environment, playing(tmp_path, environment, programme=asking(accelerator=BID)) as play:
        one, two, three, reserve = await play.exploring(reserve=1)
        state = await play.until(lambda state: bool(state.runs))
        closes = state.further[-1].closes
        assert state.run.begins < closes < state.run.ends
        assert play.told(Occasion.PROPOSAL_INVITED) == {one: 1, two: 1, three: 1}

        await play.propose(one, "accelerator", "Our bid.")
        await play.decide("withdraw", OPERATOR, team=three, reason="They cannot spare the people.")
        with pytest.raises(Refused):
            await play.propose(three, "accelerator", "We have left.")
        await play.propose(reserve, "accelerator", "We have come in.")
        await play.skip_to(closes)
        with pytest.raises(TooLate):
            await play.propose(two, "accelerator", "Too late.")
        state = await play.stage_over()
        state = await play.until(lambda state: state.phase is Phase.DECIDING)

        assert set(state.further[-1].sent) == {one, reserve}
        assert state.field == (one, two, reserve)
        assert play.told(Occasion.PROPOSAL_MISSING) == {two: 1}
        await play.select("accelerator", [two])
        assert (await play.state()).run.active == (two,)


async def test_a_challenge_ends_with_a_reason_if_no_team_sends_what_it_is_asked_for(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment, programme=asking(accelerator=FULLER)) as play:
        teams = await play.exploring()
        await play.stage_over()
        await play.proposals_in()
        result = await play.result()

        assert (result.outcome, len(result.paid)) == (Outcome.DISCONTINUED, 3)
        assert result.reason == "no team sent the proposal that Accelerator asks for"
        assert play.told(Occasion.NOT_CONTINUED) == {SPONSOR: 1, OPERATOR: 1, **dict.fromkeys(teams, 1)}
        assert play.told(Occasion.PROPOSAL_MISSING) == {}


async def test_a_cancelled_challenge_takes_no_further_proposal(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment, programme=asking(accelerator=FULLER)) as play:
        one, *_ = await play.exploring()
        with pytest.raises(NotAllowed, match="not asked"):
            await play.propose(one, "accelerator", "Nobody has asked for it yet.")
        await play.stage_over()
        await play.decide("cancel", OPERATOR, reason="The sponsor has no money for it any more.")
        with pytest.raises(TooLate, match="sealed for good"):
            await play.propose(one, "accelerator", "After the end.")
        assert (await play.result()).outcome is Outcome.CANCELLED


async def test_a_challenge_is_renewed_while_proposals_are_taken_and_keeps_their_deadline(tmp_path: Path) -> None:
    """Fails when the window of further proposals is lost between two runs (invariant 8)."""
    async with months() as environment, playing(tmp_path, environment, programme=asking(accelerator=FULLER)) as play:
        one, *_ = await play.exploring()
        before = await play.stage_over()
        run = await play.run_id()
        await play.desk.rounds.renew(await play.actor(OPERATOR), play.challenge.id)
        await play.until_renewed(run)
        after = await play.state()
        assert (after.deadline, after.window, after.waits_for) == (before.deadline, before.window, before.waits_for)
        await play.propose(one, "accelerator", "Our proposal.")
        state = await play.proposals_in()
        assert before.deadline is not None
        assert happened_at(play, "sealed", before.deadline)
        assert state.field == (one,)
