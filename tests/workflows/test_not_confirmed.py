"""A decision whose run goes away while it is decided is not confirmed, and never said to be refused."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotConfirmed, TooLate
from tests.play import Play
from tests.playing import playing
from tests.rails import GatedRail, Making
from tests.replay import recording
from tests.rounds import OPERATOR, SPONSOR
from tests.servers import dev_server
from tests.waiting import HANGS, eventually
from tests.workflows.holding import Held
from tests.workflows.resetting import reset_to_start
from workflows.interface import DELIVERY, NOTICES, RENEW

SELECTED = "for-exploration"


async def select(play: Play, teams: list[str]) -> str:
    """The sponsor's decision, always the same."""
    await play.declare(SPONSOR)
    actor = await play.actor(SPONSOR)
    return await play.desk.challenges.decide(
        actor, play.challenge.id, "select", stage="exploration", teams=teams, decision_id=SELECTED
    )


async def test_a_selection_whose_challenge_is_reset_meanwhile_is_not_confirmed_and_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where every failed update is a refusal: the sponsor would read that the selection, which is on the record
    and makes three payments due, was refused."""
    held = Held(monkeypatch, "select")
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.applied(3)
        await play.sealed()
        asking = asyncio.create_task(select(play, teams))
        await held.written()
        await reset_to_start(play, with_updates=True)
        with pytest.raises(NotConfirmed) as said:
            await asking
        held.answers()

        assert f"see `status {play.challenge.id}`" in str(said.value)
        assert f"--id {SELECTED}" in str(said.value)
        assert await select(play, teams) == play.record("select")[0].text
        state = await play.until(lambda state: len(state.payments) == 3)
        assert len(state.runs[0].teams) == 3
        assert [line.refused for line in play.record("select")] == [False]
        await play.payments_over(3)
        assert len(play.paid()) == 3


async def test_a_selection_whose_challenge_is_terminated_meanwhile_is_not_confirmed_and_the_next_one_is_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where a run that ends under a decision is taken for one that had ended before."""
    held = Held(monkeypatch, "select")
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.applied(3)
        await play.sealed()
        asking = asyncio.create_task(select(play, teams))
        await held.written()
        await play.handle.terminate("By hand.")
        with pytest.raises(NotConfirmed, match=SELECTED):
            await asking
        held.answers()

        assert play.refusals() == []
        with pytest.raises(TooLate, match="is not running in this Temporal namespace"):
            await play.decide("hold", reason="A complaint came in.")
        assert [line.action for line in play.record() if line.refused] == ["hold"]


@pytest.mark.parametrize("how", ["cancel", RENEW])
async def test_a_selection_is_taken_though_its_challenge_is_cancelled_in_temporal_or_renewed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The run answers before it goes. Fails where it does not wait for those who wait for an answer."""
    held = Held(monkeypatch, "select")
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.applied(3)
        await play.sealed()
        asking = asyncio.create_task(select(play, teams))
        await held.written()
        await (play.handle.cancel() if how == "cancel" else play.handle.signal(RENEW))
        held.answers()

        assert await asking == play.record("select")[0].text
        await play.until(lambda state: len(state.payments) == 3)
        await play.payments_over(3)


async def test_a_decision_that_nobody_has_heard_when_the_challenge_is_terminated_is_not_confirmed(
    tmp_path: Path,
) -> None:
    """No worker runs. Fails where whoever had asked before the end is told that it was too late."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.applied(3)
        await play.sealed()
        async with play.without_worker():
            asking = asyncio.create_task(select(play, teams))
            await eventually(partial(has_a_task, play, play.challenge.id))
            await play.handle.terminate("By hand.")
            with pytest.raises(NotConfirmed, match=SELECTED):
                await asking
        assert play.refusals() == []


async def has_a_task(play: Play, workflow: str) -> bool:
    """Whether Temporal wants a worker to do something for a workflow."""
    return (await recording.described(play.client, workflow)).HasField("pending_workflow_task")


@pytest.mark.parametrize("how", ["reset", "terminate"])
async def test_a_release_whose_payment_goes_away_meanwhile_is_not_confirmed_and_pays_once(
    tmp_path: Path, how: str
) -> None:
    """The rail is just asked. Fails as for a challenge."""
    gated = Making(GatedRail)
    async with dev_server() as client, playing(tmp_path, client, rail=gated, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        release = partial(play.release, key, decision_id="release-1")
        asking = asyncio.create_task(release())
        await asyncio.to_thread(gated.rail.reached.wait, HANGS)
        if how == "reset":
            await reset_to_start(play, key, with_updates=True)
        else:
            await client.get_workflow_handle(key).terminate("By hand.")
        with pytest.raises(NotConfirmed, match="--id release-1"):
            await asking
        gated.rail.gate.set()

        if how == "terminate":
            with suppress(TooLate):  # the activity itself may have settled it
                await play.retry(key)
        await play.stands(key, PaymentStatus.SETTLED)
        await play.payments_over(1)
        assert gated.rail.asked == {f"{key}/1": 1}
        assert play.refusals() == []


async def test_whoever_has_the_sending_of_notices_tried_again_as_it_goes_away_is_told_so(tmp_path: Path) -> None:
    """Fails, with a traceback, where nobody expects Temporal to say so."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        operator = await play.actor(OPERATOR)
        with pytest.raises(TooLate, match="Nothing sends notices here"):
            await play.desk.notices.retry(operator)
        await client.start_workflow(DELIVERY, id=NOTICES, task_queue="nobody-works-here")
        asking = asyncio.create_task(play.desk.notices.retry(operator))
        notices = client.get_workflow_handle(NOTICES)
        await eventually(partial(has_a_task, play, NOTICES))
        await notices.terminate("By hand.")
        with pytest.raises(NotConfirmed):
            await asking
