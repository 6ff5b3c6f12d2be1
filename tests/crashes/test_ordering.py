"""A worker dies just before or after the commit of a selection that orders payments, and none works for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.payments.payment import PaymentStatus
from tests.crashes.dying import AFTER, BEFORE, WITHIN, only_in
from tests.crashes.dying_payments import start_in
from tests.crashes.played import Played, books_agree, waiting_pilot
from tests.crashes.running import opened_desk, running_worker
from tests.servers import new_namespace
from tests.waiting import until


@asynccontextmanager
async def died_at(moment: str, folder: Path) -> AsyncIterator[Played]:
    """A challenge whose sponsor selects four teams, and whose worker has died of it at a moment. No worker works.

    When the block ends, a worker comes up; everybody is paid, once.
    """
    database_url, client = f"sqlite:///{folder / 'service.db'}", await new_namespace()
    with (
        opened_desk(client, database_url) as desk,
        running_worker(client, database_url, folder / "worker", moment) as worker,
    ):
        await worker.started()
        played = Played(desk, "air-quality", waiting_pilot())
        await played.open()
        await played.waiting_for("selection for exploration")
        worker.stays_down()
        selecting = asyncio.create_task(played.select_for("exploration"))
        await until(lambda: bool(worker.deaths))
        yield played
        worker.comes_up()
        await selecting
        await check_everybody_is_paid(played)
        worker.check_alive()


async def check_everybody_is_paid(played: Played) -> None:
    """The workflow of each payment was started; each is settled at the first attempt, and all books agree."""
    payments = await played.payments_of_teams()
    assert await started(played) == len(payments)
    for team in played.teams:
        await played.give_payee(team)
    for key in payments:
        await played.release(key)
        await played.stands(key, PaymentStatus.SETTLED)
    assert [each.attempt for each in played.payments().values()] == [1] * len(payments)
    assert await books_agree(played.desk) == ()


async def started(played: Played) -> int:
    """For how many teams there is the workflow of a payment."""
    client, count = await played.desk.core.client(), 0
    for team in played.teams:
        try:
            run = await client.get_workflow_handle(f"{played.id}/exploration/{team}/1").describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            assert run.status is WorkflowExecutionStatus.RUNNING
            count += 1
    return count


async def test_a_selection_that_was_lost_at_its_commit_has_ordered_nothing(tmp_path: Path) -> None:
    """Fails when payments are started, or entered in the ledger, before the transaction that announces them."""
    async with died_at(f"{WITHIN} on select", tmp_path) as played:
        assert played.books.challenge(played.id).waits_for == "selection for exploration"
        assert (len(played.payments()), await started(played)) == (0, 0)


async def test_payments_of_a_selection_are_all_entered_before_the_first_is_started(tmp_path: Path) -> None:
    """Fails when each is entered and started in turn."""
    async with died_at(only_in(start_in("announce"), BEFORE), tmp_path) as played:
        assert played.books.challenge(played.id).waits_for == "end of exploration"
        assert (len(played.payments()), await started(played)) == (4, 0)


async def test_a_payment_that_was_started_alone_is_joined_by_the_others(tmp_path: Path) -> None:
    """Fails when only the try that entered the payments starts them, and when the second start of one is an error."""
    async with died_at(only_in(start_in("announce"), AFTER), tmp_path) as played:
        assert (len(played.payments()), await started(played)) == (4, 1)
