"""The life of one payment, from its request to the day on which the money has arrived.

It is a workflow of its own, named by its business key, because it can take days and must not hold up a stage. Read
`_pay` first. The ledger is the truth of where the payment stands: every step asks it for one move and goes on from its
answer, so that a payment can be taken up again at any time by a fresh run that knows nothing but what is to be paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from temporalio import workflow
from temporalio.common import RawValue

from . import columns, interface
from .handlers import asked_by, asked_in, check_operator, on_record, said_in, unanswered
from .runs import Run
from .steps import Steps
from .stubs import ANNOUNCE, REQUEST_PAYMENT, SETTLE_PAYMENT, SUBMIT_PAYMENT, Stub, stub_of

with workflow.unsafe.imports_passed_through():
    from whenever import Instant

    from domain.announcements.announcement import Announcement, Attention
    from domain.announcements.attention import attention_called
    from domain.challenges.messages import printable, read, sender
    from domain.challenges.steps import ToAnnounce
    from domain.payments import announcements, dates
    from domain.payments import page as payment_details
    from domain.payments.decisions import PAYMENT_DECISIONS
    from domain.payments.moves import Move, PaymentRequest, PaymentSettlement, PaymentSubmission, move_for
    from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
    from domain.programmes.round import round_of
    from domain.values.refusals import Refused

Moved = TypeVar("Moved", bound=Move)

_ASK_RAIL_EVERY = 1
"""Hours: how often a rail is asked about a transfer that is with it, while nobody says anything."""


@workflow.defn(name=interface.PAYMENT)
class PaymentWorkflow:
    """Pays one instalment of an award, once."""

    @workflow.init
    def __init__(self, payment: PaymentToMake) -> None:
        self._snapshot = payment.snapshot
        self._payment = payment.model_copy(update={"snapshot": None})  # which no activity has to be told
        self._key = payment.order.key
        self._run = Run(self._key)
        self._steps = Steps(self._run, self._show, self._call, self._leave, payment.stood_still)
        self._reminded = payment.reminded or self._run.known
        # Whether money has left or come back is asked and said in turn: between the two it could leave twice.
        self._turn = asyncio.Lock()
        # The challenge of a payment that is over has to be told: after a reset it does not know.
        self._ledger_has_changed = payment.snapshot is None or payment.snapshot.is_over
        self._moved = False

    @workflow.run
    async def run(self, payment: PaymentToMake) -> str:
        """Takes the payment through its steps; each may be repeated and pays nothing twice.

        Args:
            payment: what is paid, to whom, under which key.

        Returns:
            How the payment stands at the end: "settled" or "cancelled".

        Raises:
            ApplicationError: it was started by hand under another id than the payment's own.
        """
        self._run.check_id()
        try:
            return await self._pay()
        except asyncio.CancelledError:
            # What a team is owed is not undone by a button in Temporal.
            return await self._pay()

    async def _pay(self) -> str:
        while True:
            snapshot = await self._take_steps()
            await self._steps.rest()
            self._show_columns(snapshot)
            await workflow.wait_condition(workflow.all_handlers_finished)
            # A handler may have had the last word: money that had arrived has come back.
            if not self._has_changed(snapshot) and not self._ledger_has_changed:
                return str(snapshot.status)

    async def _take_steps(self) -> PaymentSnapshot:
        """Moves the payment on until nothing more happens to it."""
        while True:
            snapshot = self._snapshot
            if snapshot is None or self._ledger_has_changed:
                self._ledger_has_changed = self._moved = False  # also what has arrived may have come back since
                await self._move(REQUEST_PAYMENT, PaymentRequest(payment=self._payment), "look at the ledger")
                continue
            if snapshot.is_over and (self._moved or snapshot.status is PaymentStatus.CANCELLED):
                return snapshot
            self._moved = True
            if snapshot.status is PaymentStatus.RELEASED:
                what = f"{self._payment.amount} for {self._payment.order.team}"
                summary = f"see whether {what} is in a payment file" if snapshot.is_batched else f"submit {what}"
                await self._move(SUBMIT_PAYMENT, PaymentSubmission(payment=self._payment), summary)
            elif snapshot.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED):
                # A run that finds the payment settled was started because it may have come back since.
                settlement = PaymentSettlement(payment=self._payment)
                await self._move(SETTLE_PAYMENT, settlement, "ask the rail whether it has arrived, and stayed")
            if self._snapshot and self._snapshot.status is snapshot.status and not snapshot.is_over:
                await self._wait(self._snapshot)

    # The one place to wait.

    async def _wait(self, snapshot: PaymentSnapshot) -> None:
        """Sleeps until somebody moves the payment on, a reminder is due, or the rail is to be asked again."""
        await self._steps.rest()
        if self._run.has_to_move():
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._leave()
        self._show_columns(snapshot)
        reminder = dates.next_reminder(self._payment, snapshot, self._reminded)
        wake, why = reminder, payment_details.reminder_of(snapshot)
        if snapshot.can_be_asked:
            ask = self._run.known.add(hours=_ASK_RAIL_EVERY)
            if reminder is None or ask < reminder:
                wake, why = ask, "ask the rail again"
        has_come = await self._run.sleep(
            lambda: self._has_changed(snapshot) or self._ledger_has_changed or self._run.has_to_move(),
            wake,
            f"{why}: {self._payment.at(wake)}",
        )
        if has_come and reminder is not None and reminder <= self._run.known:
            await self._remind(reminder)

    def _has_changed(self, snapshot: PaymentSnapshot) -> bool:
        """Whether it stands otherwise than that; not whether the ledger was merely asked again."""
        return self._snapshot is not None and self._snapshot.version != snapshot.version

    async def _remind(self, rung: Instant) -> None:
        """Unless the ledger says that the payment has moved meanwhile, and nobody has told of it."""
        before = self._snapshot
        await self._move(REQUEST_PAYMENT, PaymentRequest(payment=self._payment), "look at the ledger before a reminder")
        if self._snapshot is not None and before is not None and self._snapshot.status is before.status:
            await self._announce(announcements.reminded(self._payment, self._snapshot, rung, self._run.known))
        self._reminded = self._run.known

    async def _announce(self, announcement: Announcement) -> None:
        announced_at = await self._steps.do(ANNOUNCE, ToAnnounce(announcement=announcement), announcement.entry.text)
        self._run.learn(announced_at)

    def _leave(self, stands_still: str = "") -> NoReturn:
        # What fell due since the last reminder, as while no worker ran, is for the next run to send.
        left = {"reminded": self._reminded, "stood_still": stands_still}
        self._run.leave(self._payment.model_copy(update=left))

    async def _move(self, stub: Stub[Moved, PaymentSnapshot], move: Moved, summary: str) -> None:
        self._become(await self._steps.do(stub, move, summary, self._turn, self._wait_for_a_person))

    async def _wait_for_a_person(self, came: Callable[[], bool]) -> None:
        """Until they come people are reminded as ever: a payment that stands still falls due as any other."""
        while not came():
            snapshot = self._snapshot
            reminder = dates.next_reminder(self._payment, snapshot, self._reminded) if snapshot else None
            if snapshot is None or reminder is None:
                await workflow.wait_condition(came)
                return
            why = f"{payment_details.reminder_of(snapshot)}: {self._payment.at(reminder)}"
            if await self._run.sleep(came, reminder, why):
                await self._announce(announcements.reminded(self._payment, snapshot, reminder, self._run.known))
                self._reminded = self._run.known

    def _become(self, snapshot: PaymentSnapshot) -> None:
        """An answer that was overtaken by a later one is left aside."""
        self._run.learn(snapshot.at)
        if self._snapshot is None or snapshot.version >= self._snapshot.version:
            self._snapshot = snapshot
            self._payment = self._payment.led_by(snapshot).amounting(snapshot.amended)
        self._show()

    # What people say. See `ChallengeWorkflow`: the handlers are dynamic, and a signal is handled as an update is.

    @workflow.update(dynamic=True, description="A decision, by its name in domain.payments.decisions, such as release.")
    async def any_update(self, name: str, arguments: Sequence[RawValue]) -> str:
        """A refusal is raised to the sender, and is on the record."""
        return await self._decide(name, said_in(arguments))

    @workflow.signal(dynamic=True, description="A decision, by its name, as by update.")
    async def any_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """A refusal is on the record, and told to the sender."""
        with unanswered(name):
            await self._decide(name, said_in(arguments))

    @workflow.signal(name=interface.LEDGER_CHANGED, description="The ledger has changed: look at it.")
    async def ledger_changed(self) -> None:
        """The team's bank details were given or changed, or a bank has reported."""
        self._ledger_has_changed = True

    @workflow.signal(name=interface.RENEW, description="Go on in a fresh run, on the newest build.")
    async def renew(self) -> None:
        """The next wait is left by continue-as-new."""
        with unanswered(interface.RENEW):
            await self._check_operator(interface.RENEW)
            self._run.renew()

    @workflow.update(name=interface.RETRY, description="What needs attention was mended: try again.")
    async def retry(self) -> str:
        """A person asks for another try; says of what."""
        await self._check_operator(interface.RETRY)
        self._ledger_has_changed = True
        return self._steps.try_again()

    @workflow.query(name=interface.SNAPSHOT, description="How the payment stands.")
    def snapshot(self) -> PaymentSnapshot | None:
        """As the ledger last said; None before it was asked."""
        return self._snapshot

    async def _decide(self, kind: str, said: Sequence[bytes]) -> str:
        """Takes a decision, or refuses it on the record.

        Raises:
            ApplicationError: it is refused, and why.
        """
        async with on_record(partial(self._refuse, kind, said)):
            await workflow.wait_condition(lambda: self._snapshot is not None)
            assert self._snapshot is not None, "the ledger has just answered"
            decision = read(kind, said, PAYMENT_DECISIONS, f"version {self._snapshot.version}")
            asked = asked_by(decision)
            move = move_for(self._payment, decision, asked)
            answer = announcements.decided(self._payment, decision, self._run.known).entry.text
            self._become(await self._steps.do_unless_refused(stub_of(move), move, answer, self._turn))
            self._steps.try_again()  # a step that stands still may be overtaken by this
            if not asked.header:
                self._payment = self._payment.model_copy(update={"not_proven": self._payment.not_proven + 1})
                self._show()
            return answer

    async def _check_operator(self, kind: str) -> None:
        """As `ChallengeWorkflow` does."""
        async with on_record(partial(self._refuse, kind, ())):
            await check_operator(self._steps, kind, self._payment.unproven)

    async def _refuse(self, kind: str, said: Sequence[bytes], refusal: Refused) -> None:
        """Puts on record what is not done, and tells its sender."""
        what, why, unique = printable(kind)[:60], printable(str(refusal)), str(workflow.uuid4())
        announcement = announcements.refused(self._payment, what, sender(said), why, self._run.known, unique)
        asked = asked_in(kind, said, PAYMENT_DECISIONS, "")
        what_came = ToAnnounce(announcement=announcement, asked=asked)
        await self._steps.do(ANNOUNCE, what_came, f"Refused: {announcement.entry.text}")

    def _call(self, attention: Attention) -> Announcement:
        order, unique = self._payment.order, str(workflow.uuid4())
        return attention_called(
            order.challenge, self._payment.operators, attention, order.stage, self._run.now(), unique
        )

    def _show(self) -> None:
        """Lets staff see where the payment stands: the run's details, and whether it needs somebody."""
        attention, snapshot = self._steps.attention, self._snapshot
        workflow.set_current_details(payment_details.details(self._payment, snapshot, self._run.known, attention))
        in_doubt = snapshot is not None and snapshot.is_in_doubt
        columns.show(
            (interface.NEEDS_ATTENTION, bool(attention) or in_doubt or None),
            (interface.NOT_PROVEN, self._payment.not_proven > 0 or None),
        )

    def _show_columns(self, snapshot: PaymentSnapshot) -> None:
        """The rest of its row in the list: only where the payment rests, as each change leaves an event.

        The day promised stays there when it is paid: Temporal's test server cannot read a date that was taken away.
        """
        order, until = self._payment.order, snapshot.pay_by
        columns.show(
            (interface.ROUND, round_of(order.challenge)),
            (interface.STAGE, order.stage),
            (interface.WAITS_FOR, payment_details.waits_for(snapshot)),
            (interface.UNTIL, until.to_stdlib() if until else None),
        )
