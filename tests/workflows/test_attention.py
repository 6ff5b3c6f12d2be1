"""What fails for longer than patience lasts becomes visible, and goes on once a person has mended it (invariant 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, event, text
from temporalio.client import WorkflowExecutionStatus

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from store.database.database import Database
from tests.play import Play
from tests.playing import months, playing
from tests.rails import BrokenRail, Making
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR
from tests.servers import dev_server
from tests.waiting import eventually
from workflows.interface import NEEDS_ATTENTION, RENEW

MARKER = "robin.marker@company.example"


@contextmanager
def refusing_to_write(database: Database, after: str = "") -> Iterator[list[Connection]]:
    """A database in which nothing can be put on record, or nothing once an action is there.

    Gives the connections whose transactions came to nothing.
    """
    when = f"WHEN EXISTS (SELECT 1 FROM record WHERE action = '{after}')" if after else ""
    refused: list[Connection] = []
    note = refused.append  # the same object each time, by which it is taken away again
    event.listen(database.engine, "rollback", note)
    with database.engine.begin() as connection:
        connection.execute(
            text(f"CREATE TRIGGER full BEFORE INSERT ON record {when} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        )
    try:
        yield refused
    finally:
        with database.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER full"))
        event.remove(database.engine, "rollback", note)


async def until_attention(play: Play, workflow: str, needed: bool) -> None:
    """Waits until the list that staff see says that a workflow needs attention, or no longer does."""
    handle = play.client.get_workflow_handle(workflow)

    async def says_so() -> bool:
        return (await handle.describe()).typed_search_attributes.get(NEEDS_ATTENTION, False) is needed

    await eventually(says_so)


async def test_a_payment_that_the_rail_refuses_waits_for_a_person_and_is_then_paid_once(
    tmp_path: Path, impatient: None
) -> None:
    """Fails when patience has no end, when the fault is not shown, and when `retry` starts anew instead of going on
    (invariants 1 and 7)."""
    broken = Making(lambda database: BrokenRail(database, f"no account of {MARKER}"))
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=broken, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.released()
        payment = client.get_workflow_handle(key)
        await until_attention(play, key, True)

        assert play.paid() == {}
        assert [each.status for each in play.books.payments()] == ["released"]
        assert (await play.state()).unpaid == (key,)
        await play.until_told(Occasion.ATTENTION, {OPERATOR: 1})
        assert "ConnectionError" in play.payment(key).attention
        history = (await payment.fetch_history()).to_json()
        assert "ConnectionError" in history
        assert MARKER not in history

        broken.rail.mended = True
        assert "ConnectionError" in await play.retry(key)
        assert await payment.result() == "settled"
        await play.until(lambda state: not state.unpaid)
        await until_attention(play, key, False)
        assert list(play.paid().values()) == ["2000.00"]
        assert play.payment(key).attention == ""
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_people_are_reminded_of_a_payment_that_stands_still(tmp_path: Path) -> None:
    """Fails when nobody is: operators were told once, and the day on which it was to be paid would pass unseen."""
    broken = Making(BrokenRail)
    async with months() as environment, playing(tmp_path, environment, rail=broken) as play:
        (key,) = await play.owed()
        await play.released()
        play.finance_works = False
        await play.skip(timedelta(minutes=6))
        await play.until_told(Occasion.ATTENTION, {OPERATOR: 1})
        pay_by = play.payment(key).pay_by
        assert pay_by is not None
        await play.skip_to(pay_by)
        await play.until_told(Occasion.PAYMENT_OVERDUE, {FINANCE: 1})
        await play.skip_to(pay_by + Play.DAY * 3)
        await play.until_told(Occasion.PAYMENT_OVERDUE, {FINANCE: 2, OPERATOR: 1})

        broken.rail.mended = True
        await play.retry(key)
        await play.payments_over(1)
        await play.skip_to(pay_by + Play.DAY * 30)
        assert play.told(Occasion.PAYMENT_OVERDUE) == {FINANCE: 2, OPERATOR: 1}
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_a_payment_that_is_cancelled_in_temporal_while_it_needs_attention_is_still_paid_once(
    tmp_path: Path, impatient: None
) -> None:
    """Fails when cancelling ends the run, and when it leaves the wait for a person without another try
    (invariants 1 and 7)."""
    broken = Making(BrokenRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=broken, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.released()
        payment = client.get_workflow_handle(key)
        await until_attention(play, key, True)
        broken.rail.mended = True
        await payment.cancel()
        await eventually(partial(recording.is_closed, client, key))

        assert (await payment.describe()).status is WorkflowExecutionStatus.COMPLETED
        await play.until(lambda state: not state.unpaid)
        await until_attention(play, key, False)
        assert list(play.paid().values()) == ["2000.00"]
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_a_database_that_refuses_to_write_stops_the_challenge_visibly_until_it_is_mended(
    tmp_path: Path, impatient: None
) -> None:
    """Fails when a failure of a write in the workflow task ends the workflow, or is swallowed."""
    async with (
        dev_server() as client,
        playing(tmp_path, client, at_once=True) as play,
    ):
        await play.applied(2)
        with refusing_to_write(play.desk.core.database, after="opened"):
            await play.begin()
            await until_attention(play, play.challenge.id, True)
            assert (await play.state()).phase is Phase.WINDOW
            page = await play.details()
            assert "**Needs\N{NO-BREAK SPACE}attention**" in page
            assert f"| {OPERATOR}: mend what needs attention; unless that settles it, applicants |" in page
        assert await play.retry(play.challenge.id)
        state = await play.until(lambda state: state.phase is Phase.DECIDING)
        await until_attention(play, play.challenge.id, False)

        assert state.applications == 2
        assert len(play.record("sealed")) == 1
        assert (await play.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        assert "attention" not in await play.details()


async def test_a_payment_that_stands_still_can_be_renewed_and_needs_nobody_once_it_has_gone_on(
    tmp_path: Path, impatient: None
) -> None:
    """So that a build that mends the cause can take it over (invariant 8). Fails when the wait for a person hears of no
    renewal, and when what stood still before stays on the list for ever."""
    broken = Making(BrokenRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=broken, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.released()
        await until_attention(play, key, True)
        run = await recording.latest_run(client, key)
        assert "ConnectionError" in play.payment(key).attention

        broken.rail.mended = True
        await client.get_workflow_handle(key).signal(RENEW)
        await play.payments_over(1)
        await until_attention(play, key, False)
        assert await recording.latest_run(client, key) != run
        assert play.payment(key).attention == ""
        assert broken.rail.asked == {f"{key}/1": 1}


async def test_a_challenge_that_stands_still_can_be_renewed_and_goes_on_where_it_stood(
    tmp_path: Path, impatient: None
) -> None:
    """Fails as the one before it, and when the fresh run does not say that it still needs somebody."""
    async with (
        dev_server() as client,
        playing(tmp_path, client, at_once=True) as play,
    ):
        await play.applied(2)
        with refusing_to_write(play.desk.core.database, after="opened"):
            await play.begin()
            await until_attention(play, play.challenge.id, True)
            run = await play.run_id()
            await play.handle.signal(RENEW)
            await play.until_renewed(run)
            assert "**Needs\N{NO-BREAK SPACE}attention**" in await play.details()
            await until_attention(play, play.challenge.id, True)
        await play.retry(play.challenge.id)
        await play.until(lambda state: state.phase is Phase.DECIDING)
        await until_attention(play, play.challenge.id, False)

        async def is_said_to_go_on() -> bool:  # before, nothing could be written
            return play.course() == ["opened", "sealed", "attention"]

        await eventually(is_said_to_go_on)
        assert play.books.challenge(play.challenge.id).attention == ""


async def test_a_database_that_is_away_for_a_moment_needs_nobody(tmp_path: Path) -> None:
    """Fails when a write is not tried again, or a decision is lost with it."""
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.until(lambda state: state.opened)
        with refusing_to_write(play.desk.core.database) as refused:
            decision = asyncio.create_task(play.decide("cancel", OPERATOR, reason="It is over."))

            async def was_tried() -> bool:
                return bool(refused)

            await eventually(was_tried)
        await decision
        result = await play.result()

        assert result.outcome is Outcome.CANCELLED
        assert [line.refused for line in play.record("cancel")] == [False]
        assert play.books.challenge(play.challenge.id).attention == ""
