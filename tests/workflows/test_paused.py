"""What somebody pauses in Temporal calls for a person, as anything else does that stands still."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from temporalio.common import RetryPolicy

import worker
import workflows.steps
from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotConfirmed, Unavailable
from tests.playing import playing
from tests.rails import BrokenRail, Making
from tests.replay import recording
from tests.rounds import OPERATOR
from tests.sandbox import sandbox
from tests.servers import dev_server
from tests.waiting import SOON, eventually
from tests.workflows.pausing import WHO, pause, pause_all_of, unpause
from tests.workflows.test_attention import refusing_to_write, until_attention
from workflows.interface import RENEW

_PATIENCE = 8
"""Seconds: enough to pause what has failed, also on a machine that has much else to do."""
PAUSED = "it is paused in Temporal, and not tried until it is unpaused there"


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends after some seconds, and an activity that has failed is not tried again before then."""
    monkeypatch.setattr("tests.playing.SANDBOX", sandbox("workflows.steps"))
    monkeypatch.setattr(workflows.steps, "PATIENCE", timedelta(seconds=_PATIENCE))
    monkeypatch.setattr(workflows.steps, "_LATE", timedelta(seconds=0.5))
    monkeypatch.setattr(workflows.steps, "_RETRIES", RetryPolicy(initial_interval=timedelta(seconds=_PATIENCE - 0.5)))


async def test_a_step_of_a_challenge_that_is_paused_calls_for_a_person_and_goes_on_once_unpaused(
    tmp_path: Path,
) -> None:
    """Fails when the run leaves it to Temporal to end the activity, which does not end while it is paused; and when
    what was unpaused too late is not tried anew (invariant 7)."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        await play.applied(2)
        with refusing_to_write(play.desk.core.database, after="opened"):
            await play.begin()
            await pause(play, play.challenge.id, "seal_window")
        await until_attention(play, play.challenge.id, True)
        await play.until_told(Occasion.ATTENTION, {OPERATOR: 1})
        said = play.books.challenge(play.challenge.id).attention
        assert f"seal the window: {PAUSED}, after it had failed with “" in said
        assert PAUSED in await play.details()
        assert (await play.state()).phase is Phase.WINDOW

        await unpause(play, play.challenge.id, "seal_window")
        await play.until(lambda state: state.phase is Phase.DECIDING)
        await until_attention(play, play.challenge.id, False)
        assert play.course() == ["opened", "attention", "attention", "sealed"]


async def test_a_step_of_a_payment_that_is_paused_is_tried_anew_when_a_person_asks_for_that(tmp_path: Path) -> None:
    """Who asks the service needs no right in Temporal. Fails when `retry` waits for what is paused, or pays beside it
    (invariant 1)."""
    broken = Making(BrokenRail)
    async with dev_server() as client, playing(tmp_path, client, rail=broken, at_once=True) as play:
        (key,) = await play.owed()
        await play.released()
        await pause(play, key, "submit_payment")
        broken.rail.mended = True
        await play.until_told(Occasion.ATTENTION, {OPERATOR: 1})
        assert PAUSED in play.payment(key).attention

        assert PAUSED in await play.retry(key)
        await play.stands(key, PaymentStatus.SETTLED)
        await play.payments_over(1)
        await until_attention(play, key, False)
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_a_paused_step_can_be_left_for_a_fresh_run(tmp_path: Path) -> None:
    """Fails when the wait for whoever has paused it hears of no renewal (invariant 8)."""
    broken = Making(BrokenRail)
    async with dev_server() as client, playing(tmp_path, client, rail=broken, at_once=True) as play:
        (key,) = await play.owed()
        await play.released()
        await pause(play, key, "submit_payment")
        await until_attention(play, key, True)
        run = await recording.latest_run(client, key)
        broken.rail.mended = True
        await client.get_workflow_handle(key).signal(RENEW)
        await play.payments_over(1)

        assert await recording.latest_run(client, key) != run
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_whoever_decides_while_the_step_is_paused_reads_who_has_paused_it(tmp_path: Path) -> None:
    """Fails when they are told no more than to see whether a worker runs, and when the decision is then taken twice."""
    options = {"answer_within": SOON}
    async with dev_server() as client, playing(tmp_path, client, options=options, at_once=True) as play:
        await play.applied(2)
        await play.sealed()
        hold = partial(play.decide, "hold", reason="A complaint came in.", decision_id="complaint")
        with refusing_to_write(play.desk.core.database):
            asking = asyncio.create_task(hold())
            await pause(play, play.challenge.id, "announce")
            with pytest.raises(NotConfirmed) as said:
                await asking
        assert f"{WHO} has paused its step announce in Temporal (We look into it.)" in str(said.value)

        await unpause(play, play.challenge.id, "announce")
        await play.until(lambda state: state.held is not None)

        async def is_answered() -> bool:
            with suppress(NotConfirmed):
                return "hold" in await hold()
            return False

        await eventually(is_answered)
        assert [line.refused for line in play.record("hold")] == [False]


async def test_what_was_paused_before_any_worker_had_begun_it_is_tried_anew_when_a_person_asks_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No timer watches it. Fails when `retry` does nothing about it, or waits until it has ended."""
    activities, options = worker.activities, {"answer_within": SOON}
    async with dev_server() as client, playing(tmp_path, client, options=options, at_once=True) as play:
        await play.applied(2)
        await play.sealed()
        async with play.without_worker():
            monkeypatch.setattr(worker, "activities", lambda *_: [])
        asking = asyncio.create_task(play.decide("hold", reason="A complaint came in."))
        await pause(play, play.challenge.id, "announce", attempt=1)
        async with play.without_worker():
            monkeypatch.setattr(worker, "activities", activities)

        async def is_tried_anew() -> bool:
            with suppress(NotConfirmed):  # too soon: it waits
                return "hold" in await play.retry(play.challenge.id)
            return False

        await eventually(is_tried_anew)
        await play.until(lambda state: state.held is not None)
        with suppress(NotConfirmed):
            await asking
        assert [line.refused for line in play.record("hold")] == [False]


async def test_a_workflow_that_is_paused_as_a_whole_is_said_to_be_and_has_taken_nothing(tmp_path: Path) -> None:
    """Fails, with a traceback, where the SDK reads the answer: it knows no such status."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        for workflow in (play.challenge.id, key):
            await pause_all_of(play, workflow)
        with pytest.raises(Unavailable, match=f"{play.challenge.id} is paused in Temporal: unpause the workflow"):
            await play.desk.challenges.state(await play.actor(OPERATOR), play.challenge.id)
        with pytest.raises(Unavailable, match=f"did not pass on the hold to {play.challenge.id}: Workflow is paused"):
            await play.decide("hold", reason="A complaint came in.")
        with pytest.raises(Unavailable, match=f"did not pass on the release to {key}: Workflow is paused"):
            await play.release(key)
        found = {each.payment: each.what for each in (await play.reconcile()).differences}
        assert found[key].endswith("its workflow is paused in Temporal: unpause it there")

        for workflow in (play.challenge.id, key):
            await pause_all_of(play, workflow, go_on=True)
        await play.release(key)
        await play.payments_over(1)
        assert play.refusals() == []
