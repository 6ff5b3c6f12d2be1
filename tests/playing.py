"""A stage for whole stories: a real Temporal server, a real worker, a real database, and the desk in front of them.

In the time-skipping server months pass in a moment; what people do goes through the desk, as always.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from whenever import Date, Instant, TimeDelta

from desk.desk import Desk
from desk.payment_files import PaymentFile
from desk.programme_files import load_round
from desk.reconciliation import Reconciled
from desk.rounds import RoundFile
from domain.announcements.occasions import Occasion
from domain.challenges.application import Applying, Receipt
from domain.challenges.awards import payments_due
from domain.challenges.messages import make
from domain.challenges.state import Phase, Result, State
from domain.payments.bank_account import BankAccount
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Instruction, PaymentRail, Transfer
from domain.permissions import Actor, Proof
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved
from domain.programmes.round import Challenge, Round, challenges_of
from domain.values.calendar import lasting
from domain.values.refusals import Unavailable
from gateways.banking.http_rail import HttpRail
from service.settings import Settings
from service.wiring import rail_of
from store.challenges.applications import accept
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.payments.reading import Payment
from store.record.record import RecordLine
from tests.books import Books
from tests.replay import recording
from tests.store.sqlite import fresh_sqlite
from tests.waiting import HANGS, eventually
from worker import build_worker, search_attributes_wanted
from workflows.challenge import ChallengeWorkflow
from workflows.interface import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parent.parent
SPONSOR = "sepa-decider"
OPERATOR = "programme-office"
FINANCE = "finance"
AIR = "pilot-2016/air-quality"

_OF_PAYMENTS = frozenset(
    {
        *("payment-requested", "payee", "payee-known", "payment-release", "payment-submitted", "paid"),
        *("payment-return", "payment-undo-return", "payment-cancel", "payee-changed", "payment-release-void"),
    }
)
_MOMENT = TimeDelta(milliseconds=1)


def known_by(text: str) -> list[str]:
    """Of what people give in these plays, as names, addresses, proposals and bank details, what a text says.

    The sort code is sought with its hyphens alone, as six digits can be the fraction of a second; and of addresses what
    all of them end with, as Temporal calls its workers by number@machine.
    """
    given = (".example", "Company", "Answer number", "31926819", "•819", "60-16-13")
    return [each for each in given if each in text]


def pilot() -> tuple[Round, Programme, tuple[Challenge, ...]]:
    """The pilot's files."""
    return round_from_file("pilot-2016")


@cache
def round_from_file(name: str) -> tuple[Round, Programme, tuple[Challenge, ...]]:
    """A round as its files say."""
    round_, programme = load_round(ROOT / "programmes" / f"{name}.round.toml")
    return round_, programme, challenges_of(round_, programme)


def with_stages_of(duration: TimeDelta, programme: Programme) -> Programme:
    """The same programme with stages that last so long each, for a server in which time does not skip."""
    length = lasting(duration.total("seconds"))
    stages = tuple(stage.model_copy(update={"duration": length}) for stage in programme.stages)
    return programme.model_copy(update={"stages": stages})


@asynccontextmanager
async def months() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server of one's own in which time skips whenever nothing but timers is waited for.

    It has one clock for all its workflows: start one for each test.
    """
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=_beside_python("temporal-test-server")
    ) as environment:
        # This server can be told of search attributes, but cannot say which it knows.
        await environment.client.operator_service.add_search_attributes(
            search_attributes_wanted("default", SEARCH_ATTRIBUTES)
        )
        yield environment


class Play:
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
        self.client = client
        self.desk = desk
        self.challenge = challenge
        self.programme = programme
        self.environment = environment
        self.without_worker = without_worker
        self._open_challenge = open_challenge
        self._begun = begun
        self.skipped = TimeDelta()
        self.books = Books(desk.core.database)
        self.finance_works = True

    @property
    def handle(self) -> WorkflowHandle[ChallengeWorkflow, Result]:
        """The challenge's workflow."""
        return self.client.get_workflow_handle_for(ChallengeWorkflow.run, self.challenge.id)

    # What people do.

    def apply(self, number: int, challenge: str = "") -> Receipt:
        """One more application, told from the others by its number."""
        applying = Applying(
            organisation=f"Company {number}", email=f"team{number}@company.example", proposal=f"Answer number {number}."
        )
        database, compose = self.desk.core.database, self.desk.core.letters.compose
        return accept(database, challenge or self.challenge.id, applying, self.now, compose)

    def applied(self, count: int) -> list[str]:
        """The ids of so many new applications."""
        return [self.apply(number).application for number in range(count)]

    async def decide(self, kind: str, by: str = SPONSOR, **fields: object) -> str:
        """What somebody sends through the desk; see `Challenges.decide`."""
        return await self.desk.challenges.decide(await self.actor(by), self.challenge.id, kind, **fields)

    async def actor(self, person: str) -> Actor:
        """Somebody at a terminal: a person by their id, a team by the id of its application."""
        return await self.desk.actor(self.books.mailbox(person), Proof.TERMINAL)

    async def decide_payment(self, key: str, kind: str, by: str, **fields: object) -> str:
        """What somebody decides about a payment; see `Payments.decide`."""
        return await self.desk.payments.decide(await self.actor(by), key, kind, **fields)

    async def send(self, key: str, kind: str, by: str, **fields: object) -> str:
        """The same past the desk, as by Temporal's own command line: only the payment's workflow is asked."""
        row = self.books.challenge(self.challenge.id)
        decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields}, PAYMENT_DECISIONS)
        return await self.desk.core.update(row, kind, decision, workflow=key)

    async def retry(self, what: str) -> str:
        """An operator lets a challenge or a payment try again what needs attention."""
        operator = await self.actor(OPERATOR)
        of = self.desk.challenges if what == self.challenge.id else self.desk.payments
        return await of.retry(operator, what)

    async def reconcile(self) -> Reconciled:
        """Whether the books agree."""
        return await self.desk.reconciliation.reconcile(await self.actor(OPERATOR))

    async def submit(self, by: str, on: Date | None = None, **options: Any) -> tuple[PaymentFile, ...]:
        """Somebody makes the files for the bank; see `PaymentFiles.submit`."""
        return await self.desk.payment_files.submit(await self.actor(by), on, **options)

    async def files(self) -> tuple[PaymentFile, ...]:
        """The files that were made."""
        return await self.desk.payment_files.list(await self.actor(OPERATOR))

    async def settle(self, report: Path, by: str) -> tuple[Payment, ...]:
        """Somebody brings a report of the bank; see `BankReports.settle`."""
        return await self.desk.bank_reports.settle(await self.actor(by), report.read_bytes())  # noqa: ASYNC240

    async def confirm_settled(self, key: str, by: str, on: Date | None = None) -> tuple[Payment, ...]:
        """Somebody says that a payment has arrived; see `BankReports.confirm_settled`."""
        return await self.desk.bank_reports.confirm_settled(await self.actor(by), key, on)

    async def exploring(self, count: int = 3, reserve: int = 0) -> list[str]:
        """Lets so many teams apply and explore, and as many more wait in reserve.

        Returns:
            The ids of the teams, then those of the reserve.
        """
        teams = self.applied(count + reserve)
        await self.sealed()
        await self.decide("select", stage="exploration", teams=teams[:count], reserve=teams[count:])
        return teams

    async def accelerating(self) -> str:
        """Lets one team of three go on into the accelerator, and says which."""
        winner, *_ = await self.exploring()
        await self.stage_over()
        await self.decide("select", stage="accelerator", teams=[winner])
        return winner

    async def owed(self, count: int = 1, reserve: int = 0) -> list[str]:
        """As `exploring`; waits until the payments for it are in the ledger.

        Returns:
            Their keys, in the order of the teams.
        """
        teams = (await self.exploring(count, reserve))[:count]
        keys = [f"{self.challenge.id}/exploration/{team}/1" for team in teams]
        await eventually(partial(self._are_in_the_ledger, set(keys)))
        return keys

    async def payee(self, team: str, number: str = "31926819", by: str = "") -> str:
        """A team gives its bank details, or somebody gives them for it."""
        account = {"holder": f"Company of {team}"[:70], "sort_code": "60-16-13", "number": number}
        giver = await self.actor(by or team)
        return (await self.desk.payments.give_payee(giver, self.challenge.id, team, account)).text

    async def release_past_the_desk(self, key: str, by: str) -> str:
        """Somebody releases a payment by a message to its workflow."""
        return await self.send(key, "release", by, payee_version=self.payment(key).payee_version)

    async def releasable(self, key: str) -> None:
        """The team of a payment gives its bank details, if it has not, and the payment waits for its release."""
        if not self.payment(key).payee:
            await self.payee(self.payment(key).team)
        await self.stands(key, PaymentStatus.PAYEE_KNOWN)

    async def release(self, key: str, by: str = FINANCE, **fields: object) -> str:
        """Somebody releases a payment, to the bank details that they see."""
        fields = {"payee_version": self.payment(key).payee_version, **fields}
        return await self.decide_payment(key, "release", by, **fields)

    async def released(self) -> None:
        """Lets teams that have not done so give their bank details, and finance release all that waits for it."""
        if not self.finance_works:
            return
        state = await self.until(lambda state: not payments_due(state))
        await eventually(partial(self._are_in_the_ledger, set(state.payments)))
        for payment in self.books.payments(self.challenge.id):
            if payment.status is PaymentStatus.REQUESTED and not self.payment(payment.key).payee:
                await self.payee(payment.team)
            await eventually(partial(self._is_beyond, payment.key, PaymentStatus.REQUESTED))
            if self.payment(payment.key).status is PaymentStatus.PAYEE_KNOWN:
                await self.release(payment.key)

    async def _are_in_the_ledger(self, keys: set[str]) -> bool:
        return keys <= {payment.key for payment in self.books.payments(self.challenge.id)}

    async def _is_beyond(self, key: str, status: PaymentStatus) -> bool:
        return self.payment(key).status is not status

    async def _has_closed(self, key: str) -> bool:
        return await recording.is_closed(self.client, key)

    # What anybody can see.

    def payment(self, key: str) -> Payment:
        """A payment as the ledger has it."""
        return next(each for each in self.books.payments(self.challenge.id) if each.key == key)

    async def stands(self, key: str, status: PaymentStatus) -> Payment:
        """Waits, in real time, until the ledger has a payment so.

        Raises:
            TimeoutError: it has not for minutes; says how it stands.
        """

        async def it_does() -> bool:
            return any(each.key == key and each.status is status for each in self.books.payments(self.challenge.id))

        try:
            await eventually(it_does)
        except TimeoutError:
            stand = {each.key: str(each.status) for each in self.books.payments(self.challenge.id)}
            raise TimeoutError(f"{key} is not {status}: {stand}") from None
        return self.payment(key)

    async def until_told(self, occasion: Occasion, whom: Mapping[str, int]) -> None:
        """Waits, in real time, until so many have been told of an occasion so often.

        Raises:
            TimeoutError: they were not for minutes; says who was.
        """

        async def were_told() -> bool:
            return self.told(occasion) == whom

        try:
            await eventually(were_told)
        except TimeoutError:
            raise TimeoutError(f"told of {occasion}: {dict(self.told(occasion))}, not {dict(whom)}") from None

    async def state(self) -> State:
        """All that the workflow knows."""
        return await self.handle.query(ChallengeWorkflow.state)

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
        """What happened to the challenge, in the record's words; without its payments, and without reminders."""
        return [line.action for line in self.record() if line.action not in (*_OF_PAYMENTS, "reminded")]

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
            await eventually(has_come)
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

        await eventually(are_over)
        for key in state.payments:
            await eventually(partial(self._has_closed, key))
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

        await eventually(is_another)

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

    async def _reach(self, moment: Instant) -> None:
        if self.environment is not None:
            await self.skip_to(moment)


class CountingRail(EmbeddedRail):
    """The embedded rail, which counts how often it was asked to pay."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.asked: Counter[str] = Counter()

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self.asked[instruction.id] += 1
        return super().transfer(instruction, at)


class BrokenRail(CountingRail):
    """A rail that takes nothing until it is mended.

    Args:
        complaint: what it says each time, as a driver would.
    """

    def __init__(self, database: Database, complaint: str = "no route to the bank") -> None:
        super().__init__(database)
        self.mended = False
        self._complaint = complaint

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        if not self.mended:
            raise ConnectionError(self._complaint)
        return super().transfer(instruction, at)


class GatedRail(CountingRail):
    """A rail that takes what it is asked to pay once its gate is open, and is busy with it until then."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.gate = threading.Event()
        self.reached = threading.Event()
        self.payees: dict[str, BankAccount] = {}

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self.reached.set()
        if not self.gate.wait(HANGS):
            raise Unavailable("The gate of the rail stays shut: open it.")
        self.payees[instruction.id] = instruction.payee
        return super().transfer(instruction, at)


Rail = TypeVar("Rail", bound=PaymentRail)


class Making(Generic[Rail]):
    """Makes the rail of a play, and keeps it, so that the play can see what it was asked or mend it.

    Args:
        make: from the play's database.
    """

    rail: Rail

    def __init__(self, make: Callable[[Database], Rail]) -> None:
        self._make = make

    def __call__(self, database: Database) -> Rail:
        """Makes it."""
        self.rail = self._make(database)
        return self.rail


@asynccontextmanager
async def playing(
    folder: Path,
    environment: WorkflowEnvironment | Client,
    *,
    database_url: str = "",
    programme: Programme | None = None,
    slug: str = "air-quality",
    rail: Callable[[Database], PaymentRail] | None = None,
    options: Mapping[str, Any] | None = None,
    releasers: tuple[str, ...] = (FINANCE,),
    round_name: str = "pilot-2016",
    opens_in: TimeDelta = TimeDelta(),  # noqa: B008
    window: TimeDelta | None = None,
    at_once: bool = False,
) -> AsyncIterator[Play]:
    """A challenge that opens now, with a worker in this process.

    Args:
        folder: where the database is, if it is SQLite.
        environment: from `months` or `dev_server`.
        database_url: of another database than SQLite in `folder`.
        programme: instead of the round's own.
        slug: which challenge is played; the others of the round are not opened.
        rail: makes another rail than the one that the settings name, which is the embedded one.
        options: more settings.
        releasers: who may release payments, besides what the service itself refuses them.
        round_name: which round's file is played.
        opens_in: how long before it opens, instead of now.
        window: for how long applications are taken, instead of what the file says.
        at_once: for a server in which time does not skip. Applications are taken until the play has the window sealed,
            however long that takes; only then the challenge opens, and its window, unless it has another length, closes
            at once.
    """
    skipping = environment if isinstance(environment, WorkflowEnvironment) else None
    client = skipping.client if skipping else environment
    assert isinstance(client, Client)
    round_, of_the_round, challenges = round_from_file(round_name)
    rules = programme or of_the_round
    given: dict[str, Any] = {
        "database_url": database_url or _own_database(folder),
        "payee_key_file": folder / "payee.key",
        "payment_files": folder / "payments",
        "answer_within": HANGS,
    }
    settings = Settings(**given | dict(options or {}))
    database = Database(settings.database_url)
    if database_url:
        database.migrate()

    async def connected() -> Client:
        return client

    the_rail = rail(database) if rail else rail_of(settings, database)
    at_work = AsyncExitStack()

    async def start_work() -> None:
        await at_work.enter_async_context(build_worker(client, database, the_rail, settings))

    @asynccontextmanager
    async def without_worker() -> AsyncIterator[None]:
        await at_work.aclose()
        yield
        await start_work()

    try:
        async with at_work:
            await start_work()
            now = (Instant(await skipping.get_current_time()) if skipping else Instant.now()) + opens_in
            challenge = next(each for each in moved(challenges, now, rules.time_zone) if each.slug == slug)
            challenge = challenge.model_copy(update={"releasers": releasers})
            lasts = _MOMENT if at_once and window is None else window
            if lasts is not None:
                challenge = challenge.model_copy(update={"closes": challenge.opens + lasts})
            desk = Desk(settings, database, connected, lambda: play.now())
            file = RoundFile(round=round_, programme=rules, challenges=(challenge,))
            opening = partial(desk.rounds.start, file)
            play = Play(client, desk, challenge, rules, skipping, without_worker, opening, begun=not at_once)
            if at_once:
                keep_round(database, round_, rules, (challenge,), challenge.opens)
            else:
                await opening()
            yield play
            await recording.keep(client, challenge.id)
    finally:
        if isinstance(the_rail, HttpRail):
            the_rail.close()
        desk.close()
        database.close()


def _own_database(folder: Path) -> str:
    """A new one, or that which a play before has left there."""
    return f"sqlite:///{folder / 'service.db'}" if (folder / "service.db").exists() else fresh_sqlite(folder)


def _beside_python(program: str) -> str:
    return str(Path(sys.executable).parent / program)
