"""Rounds: what their files plan, opening them, and moving them to a new release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.common import WorkflowIDReusePolicy
from whenever import Instant

from domain.challenges.state import State
from domain.payments.payment import OVER
from domain.permissions import RIGHTS, Action, Actor, Role
from domain.programmes.edits import Frozen, Known, edits_that_do_not_count
from domain.programmes.plan import EngagementPlan, Plan, engagement_of, plan_of
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved, moved_instant
from domain.programmes.round import Challenge, Round, challenges_of
from domain.values.addresses import mailbox_of
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.refusals import FileRefused, NotAllowed, Problem, TooLate, UnknownChallenge
from domain.values.wording import either
from store.challenges import hand_overs, rounds
from store.challenges.rounds import ChallengeRow
from store.payments import reading
from workflows import interface
from workflows.limits import DETAILS, SUMMARY, fitting

from .core import Core
from .programme_files import find_round
from .temporal import NobodyThere


class Opened(Value):
    """The result of opening one challenge of a round.

    Args:
        challenge: the challenge's id.
        opens, closes: when the challenge's window opens and closes.
        already: whether the challenge was open before.
    """

    challenge: str
    opens: Instant
    closes: Instant
    already: bool


@dataclass(frozen=True)
class RoundFile:
    """A round from its file, with the dates of its challenges."""

    round: Round
    programme: Programme
    challenges: tuple[Challenge, ...]

    @property
    def first_opening(self) -> Instant:
        """The time when the round's first window opens."""
        return min(challenge.opens for challenge in self.challenges)


class Rounds:
    """What people do with whole rounds."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def read_file(self, actor: Actor, name: str, opens: Instant | None = None) -> RoundFile:
        """Reads a round from its file. Anyone may see the round.

        Args:
            actor: who asks.
            name: the round's id.
            opens: when the first window opens. All dates move with it. If omitted, the dates of the file stay.

        Raises:
            UnknownRound: there is no such file.
            FileRefused: the round's file or the programme's file has an error, or a date cannot be planned.
        """
        self._core.allow_anyone(actor, Action.PLAN)
        return await self._core.threads.read(self._file, name, opens)

    def _file(self, name: str, opens: Instant | None) -> RoundFile:
        round_, programme = find_round(name, self._core.options.programmes)
        challenges = challenges_of(round_, programme, self._core.options.unproven)
        if opens is not None:
            challenges = moved(challenges, opens, programme.time_zone)
        _check_planned(challenges, programme)
        return RoundFile(round=round_, programme=programme, challenges=challenges)

    async def plans(self, actor: Actor, name: str, opens: Instant | None = None) -> tuple[Round, tuple[Plan, ...]]:
        """All dates and all money of a round's challenges. Starts nothing; see `read_file`."""
        file = await self.read_file(actor, name, opens)
        sessions = engagement_of(file.round, file.programme)
        if opens is not None:
            first = min(each.opens for each in challenges_of(file.round, file.programme))

            def moved_session(session: EngagementPlan) -> EngagementPlan:
                at = moved_instant(session.at, first, opens, file.programme.time_zone)
                return session.model_copy(update={"at": at})

            sessions = {name: tuple(map(moved_session, each)) for name, each in sessions.items()}
        return file.round, tuple(
            plan_of(challenge, file.programme, sessions[challenge.id]) for challenge in file.challenges
        )

    async def open(self, actor: Actor, name: str, opens: Instant | None = None) -> tuple[Opened, ...]:
        """Opens every challenge of a round that is not open yet. You can safely call this again.

        Args:
            actor: who opens the round: an operator of the round. Before the round was opened, that is whom its file
                names.
            name: the round's id.
            opens: see `read_file`.

        Raises:
            UnknownRound, FileRefused: see `read_file`.
            NotAllowed: the actor is not an operator of the round.
            TooLate: a window would close in the past. No challenge is opened.
        """
        file = await self.read_file(actor, name, opens)
        await self._check_may_open(actor, file.round, await self._core.challenges(file.round.id))
        return await self.start(file)

    async def _check_may_open(self, actor: Actor, round_: Round, rows: Sequence[ChallengeRow]) -> None:
        """Checks that the actor is an operator of a round: by its file, until the round was opened."""
        if rows:
            await self._core.allow(actor, Action.OPEN_ROUND, rows[0], round_.id)
        else:
            check_operator(self._core, actor, Action.OPEN_ROUND, round_)

    async def edits(self, actor: Actor, name: str, opens: Instant | None = None) -> tuple[Problem, ...]:
        """What in the files of an open round does not count, because they were edited; and what to do instead.

        Args:
            actor: who asks: an operator of the round.
            name, opens: see `read_file`.

        Raises:
            UnknownRound, FileRefused: see `read_file`.
            NotAllowed: the actor is not an operator of the round.
        """
        file = await self.read_file(actor, name, opens)
        rows = await self._core.challenges(file.round.id)
        await self._check_may_open(actor, file.round, rows)
        frozen = await self._core.threads.read(rounds.read_frozen, self._core.database, file.round.id)
        people = await self._core.threads.read(hand_overs.read_people, self._core.database, file.round.id)
        known = [_known(row, frozen[row.id]) for row in rows if row.id in frozen]
        return edits_that_do_not_count(
            file.round, file.programme, file.challenges, known, people, moved=opens is not None
        )

    async def start(self, file: RoundFile) -> tuple[Opened, ...]:
        """Opens a round; see `open`. The caller has checked that the actor may do so."""
        kept = {row.id: row for row in await self._core.challenges(file.round.id)}
        # A challenge that was opened before keeps its dates, even if its workflow could not be started at the time.
        challenges = tuple(_as_kept(challenge, kept.get(challenge.id)) for challenge in file.challenges)
        for challenge in challenges:
            if challenge.id not in kept and challenge.closes <= self._core.now():
                raise TooLate(
                    f"{challenge.id} would close on {spoken(challenge.closes, file.programme.time_zone)}, which is "
                    "past: open the round at another time with --opens, or rehearse the round."
                )
        await self._core.client()  # without Temporal nothing is kept
        await self._core.threads.write(
            rounds.keep_round, self._core.database, file.round, file.programme, challenges, self._core.now()
        )
        late = [each.id for each in challenges if kept and each.id not in kept]
        led = await self._core.threads.read(hand_overs.led_by_the_books, self._core.database, challenges, late)
        return tuple([await self._start(challenge, file, kept.get(challenge.id)) for challenge in led])

    async def _start(self, challenge: Challenge, file: RoundFile, row: ChallengeRow | None) -> Opened:
        already = row is not None and row.started
        if not already:
            already = not await self._core.temporal.start(
                interface.CHALLENGE,
                State.of(challenge, file.programme),
                "Open the round again: no challenge is opened twice.",
                id=challenge.id,
                task_queue=interface.TASK_QUEUE,
                # Temporal deletes closed runs after a while. The row in the database, checked above, stays.
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=fitting(challenge.question, SUMMARY),
                static_details=fitting(_in_a_sentence(challenge, file), DETAILS),
            )
        return Opened(challenge=challenge.id, opens=challenge.opens, closes=challenge.closes, already=already)

    async def renew(self, actor: Actor, name: str) -> tuple[str, ...]:
        """Continues a round's open challenges and unpaid payments in fresh runs of their workflows.

        Args:
            actor: who asks.
            name: the round's id, or "round/challenge" for one challenge.

        Returns:
            The ids of the workflows that continue in fresh runs.

        Raises:
            UnknownChallenge: there is no such round or challenge.
            NotAllowed: the actor is not an operator of any of these challenges.
            TooLate: some workflows are no longer in Temporal. All others were renewed.
            Unavailable: Temporal cannot be reached.
        """
        named = (await self._core.find(name),) if "/" in name else await self._core.challenges(name)
        if not named:
            raise UnknownChallenge(f"No round {name!r} was opened: see `status` for the rounds that were opened.")
        rows = await self._core.reach(actor, Action.RENEW, named)
        waiting = {row.id: row for row in rows if not row.outcome}
        unpaid = {
            each.key: row
            for row in rows
            for each in await self._core.threads.read(reading.read_payments, self._core.database, row.id)
            if each.status not in OVER
        }
        gone = [each for each, row in (waiting | unpaid).items() if not await self._renewed(actor, row, each)]
        if gone:
            raise TooLate(f"No longer in Temporal: {', '.join(gone)}. The others of {name} continue in fresh runs.")
        return (*waiting, *unpaid)

    async def _renewed(self, actor: Actor, row: ChallengeRow, workflow: str) -> bool:
        proof = await self._core.signing.signed(actor, row.place, workflow, interface.RENEW)
        try:
            await self._core.temporal.signal(workflow, interface.RENEW, proof=proof)
        except NobodyThere:
            return False
        return True


def _check_planned(challenges: Sequence[Challenge], programme: Programme) -> None:
    """Checks that all dates of all challenges can be planned.

    Raises:
        FileRefused: they cannot. The text has a line for each reason, with the first challenge for which it is so.
    """
    reasons: dict[str, str] = {}
    for challenge in challenges:
        try:
            plan_of(challenge, programme)
        except ValueError as error:
            reasons.setdefault(str(error), challenge.id)
    if reasons:
        raise FileRefused.for_problems(
            [Problem(field="opens", text=f"{challenge}: {reason}.") for reason, challenge in reasons.items()]
        )


def check_operator(core: Core, actor: Actor, action: Action, round_: Round) -> None:
    """Checks that a round's file names the actor as an operator. The round need not be open yet.

    Raises:
        NotProven: the actor has only given a name, and the service asks for more.
        NotAllowed: the file does not name the actor. The message says who the operators are.
        SecondStepMissing: the actor needs their passkey for it.
    """
    core.check_proven(actor, action, round_.id)
    names = {each for person in round_.operators for each in (person.id, mailbox_of(person.email))}
    if mailbox_of(actor.name) not in names:
        those = either(person.id for person in round_.operators)
        raise NotAllowed(f"{core.shown(actor)} may not {RIGHTS[action].words} {round_.id}: {those} may.")
    core.check_second_step(actor, action, Role.OPERATOR, round_.id)


def _in_a_sentence(challenge: Challenge, file: RoundFile) -> str:
    """A sentence for staff in Temporal's UI: who poses the challenge, and under which programme."""
    sponsor = next(each.name for each in file.round.sponsors if each.id == challenge.sponsor)
    return f"The challenge {challenge.slug} is posed by {sponsor}. Its programme is “{file.programme.title}”."


def _known(row: ChallengeRow, frozen: Frozen) -> Known:
    return Known(
        id=row.id,
        frozen=frozen,
        opens=row.opens,
        closes=row.closes,
        sealed=row.applications is not None,
        ended=bool(row.outcome),
    )


def _as_kept(challenge: Challenge, row: ChallengeRow | None) -> Challenge:
    if row is None:
        return challenge
    return challenge.model_copy(update={"opens": row.opens, "closes": row.closes, "unproven": row.unproven})
