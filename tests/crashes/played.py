"""A short challenge of the pilot, played by people who say what they have to say until they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from temporalio.service import RPCError
from whenever import Instant, TimeDelta

from desk.desk import Desk
from desk.reconciliation import Difference
from domain.challenges.application import Applying, Receipt
from domain.challenges.state import Result, State
from domain.identity.proof import AT_TERMINAL
from domain.payments.decisions import Release, Return, UndoReturn
from domain.payments.payment import TO_RELEASE
from domain.programmes.pay import Due, Instalment
from domain.programmes.programme import Programme, Reminders
from domain.values.calendar import lasting
from domain.values.refusals import NotConfirmed, Unavailable
from store.challenges.applications import accept
from store.challenges.rounds import keep_round
from store.database import tables
from tests.crashes import dying_worker
from tests.people import People
from tests.rounds import OPERATOR, pilot
from tests.waiting import HANGS, eventually, until
from workflows import interface

STAGES = ("exploration", "accelerator", "pre-commercial", "commercialisation")
HELD_BEFORE = "accelerator"
"""Before the selection for this stage is made, the challenge is on hold for a while."""

_LOOK = 0.2
"""Seconds between two looks of finance at what there is to release."""

Answer = TypeVar("Answer")


def short_pilot(stage_seconds: float = 1, **but: float) -> Programme:
    """The pilot's programme with short stages, time enough to decide, and nobody reminded of anything.

    The last stage pays in two parts, so that a challenge also waits for payments at its end.

    Args:
        stage_seconds: how long a stage lasts.
        but: how long stages of these names last instead.
    """
    _, programme, _ = pilot()
    stages = [
        stage.model_copy(update={"duration": lasting(but.get(stage.name, stage_seconds))}) for stage in programme.stages
    ]
    last = stages[-1]
    assert last.pay is not None
    halves = (Instalment(share="50%"), Instalment(share="50%", due=Due.END))
    stages[-1] = last.model_copy(update={"pay": last.pay.model_copy(update={"instalments": halves})})
    return programme.model_copy(update={"stages": tuple(stages), "reminders": Reminders()})


def waiting_pilot() -> Programme:
    """A short pilot with four teams in its first stage, which lasts: so that there are payments and nothing else."""
    programme = short_pilot(exploration=3600)
    first, *others = programme.stages
    return programme.model_copy(update={"stages": (first.model_copy(update={"target": 4, "max": 4}), *others)})


async def books_agree(desk: Desk) -> tuple[Difference, ...]:
    """The differences between the books once there are none; or those that stay."""
    differences: tuple[Difference, ...] = ()

    async def do_agree() -> bool:
        nonlocal differences
        operator = await desk.actor(OPERATOR, AT_TERMINAL)
        differences = (await desk.reconciliation.reconcile(operator)).differences
        return not differences

    with suppress(TimeoutError):
        await eventually(do_agree)
    return differences


class Played(People):
    """One challenge, with all who have a part in it. They repeat what they ask for until they are answered.

    Args:
        desk: of the running service.
        slug: which challenge of the pilot.
        programme: what it runs under.
        window_seconds: how long applications are taken.
        opens_in: seconds before that.
    """

    def __init__(
        self, desk: Desk, slug: str, programme: Programme, window_seconds: float = 1, opens_in: float = 0
    ) -> None:
        self._round, _, challenges = pilot()
        opens = Instant.now() + TimeDelta(seconds=opens_in)
        (model,) = [each for each in challenges if each.slug == slug]
        closes = opens + TimeDelta(seconds=window_seconds)
        super().__init__(desk, model.model_copy(update={"opens": opens, "closes": closes}), programme)
        self.teams: list[str] = []

    @property
    def id(self) -> str:
        """The challenge's id."""
        return self.challenge.id

    async def open(self) -> None:
        """Opens it with four applications, which are numbered as teams."""
        self.keep()
        self.teams = await self.applied(4)
        await self.start()

    def keep(self) -> None:
        """Writes it down, from when on applications are taken."""
        keep_round(self.desk.core.database, self._round, self.programme, (self.challenge,), self.desk.now())

    async def start(self) -> None:
        """Starts its workflow as the desk does, but for a run that misses its worker sooner."""
        await (await self.desk.core.client()).start_workflow(
            interface.CHALLENGE,
            State.of(self.challenge, self.programme),
            id=self.id,
            task_queue=interface.TASK_QUEUE,
            task_timeout=dying_worker.PATIENCE,
        )

    async def hand_in(self, applying: Applying) -> Receipt:
        """See `Player`; at the very opening, however short the window is and however busy the machine."""
        core = self.desk.core
        return accept(core.database, self.id, applying, lambda: self.challenge.opens, core.letters.compose)

    async def ask(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """See `Player`; again and again until there is an answer."""
        async with asyncio.timeout(HANGS):
            while True:
                with suppress(NotConfirmed, Unavailable):
                    return await request()

    async def waits_for(self) -> str:
        """What it waits for, as Temporal's list shows it: what its workflow has done for good.

        A query would also be answered from what a worker has done that dies before Temporal hears of it.
        """
        handle = (await self.desk.core.client()).get_workflow_handle(self.id)
        return (await handle.describe()).typed_search_attributes.get(interface.WAITS_FOR, "")

    async def deadline(self) -> Instant:
        """Until when it waits, as Temporal's list shows it."""
        handle = (await self.desk.core.client()).get_workflow_handle(self.id)
        return Instant((await handle.describe()).typed_search_attributes[interface.UNTIL])

    async def past(self, moment: Instant) -> None:
        """Waits until a moment is past by the service's clock."""
        await until(lambda: self.desk.now() > moment)

    # What its story is.

    async def select_for(self, stage: str) -> None:
        """The sponsor selects for a stage: as many as are expected first, and one of them later."""
        await self.select(**self._selection(stage))

    def declare_past_the_desk(self) -> None:
        """The sponsor has nothing to do with anybody. The desk takes this only once a worker has sealed the window."""
        said = {"person": self.sponsor, "version": 1, "conflict": False, "what": "", "at": self.desk.now()}
        with self.desk.core.database.writing() as connection:
            connection.execute(tables.interests.insert(), [{"application": team, **said} for team in self.teams])

    async def select_by_signal(self, stage: str) -> None:
        """The same, in a message that Temporal keeps until a worker hears it."""
        handle = (await self.desk.core.client()).get_workflow_handle(self.id)
        await handle.signal("select", {"by": self.sponsor, **self._selection(stage)})

    def _selection(self, stage: str) -> dict[str, Any]:
        number = self.programme.stages[0].target if stage == STAGES[0] else 1
        amounts = {"pre-commercial": "40000.00", "commercialisation": "10000.00"}
        fields: dict[str, Any] = {"stage": stage, "teams": self.teams[:number], "decision_id": f"for-{stage}"}
        if stage in amounts:
            fields["amounts"] = {self.teams[0]: amounts[stage]}
        return fields

    async def hold(self) -> None:
        """An operator stops the clock."""
        await self.decide("hold", self.operator, reason="Election period", decision_id="in-spring")

    async def resume(self) -> None:
        """The clock goes on."""
        await self.decide("resume", self.operator, decision_id="in-summer")

    # What becomes of its payments.

    async def payments_of_teams(self) -> list[str]:
        """The keys of the first stage's payments in the order of the teams, once they are requested."""
        return await self.requested(STAGES[0], self.teams[: self.programme.stages[0].target])

    def payments_of(self, stage: str) -> list[str]:
        """The keys of a stage's payments that the ledger has."""
        return [key for key, payment in self.payments().items() if payment.stage == stage]

    async def decide_payment(self, key: str, kind: str, by: str, **fields: object) -> str:
        """See `Player`; again and again until it is done: a repeat of what ended a payment would come too late."""
        before, answer = self.payment(key), ""
        fields = {"decision_id": self.decision_on(kind, before.attempt), **fields}
        async with asyncio.timeout(HANGS):
            while self.payment(key).status is before.status:
                with suppress(NotConfirmed, Unavailable):
                    answer = await super().decide_payment(key, kind, by, **fields)
        return answer

    async def decide_on(self, key: str, kind: str, reason: str = "") -> None:
        """Somebody decides on a payment as it stands.

        What came back is for another person to say than finance, which releases it again.
        """
        before = self.payment(key)
        by = self.operator if kind == Return.kind else self.finance
        fields = {Release.kind: {"payee_version": before.payee_version}, UndoReturn.kind: {"attempt": before.attempt}}
        await self.decide_payment(key, kind, by, reason=reason, **fields.get(kind, {}))

    @staticmethod
    def decision_on(kind: str, attempt: int) -> str:
        """The id of a decision on a payment, of which so many attempts were made."""
        return f"{kind}-after-{attempt}"

    async def release(self, key: str, by: str = "", **fields: object) -> str:
        """See `Player`; as soon as that can be."""
        await self.stands(key, *TO_RELEASE)
        return await super().release(key, by, **fields)

    async def look(self, *keys: str) -> None:
        """Payments that are not over are told, once, to look at the ledger and to ask the rail."""
        client = await self.desk.core.client()
        for key in keys:
            with suppress(RPCError):
                await client.get_workflow_handle(key).signal(interface.LEDGER_CHANGED)

    @asynccontextmanager
    async def finance_at_work(self) -> AsyncIterator[None]:
        """While the block runs, teams give bank details when they are asked, and finance releases what is to be."""
        working = asyncio.create_task(self._work_as_finance())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _work_as_finance(self) -> None:
        while True:
            await self.get_paid()
            await asyncio.sleep(_LOOK)

    async def paid(self, number: int) -> None:
        """Waits until so many payments are settled."""
        await until(lambda: sum(each.settled is not None for each in self.books.payments(self.id)) >= number)

    async def result(self) -> Result:
        """How it ended, once it has."""
        handle = (await self.desk.core.client()).get_workflow_handle(self.id, result_type=Result)
        async with asyncio.timeout(HANGS):
            result: Result = await handle.result()
        return result

    async def play(self) -> Result:
        """Everything, from the opening to the outcome."""
        await self.open()
        first, *others = STAGES
        await self.waiting_for(f"selection for {first}")
        await self.select_for(first)
        # Not before all its payments were started: those that miss it need no look at the ledger.
        await self.waiting_for(f"selection for {others[0]}")
        async with self.finance_at_work():
            for stage in others:
                await self.waiting_for(f"selection for {stage}")
                if stage == HELD_BEFORE:
                    await self.hold()
                    await self.resume()
                await self.select_for(stage)
            return await self.result()
