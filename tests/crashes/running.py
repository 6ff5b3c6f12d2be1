"""The service in processes of its own that can be killed, and a short challenge of the pilot to play in it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

from temporalio.client import Client
from temporalio.service import RPCError
from whenever import Instant, TimeDelta

from desk.desk import Desk
from desk.reconciliation import Difference
from domain.challenges.application import Applying
from domain.challenges.state import Result, State
from domain.payments.decisions import Release, Return, UndoReturn
from domain.payments.payment import TO_RELEASE, PaymentStatus
from domain.permissions import Actor, Proof
from domain.programmes.programme import Due, Instalment, Programme, Reminders
from domain.programmes.round import Challenge
from domain.values.calendar import lasting
from domain.values.refusals import NotConfirmed, Unavailable
from service.settings import PREFIX, Settings
from store.challenges.applications import accept
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.payments.reading import Payment
from tests.books import Books
from tests.crashes import dying_desk, dying_worker
from tests.gateways.notify import API_KEY, TEMPLATE, Notify
from tests.gateways.provider import Provider
from tests.playing import FINANCE, OPERATOR, known_by, pilot
from tests.processes import Program
from tests.servers import Server
from tests.waiting import HANGS, eventually
from worker import register_search_attributes
from workflows import interface

STAGES = ("exploration", "accelerator", "pre-commercial", "commercialisation")
HELD_BEFORE = "accelerator"
"""Before the selection for this stage is made, the challenge is on hold for a while."""

_LOOPBACK = "127.0.0.1"
_DEFAULT = "default"
_LOOK = 0.2
"""Seconds between two looks at what only a server can say."""
_ANSWER_WITHIN = 3.0


class Worker:
    """The program `dying_worker` while it runs.

    Args:
        process: the program, whose child is the worker that works now.
        folder: where it keeps its notes.
    """

    def __init__(self, process: Program, folder: Path) -> None:
        self._process = process
        self.folder = folder

    @property
    def pid(self) -> int:
        """Of the worker that works now."""
        note = self.folder / "pid"
        return int(note.read_text()) if note.exists() else 0

    @property
    def deaths(self) -> frozenset[str]:
        """The deaths that were died."""
        return frozenset(unquote(marker.name) for marker in (self.folder / "deaths").iterdir())

    def check_alive(self) -> None:
        """That the program still runs."""
        status = self._process.poll()
        assert status is None, f"the worker failed with exit status {status}: {(self.folder / 'log').read_text()}"

    async def started(self) -> None:
        """Waits until there is a worker."""
        await until(lambda: self._process.poll() is not None or self.pid != 0)
        self.check_alive()

    async def kill(self) -> None:
        """Kills the worker that works now, and waits until another took its place."""
        killed = self.pid
        with suppress(ProcessLookupError):
            os.kill(killed, signal.SIGKILL)
        await until(lambda: self.pid != killed)

    def strikes(self) -> None:
        """Its rail takes nothing."""
        (self.folder / "strike").touch()

    def works_again(self) -> None:
        """Its rail takes transfers again."""
        (self.folder / "strike").unlink()

    def stays_down(self) -> None:
        """None is started when the worker that works now has died."""
        (self.folder / "down").touch()

    def comes_up(self) -> None:
        """One is started again."""
        (self.folder / "down").unlink()

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Kills the worker that works now, and lets none work until the block ends."""
        self.stays_down()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        yield
        self.comes_up()


@contextmanager
def running_worker(client: Client, database_url: str, folder: Path, *moments: str, **settings: str) -> Iterator[Worker]:
    """A worker that dies once at some moments of every activity, and is started again. Its log says nothing personal.

    Args:
        client: of the server and namespace that it works for.
        database_url: of a database that is migrated.
        folder: of its own; made here.
        moments: see `dying_worker`; none to die only when it is killed.
        settings: see `environment_of`.
    """
    (folder / "deaths").mkdir(parents=True)
    arguments = [client.service_client.config.target_host, client.namespace, str(folder), *moments]
    environment = os.environ | {"NO_PROXY": _LOOPBACK} | environment_of(database_url, **settings)
    with Program(dying_worker.main, arguments, environment, folder / "log") as process:
        yield Worker(process, folder)
        process.stop()
    log = (folder / "log").read_text()
    assert known_by(log) == [], f"the log of a worker says what is personal: {log}"


class Commands:
    """The command line, in processes that can die half-way; see `dying_desk`.

    Args:
        process: the program that runs them.
        said: the file with what the last one said.
    """

    def __init__(self, process: Program, said: Path) -> None:
        self._process = process
        self._said = said

    async def run(self, moment: str, *arguments: str) -> int:
        """Runs one command, which dies at a moment, or does not if that is empty; gives its exit status."""
        asked = {"moment": moment, "arguments": arguments, "output": str(self._said)}
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        async with asyncio.timeout(HANGS):
            answer = await asyncio.to_thread(self._process.stdout.readline)
        assert answer, f"the desk ended with status {self._process.poll()}: see desk.log beside {self._said}"
        return int(answer)

    def output(self) -> str:
        """What the last one said."""
        return self._said.read_text()


@contextmanager
def running_commands(client: Client, database_url: str, folder: Path, **settings: str) -> Iterator[Commands]:
    """The command line on a server and a database.

    Args:
        client: of the server and namespace.
        database_url: of the database.
        folder: for what commands say.
        settings: see `environment_of`.
    """
    of_temporal = {
        "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": client.namespace,
    }
    environment = os.environ | of_temporal | environment_of(database_url, **settings)
    with Program(dying_desk.main, [], environment, folder / "desk.log", answers=True) as process:
        yield Commands(process, folder / "said")
        process.stop()


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator[tuple[Server, Client]]:
    """A Temporal server of one's own that can be killed and started again, as long as the block runs."""
    server = Server(folder / "temporal.log", folder / "temporal.db")
    try:
        client = await server.start()
        await register_search_attributes(client)
        yield server, client
    finally:
        server.kill()
        # Requests that were given up complain when they are cleared away: here, and not in whatever comes next.
        gc.collect()


def environment_of(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a process of the service.

    Args:
        database_url: of its database.
        settings: others, by their names in `settings`. If they do not say otherwise, the keys of bank details are
            beside the database, and answers are not waited for long.
    """
    if "payee_key_file" not in settings:
        settings["payee_key_file"] = str(Path(database_url.removeprefix("sqlite:///")).parent / "payee.key")
    given = {"answer_within": str(_ANSWER_WITHIN), **settings, "database_url": database_url}
    return {f"{PREFIX}{name.upper()}": value for name, value in given.items()}


@contextmanager
def opened_desk(client: Client, database_url: str, **settings: str) -> Iterator[Desk]:
    """A desk on a database, which it makes ready; settings as for `environment_of`."""
    database = Database(database_url)
    database.migrate()
    given = environment_of(database_url, **settings)
    options = Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})

    async def connected() -> Client:
        return client

    desk = Desk(options, database, connected)
    try:
        yield desk
    finally:
        desk.close()
        database.close()


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


def through(provider: Provider) -> dict[str, str]:
    """The settings of a service that pays through a provider."""
    return {"payment_rail": "http", "rail_url": provider.url, "rail_token": provider.token}


def telling(notify: Notify) -> dict[str, str]:
    """The settings of a service that sends its notices through GOV.UK Notify."""
    known = {"notify_url": notify.url, "notify_key": API_KEY, "notify_template": TEMPLATE}
    return known | {"notice_channel": "govuk-notify", "notice_rate": "1000"}


async def books_agree(desk: Desk) -> tuple[Difference, ...]:
    """The differences between the books once there are none; or those that stay."""
    differences: tuple[Difference, ...] = ()

    async def do_agree() -> bool:
        nonlocal differences
        operator = await desk.actor(OPERATOR, Proof.TERMINAL)
        differences = (await desk.reconciliation.reconcile(operator)).differences
        return not differences

    with suppress(TimeoutError):
        await eventually(do_agree)
    return differences


class Played:
    """One challenge, with all who have a part in it.

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
        self.desk = desk
        self.books = Books(desk.core.database)
        self.programme = programme
        self._round, _, challenges = pilot()
        opens = Instant.now() + TimeDelta(seconds=opens_in)
        model = next(each for each in challenges if each.slug == slug)
        self.challenge: Challenge = model.model_copy(
            update={"opens": opens, "closes": opens + TimeDelta(seconds=window_seconds)}
        )
        self.teams: list[str] = []

    @property
    def id(self) -> str:
        """The challenge's id."""
        return self.challenge.id

    async def open(self) -> None:
        """Opens it with four applications, which are numbered as teams.

        They come at the very opening, however short the window is and however busy the machine.
        """
        self.keep()
        for number in range(1, 5):
            applying = Applying(
                organisation=f"Company {number}", email=f"{number}@company.example", proposal=f"Answer number {number}."
            )
            at_the_opening, compose = (lambda: self.challenge.opens), self.desk.core.letters.compose
            receipt = accept(self.desk.core.database, self.id, applying, at_the_opening, compose)
            self.teams.append(receipt.application)
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

    async def waiting_for(self, what: str) -> None:
        """Waits until the challenge waits for something."""

        async def does() -> bool:
            return await self.waits_for() == what

        await eventually(does)

    async def decide(self, kind: str, by: str, **fields: object) -> str:
        """Somebody decides, and says so again and again until it is answered; see `Challenges.decide`."""
        async with asyncio.timeout(HANGS):
            while True:
                with suppress(NotConfirmed, Unavailable):
                    return await self.desk.challenges.decide(await self.actor(by), self.id, kind, **fields)

    async def actor(self, person: str) -> Actor:
        """Somebody at a terminal: a person by their id, a team by the id of its application."""
        return await self.desk.actor(self.books.mailbox(person), Proof.TERMINAL)

    async def select(self, stage: str) -> None:
        """The sponsor selects for a stage."""
        await self.decide("select", self.challenge.deciders[0], **self._selection(stage))

    async def hold(self) -> None:
        """An operator stops the clock."""
        await self.decide("hold", OPERATOR, reason="Election period", decision_id="in-spring")

    async def resume(self) -> None:
        """The clock goes on."""
        await self.decide("resume", OPERATOR, decision_id="in-summer")

    async def select_by_signal(self, stage: str) -> None:
        """The same, in a message that Temporal keeps until a worker hears it."""
        handle = (await self.desk.core.client()).get_workflow_handle(self.id)
        await handle.signal("select", {"by": self.challenge.deciders[0], **self._selection(stage)})

    def _selection(self, stage: str) -> dict[str, object]:
        number = self.programme.stages[0].target if stage == STAGES[0] else 1
        amounts = {"pre-commercial": "40000.00", "commercialisation": "10000.00"}
        fields: dict[str, object] = {"stage": stage, "teams": self.teams[:number], "decision_id": f"for-{stage}"}
        if stage in amounts:
            fields["amounts"] = {self.teams[0]: amounts[stage]}
        return fields

    # What becomes of its payments.

    def payments(self) -> dict[str, Payment]:
        """Its part of the ledger, by keys."""
        return {payment.key: payment for payment in self.books.payments(self.id)}

    async def payments_of_teams(self) -> list[str]:
        """The keys of the first stage's payments in the order of the teams, once they are requested."""
        taken = self._selection(STAGES[0])["teams"]
        assert isinstance(taken, list)
        keys = [f"{self.id}/{STAGES[0]}/{team}/1" for team in taken]
        await until(lambda: set(keys) <= self.payments().keys())
        return keys

    async def reaches(self, key: str, *statuses: PaymentStatus) -> None:
        """Waits until a payment stands so."""
        try:
            await until(lambda: self.payments()[key].status in statuses)
        except TimeoutError:
            raise TimeoutError(f"{key} is {self.payments()[key].status} and not {statuses}") from None

    async def give_payee(self, team: str) -> None:
        """A team gives its bank details, again and again until that is answered."""
        account = {"holder": f"Company of {team}", "sort_code": "60-16-13", "number": "31926819"}
        async with asyncio.timeout(HANGS):
            while True:
                with suppress(Unavailable):
                    await self.desk.payments.give_payee(await self.actor(team), self.id, team, account)
                    return

    async def decide_on(self, key: str, kind: str, reason: str = "") -> None:
        """Somebody decides on a payment, and says so again and again until it is done; see `Payments.decide`.

        What came back is for another person to say than finance, which releases it again.
        """
        before = self.payments()[key]
        by = OPERATOR if kind == Return.kind else FINANCE
        fields = {Release.kind: {"payee_version": before.payee_version}, UndoReturn.kind: {"attempt": before.attempt}}
        decision_id = self.decision_on(kind, before.attempt)
        async with asyncio.timeout(HANGS):
            while self.payments()[key].status is before.status:
                with suppress(NotConfirmed, Unavailable):
                    actor, more = await self.actor(by), fields.get(kind, {})
                    await self.desk.payments.decide(actor, key, kind, decision_id=decision_id, reason=reason, **more)

    @staticmethod
    def decision_on(kind: str, attempt: int) -> str:
        """The id of finance's decision on a payment, of which so many attempts were made."""
        return f"{kind}-after-{attempt}"

    async def retry(self, key: str) -> None:
        """Somebody lets a payment try again what needs attention, and says so until it is answered."""
        async with asyncio.timeout(HANGS):
            while True:
                with suppress(NotConfirmed, Unavailable):
                    await self.desk.payments.retry(await self.actor(OPERATOR), key)
                    return

    async def release(self, key: str) -> None:
        """Finance lets a payment go as soon as that can be."""
        await self.reaches(key, *TO_RELEASE)
        await self.decide_on(key, "release")

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
            for payment in self.payments().values():
                if payment.status is PaymentStatus.REQUESTED:
                    # Looked at anew: another payment of the team may have been dealt with a moment ago.
                    if not self.payments()[payment.key].payee:
                        await self.give_payee(payment.team)
                elif payment.status is PaymentStatus.PAYEE_KNOWN:
                    await self.decide_on(payment.key, "release")
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
        async with self.finance_at_work():
            for stage in STAGES:
                await self.waiting_for(f"selection for {stage}")
                if stage == HELD_BEFORE:
                    await self.hold()
                    await self.resume()
                await self.select(stage)
            return await self.result()


async def until(came: Callable[[], bool]) -> None:
    """Waits for a condition, but not without end."""

    async def has_come() -> bool:
        return came()

    await eventually(has_come)
