"""The life of one challenge, from opening its window to its outcome.

Read `run` first: it is the whole story. Everything that happens on the way is a rule in `domain`, which makes the next
state and the announcement of it; here the announcement is made, and only then the state is the challenge's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import (
    RawValue,
    SearchAttributeKey,
    SearchAttributeUpdate,
    SearchAttributeValueType,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ContinueAsNewVersioningBehavior, ParentClosePolicy

from . import interface
from .payment import PaymentWorkflow
from .steps import Steps

with workflow.unsafe.imports_passed_through():
    from whenever import Instant

    from domain import course
    from domain.announcement import Announcement, Attention, attention_called
    from domain.awards import PaymentOrder, PaymentToMake, payments_due
    from domain.calendar import seconds_between
    from domain.challenge import Phase, Result, Sealing, State
    from domain.details import details
    from domain.messages import decide, read, refusal_announced
    from domain.refusals import Refused

_SHORTEST_SLEEP = timedelta(milliseconds=1)
_NOTHING_SAID = RawValue(Payload())
"""A message sent without one: a handler that lacks its argument would fail its task for ever."""


@workflow.defn(name=interface.CHALLENGE)
class ChallengeWorkflow:
    """One open question, from its window to its outcome."""

    @workflow.init
    def __init__(self, state: State) -> None:
        self._state = state
        self._steps = Steps(self._show, self._call)
        self._changes = 0
        self._renewal_asked = False
        # Whatever changes the state holds this: a rule sees the state that its result will replace.
        self._one_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, state: State) -> Result:
        """Takes applications; for each stage has teams selected and runs it; closes.

        Args:
            state: a new challenge (`State.of`), or one that another run has left at a wait.

        Returns:
            The outcome and what was paid.
        """
        self._show()
        try:
            await self._take_applications()
            while self._state.phase is not Phase.ENDED:
                await self._select_teams()
                await self._run_stage()
        except asyncio.CancelledError:
            await self._end_as_cancelled_in_temporal()
        with suppress(asyncio.CancelledError):
            return await self._close()
        return await self._close()  # cancelled in Temporal after it had ended: its payments are still waited for

    # The steps of the story. Each does nothing if an earlier run has done it.

    async def _take_applications(self) -> None:
        if not self._state.story and _now() < self._state.opens:
            async with self._one_at_a_time:
                await self._announce(*course.scheduled(self._state, _now()))
        while self._state.phase is Phase.WINDOW:
            await self._wait()
            async with self._one_at_a_time:
                if self._is_due():
                    await (self._seal() if self._state.opened else self._announce(*course.opened(self._state, _now())))

    async def _select_teams(self) -> None:
        while self._state.phase is Phase.DECIDING:
            await self._wait()

    async def _run_stage(self) -> None:
        while self._state.phase is Phase.RUNNING:
            await self._pay_what_is_due()
            await self._wait()
            async with self._one_at_a_time:
                if self._is_due():
                    await self._announce(*course.stage_ended(self._state, _now()))
        await self._pay_what_is_due()

    async def _close(self) -> Result:
        await self._pay_what_is_due()
        if self._state.unpaid:
            while self._state.unpaid:
                await self._wait()
            async with self._one_at_a_time:
                await self._announce(*course.paid_up(self._state, _now()))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Result.of(self._state)

    # What the steps are made of.

    async def _wait(self) -> None:
        """The one place to wait: sleeps until a change, a reminder or the deadline, whichever comes first.

        Sends the reminder if one is due. Any wait can be left by continue-as-new, because the state is all there is.
        """
        if self._has_to_move():
            await self._go_on_in_a_new_run()
        deadline, reminder, now = self._state.deadline, course.next_reminder(self._state), _now()
        wake = min((each for each in (deadline, reminder) if each is not None and each > now), default=None)
        seen = self._changes
        if not self._is_due() and not (reminder and reminder <= now):
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: self._changes != seen or self._has_to_move(),
                    timeout=_sleep(now, wake) if wake else None,
                    timeout_summary=self._timer_summary(wake),
                )
        async with self._one_at_a_time:
            reminder = course.next_reminder(self._state)
            if reminder and reminder <= _now() and not self._is_due():
                await self._announce(*course.reminded(self._state, _now()))

    def _has_to_move(self) -> bool:
        """Whether to go on in a new run: somebody asked, the history is long, or a newer build is current."""
        info = workflow.info()
        return (
            self._renewal_asked
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )

    def _is_due(self) -> bool:
        """Whether the deadline has come. A decision is never too late: only the sponsor ends that wait."""
        deadline = self._state.deadline
        return deadline is not None and self._state.phase is not Phase.DECIDING and deadline <= _now()

    async def _announce(self, new: State, announcement: Announcement) -> None:
        """Writes down and tells what happened; after that it has happened."""
        await self._steps.write("announce", announcement, type(None), announcement.entry.text)
        self._become(new, announcement)

    async def _announce_unless_refused(self, new: State, announcement: Announcement) -> None:
        """As `_announce`, for what a person asked: the database may know a reason against it.

        The moment of a decision counts, so it is in the history before anything is written.
        """
        await self._steps.do_unless_refused("announce", announcement, type(None), announcement.entry.text)
        self._become(new, announcement)

    async def _seal(self) -> None:
        sealing = Sealing(challenge=self._state.challenge.id, at=_now())
        applications = await self._steps.write("seal_window", sealing, int, "seal the window")
        await self._announce(*course.sealed(self._state, applications, _now()))

    async def _pay_what_is_due(self) -> None:
        async with self._one_at_a_time:
            orders = payments_due(self._state)
            if orders:
                await asyncio.gather(*(self._order_payment(order) for order in orders))
                ordered = {order.key: False for order in orders}
                self._become(self._state.having(payments={**self._state.payments, **ordered}))

    async def _order_payment(self, order: PaymentOrder) -> None:
        try:
            await workflow.start_child_workflow(
                PaymentWorkflow.run,
                PaymentToMake(order=order, operators=self._state.challenge.operators),
                id=order.key,
                # After a reset the same payment is ordered again: its activities repeat nothing, and it tells us anew.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                # Cancelled in Temporal while this waits for the start: what was due is paid all the same.
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                static_summary=f"{order.amount.gross.shown(order.currency)} to {order.team} for {order.stage}",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("payment is under way already", extra={"payment": order.key})

    async def _end_as_cancelled_in_temporal(self) -> None:
        async with self._one_at_a_time:
            if self._state.phase is not Phase.ENDED:
                await self._announce(*course.cancelled_outside(self._state, _now()))

    async def _go_on_in_a_new_run(self) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._state, initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE)

    # What people and payments say. Every decision comes as an update or as a signal, and is handled alike.

    @workflow.update(description="The sponsor takes teams into a stage.")
    async def select(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Select`."""
        return await self._decide("select", message)

    @workflow.update(description="The sponsor takes nobody into a stage, which ends the challenge.")
    async def decline(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Decline`."""
        return await self._decide("decline", message)

    @workflow.update(description="The window closes later.")
    async def extend(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Extend`."""
        return await self._decide("extend", message)

    @workflow.update(description="An applicant or a team leaves.")
    async def withdraw(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Withdraw`."""
        return await self._decide("withdraw", message)

    @workflow.update(description="The challenge's clock stops.")
    async def hold(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Hold`."""
        return await self._decide("hold", message)

    @workflow.update(description="The challenge's clock goes on.")
    async def resume(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Resume`."""
        return await self._decide("resume", message)

    @workflow.update(description="The challenge ends here.")
    async def cancel(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Cancel`."""
        return await self._decide("cancel", message)

    @workflow.update(description="A citizen participation session was held.")
    async def participation(self, message: RawValue = _NOTHING_SAID) -> str:
        """See `domain.decisions.Participate`."""
        return await self._decide("participation", message)

    @workflow.signal(name="select", description="The sponsor takes teams into a stage; as the update select.")
    async def select_by_signal(self, message: RawValue = _NOTHING_SAID) -> None:
        """A refusal shows in the record, in the run's details and by notice to the sender."""
        await self._decide_by_signal("select", [message])

    @workflow.signal(name="decline", description="The sponsor takes nobody into a stage; as the update decline.")
    async def decline_by_signal(self, message: RawValue = _NOTHING_SAID) -> None:
        """See `select_by_signal`."""
        await self._decide_by_signal("decline", [message])

    @workflow.signal(dynamic=True, description="Any other decision by its name; an unknown one is refused visibly.")
    async def any_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """See `select_by_signal`."""
        await self._decide_by_signal(name, arguments)

    @workflow.signal(name=interface.PAYMENT_SETTLED, description="From a payment: it is settled.")
    async def payment_settled(self, key: str = "") -> None:
        """Remembers it; said twice, it is the same. Of a payment that was not ordered, it is nothing."""
        async with self._one_at_a_time:
            if key in self._state.payments:
                self._become(self._state.settling(key, _now()))

    @workflow.signal(name=interface.RENEW, description="Go on in a fresh run, on the newest build.")
    async def renew(self) -> None:
        """The next wait is left by continue-as-new."""
        self._renewal_asked = True

    @workflow.update(name=interface.RETRY, description="What needs attention was mended: try again.")
    async def retry(self) -> str:
        """A person asks for another try; says of what."""
        return self._steps.try_again()

    @workflow.query(name=interface.STATE, description="All that is known of the challenge.")
    def state(self) -> State:
        """The state as it stands."""
        return self._state

    async def _decide(self, kind: str, message: RawValue) -> str:
        """Takes a decision, or refuses it on the record.

        Returns:
            What happened, for the sender; a repeated decision gets its first answer.

        Raises:
            ApplicationError: it is refused, and why.
        """
        async with self._one_at_a_time:
            try:
                decision = read(kind, message.payload.data, self._state)
                named = f"{kind}/{decision.decision_id}"
                if named in self._state.decisions:
                    return self._state.decisions[named]
                new, announcement = decide(self._state, decision, _now())
                answer = announcement.entry.text
                await self._announce_unless_refused(new.answering(named, answer), announcement)
                return answer
            except Refused as refusal:
                await self._announce(
                    *refusal_announced(self._state, kind, message.payload.data, refusal, _now(), str(workflow.uuid4()))
                )
                raise ApplicationError(
                    str(refusal),
                    type=type(refusal).__name__,
                    non_retryable=True,
                    category=ApplicationErrorCategory.BENIGN,
                ) from refusal

    async def _decide_by_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        try:
            await self._decide(name, arguments[0] if arguments else _NOTHING_SAID)
        except ApplicationError as refusal:
            # A signal has nobody to raise to: the refusal is in the record, the details and a notice.
            workflow.logger.warning("signal refused", extra={"signal": name, "refusal": refusal.type})

    def _call(self, attention: Attention) -> Announcement:
        challenge, unique = self._state.challenge, str(workflow.uuid4())
        return attention_called(challenge.id, challenge.operators, attention, self._state.stage_name, _now(), unique)

    def _become(self, new: State, announced: Announcement | None = None) -> None:
        """From here on the challenge stands like this; a wait is disturbed only if its object has changed."""
        if announced is not None:
            entry = announced.entry
            fields = {"stage": entry.stage, "role": entry.role, "refused": entry.refused}
            workflow.logger.info(entry.action, extra=fields)
        if course.agenda(new) != course.agenda(self._state):
            self._changes += 1
        self._state = new
        self._show()

    def _show(self) -> None:
        """Lets staff see where the challenge stands: the run's details, and the columns of the list."""
        state, attention = self._state, self._steps.attention
        workflow.set_current_details(details(state, attention))
        until = state.deadline
        changed = [
            *_column(interface.ROUND, state.challenge.round),
            *_column(interface.SPONSOR, state.challenge.sponsor),
            *_column(interface.STAGE, state.stage_name),
            *_column(interface.WAITS_FOR, state.waits_for),
            *_column(interface.UNTIL, until.to_stdlib() if until else None),
            *_column(interface.NEEDS_ATTENTION, bool(attention)),
            *_column(interface.OUTCOME, str(state.outcome) if state.outcome else None),
        ]
        if changed:
            workflow.upsert_search_attributes(changed)

    def _timer_summary(self, wake: Instant | None) -> str | None:
        if wake is None:
            return None
        what = self._state.waits_for if wake == self._state.deadline else f"reminder of {self._state.waits_for}"
        return f"{what}: {self._state.at(wake)}"


def _column(
    key: SearchAttributeKey[SearchAttributeValueType], value: SearchAttributeValueType | None
) -> list[SearchAttributeUpdate[Any]]:
    """The change of one column of the list that staff see; nothing if it shows that value already."""
    if workflow.info().typed_search_attributes.get(key) == value:
        return []
    return [key.value_unset() if value is None else key.value_set(value)]


def _now() -> Instant:
    return Instant(workflow.now())


def _sleep(now: Instant, wake: Instant) -> timedelta:
    # Rounded up: a timer that fired a moment early would only be started again.
    return timedelta(milliseconds=int(seconds_between(now, wake) * 1000)) + _SHORTEST_SLEEP
