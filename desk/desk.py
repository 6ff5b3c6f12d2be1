"""The desk: everything that operators, sponsors and applicants ask of the service, for every front alike.

Each function either does what it says or raises a `Refused` whose text is for the person who asked.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.announcements.occasions import Occasion
from domain.challenges.application import Application, Applying, Receipt
from domain.challenges.decisions import Decision
from domain.challenges.feedback import feedback_given, stages_from
from domain.challenges.messages import content_of, make, printable
from domain.challenges.state import State
from domain.payments.payment import OVER
from domain.programmes.plan import EngagementPlan, Plan, engagement_of, plan_of
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved, moved_instant
from domain.programmes.round import Challenge, Round, challenges_of
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.refusals import NotConfirmed, Refused, TooLate, Unavailable, UnknownChallenge, UnknownNotice
from gateways.messaging.letters import Letters
from service.settings import Settings
from service.wiring import letters_of
from store.challenges import applications, rounds
from store.challenges.rounds import ChallengeRow
from store.database.database import Database
from store.outbox import outbox
from store.payments import ledger
from store.payments.ledger import Payment
from store.record import feedback, record
from store.record.notices import Letter, find_notice
from store.record.record import Notice, RecordLine
from workflows import interface
from workflows.refusals import refusal_in

from .preview import pilot_facts
from .programme_files import find_round

_AN_ID = re.compile(r"[a-z0-9-]{1,80}")
_LONGEST_KEY = 1000
_ASKED_AGAIN_AFTER = timedelta(seconds=5)

NOTICES = interface.NOTICES
"""What the sending of notices is called."""


class Opened(Value):
    """What became of one challenge when its round was opened."""

    challenge: str
    opens: Instant
    closes: Instant
    already: bool


class Desk:
    """Answers requests from the database and through Temporal.

    Args:
        options: the settings of this process.
        database: where everything is kept.
        connect: gives the connection to Temporal; called only when one is needed, and once.
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
        self._connect = connect
        self._client: Client | None = None
        self._clock = clock

    @property
    def letters(self) -> Letters:
        """The words of notices, read when the first is written: most of what a desk is asked for tells nobody.

        Raises:
            FileRefused: one of their files is wrong.
        """
        return letters_of(self.options)

    def now(self) -> Instant:
        """The instant by the service's clock."""
        return self._clock()

    def find_round(self, name: str, opens: Instant | None = None) -> tuple[Round, Programme, tuple[Challenge, ...]]:
        """A round from its file, with the dates of its challenges.

        Args:
            name: the round's id.
            opens: if given, all dates move so that the first window opens then.

        Raises:
            UnknownRound: no such file.
            FileRefused: the file, or its programme's, has an error.
        """
        round_, programme = find_round(name, self.options.programmes)
        challenges = challenges_of(round_, programme)
        if opens is not None:
            challenges = moved(challenges, opens, programme.time_zone)
        return round_, programme, challenges

    def plans(self, name: str, opens: Instant | None = None) -> tuple[Round, tuple[Plan, ...]]:
        """Every date of a round's challenges, and their money, without starting anything; see `find_round`."""
        round_, programme, challenges = self.find_round(name, opens)
        sessions = engagement_of(round_, programme)
        if opens is not None:
            first = min(each.opens for each in challenges_of(round_, programme))

            def moved_session(session: EngagementPlan) -> EngagementPlan:
                at = moved_instant(session.at, first, opens, programme.time_zone)
                return session.model_copy(update={"at": at})

            sessions = {name: tuple(map(moved_session, each)) for name, each in sessions.items()}
        return round_, tuple(plan_of(challenge, programme, sessions[challenge.id]) for challenge in challenges)

    async def open_round(self, name: str, opens: Instant | None = None) -> tuple[Opened, ...]:
        """Opens every challenge of a round that is not open yet; opening again changes nothing.

        Args:
            name: the round's id.
            opens: see `find_round`.

        Raises:
            UnknownRound, FileRefused: see `find_round`.
            TooLate: a window would close in the past; then none is opened.
        """
        return await self.open_challenges(*self.find_round(name, opens))

    async def open_challenges(
        self, round_: Round, programme: Programme, challenges: tuple[Challenge, ...]
    ) -> tuple[Opened, ...]:
        """See `open_round`."""
        kept = {row.id: row for row in rounds.challenges(self.database, round_.id)}
        # What was opened once keeps its dates, also where the workflow could not be started then.
        challenges = tuple(_as_kept(challenge, kept.get(challenge.id)) for challenge in challenges)
        for challenge in challenges:
            if challenge.id not in kept and challenge.closes <= self.now():
                raise TooLate(
                    f"{challenge.id} would close on {spoken(challenge.closes, programme.time_zone)}, which is past: "
                    "open the round at another time with --opens, or rehearse it."
                )
        client = await self.client()
        rounds.keep_round(self.database, round_, programme, challenges, self.now())
        return tuple(
            [await self._open(client, challenge, programme, round_, kept.get(challenge.id)) for challenge in challenges]
        )

    async def _open(
        self, client: Client, challenge: Challenge, programme: Programme, round_: Round, row: ChallengeRow | None
    ) -> Opened:
        already = row is not None and row.started
        if already:
            return Opened(challenge=challenge.id, opens=challenge.opens, closes=challenge.closes, already=True)
        try:
            await client.start_workflow(
                interface.CHALLENGE,
                State.of(challenge, programme),
                id=challenge.id,
                task_queue=interface.TASK_QUEUE,
                # Temporal forgets closed runs in time; the row in the database, asked above, does not.
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=challenge.question[:200],
                static_details=_in_a_sentence(challenge, programme, round_),
            )
        except WorkflowAlreadyStartedError:
            already = True
        return Opened(challenge=challenge.id, opens=challenge.opens, closes=challenge.closes, already=already)

    def challenges(self, round_: str | None = None) -> tuple[ChallengeRow, ...]:
        """Where every challenge stands, or those of a round."""
        return rounds.challenges(self.database, round_)

    def find(self, name: str) -> ChallengeRow:
        """One challenge, by "round/challenge" or by its own name if only one round has it.

        Raises:
            UnknownChallenge: there is none, or several.
        """
        return rounds.find_challenge(self.database, name)

    def apply(self, challenge: str, applying: Applying) -> Receipt:
        """Takes an application; once this returns it is kept.

        Raises:
            UnknownChallenge: there is no such challenge.
            ApplicationRefused, TooEarly, TooLate, OnHold: it is not taken, and why.
        """
        return applications.accept(self.database, self.find(challenge).id, applying, self._clock, self.letters.compose)

    def applications(self, challenge: str, by: str = "") -> tuple[Application, ...]:
        """The applications to a challenge, once its window is sealed.

        Args:
            challenge: its name.
            by: who reads them, if they say so.

        Raises:
            UnknownChallenge: there is no such challenge.
            WindowNotSealed: nobody reads them yet.
        """
        row = self.find(challenge)
        with self.refusals_on_record(by or self.options.person or "unknown", "applications", row):
            return applications.read(self.database, row.id)

    def payments(self, challenge: str | None = None) -> tuple[Payment, ...]:
        """The ledger, or one challenge's part of it."""
        return ledger.read_payments(self.database, challenge and self.find(challenge).id)

    def notices(self, challenge: str | None = None) -> tuple[Notice, ...]:
        """The notices sent, or one challenge's."""
        return record.read_notices(self.database, challenge and self.find(challenge).id)

    def notice(self, key: str) -> Notice:
        """One notice, by its key or the end of it.

        Raises:
            UnknownNotice: there is none, or several.
        """
        return find_notice(self.database, _sought(key))

    def send_again(self, key: str) -> str:
        """Lets a notice that failed be sent again; gives its key.

        Args:
            key: its key, or the end of it.

        Raises:
            UnknownNotice: there is none, or several.
            NotSentAgain: it did not fail, or says what is no longer so.
        """
        return outbox.send_again(self.database, _sought(key), self.now())

    def preview(self, *occasions: Occasion) -> dict[Occasion, Letter]:
        """The words of some occasions, as they would be in the pilot; it needs neither database nor Temporal.

        Raises:
            FileRefused: the files of the words, or of the pilot, are wrong.
        """
        facts = pilot_facts()
        return {occasion: self.letters.preview(occasion, facts[occasion]) for occasion in occasions}

    async def give_feedback(self, challenge: str, stage: str, team: str, by: str, text: str) -> str:
        """Keeps what a sponsor says of a team's try for a stage; it goes out with the decision, or at once after it.

        Args:
            challenge: its name.
            stage: the stage that the team is, or was, not taken into.
            team: id of the application.
            by: who says it.
            text: what is said; it never goes to Temporal.

        Raises:
            UnknownChallenge, UnknownStage, UnknownTeam: there is no such thing.
            NotAllowed: it is not theirs to say.
            NotReadable: there are no words, or too many.
        """
        row = self.find(challenge)
        state, now, unique = await self.state(row), self.now(), uuid.uuid4().hex

        def given(settled: bool) -> Announcement:
            return feedback_given(state, stage, team, by, text, now, unique, settled=settled)

        with self.refusals_on_record(by, "feedback", row):
            stages = stages_from(state, stage)
            announcement = feedback.keep(self.database, row.id, team, text.strip(), stages, given, self.letters.compose)
        return announcement.entry.text

    def record(self, challenge: str) -> tuple[RecordLine, ...]:
        """What was done on a challenge, by whom, when and why, refusals included."""
        return record.read_record(self.database, self.find(challenge).id)

    async def decide(self, challenge: str, kind: str, by: str, **fields: object) -> str:
        """Sends a person's decision to a challenge and gives its answer.

        Args:
            challenge: its name.
            kind: which decision, as in `domain.challenges.decisions.DECISIONS`.
            by: id of the person who decides.
            fields: the decision's other fields; without a `decision_id` it gets one.

        Returns:
            What happened, in words.

        Raises:
            Refused: it was not done, and why; that is on the record.
            NotConfirmed: no answer came in time; sending the decision again is harmless.
        """
        row = self.find(challenge)
        with self.refusals_on_record(by, kind, row):
            decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields})
        return await self.update(row, kind, decision)

    async def only_operator(self, challenge: str) -> str:
        """The challenge's operator if it has just one; otherwise nothing, and somebody has to say who acts."""
        handle = (await self.client()).get_workflow_handle(self.find(challenge).id)
        try:
            patience = timedelta(seconds=self.options.answer_within)
            state = await handle.query(interface.STATE, result_type=State, rpc_timeout=patience)
        except RPCError:
            return ""
        return state.challenge.operators[0] if len(state.challenge.operators) == 1 else ""

    async def retry(self, challenge: str) -> str:
        """Lets a challenge try again what needs attention.

        Returns:
            What needed attention.

        Raises:
            UnknownChallenge, TooLate, NotConfirmed: it could not be asked.
        """
        return await self.update(self.find(challenge), interface.RETRY, None)

    async def renew(self, name: str) -> tuple[str, ...]:
        """Lets the open challenges of a round, or one named round/challenge, go on in a fresh run; says which.

        Raises:
            UnknownChallenge: there is no such round or challenge.
            TooLate: some are not in Temporal any more; the others were renewed.
            Unavailable: Temporal cannot be reached.
        """
        client = await self.client()
        rows = (self.find(name),) if "/" in name else self.challenges(name)
        if not rows:
            raise UnknownChallenge(f"No round {name!r} was opened: see `status` for those that were.")
        waiting = [row.id for row in rows if not row.outcome]
        unpaid = [each.key for row in rows for each in self.payments(row.id) if each.status not in OVER]
        gone = [each for each in (*waiting, *unpaid) if not await _renewed(client, each)]
        if gone:
            raise TooLate(f"Not in Temporal any more: {', '.join(gone)}. The others of {name} go on in fresh runs.")
        return (*waiting, *unpaid)

    async def retry_notices(self) -> str:
        """Lets notices be sent again after what kept them was mended; says what that was.

        Raises:
            TooLate: nothing sends notices here.
            NotConfirmed: no answer came in time.
        """
        handle = (await self.client()).get_workflow_handle(interface.NOTICES)
        try:
            answer: str = await asyncio.wait_for(
                handle.execute_update(interface.RETRY, result_type=str), self.options.answer_within
            )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise NotConfirmed("The sending of notices has not answered: see whether a worker runs.") from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise TooLate("Nothing sends notices here: they stay in the outbox, see `notices`.") from None
            raise Unavailable(f"Temporal did not take it: {error.message}. Try again.") from None
        return answer

    async def client(self) -> Client:
        """The connection to Temporal.

        Raises:
            Unavailable: there is none; says what to do.
        """
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def state(self, row: ChallengeRow, within: float = 0) -> State:
        """All that the workflow of a challenge knows.

        Args:
            row: the challenge.
            within: seconds that its answer is waited for, if not as long as ever.

        Raises:
            Unavailable: Temporal does not have it, or no worker runs.
        """
        handle = (await self.client()).get_workflow_handle(row.id)
        try:
            patience = within or self.options.answer_within
            return await asyncio.wait_for(_answer(handle), patience)
        except TimeoutError:
            raise Unavailable(f"{row.id} does not say how it stands: see whether a worker runs.") from None
        except (RPCError, WorkflowQueryFailedError) as error:
            raise Unavailable(f"{row.id} does not say how it stands: {error}. See it in Temporal's UI.") from None

    async def update(
        self,
        row: ChallengeRow,
        name: str,
        message: Decision | None,
        workflow: str = "",
        start: WithStartWorkflowOperation[Any, Any] | None = None,
    ) -> str:
        """Sends a message to a challenge, or to the payment whose key is given, and gives its answer.

        Args:
            row: the challenge.
            name: of the message.
            message: the decision in it, if it is one.
            workflow: key of a payment of the challenge that it is for instead.
            start: starts that workflow if it is not running, in one go with the message.

        Raises:
            Refused: it was not done, and why.
            NotConfirmed: no answer came in time; sending it again is harmless.
        """
        client = await self.client()
        arguments = [] if message is None else [message]
        # Of two updates with one id Temporal answers the second as the first, whatever it says: the content is in it.
        own = f"{message.decision_id}/{content_of(message)}" if message else None
        said = {"args": arguments, "id": own, "result_type": str}
        try:
            sending: Awaitable[str] = (
                client.execute_update_with_start_workflow(name, start_workflow_operation=start, **said)  # type: ignore[call-overload]
                if start
                else client.get_workflow_handle(workflow or row.id).execute_update(name, **said)  # type: ignore[call-overload]
            )
            answer: str = await asyncio.wait_for(sending, self.options.answer_within)
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise NotConfirmed(
                f"{row.id} has not answered within {self.options.answer_within:g} seconds: see whether a worker runs, "
                f"and ask for its status. The {name} may still be taken; sending it again is harmless."
            ) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise self._ended(row, name, message, workflow) from None
            raise Unavailable(f"Temporal did not take the {name}: {error.message}. Try again.") from None
        return answer

    def _ended(self, row: ChallengeRow, name: str, message: Decision | None, workflow: str) -> Refused:
        """The refusal of what comes after the end; the workflow is gone, so the record is kept here."""
        how = "is not running in this Temporal namespace"
        if workflow:
            status = ledger.find_payment(self.database, workflow).status
            how = f"is {status}" if status in OVER else how
        elif row.outcome:
            how = f"has ended ({row.outcome})"
        refusal = TooLate(f"{workflow or row.id} {how}: {name} changes nothing in it any more.")
        if message is not None:
            self._put_on_record(row, message.by, name, refusal)
        return refusal

    @contextmanager
    def refusals_on_record(self, by: str, action: str, *rows: ChallengeRow) -> Iterator[None]:
        """What is refused to somebody in the block is on the record; a fault is no refusal.

        Args:
            by: who asks.
            action: for what, as the record calls it.
            rows: the challenges that it concerns.
        """
        try:
            yield
        except Unavailable:
            raise
        except Refused as refusal:
            for row in rows:
                self._put_on_record(row, by, action, refusal)
            raise

    def _put_on_record(self, row: ChallengeRow, by: str, action: str, refusal: Refused) -> None:
        """A refusal by the desk itself, of something that no workflow hears of."""
        known = bool(_AN_ID.fullmatch(by))
        who = by if known else "unknown"  # whatever else was typed can be an address, and is not kept
        text = printable(str(refusal) if known or not by else str(refusal).replace(by, who))
        role = rounds.role_of(self.database, row, who)
        entry = Entry(at=self.now(), by=who, role=role, action=action, text=text, refused=True)
        announcement = Announcement(key=f"{row.id}/refused/{uuid.uuid4().hex}", challenge=row.id, entry=entry)
        record.announce(self.database, announcement, self.letters.compose)


def _sought(key: str) -> str:
    """A notice's key, which a database can be asked for."""
    if len(key) > _LONGEST_KEY:  # a database does not even look
        raise UnknownNotice(f"No notice has a key of {len(key):,} characters: see `notices`.")
    return key


async def _renewed(client: Client, workflow: str) -> bool:
    try:
        await client.get_workflow_handle(workflow).signal(interface.RENEW)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise Unavailable(f"Temporal did not take the renewal of {workflow}: {error.message}. Try again.") from None
    return True


async def _answer(handle: WorkflowHandle[Any, Any]) -> State:
    """What a challenge says of itself; asked again after a while, as a worker may have died with the question."""
    while True:
        try:
            state: State = await handle.query(interface.STATE, result_type=State, rpc_timeout=_ASKED_AGAIN_AFTER)
        except RPCError as error:
            if error.status not in (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED):
                raise
        else:
            return state


def _in_a_sentence(challenge: Challenge, programme: Programme, round_: Round) -> str:
    """A challenge as staff read of it beside its page: who poses it, under which rules."""
    sponsor = next(each.name for each in round_.sponsors if each.id == challenge.sponsor)
    return f"The challenge {challenge.slug} is posed by {sponsor}. Its programme is “{programme.title}”."


def _as_kept(challenge: Challenge, row: ChallengeRow | None) -> Challenge:
    if row is None:
        return challenge
    return challenge.model_copy(update={"opens": row.opens, "closes": row.closes})


def _refusal(failure: WorkflowUpdateFailedError) -> Refused:
    return refusal_in(failure.cause) or Refused(f"It failed: {failure.cause}")
