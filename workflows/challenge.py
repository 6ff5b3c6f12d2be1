"""The life of one challenge, from opening its window to its outcome.

Read `run` first: it is the whole story. Everything that happens on the way is a rule in `domain`, which makes the next
state and the announcement of it; here the announcement is made, and only then the state is the challenge's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue

from . import columns, interface
from .handlers import asked_by, asked_in, check_operator, on_record, said_in, unanswered
from .proofs import came_with_it
from .runs import Run
from .steps import Steps
from .stubs import ANNOUNCE, LOOK_UP_REPORTS, ORDER_PAYMENTS, READ_CLOCK, READ_UNCHANGEABLE, SEAL_WINDOW, Answer

with workflow.unsafe.imports_passed_through():
    from whenever import Instant

    from domain.announcements.announcement import Announcement, Attention
    from domain.announcements.attention import attention_called
    from domain.challenges import deadlines
    from domain.challenges.amendment import payments_of
    from domain.challenges.awards import amended_orders, order_closed, payments_due, unpaid_orders
    from domain.challenges.decisions import DECISIONS, Amend, Decision
    from domain.challenges.messages import (
        already_answered,
        content_of,
        decide,
        read,
        refusal_announced,
        texts_in,
    )
    from domain.challenges.page import details
    from domain.challenges.publishing import with_snapshot
    from domain.challenges.state import Phase, Result, State
    from domain.challenges.steps import Orders, PaymentKeys, Sealing, ToAnnounce
    from domain.identity.asked import Asked
    from domain.payments.payment import payment_to_make
    from domain.payments.reports import MOST, LedgerSays, Report, Reports, report_in
    from domain.values.refusals import AwaitsConfirmation, NotReadable, Refused


@workflow.defn(name=interface.CHALLENGE)
class ChallengeWorkflow:
    """One open question, from its window to its outcome."""

    @workflow.init
    def __init__(self, state: State) -> None:
        self._state = state.having(stood_still="")
        self._run = Run(state.challenge.id)
        self._steps = Steps(self._run, self._show, self._call, self._leave, state.stood_still)
        self._changes = 0
        self._reports: list[Report] = []
        # Whatever changes the state holds this: a rule sees the state that its result will replace.
        self._one_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, state: State) -> Result:
        """For each stage takes what it is filled from, has teams selected and runs it; closes.

        Args:
            state: a new challenge (`State.of`), or one that another run has left at a wait.

        Returns:
            The outcome and what was paid.

        Raises:
            ApplicationError: it was started by hand under another id than the challenge's own.
        """
        self._run.check_id()
        self._show()
        try:
            while self._state.phase is not Phase.ENDED:
                await self._take_proposals()
                await self._select_teams()
                await self._run_stage()
        except asyncio.CancelledError:
            await self._end_as_cancelled_in_temporal()
        with suppress(asyncio.CancelledError):
            return await self._close()
        return await self._close()  # cancelled in Temporal after it had ended: its payments are still waited for

    # The steps of the story. Each does nothing if an earlier run has done it.

    async def _take_proposals(self) -> None:
        """Takes the applications; later, the further proposals that the next stage asks for, if it asks for any."""
        if not self._state.story and self._run.known < self._state.opens:
            async with self._one_at_a_time:
                await self._announce(*deadlines.scheduled(self._state, self._run.known))
        while self._state.phase is Phase.WINDOW:
            await self._wait()
            async with self._one_at_a_time:
                await self._act_on_deadline()

    async def _select_teams(self) -> None:
        while self._state.phase is Phase.DECIDING:
            await self._wait()

    async def _run_stage(self) -> None:
        while self._state.phase is Phase.RUNNING:
            await self._wait()
            async with self._one_at_a_time:
                await self._act_on_deadline()

    async def _close(self) -> Result:
        paid_up = not self._state.payments
        while True:
            if self._state.is_open:
                await self._wait()
                paid_up = False
            elif not paid_up:
                paid_up = await self._say_that_all_is_paid()
            elif workflow.all_handlers_finished():
                await self._steps.rest()
                return Result.of(self._state)
            else:  # what they are about may be money that comes back
                await workflow.wait_condition(workflow.all_handlers_finished)

    async def _say_that_all_is_paid(self) -> bool:
        """Says it, unless a payment has come back before its turn came."""
        async with self._one_at_a_time:
            if self._state.is_open:
                return False
            # The payments have gone on since the challenge last learned what time it is. People only read this time.
            await self._announce(*deadlines.paid_up(self._state, self._run.now()))
            return True

    # What the steps are made of.

    async def _wait(self) -> None:
        """The one place to wait: sleeps until a change, a reminder or the deadline, whichever comes first.

        Sends the reminder if one is due. Any wait can be left by continue-as-new, because the state is all there is.
        """
        if self._run.has_to_move():
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._leave(self._steps.attention)
        deadline, reminder = self._state.deadline, deadlines.next_reminder(self._state)
        wake = min((each for each in (deadline, reminder) if each and each > self._run.known), default=None)
        seen = self._changes
        if not self._is_due() and not (reminder and reminder <= self._run.known):
            await self._steps.rest()
            await self._run.sleep(
                lambda: self._changes != seen or self._run.has_to_move(), wake, self._timer_summary(wake)
            )
        async with self._one_at_a_time:
            reminder = deadlines.next_reminder(self._state)
            if reminder and reminder <= self._run.known and not self._is_due():
                await self._announce(*deadlines.reminded(self._state, self._run.known))

    def _is_due(self) -> bool:
        """Whether the deadline has come. A decision is never too late: only the sponsor ends that wait."""
        deadline = self._state.deadline
        return deadline is not None and self._state.phase is not Phase.DECIDING and deadline <= self._run.known

    async def _act_on_deadline(self) -> None:
        """What comes by itself: the window opens, closes and is sealed, a stage ends."""
        while self._is_due():
            if self._state.phase is Phase.RUNNING:
                await self._announce(*deadlines.stage_ended(self._state, self._run.known))
            elif self._state.opened:
                await self._seal()
            else:
                await self._announce(*deadlines.opened(self._state, self._run.known))

    async def _announce(self, new: State, announcement: Announcement, asked: Asked | None = None) -> None:
        """Writes down and tells what happened, and orders what is due because of it; after that it has happened.

        Args:
            new: the challenge from then on.
            announcement: what happened.
            asked: what a person has asked for, if it comes of that: the database may know a reason against it.
        """
        entry, announcement, orders = announcement.entry, with_snapshot(new, announcement), payments_due(new)
        payments = tuple(payment_to_make(new, each) for each in orders)
        summary = f"Refused: {entry.text}" if entry.refused else entry.text
        do = self._steps.do_unless_refused if asked and not entry.refused else self._steps.do
        owed = unpaid_orders(new) if announcement.withdrawn else ()
        leaving = tuple(payment_to_make(new, each) for each in owed if each.team == announcement.withdrawn)
        changed = amended_orders(self._state, new) if announcement.entry.action == Amend.kind else ()
        amended = tuple(payment_to_make(new, each) for each in changed)
        what = ToAnnounce(announcement=announcement, payments=payments, leaving=leaving, amended=amended, asked=asked)
        new = new.ordering(each.key for each in orders)

        def has_happened(announced_at: datetime) -> None:
            self._run.learn(announced_at)
            self._become(new, announcement)

        await self._whole(partial(do, ANNOUNCE, what, summary), has_happened)

    async def _seal(self) -> None:
        at = self._run.known
        sealing = Sealing(state=self._state, at=at)
        await self._whole(
            partial(self._steps.do, SEAL_WINDOW, sealing, "seal the window"),
            lambda came: self._become(*deadlines.sealed(self._state, came.number, at, came.sent)),
        )

    async def _whole(self, step: Callable[[], Awaitable[Answer]], has_happened: Callable[[Answer], None]) -> None:
        """Takes a step to its end, also if the challenge is cancelled in Temporal meanwhile.

        The step may be done already then, with payments on their way.

        Args:
            step: the step, which can safely be taken twice.
            has_happened: what follows from its answer.
        """
        try:
            answer = await step()
        except asyncio.CancelledError:
            has_happened(await step())
            raise
        has_happened(answer)

    async def _end_as_cancelled_in_temporal(self) -> None:
        async with self._one_at_a_time:
            if self._state.phase is not Phase.ENDED:
                await self._announce(*deadlines.cancelled_outside(self._state, self._run.known))

    def _leave(self, stands_still: str) -> NoReturn:
        self._run.leave(self._state.having(stood_still=stands_still))

    # What people and payments say. Every decision comes as an update or as a signal, and is handled alike. The handlers
    # are dynamic and take what comes: one that lacked an argument, or got one too many, would fail its task for ever.

    @workflow.update(dynamic=True, description="A decision, by its name in domain.challenges.decisions.")
    async def any_update(self, name: str, arguments: Sequence[RawValue]) -> str:
        """A refusal is raised to the sender, and is on the record."""
        # History vouches for this instant: an accepted update is in it together with the task that accepted it.
        self._run.learn(workflow.now())
        return await self._decide(name, said_in(arguments))

    @workflow.signal(dynamic=True, description="A decision, by its name, as by update; or a payment's settlement.")
    async def any_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """A refusal shows in the record, in the run's details and by notice to the sender."""
        if name == interface.PAYMENT_CHANGED:
            await self._payment_changed(said_in(arguments))
            return
        with unanswered(name):
            await self._decide(name, said_in(arguments), by_signal=True)

    async def _payment_changed(self, said: Sequence[bytes]) -> None:
        """Goes by what the ledger says. A report that is not so is refused: somebody has sent it by hand."""
        try:
            self._reports.append(report_in(texts_in(said)))
        except NotReadable as refusal:
            async with self._one_at_a_time:
                await self._refuse(interface.PAYMENT_CHANGED, said, refusal)
            return
        async with self._one_at_a_time:
            # Those that have come while others were looked up are looked up together.
            came, self._reports = tuple(dict.fromkeys(self._reports[:MOST])), self._reports[MOST:]
            if came:
                asked = Reports(challenge=self._state.challenge.id, reports=came)
                found = await self._steps.do(LOOK_UP_REPORTS, asked, "see what the ledger says of payments")
                for each in found.answers:
                    await self._hear(each, said)

    async def _hear(self, ledger: LedgerSays, said: Sequence[bytes]) -> None:
        if not ledger.was_so:
            await self._refuse(interface.PAYMENT_CHANGED, said, ledger.refusal)
        if ledger.how is not None:
            self._become(order_closed(self._state, ledger.report.key, ledger.how, self._run.now()))

    @workflow.signal(name=interface.RENEW, description="Go on in a fresh run, on the newest build.")
    async def renew(self) -> None:
        """The next wait is left by continue-as-new."""
        with unanswered(interface.RENEW):
            await self._check_operator(interface.RENEW)
            self._run.renew()

    @workflow.update(name=interface.RETRY, description="What needs attention was mended: try again.")
    async def retry(self) -> str:
        """A person asks for another try; says of what. If nothing stands still, unpaid payments are ordered again."""
        await self._check_operator(interface.RETRY)
        tried = self._steps.try_again()
        if tried != interface.NOTHING_TO_TRY:
            return tried
        async with self._one_at_a_time:
            again = tuple(payment_to_make(self._state, each) for each in unpaid_orders(self._state))
            if not again:
                return interface.NOTHING_TO_TRY
            what = f"ordered again: {', '.join(each.order.key for each in again)}"
            await self._steps.do(ORDER_PAYMENTS, Orders(payments=again), what)
            return what

    @workflow.query(name=interface.STATE, description="All that is known of the challenge.")
    def state(self) -> State:
        """The state as it stands."""
        return self._state

    async def _decide(self, kind: str, said: Sequence[bytes], *, by_signal: bool = False) -> str:
        """Takes a decision, or refuses it on the record.

        Returns:
            What happened, for the sender; a repeated decision gets its first answer.

        Raises:
            ApplicationError: it is refused, and why.
        """
        async with self._one_at_a_time:
            if by_signal:
                # A signal can reach a run that is read only to answer a query: Temporal's time is an earlier one there.
                now = await self._steps.do(READ_CLOCK, None, "what time it is")
                self._run.learn(now)
            # After an outage a message comes before the timer that fell due earlier.
            await self._act_on_deadline()
            async with on_record(partial(self._refuse, kind, said)):
                decision = read(kind, said, DECISIONS, self._state.situation)
                answered = already_answered(self._state, decision)
                if answered is not None:
                    return answered
                left = await self._unchangeable(decision)
                new, announcement = decide(self._state, decision, self._run.known, left)
                answer = announcement.entry.text
                new = new.answering(decision.decision_id, answer, content_of(decision))
                asked = asked_by(decision)
                try:
                    await self._announce(new if asked.header else new.without_proof(), announcement, asked)
                except AwaitsConfirmation as waits:
                    self._become(self._state.telling_once(self._run.known, str(waits)))
                    raise
                return answer

    async def _check_operator(self, kind: str) -> None:
        """Has a proof of whoever wants the run to try again, or to go on in a fresh run; refuses on the record.

        Raises:
            ApplicationError: they may not, or nobody can check it now.
        """

        async def refuse(refusal: Refused) -> None:
            # Not in turn: the step that stands still may have it, and whoever may mend that is not kept waiting.
            unique, asked = str(workflow.uuid4()), Asked(kind=kind, header=came_with_it())
            _, announcement = refusal_announced(self._state, kind, (), refusal, self._run.now(), unique)
            what = ToAnnounce(announcement=announcement, asked=asked)
            await self._steps.do(ANNOUNCE, what, f"Refused: {announcement.entry.text}")

        async with on_record(refuse):
            await check_operator(self._steps, kind, self._state.challenge.unproven)

    async def _unchangeable(self, decision: Decision) -> Sequence[str]:
        """Before an amount is amended: the payments that keep theirs. Other decisions need not know the ledger."""
        if not isinstance(decision, Amend):
            return ()
        paid = PaymentKeys(keys=payments_of(self._state, decision))
        return (await self._steps.do(READ_UNCHANGEABLE, paid, "see which payments have not left")).keys

    async def _refuse(self, kind: str, said: Sequence[bytes], refusal: Refused) -> None:
        """Puts on record what is not done, and tells its sender."""
        unique = str(workflow.uuid4())
        asked = asked_in(kind, said, DECISIONS, self._state.situation)
        await self._announce(*refusal_announced(self._state, kind, said, refusal, self._run.now(), unique), asked)

    def _call(self, attention: Attention) -> Announcement:
        challenge, unique = self._state.challenge, str(workflow.uuid4())
        return attention_called(
            challenge.id, challenge.operators, attention, self._state.stage_name, self._run.now(), unique
        )

    def _become(self, new: State, announced: Announcement | None = None) -> None:
        """From here on the challenge stands like this; a wait is disturbed only if its object has changed."""
        if announced is not None:
            entry = announced.entry
            fields = {"stage": entry.stage, "role": entry.role, "refused": entry.refused}
            workflow.logger.info(entry.action, extra=fields)
        if deadlines.agenda(new) != deadlines.agenda(self._state):
            self._changes += 1
        self._state = new
        self._show()

    def _show(self) -> None:
        """Lets staff see where the challenge stands: the run's details, and the columns of the list."""
        state, attention = self._state, self._steps.attention
        workflow.set_current_details(details(state, attention))
        until = state.deadline
        columns.show(
            (interface.ROUND, state.challenge.round),
            (interface.SPONSOR, state.challenge.sponsor),
            (interface.STAGE, state.stage_name),
            (interface.WAITS_FOR, state.waits_for),
            (interface.UNTIL, until.to_stdlib() if until else None),
            (interface.NEEDS_ATTENTION, bool(attention)),
            (interface.OUTCOME, str(state.outcome) if state.outcome else None),
            (interface.NOT_PROVEN, state.not_proven > 0 or None),
        )

    def _timer_summary(self, wake: Instant | None) -> str:
        what = self._state.waiting if wake == self._state.deadline else f"reminder of {self._state.waiting}"
        return f"{what}: {self._state.at(wake)}" if wake else what
