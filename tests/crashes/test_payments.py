"""Payments through a provider that misbehaves and notices through a channel that does, by a worker that is killed at
every step of both.

Nothing is paid twice, nothing is lost unseen, everybody is told once, and at the end all books agree to the penny.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus

from domain.announcements.occasions import Occasion
from domain.keys import transfer_id
from domain.payments.payment import PaymentStatus
from tests.crashes.dying import AFTER, BEFORE, WITHIN, only_in, point
from tests.crashes.dying_payments import BEGUN, RAIL_ASKED, TRANSFER, note_in, start_in, telling_in
from tests.crashes.dying_sender import SENDER
from tests.crashes.dying_worker import check_died
from tests.crashes.played import Played, books_agree, waiting_pilot
from tests.crashes.running import Worker, opened_desk, running_worker, telling, through
from tests.gateways import notify
from tests.gateways.notify import Notify
from tests.gateways.provider import TOKEN, Fault, Mischief, Provider
from tests.rounds import FINANCE, OPERATOR
from tests.servers import new_namespace
from tests.waiting import until

NOTED_BY = ("submit_payment", "settle_payment")
TOLD_BY = ("settle_payment", "return_payment", "undo_return_payment", "cancel_payment")
OF_THESE = (
    *(
        only_in(activity, moment)
        for activity in ("order_payments", "submit_payment", "return_payment", "undo_return_payment", "cancel_payment")
        for moment in (BEFORE, WITHIN)
    ),
    only_in("settle_payment", BEFORE),
    *(only_in(note_in(activity), WITHIN) for activity in NOTED_BY),
)
"""Moments of the activities that `test_deaths` does not have, or not with money that comes back."""
OF_RUNS_AND_RAIL = (
    only_in(start_in("order_payments"), BEFORE),
    *(only_in(telling_in(activity), BEFORE) for activity in TOLD_BY),
    BEGUN,
    RAIL_ASKED,
)
"""Moments around what these activities do besides: they start and tell workflows, and ask the rail."""
SENDS = ("claim", "send", "note_sent")
"""What a sender does for every notice."""
PASSES = {
    Occasion.WINDOW_OPENED,
    Occasion.DECISION_INVITED,
    Occasion.PAYMENT_REQUESTED,
    Occasion.PAYMENT_TO_RELEASE,
    Occasion.PAYMENT_RETURNED,
    Occasion.ATTENTION,
}
"""Notices of what may be over before they leave."""
PENCE = 2_000_00
"""Of each payment."""


class Moody:
    """Mischief until it is told to stop.

    Args:
        seed: see `Mischief`.
    """

    def __init__(self, seed: int) -> None:
        self._mischief = Mischief(seed)
        self.calm = False

    def __call__(self) -> Fault:
        """What goes wrong with the next request."""
        return Fault.NONE if self.calm else self._mischief()


async def test_a_payment_is_made_once_however_often_worker_and_provider_fail(tmp_path: Path) -> None:
    """Three challenges at once, with deaths of their own, and with mischief of their own of the provider and of Notify.

    Fails when the name of a transfer changes from try to try (booked twice); when a transfer is not noted as begun, or
    a release does not look for its key (a step is tried again in vain, and needs a person who cannot mend it); when the
    rail is asked without a look at what it has taken; when payments that are ordered again are not started; and when a
    notice that may have been sent is sent again without a look, or not at all.
    """
    async with asyncio.TaskGroup() as together:
        together.create_task(play(await new_namespace(), tmp_path / "one", 1, AFTER))
        together.create_task(play(await new_namespace(), tmp_path / "two", 2, *OF_THESE))
        together.create_task(play(await new_namespace(), tmp_path / "three", 3, *OF_RUNS_AND_RAIL))


# Longer than others: one life of four payments, each step of which follows from the step before.
async def play(client: Client, folder: Path, seed: int, *moments: str) -> None:
    """Four payments: one settles, although a person once says that it came back; one comes back and is made again; one
    comes back late; one is cancelled."""
    database_url, mood = f"sqlite:///{folder / 'service.db'}", Moody(seed)
    with (
        Provider(mood) as provider,
        Notify(notify.Mischief(seed, likelihood=0.3)) as post,
        opened_desk(client, database_url, **through(provider)) as desk,
        running_worker(
            client, database_url, folder / "worker", *moments, **through(provider), **telling(post)
        ) as worker,
    ):
        await worker.started()
        played = Played(desk, "air-quality", waiting_pilot())
        await played.open()
        await played.waiting_for("selection for exploration")
        await played.select_for("exploration")
        *to_pay, given_up = await played.payments_of_teams()
        await order_again(played, *to_pay, given_up)
        await played.decide_on(given_up, "cancel", reason="The team has no account.")

        provider.token = "another"
        for key in to_pay:
            await played.give_payee(played.payments()[key].team)
            await played.release(key)
        await until(lambda: needed_attention(played) == len(to_pay))
        provider.token = TOKEN
        for key in to_pay:
            await played.retry(key)

        straight, back, back_late = to_pay
        for key in to_pay:
            await played.stands(key, PaymentStatus.SUBMITTED)
        provider.settle(transfer_id(straight, 1))
        provider.return_(transfer_id(back, 1), "account closed")
        provider.settle(transfer_id(back_late, 1))
        await played.look(*to_pay)
        await played.stands(straight, PaymentStatus.SETTLED)
        await played.stands(back, PaymentStatus.RETURNED)
        await played.stands(back_late, PaymentStatus.SETTLED)

        await played.decide_on(straight, "return", reason="A slip.")
        await played.decide_on(straight, "undo-return", reason="It is with the team.")

        # The provider calls it settled, and a person sees the money on the statement again.
        await played.decide_on(back_late, "return", reason="It is on the statement again.")
        provider.return_(transfer_id(back_late, 1), "account closed")
        for key in (back, back_late):
            await played.release(key)
            await played.stands(key, PaymentStatus.SUBMITTED)
            provider.settle(transfer_id(key, 2))
            await played.look(key)
            await played.stands(key, PaymentStatus.SETTLED)

        worker.check_alive()
        worker.check_looked()
        check_deaths(worker, played, to_pay, given_up, moments)
        mood.calm = True
        check_books(played, provider, {straight: 1, back: 2, back_late: 2, given_up: 0})
        check_told(played, {straight: 1, back: 2, back_late: 2, given_up: 0}, straight)
        await check_sent(played, post)
        worker.check_alive()
        if AFTER in moments:
            assert {point(SENDER, step, AFTER) for step in SENDS} <= worker.deaths
        assert await books_agree(desk) == ()
        assert (needed_attention(played), played.books.challenge(played.id).attention) == (len(to_pay), "")


async def order_again(played: Played, *payments: str) -> None:
    """Once the payments run, somebody terminates all their workflows; the challenge orders them again."""
    await played.waiting_for("end of exploration")
    client = await played.desk.core.client()
    for key in payments:
        await client.get_workflow_handle(key).terminate("by mistake")
    await played.retry(played.id)
    for key in payments:
        assert (await client.get_workflow_handle(key).describe()).status is WorkflowExecutionStatus.RUNNING


def needed_attention(played: Played) -> int:
    """How often a person was called, which is once for what stands still."""
    lines = played.books.record(played.id)
    return sum(line.action == "attention" and line.text.startswith("Needs attention") for line in lines)


def check_books(played: Played, provider: Provider, attempts: dict[str, int]) -> None:
    """Ledger and provider say the same of every payment, to the penny."""
    asked = {transfer_id(key, number) for key, times in attempts.items() for number in range(1, times + 1)}
    assert Counter(booking.id for booking in provider.bookings) == dict.fromkeys(asked, 1)
    for key, times in attempts.items():
        payment = played.payments()[key]
        kept = [b.pence for b in provider.bookings if b.id.startswith(f"{key}/") and b.progress != "returned"]
        assert payment.attempt == times
        if times:
            assert (payment.status, kept) == (PaymentStatus.SETTLED, [PENCE])
            assert payment.amount.gross.pence == PENCE
        else:
            assert (payment.status, kept) == (PaymentStatus.CANCELLED, [])


def check_told(played: Played, attempts: dict[str, int], slip: str) -> None:
    """Everybody was told of each step, once; no step was refused. Of one a person said by a slip that it came back."""
    told: Counter[tuple[str, str]] = Counter()
    for key, times in attempts.items():
        team, arrived = played.payments()[key].team, int(key == slip)
        came_back = max(0, times - 1) + arrived
        told[Occasion.PAYMENT_REQUESTED, team] = 1
        told[Occasion.PAYMENT_SENT, team] = times
        told[Occasion.PAYMENT_RETURNED, team] = came_back
        told[Occasion.PAYMENT_RETURN_UNDONE, team] = arrived
        told[Occasion.PAYMENT_CANCELLED, team] = 0 if times else 1
        told[Occasion.PAYMENT_TO_RELEASE, FINANCE] += 1 if times else 0
        for person in (FINANCE, OPERATOR):
            told[Occasion.PAYMENT_RETURNED, person] += came_back
            told[Occasion.PAYMENT_RETURN_UNDONE, person] += arrived
    notices = Counter((each.occasion, each.recipient) for each in played.books.notices(played.id))
    assert {each: notices[each] for each in told} == dict(told)
    assert [line.text for line in played.books.record(played.id) if line.refused] == []


async def check_sent(played: Played, post: Notify) -> None:
    """Each notice left once, or was no longer so; none is lost."""

    def told() -> dict[str, str]:
        return {notice.key: notice.status for notice in played.books.notices(played.id)}

    await until(lambda: set(told().values()) <= {"sent", "delivered", "failed", "lapsed"})
    assert "failed" not in told().values()
    assert post.counts() == {key: 1 for key, status in told().items() if status != "lapsed"}
    lapsed = {notice.occasion for notice in played.books.notices(played.id) if notice.status == "lapsed"}
    assert lapsed <= PASSES


def check_deaths(worker: Worker, played: Played, to_pay: list[str], given_up: str, moments: tuple[str, ...]) -> None:
    """The worker died at every moment of every step that was to be taken; see `check_died`."""
    straight, back, back_late = to_pay
    releases = [(straight, 0), (back, 0), (back_late, 0), (back, 1), (back_late, 1)]
    transfers = [transfer_id(key, times + 1) for key, times in releases]
    of_challenge = [(f"{played.id}/{step}", "announce") for step in ("opened", "select/for-exploration")]
    of_challenge += [(played.id, "seal_window"), (straight, "order_payments")]
    decided = [(f"{key}/release/{played.decision_on('release', times)}", "release_payment") for key, times in releases]
    decided += [(f"{given_up}/cancel/{played.decision_on('cancel', 0)}", "cancel_payment")]
    decided += [(f"{key}/return/{played.decision_on('return', 1)}", "return_payment") for key in (straight, back_late)]
    decided += [(f"{straight}/undo-return/{played.decision_on('undo-return', 1)}", "undo_return_payment")]
    moved = [(key, activity) for key in to_pay for activity in ("request_payment", "submit_payment", "settle_payment")]
    told = [(key, telling_in("settle_payment")) for key in to_pay]
    told += [(key, telling_in("return_payment")) for key in (straight, back_late)]
    told += [(straight, telling_in("undo_return_payment")), (given_up, telling_in("cancel_payment"))]
    started = [(key, start_in(by)) for key in (*to_pay, given_up) for by in ("announce", "order_payments")]
    noted = [(each, note_in(activity)) for each in transfers for activity in NOTED_BY]
    asked = [(each, TRANSFER) for each in transfers]
    activities = of_challenge + decided + moved
    steps = {
        BEFORE: activities + started + told,
        WITHIN: activities + noted,
        BEGUN: asked,
        RAIL_ASKED: asked,
        AFTER: activities + started + told,
    }
    # The keys of calls for a person are left to chance, and so is what a sender comes to do.
    died = {each for each in worker.deaths if "/attention/" not in each and not each.startswith(SENDER)}
    wanted = {
        point(key, step, moment)
        for moment, taken in steps.items()
        for key, step in taken
        if moment in moments or only_in(step, moment) in moments
    }
    # Whether a run that is started again when its payment is over has ended before is left to chance.
    looks = ("request_payment", telling_in("request_payment"))
    allowed = {point(key, look, moment) for key in (*to_pay, given_up) for look in looks for moment in moments}
    check_died(died, wanted, allowed)
