"""The Temporal server killed in the middle of a wait or of payments, and started again on the same file."""

from __future__ import annotations

from pathlib import Path

from domain.keys import transfer_id
from domain.payments.payment import PaymentStatus
from tests.crashes.played import Played, books_agree, short_pilot, waiting_pilot
from tests.crashes.running import opened_desk, running_server, running_worker, through
from tests.gateways.provider import Provider


async def test_a_killed_server_goes_on_with_the_challenge_and_its_deadline(tmp_path: Path) -> None:
    """Fails when the server keeps its state in memory: the challenge is gone."""
    database_url = f"sqlite:///{tmp_path / 'service.db'}"
    async with running_server(tmp_path) as (server, client):
        with (
            opened_desk(client, database_url) as desk,
            running_worker(client, database_url, tmp_path / "worker") as worker,
        ):
            await worker.started()
            played = Played(desk, "air-quality", short_pilot(accelerator=4))
            await played.open()
            for stage in ("exploration", "accelerator"):
                await played.waiting_for(f"selection for {stage}")
                await played.select_for(stage)
            await played.waiting_for("end of accelerator")
            deadline, the_same = await played.deadline(), worker.pid

            server.kill()
            await server.start()

            assert await played.waits_for() == "end of accelerator"
            assert await played.deadline() == deadline
            await played.waiting_for("selection for pre-commercial")
            ended = next(line for line in played.books.record(played.id) if line.stage == "pre-commercial")
            assert ended.at >= deadline
            async with played.finance_at_work():
                await played.paid(4)
            assert worker.pid == the_same, "the worker lives through it"


async def test_a_killed_server_goes_on_with_payments_wherever_they_were(tmp_path: Path) -> None:
    """One waits for bank details, one for its release, one for a provider that is away, one for its money to arrive.

    Fails when the server keeps its state in memory: nobody goes on with the payments.
    """
    database_url = f"sqlite:///{tmp_path / 'service.db'}"
    async with running_server(tmp_path) as (server, client):
        with (
            Provider() as provider,
            opened_desk(client, database_url, **through(provider)) as desk,
            running_worker(client, database_url, tmp_path / "worker", **through(provider)) as worker,
        ):
            await worker.started()
            played = Played(desk, "air-quality", waiting_pilot())
            await played.open()
            await played.waiting_for("selection for exploration")
            await played.select_for("exploration")
            no_payee, not_released, not_taken, on_its_way = payments = await played.payments_of_teams()
            for key in (not_released, not_taken, on_its_way):
                await played.give_payee(played.payments()[key].team)
            await played.stands(not_released, PaymentStatus.PAYEE_KNOWN)
            await played.release(on_its_way)
            await played.stands(on_its_way, PaymentStatus.SUBMITTED)
            the_same = worker.pid

            with provider.away():
                await played.release(not_taken)
                server.kill()
                await server.start()
            provider.settle(transfer_id(on_its_way, 1))
            await played.stands(not_taken, PaymentStatus.SUBMITTED)
            await played.give_payee(played.payments()[no_payee].team)
            for key in (no_payee, not_released):
                await played.release(key)
                await played.stands(key, PaymentStatus.SUBMITTED)
            for key in payments:
                if key != on_its_way:
                    provider.settle(transfer_id(key, 1))
            await played.look(*payments)
            for key in payments:
                await played.stands(key, PaymentStatus.SETTLED)

            assert sorted(booking.id for booking in provider.bookings) == sorted(
                transfer_id(key, 1) for key in payments
            )
            assert await books_agree(desk) == ()
            assert worker.pid == the_same, "the worker lives through it"
