"""What all parts of the desk use: threads for the store, the connection to Temporal, rights, and refusals."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.challenges.decisions import Decision
from domain.challenges.messages import content_of
from domain.challenges.state import State
from domain.identity.proof import Proof
from domain.payments.payment import OVER
from domain.permissions import RIGHTS, Action, Actor, Grant, Role, check_may, grant_for, lacks_second_step
from domain.values.addresses import mailbox_of
from domain.values.calendar import spoken
from domain.values.refusals import (
    NotAllowed,
    NotConfirmed,
    NotProven,
    Refused,
    SecondStepMissing,
    TooLate,
    Unavailable,
    WindowNotSealed,
)
from gateways.messaging.letters import Letters
from identity import terminal
from service.settings import Settings
from service.threads import Threads
from service.wiring import letters_of
from store.challenges import people, rounds
from store.challenges.rounds import ChallengeRow
from store.database.database import Database
from store.payments import reading
from store.record import record

from .refusals import refusal_by_desk
from .signing import Signing
from .temporal import NobodyThere, Temporal


class Core:
    """What the parts of the desk share.

    Args:
        options: the settings of this process.
        database: where everything is kept.
        connect: gives a connection to Temporal; called when the first is needed.
        clock: the service's clock.
    """

    def __init__(
        self,
        options: Settings,
        database: Database,
        connect: Callable[[], Awaitable[Client]],
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self.options = options
        self.database = database
        self.clock = clock
        self.threads = Threads()
        self.temporal = Temporal(connect, options.answer_within, self.now)
        self.signing = Signing(options, self.threads)

    @property
    def letters(self) -> Letters:
        """The texts of notices, read only when the first notice is written: most requests send no notices.

        Raises:
            FileRefused: a file with a text is wrong.
        """
        return letters_of(self.options)

    def now(self) -> Instant:
        """The present, by the service's clock."""
        return self.clock()

    # Who asks, and whether they may.

    async def actor(self, name: str, proof: Proof) -> Actor:
        """The person who acts, with their present roles.

        Where the service asks for proof, a name alone gives no role.

        Args:
            name: a person's id or e-mail address; empty for nobody in particular.
            proof: how the person proved who they are.

        Raises:
            Unavailable: the database cannot be read.
        """
        actor = Actor(name=name, proof=proof)
        if not name or not self.is_believed(actor):
            return actor
        return actor.model_copy(update={"grants": await self.threads.read(people.grants_of, self.database, name)})

    async def at_terminal(self, claimed: str) -> Actor:
        """The person at this terminal, by their key file, or else by the name that they give.

        Args:
            claimed: the name that was given; empty if none was. Beside a key file it must be the same person's.

        Raises:
            NotProven, NotAllowed: the key file cannot be used, or is not that of the named person.
            Unavailable: the database cannot be used.
        """
        who = terminal.who_is_there
        shown = await self.threads.write(who, self.database, self.options, claimed, self.now())
        return await self.actor(shown.name, shown.proof)

    def is_believed(self, actor: Actor) -> bool:
        """Whether the service takes an actor for the person whom they name."""
        return actor.proof.is_shown or not self.options.ask_for_proof

    def check_proven(self, actor: Actor, action: Action, what: str) -> None:
        """Checks that an actor has shown who they are, if the service asks for it and not anyone may do the action.

        Raises:
            NotProven: the actor has only given a name, or none.
        """
        if Role.ANYONE not in RIGHTS[action].roles and not self.is_believed(actor):
            raise NotProven(
                f"To {RIGHTS[action].words} {what}, show who you are: name the key file that was made for you in "
                f"{terminal.SETTING}. A name alone is not enough here."
            )

    def check_writes_for(self, actor: Actor, address: str, row: ChallengeRow, *, operators: bool) -> None:
        """Checks that an application comes from whoever has its address, if the service asks for proof.

        Otherwise whoever reaches a terminal could apply in somebody else's name.

        Args:
            actor: who hands it in.
            address: of the application.
            row: the challenge.
            operators: whether an operator may do it for somebody else.

        Raises:
            NotProven: it does not.
        """
        if not self.options.ask_for_proof:
            return
        is_own = mailbox_of(actor.name) == mailbox_of(address)
        is_theirs = is_own or (operators and self.operator_at(actor, row) is not None)
        if not (is_theirs and self.is_believed(actor)):
            also = ", or let an operator hand it in" if operators else ""
            raise NotProven(
                "An application comes from whoever has its address: name the key file that was made for this person "
                f"in {terminal.SETTING}{also}."
            )

    def operator_at(self, actor: Actor, row: ChallengeRow) -> Grant | None:
        """An actor's role as an operator of a challenge; None if they are none."""
        return next((grant for grant in actor.roles(row.place) if grant.role is Role.OPERATOR), None)

    async def find(self, name: str) -> ChallengeRow:
        """One challenge, by "round/challenge" or by its own name if only one round has it.

        Raises:
            UnknownChallenge: no challenge has that name, or several have it.
        """
        return await self.threads.read(rounds.find_challenge, self.database, name)

    async def allow(self, actor: Actor, action: Action, row: ChallengeRow, what: str = "") -> Grant:
        """The role that allows somebody to do something at a challenge. A refusal is on the record.

        Args:
            actor, action, row: who, what and where.
            what: the payment concerned, if there is one.

        Raises:
            NotProven: the actor has only given a name, and the service asks for more.
            NotAllowed: the actor may not. The message says who may.
            WindowNotSealed: the actor's role may do this only once the window is sealed.
            SecondStepMissing: the actor needs their passkey for it.
        """
        async with self.refusals_on_record(actor, action, row):
            return await self._allowed(actor, action, row, what or row.id)

    async def _allowed(self, actor: Actor, action: Action, row: ChallengeRow, what: str) -> Grant:
        self.check_proven(actor, action, what)
        place = row.place
        grant = grant_for(actor, action, place)
        if grant is None:
            those = await self.threads.read(people.people_of, self.database, row.round, row.sponsor)
            held = actor.roles(place)
            check_may(action, self.shown(actor), held[0].role if held else "", what, those)
            raise NotAllowed(f"{self.shown(actor)} may not {RIGHTS[action].words} {what}.")
        if place.period not in RIGHTS[action].during:
            raise WindowNotSealed(
                f"Nobody may {RIGHTS[action].words} {row.id} before its window is sealed. "
                f"It closes: {spoken(row.closes, row.time_zone)}."
            )
        self.check_second_step(actor, action, grant.role, what)
        return grant

    def check_second_step(self, actor: Actor, action: Action, role: Role, what: str) -> None:
        """Checks that whoever decides or releases has used a passkey, if the settings ask for it.

        Raises:
            SecondStepMissing: they have not.
        """
        if self.options.second_step and lacks_second_step(actor, action, role):
            raise SecondStepMissing(
                f"To {RIGHTS[action].words} {what} as {role}, use your passkey: go to "
                f"{self.options.web_address}/passkeys, then do it again."
            )

    async def reach(self, actor: Actor, action: Action, rows: Iterable[ChallengeRow]) -> tuple[ChallengeRow, ...]:
        """The challenges, among those given, at which somebody may do something now.

        Raises:
            NotProven: the actor has only given a name, and the service asks for more.
            NotAllowed: challenges were given, and the actor may do this at none of them.
            SecondStepMissing: the actor needs their passkey for it.
        """
        self.check_proven(actor, action, "any challenge")
        rows = tuple(rows)
        may = tuple(
            row
            for row in rows
            if grant_for(actor, action, row.place) is not None and row.place.period in RIGHTS[action].during
        )
        if rows and not may:
            roles = " or ".join(f"{'an' if role is Role.OPERATOR else 'a'} {role}" for role in RIGHTS[action].roles)
            raise NotAllowed(
                f"{self.shown(actor)} may not {RIGHTS[action].words} any challenge: {roles} of one may. "
                "Say who acts with --as."
            )
        for row in may:
            grant = grant_for(actor, action, row.place)
            if grant is not None:
                self.check_second_step(actor, action, grant.role, row.id)
        return may

    async def theirs(self, actor: Actor, action: Action, challenge: str | None) -> tuple[str, ...]:
        """The ids of the challenges whose lists somebody may see, or the id of the named challenge.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not.
        """
        if challenge is not None:
            row = await self.find(challenge)
            await self.allow(actor, action, row)
            return (row.id,)
        return tuple(row.id for row in await self.reach(actor, action, await self.challenges()))

    def allow_anyone(self, actor: Actor, action: Action) -> None:
        """Checks that anyone may do an action that concerns no challenge.

        Raises:
            NotAllowed: not everybody may do this.
        """
        if Role.ANYONE not in RIGHTS[action].roles:
            raise NotAllowed(f"{self.shown(actor)} may not {RIGHTS[action].words} the service.")

    def shown(self, actor: Actor) -> str:
        """The actor's name for refusals. The record gets no name if the name is an address."""
        return actor.name or "Nobody in particular"

    async def challenges(self, round_: str | None = None) -> tuple[ChallengeRow, ...]:
        """Every opened challenge, or every opened challenge of a round."""
        return await self.threads.read(rounds.challenges, self.database, round_)

    # Temporal.

    async def client(self) -> Client:
        """The connection to Temporal, one for the whole process.

        Raises:
            Unavailable: Temporal cannot be reached. The message says what to do.
        """
        return await self.temporal.client()

    async def state(self, row: ChallengeRow, within: float = 0) -> State:
        """All that the workflow of a challenge knows.

        Args:
            row: the challenge.
            within: how many seconds to wait for the answer, if not as long as usual.

        Raises:
            Unavailable: Temporal does not have the workflow, or no worker runs.
        """
        return await self.temporal.state(row.id, within)

    async def update(
        self,
        actor: Actor,
        row: ChallengeRow,
        name: str,
        message: Decision | None,
        workflow: str = "",
        start: WithStartWorkflowOperation[Any, Any] | None = None,
        *,
        anew: bool = False,
    ) -> str:
        """Sends a message to a challenge, or to a payment if its key is given, and returns the answer.

        Args:
            actor: who sends the message. It goes with their proof.
            row: the challenge.
            name: of the message.
            message: the decision in the message, if there is one.
            workflow: key of a payment of the challenge, if the message is for that payment.
            start: starts the workflow, together with the message, if the workflow is not running.
            anew: whether the message came before from somebody else: Temporal must not answer as it did then.

        Raises:
            Refused: the request was not carried out.
            NotConfirmed: nobody knows whether the message was taken. You can safely send it again.
            Unavailable: Temporal has not passed the message on, or the keys that sign cannot be read.
        """
        await self.client()  # nothing is signed that cannot be sent
        to = workflow or row.id
        asked: dict[str, Any] = {
            "start": start,
            "proof": await self.signing.signed(actor, row.place, to, name, message),
        }
        if message is not None:
            # Temporal answers a second update with the same id like the first, so the id includes the content.
            asked["id"] = f"{message.decision_id}/{content_of(message)}"
            asked["again"] = (
                f"see `status {row.id}`, then send the same again with --id {message.decision_id}. "
                "It is not taken twice."
            )
        if anew:
            asked |= {"id": uuid.uuid4().hex, "again": "you can safely confirm it again. It is not taken twice."}
        try:
            return await self.temporal.update(to, name, [message] if message else [], **asked)
        except NobodyThere as nobody:
            raise await self._ended(actor, row, name, message, workflow, nobody.since) from None

    async def _ended(
        self,
        actor: Actor,
        row: ChallengeRow,
        name: str,
        message: Decision | None,
        workflow: str,
        since: NotConfirmed | None,
    ) -> Refused:
        """Refuses a message that comes after the end. The workflow is gone, so this writes the record."""
        how = ""
        if workflow:
            status = (await self.threads.read(reading.find_payment, self.database, workflow)).status
            how = f"is {status}" if status in OVER else ""
        elif row.outcome:
            how = f"has ended ({row.outcome})"
        if since is not None and not how:
            return since
        how = how or "is not running in this Temporal namespace"
        refusal = TooLate(f"{workflow or row.id} {how}: {name} can no longer change anything.")
        if message is not None:
            await self._put_on_record(row, Actor(name=message.by, proof=actor.proof), name, refusal)
        return refusal

    # Refusals on the record.

    @asynccontextmanager
    async def refusals_on_record(self, actor: Actor, action: str, *rows: ChallengeRow) -> AsyncIterator[None]:
        """Puts refusals in the block on the record. Errors are not refusals.

        Args:
            actor: who asks.
            action: the request, as the record names it.
            rows: the challenges concerned.
        """
        try:
            yield
        except (Unavailable, NotConfirmed):
            raise
        except Refused as refusal:
            for row in rows:
                await self._put_on_record(row, actor, action, refusal)
            raise

    async def _put_on_record(self, row: ChallengeRow, actor: Actor, action: str, refusal: Refused) -> None:
        """Records a refusal by the desk itself. No workflow hears of the request."""
        those = await self.threads.read(people.people_of, self.database, row.round, row.sponsor)
        await self.announce(refusal_by_desk(row, actor, action, refusal, those, self.now()))

    def _announce(self, announcement: Announcement) -> None:
        record.announce(self.database, announcement, self.letters.compose)

    async def announce(self, announcement: Announcement) -> None:
        """Writes an announcement of the desk itself."""
        await self.threads.write(self._announce, announcement)

    def close(self) -> None:
        """Waits until all work in progress is done."""
        self.threads.close()
