"""A run that staff reset in Temporal does again what it did before, and the world is as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from whenever import Instant, TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import OrderState, Outcome, Phase
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.payments.rails import Instruction, Transfer
from domain.values.refusals import TooEarly, Unavailable
from tests.play import Play
from tests.playing import playing
from tests.rails import CountingRail, Making
from tests.replay import recording
from tests.rounds import FINANCE, pilot, with_stages_of
from tests.sandbox import SANDBOX
from tests.servers import dev_server
from tests.waiting import eventually
from tests.workflows.resetting import reset_to_start
from workflows import interface
from workflows.challenge import ChallengeWorkflow


async def test_a_challenge_that_is_reset_to_its_start_pays_and_tells_nothing_twice(tmp_path: Path) -> None:
    """Fails when a payment is named by what a reset changes, such as when its stage began; when it cannot be ordered
    again; and when an announcement is named by the run (invariant 1). The ledger has each payment as settled, so that
    no rail is asked: what a rail does that is asked again is in `tests/crashes/test_overtaken`."""
    counting = Making(CountingRail)
    _, programme, _ = pilot()
    short = with_stages_of(TimeDelta(seconds=0.5), programme.model_copy(update={"stages": programme.stages[:2]}))
    async with (
        dev_server() as client,
        playing(tmp_path, client, programme=short, rail=counting, at_once=True) as play,
    ):
        teams = await play.exploring(3)
        await play.stage_over()
        await play.decide("select", stage="accelerator", teams=teams[:1])
        await play.stage_over()
        await play.result()
        ledger, notices = play.books.payments(), told_of_payments(play)
        assert len(ledger) == 4
        assert len(notices) == 4 * 3 + len(teams)  # of each: requested, to be released, sent; of each team: its details

        await reset_to_start(play)
        await play.until(lambda state: state.phase is Phase.DECIDING)
        await play.decide("select", stage="exploration", teams=teams)
        await play.stage_over()
        await play.decide("select", stage="accelerator", teams=teams[:1])
        await play.stage_over()
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert set(result.paid) == {payment.key for payment in ledger}
        assert play.books.payments() == ledger
        assert counting.rail.asked == {f"{payment.key}/1": 1 for payment in ledger}
        assert [line.action for line in play.record()].count("sealed") == 1
        assert [line.action for line in play.record()].count("paid") == 4
        assert told_of_payments(play) == notices


@pytest.mark.parametrize("decisions", [1, 2, 3, 5])
async def test_a_challenge_that_is_reset_with_its_decisions_decides_them_again_and_can_be_read_anew(
    tmp_path: Path, decisions: int
) -> None:
    """Temporal applies them anew before the first task. Fails where a worker that has not seen the run before comes to
    something else, or where a decision that is on the record is put there twice."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        await play.applied(3)
        await play.sealed()
        for number in range(decisions):
            await play.decide(("hold", "resume")[number % 2], reason="A complaint came in.")
        before = play.record()
        await reset_to_start(play, with_updates=True)
        state = await play.until(lambda state: len(state.decisions) == decisions)
        async with play.without_worker():
            pass

        assert await play.state() == state
        assert play.record() == before
        await play.decide(("hold", "resume")[decisions % 2], reason="A complaint came in.")
        assert len(play.record()) == len(before) + 1
        await replayed(await play.handle.fetch_history())


async def replayed(history: WorkflowHistory) -> None:
    """Fails when the workflow does something else when it is read anew."""
    replayer = Replayer(workflows=[ChallengeWorkflow], data_converter=pydantic_data_converter, workflow_runner=SANDBOX)
    await replayer.replay_workflow(history)


class SlowRail(CountingRail):
    """A rail that does not take a certain transfer for a while."""

    shut: str = ""

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        if instruction.id == self.shut:
            raise Unavailable(f"The rail is too busy for {instruction.id}: try again.")
        return super().transfer(instruction, at)


@asynccontextmanager
async def three_payments(folder: Path) -> AsyncIterator[tuple[Play, SlowRail, list[str]]]:
    """A challenge with three payments: one is paid, one released and not taken by the rail, one waits for a release."""
    slow = Making(SlowRail)
    async with (
        dev_server() as client,
        playing(folder, client, rail=slow, at_once=True) as play,
    ):
        play.finance_works = False
        keys = await play.owed(3)
        paid, released, waiting = keys
        slow.rail.shut = f"{released}/1"
        for key in keys:
            await play.releasable(key)
        for key in (paid, released):
            await play.release(key)
        await play.stands(paid, PaymentStatus.SETTLED)
        yield play, slow.rail, keys
        slow.rail.shut = ""
        await play.release(waiting)
        await play.payments_over(3)
        assert slow.rail.asked == {f"{key}/1": 1 for key in keys}
        assert sorted(line.key for line in play.record("paid")) == sorted(f"{key}/settled-1" for key in keys)
        assert play.told(Occasion.PAYMENT_SENT) == {play.payment(key).team: 1 for key in keys}


async def test_a_challenge_that_is_reset_while_payments_are_under_way_finds_them_as_they_stand(tmp_path: Path) -> None:
    """Holds that a reset orders the same payments, of which none is made twice, and that the challenge hears again of
    what was paid before. Fails where a payment's key cannot be ordered again, or a transfer is named by the run."""
    async with three_payments(tmp_path) as (play, _, keys):
        before, requested = play.books.payments(), play.told(Occasion.PAYMENT_REQUESTED)
        await reset_to_start(play)
        await play.until(lambda state: state.phase is Phase.DECIDING)
        await play.decide("select", stage="exploration", teams=[play.payment(key).team for key in keys])
        state = await play.until(lambda state: len(state.payments) == 3 and len(state.unpaid) == 2)

        assert set(state.unpaid) == set(keys[1:])
        assert play.books.payments() == before
        assert play.told(Occasion.PAYMENT_REQUESTED) == requested


async def test_a_challenge_that_is_reset_hears_again_of_a_payment_that_was_cancelled(tmp_path: Path) -> None:
    """Fails when a payment that is over ends without a word to its challenge, which then waits for it for ever."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.decide_payment(key, "cancel", FINANCE, reason="They have left before they began.")
        await play.until(lambda state: not state.unpaid)
        before = play.books.payments()
        await reset_to_start(play)
        await play.until(lambda state: state.phase is Phase.DECIDING)
        await play.decide("select", stage="exploration", teams=[play.payment(key).team])
        state = await play.until(lambda state: not state.unpaid)

        assert state.payments == {key: OrderState.CANCELLED}
        assert play.books.payments() == before


async def test_a_payment_that_is_reset_goes_on_from_where_the_ledger_has_it(tmp_path: Path) -> None:
    """Holds that a run which begins anew pays nothing twice: not what was paid, not what a rail was asked for. Fails
    where the run goes by its history and not by the ledger."""
    async with three_payments(tmp_path) as (play, _, keys):
        before = play.books.payments()
        for key in keys:
            await reset_to_start(play, key)
            await play.client.get_workflow_handle(key).query(interface.SNAPSHOT, result_type=PaymentSnapshot)
        await eventually(partial(recording.is_closed, play.client, keys[0]))

        assert play.books.payments() == before


@pytest.mark.parametrize("how", ["return", "retry"])
async def test_a_payment_whose_workflow_was_terminated_is_taken_up_again(tmp_path: Path, how: str) -> None:
    """Holds that what was ended by hand in Temporal does not leave a team unpaid: a person's next word to it starts
    it again. Fails where messages go to workflows that run only."""
    async with three_payments(tmp_path) as (play, rail, (_, released, waiting)):
        key = waiting if how == "return" else released
        await play.client.get_workflow_handle(key).terminate("By hand.")
        await eventually(partial(recording.is_closed, play.client, key))
        if how == "retry":
            rail.shut = ""
            assert await play.retry(key) == "nothing needed attention"
            await play.stands(key, PaymentStatus.SETTLED)
        else:
            with pytest.raises(TooEarly):
                await play.decide_payment(key, "return", FINANCE, reason="It came back.")
            assert not await recording.is_closed(play.client, key)


def told_of_payments(play: Play) -> list[str]:
    """Keys of the notices of payments."""
    return [notice.key for notice in play.books.notices() if notice.occasion.startswith(("payment-", "payee-"))]
