"""What staff can do by hand in Temporal, past the desk: start, terminate and cancel. It pays nothing twice or never."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from domain.challenges.awards import PaymentOrder, orders_made
from domain.challenges.state import Outcome, State
from domain.payments.payment import PaymentStatus, PaymentToMake, payment_to_make
from domain.values.money import Amount, Money
from store.challenges.rounds import keep_round
from tests.play import Play
from tests.playing import months, playing
from tests.rails import BrokenRail, CountingRail, Making
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR, SPONSOR, pilot
from tests.servers import dev_server
from tests.waiting import eventually
from workflows import interface
from workflows.payment import PaymentWorkflow


async def test_a_challenge_is_refused_under_another_id_than_its_own_and_announces_nothing(tmp_path: Path) -> None:
    """Fails when `run` does not look at its id: a second run then opens the window and tells people."""
    async with months() as environment, playing(tmp_path, environment) as play:
        round_, programme, challenges = pilot()
        now = play.now()
        other = next(each for each in challenges if each.slug == "smart-roads").model_copy(
            update={"opens": now, "closes": now + Play.DAY}
        )
        keep_round(play.desk.core.database, round_, programme, (other,), now)

        with pytest.raises(WorkflowFailureError) as caught:
            await play.client.execute_workflow(
                interface.CHALLENGE,
                State.of(other, programme),
                id=f"{other.id}-again",
                task_queue=interface.TASK_QUEUE,
            )
        assert refusal(caught.value) == f"The workflow of {other.id} has that id and no other."
        assert play.books.record(other.id) == ()
        assert play.books.notices(other.id) == ()


async def test_a_payment_is_refused_under_another_id_than_its_key_and_enters_no_ledger(tmp_path: Path) -> None:
    """Fails when `run` does not look at its id: anybody's run could then pay."""
    async with months() as environment, playing(tmp_path, environment) as play:
        payment = payment_to(play, *await play.applied(1))

        with pytest.raises(WorkflowFailureError) as caught:
            await play.client.execute_workflow(
                PaymentWorkflow.run, payment, id=f"{payment.order.key}-again", task_queue=interface.TASK_QUEUE
            )
        assert refusal(caught.value) == f"The workflow of {payment.order.key} has that id and no other."
        assert play.books.payments() == ()


async def test_a_payment_that_was_terminated_is_ordered_again_by_a_retry_and_made_once(tmp_path: Path) -> None:
    """Fails when `retry` orders nothing, and when a key cannot be used again: the challenge then waits for ever."""
    broken = Making(BrokenRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=broken, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await client.get_workflow_handle(key).terminate("By hand.")
        await eventually(partial(recording.is_closed, client, key))
        await play.decide("cancel", OPERATOR, reason="It is over.")
        assert (await play.state()).unpaid == (key,)

        assert await play.retry(play.challenge.id) == f"ordered again: {key}"
        assert await play.retry(play.challenge.id) == f"ordered again: {key}"  # while it is under way
        broken.rail.mended = True
        result = await play.result()

        assert (result.outcome, result.paid) == (Outcome.CANCELLED, (key,))
        assert list(play.paid().values()) == ["2000.00"]
        assert broken.rail.asked == {f"{key}/1": 1}
        assert len(play.record("paid")) == 1


async def test_a_payment_that_is_cancelled_before_a_worker_comes_to_it_is_made_once(tmp_path: Path) -> None:
    """Fails when cancelling ends the run: what a team is owed is then never paid."""
    counting = Making(CountingRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=counting, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.releasable(key)
        state = await play.state()
        (order,) = orders_made(state).values()
        await client.get_workflow_handle(key).terminate("By hand.")
        async with play.without_worker():
            handle = await client.start_workflow(
                PaymentWorkflow.run, payment_to_make(state, order), id=key, task_queue=interface.TASK_QUEUE
            )
            await handle.cancel()
        await play.released()
        await eventually(partial(recording.is_closed, client, key))

        assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
        assert play.payment(key).status is PaymentStatus.SETTLED
        assert counting.rail.asked == {f"{key}/1": 1}


async def test_a_payment_that_is_cancelled_while_the_rail_is_away_is_made_once_it_is_back(tmp_path: Path) -> None:
    """Fails when cancelling ends the run: the challenge then waits for ever."""
    broken = Making(BrokenRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=broken, at_once=True) as play,
    ):
        (key,) = await play.owed()

        async def is_tried_again() -> bool:
            pending = (await recording.described(client, key)).pending_activities
            return any(each.activity_type.name == "submit_payment" and each.attempt > 1 for each in pending)

        await play.released()
        await eventually(is_tried_again)
        payment = client.get_workflow_handle(key)
        await payment.cancel()
        broken.rail.mended = True
        await eventually(partial(recording.is_closed, client, key))

        assert (await payment.describe()).status is WorkflowExecutionStatus.COMPLETED
        await play.until(lambda state: not state.unpaid)
        assert list(play.paid().values()) == ["2000.00"]
        assert broken.rail.asked == {f"{key}/1": 1}


def payment_to(play: Play, team: str) -> PaymentToMake:
    """What a team of exploration is due."""
    order = PaymentOrder(
        key=f"{play.challenge.id}/exploration/{team}/1",
        challenge=play.challenge.id,
        stage="exploration",
        team=team,
        number=1,
        of=1,
        amount=Amount(net=Money.parse("2000"), vat=Money.parse("0")),
        currency="GBP",
    )
    return PaymentToMake(
        order=order,
        title="Exploration",
        selected_by=SPONSOR,
        accepted_by="",
        operators=(OPERATOR,),
        releasers=(FINANCE,),
        zone=play.programme.time_zone,
        holidays=play.programme.holidays,
        on_time=play.programme.on_time,
        remind_before=(),
        remind_every=play.programme.reminders.payment_overdue_every,
    )


def refusal(failure: WorkflowFailureError) -> str:
    """Why a run has failed, in its own words."""
    assert isinstance(failure.cause, ApplicationError)
    return failure.cause.message
