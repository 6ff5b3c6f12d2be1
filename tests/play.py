"""One challenge that is played from beginning to end: what people do in it, what anybody sees, and how time goes by."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from whenever import Date, Instant, TimeDelta

from desk.desk import Desk
from desk.payment_files import PaymentFile
from desk.reconciliation import Reconciled
from domain.announcements.occasions import Occasion
from domain.challenges.awards import payments_due
from domain.challenges.messages import make
from domain.challenges.state import Phase, Result, State
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.payments.payment import PaymentStatus
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from store.payments.reading import Payment
from store.record.record import RecordLine
from tests.people import People
from tests.public_copies import is_public_copy_of
from tests.replay import recording
from workflows.challenge import ChallengeWorkflow

_OF_PAYMENTS = frozenset(
    {
        *("payment-requested", "payee", "payee-known", "payment-release", "payment-submitted", "paid"),
        *("payment-return", "payment-undo-return", "payment-cancel", "payee-changed", "payment-release-void"),
    }
)


class Play(People):
    """One challenge, opened now, with everybody who has a part in it.

    Args:
        client: of a Temporal server with a worker.
        desk: on the same server and database, by the same clock.
        challenge: the one that is played, with dates from now on.
        programme: what it runs under.
        environment: the time-skipping server, if it is one.
        without_worker: a time in which no worker runs; after it another one does, which has to read every run anew.
        open_challenge: opens it with the desk.
        begun: whether it is open. Until then the clock stands still at the opening, and `sealed` opens it.

    As long as `finance_works`, finance does its part by itself before time goes by.
    """

    DAY = TimeDelta(hours=24)

    def __init__(
        self,
        client: Client,
        desk: Desk,
        challenge: Challenge,
        programme: Programme,
        environment: WorkflowEnvironment | None,
        without_worker: Callable[[], AbstractAsyncContextManager[None]],
        open_challenge: Callable[[], Awaitable[object]],
        begun: bool,
    ) -> None:
        super().__init__(desk, challenge, programme)
        self.client = client
        self.environment = environment
        self.without_worker = without_worker
        self._open_challenge = open_challenge
        self._begun = begun
        self.skipped = TimeDelta()
        self.finance_works = True

    @property
    def handle(self) -> WorkflowHandle[ChallengeWorkflow, Result]:
        """The challenge's workflow."""
        return self.client.get_workflow_handle_for(ChallengeWorkflow.run, self.challenge.id)

    # What people do.

    async def send(self, key: str, kind: str, by: str, **fields: object) -> str:
        """The same past the desk, as by Temporal's own command line: only the payment's workflow is asked."""
        decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields}, PAYMENT_DECISIONS)
        return await self.desk.core.temporal.update(key, kind, [decision])

    async def reconcile(self) -> Reconciled:
        """Whether the books agree."""
        return await self.desk.reconciliation.reconcile(await self.actor(self.operator))

    async def submit(self, by: str, on: Date | None = None, **options: Any) -> tuple[PaymentFile, ...]:
        """Somebody makes the files for the bank; see `PaymentFiles.submit`."""
        return await self.desk.payment_files.submit(await self.actor(by), on, **options)

    async def files(self) -> tuple[PaymentFile, ...]:
        """The files that were made."""
        return await self.desk.payment_files.list(await self.actor(self.operator))

    async def settle(self, report: Path, by: str) -> tuple[Payment, ...]:
        """Somebody brings a report of the bank; see `BankReports.settle`."""
        found = await self.desk.bank_reports.settle(await self.actor(by), report.read_bytes())  # noqa: ASYNC240
        return found.payments

    async def confirm_settled(self, key: str, by: str, on: Date | None = None) -> tuple[Payment, ...]:
        """Somebody says that a payment has arrived; see `BankReports.confirm_settled`."""
        return await self.desk.bank_reports.confirm_settled(await self.actor(by), key, on)

    async def exploring(self, count: int = 3, reserve: int = 0) -> list[str]:
        """Lets so many teams apply and explore, and as many more wait in reserve.

        Returns:
            The ids of the teams, then those of the reserve.
        """
        teams = await self.applied(count + reserve)
        await self.sealed()
        await self.select("exploration", teams[:count], reserve=teams[count:])
        return teams

    async def accelerating(self) -> str:
        """Lets one team of three go on into the accelerator, and says which."""
        winner, *_ = await self.exploring()
        await self.stage_over()
        await self.select("accelerator", [winner])
        return winner

    async def owed(self, count: int = 1, reserve: int = 0) -> list[str]:
        """As `exploring`; waits until the payments for it are in the ledger.

        Returns:
            Their keys, in the order of the teams.
        """
        return await self.requested("exploration", (await self.exploring(count, reserve))[:count])

    async def release_past_the_desk(self, key: str, by: str) -> str:
        """Somebody releases a payment by a message to its workflow."""
        return await self.send(key, "release", by, payee_version=self.payment(key).payee_version)

    async def releasable(self, key: str) -> None:
        """The team of a payment gives its bank details, if it has not, and the payment waits for its release."""
        if not self.payment(key).payee:
            await self.give_payee(self.payment(key).team)
        await self.stands(key, PaymentStatus.PAYEE_KNOWN)

    async def released(self) -> None:
        """Lets teams that have not done so give their bank details, and finance release all that waits for it."""
        if not self.finance_works:
            return
        state = await self.until(lambda state: not payments_due(state))
        await self.in_the_ledger(state.payments)
        await self.eventually(self.get_paid)

    async def _has_closed(self, key: str) -> bool:
        return await recording.is_closed(self.client, key)

    # What anybody can see.

    async def until_told(self, occasion: Occasion, whom: Mapping[str, int]) -> None:
        """Waits, in real time, until so many have been told of an occasion so often.

        Raises:
            TimeoutError: they were not for minutes; says who was.
        """

        async def were_told() -> bool:
            return self.told(occasion) == whom

        try:
            await self.eventually(were_told)
        except TimeoutError:
            raise TimeoutError(f"told of {occasion}: {dict(self.told(occasion))}, not {dict(whom)}") from None

    async def state(self) -> State:
        """All that the workflow knows. Whenever a test asks on the time-skipping server, the public copy says the same.

        On the real one, tests put the clock of the database forward, so what is said by the server's clock comes late.

        Raises:
            TimeoutError: the public copy says something else.
        """
        known: list[State] = []

        async def is_copied() -> bool:
            # A step can be written down a moment before the workflow knows of it.
            known[:] = [await self.handle.query(ChallengeWorkflow.state)]
            return self.environment is None or is_public_copy_of(self.desk.core.database, known[0])

        await self.eventually(is_copied)
        return known[0]

    async def details(self) -> str:
        """The page of the run, as staff read it."""
        metadata: WorkflowMetadata = await self.handle.query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )
        return str(metadata.current_details)

    def record(self, action: str = "") -> list[RecordLine]:
        """The lines of the record, or those of one action."""
        lines = self.books.record(self.challenge.id)
        return [line for line in lines if action in ("", line.action)]

    def course(self) -> list[str]:
        """What happened to the challenge, in the record's words; without payments, interests and reminders."""
        return [line.action for line in self.record() if line.action not in (*_OF_PAYMENTS, "reminded", "interests")]

    def refusals(self) -> list[str]:
        """What the record says was refused, and how."""
        return [line.text for line in self.record() if line.refused]

    def told(self, occasion: Occasion) -> Counter[str]:
        """Who was told of an occasion, and how often."""
        return Counter(
            notice.recipient for notice in self.books.notices(self.challenge.id) if notice.occasion == occasion
        )

    def paid(self) -> dict[str, str]:
        """What the ledger has as settled: amounts by "stage/team/number"."""
        return {
            payment.key.removeprefix(f"{self.challenge.id}/"): str(payment.amount.gross)
            for payment in self.books.payments(self.challenge.id)
            if payment.settled
        }

    # How time goes by.

    def now(self) -> Instant:
        """The instant by the clock of the server; the opening as long as the challenge has not begun."""
        return Instant.now() + self.skipped if self._begun else self.challenge.opens

    async def begin(self) -> None:
        """Opens the challenge, if it is not open. Whatever was handed in before came at the very opening."""
        if not self._begun:
            self._begun = True
            await self._open_challenge()

    async def until(self, came: Callable[[State], bool]) -> State:
        """Waits, in real time, until the workflow is in a state.

        Raises:
            TimeoutError: it was not for minutes; the state is in the message.
        """
        state = await self.state()

        async def has_come() -> bool:
            nonlocal state
            state = await self.state()
            return came(state)

        try:
            await self.eventually(has_come)
        except TimeoutError:
            raise TimeoutError(f"still {state.phase}, waiting for {state.waits_for}, {state.story[-1:]}") from None
        return state

    async def payments_over(self, count: int = 0) -> State:
        """Waits until all that is due, so many payments at least, is paid, and the workflows that paid it are closed.

        The time-skipping server stands still for good when a child closes after the run that started it.
        """
        state = await self.state()

        async def are_over() -> bool:
            nonlocal state
            await self.released()  # also what was ordered meanwhile
            state = await self.state()
            return len(state.payments) >= count and not state.unpaid

        await self.eventually(are_over)
        for key in state.payments:
            await self.eventually(partial(self._has_closed, key))
        return state

    async def result(self) -> Result:
        """How the challenge has ended, once it has; finance does its part."""
        await self.until(lambda state: state.phase is Phase.ENDED)
        await self.payments_over()
        return await self.handle.result()

    async def run_id(self) -> str:
        """Which of its runs the challenge is in."""
        return await recording.latest_run(self.client, self.challenge.id)

    async def until_renewed(self, run_id: str) -> None:
        """Waits until the challenge goes on in another run than that one."""

        async def is_another() -> bool:
            return await self.run_id() != run_id

        await self.eventually(is_another)

    async def skip(self, duration: timedelta) -> None:
        """Lets time pass, all timers that fall due in it included."""
        assert self.environment is not None, "only the time-skipping server can"
        await self.released()
        await self.environment.sleep(duration)
        self.skipped = Instant(await self.environment.get_current_time()) - Instant.now()

    async def skip_to(self, moment: Instant) -> None:
        """Lets time pass up to a moment and a breath more."""
        assert self.environment is not None, "only the time-skipping server can"
        now = Instant(await self.environment.get_current_time())
        await self.skip(timedelta(seconds=(moment - now).total("seconds") + 1))

    async def sealed(self) -> State:
        """Lets time pass until the window is sealed."""
        await self.begin()
        state = await self.until(lambda state: state.opened)
        await self._reach(state.closes)
        return await self.until(lambda state: state.phase is not Phase.WINDOW)

    async def stage_over(self) -> State:
        """Lets time pass until the stage that was filled last has ended."""
        state = await self.until(lambda state: bool(state.runs))
        if state.run.ended is None:
            await self._reach(state.run.ends)
        return await self.until(lambda state: state.phase is not Phase.RUNNING)

    async def proposals_in(self) -> State:
        """Lets time pass until the window of further proposals that the challenge waits for is sealed."""
        state = await self.until(lambda state: state.phase is Phase.WINDOW and bool(state.stage))
        assert state.deadline is not None, "it is not on hold"
        await self._reach(state.deadline)
        return await self.until(lambda state: state.phase is not Phase.WINDOW)

    async def _reach(self, moment: Instant) -> None:
        if self.environment is not None:
            await self.skip_to(moment)
