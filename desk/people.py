"""The people of rounds: a role that somebody hands over to a successor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from domain.challenges.decisions import HandOver
from domain.challenges.hand_over import handed_over_in_words, noted_after_the_end
from domain.challenges.messages import content_of
from domain.identity.proof import BY_SERVICE, Proof
from domain.payments.payment import OVER
from domain.permissions import Action, Actor, Role
from domain.programmes.round import Person
from domain.values.model import Value
from domain.values.refusals import (
    NotConfirmed,
    NotReadable,
    Problem,
    ReasonMissing,
    Refused,
    Unavailable,
    UnknownRound,
    refuse_for_all,
)
from domain.values.wording import counted
from store.challenges import hand_overs, people
from store.challenges.hand_overs import HandOverRow, Heir
from store.challenges.rounds import ChallengeRow
from store.payments import reading

from .core import Core
from .payment_workflows import PaymentWorkflows
from .temporal import NobodyThere, goes_on


class HandOverDone(Value):
    """The result of a hand-over.

    Args:
        text: what was done.
        number: of the hand-over in the round, from 1.
        challenges: ids of the challenges that the successor acts in.
    """

    text: str
    number: int
    challenges: tuple[str, ...]


class People:
    """What is done about the people of rounds."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._workflows = PaymentWorkflows(core)

    async def hand_over(
        self, actor: Actor, round_: str, person: str, successor: str, reason: str, **known_as: str
    ) -> HandOverDone:
        """Ends somebody's role in a round and gives it to a successor, in open challenges and unpaid payments too.

        You can safely call this again: it goes on where it stopped.

        Args:
            actor: who decides it: an operator of the round.
            round_: id of the round.
            person: id of the person who has the role.
            successor: id of the person who takes over.
            reason: why, for the people concerned.
            known_as: of a successor who is new in the round: `name`, `email`, and perhaps `issuer` and `subject`, the
                organisation with which they sign in and who they are there.

        Raises:
            UnknownRound: no such round was opened.
            NotAllowed: the actor is not an operator of the round, or the successor may not have the role.
            NotReadable, ReasonMissing: the names, the address or the reason cannot be taken.
            UnknownPerson, TooLate: the person has no role to hand over, or the successor is not known.
            NotConfirmed: the role has gone to the successor, and not all challenges have confirmed it yet.
        """
        rows = await self._core.challenges(round_)
        if not rows:
            raise UnknownRound(f"No round {round_!r} was opened: see `status` for the rounds that were opened.")
        by = await self._decider(actor, rows[0], person, successor)
        async with self._core.refusals_on_record(actor, Action.HAND_OVER, rows[0]):
            heir = _heir(person, successor, known_as, reason)
            done = await self._core.threads.write(
                hand_overs.hand_over,
                self._core.database,
                round_,
                person,
                heir,
                by,
                " ".join(reason.split()),
                self._core.now(),
            )
        if done.role == Role.READER:
            concerned = await self._read_by(successor, rows)
            for row in concerned:
                await self._note(row, done, actor.proof)  # the workflows of challenges do not know readers
        else:
            concerned = tuple(row for row in rows if done.concerns(row.sponsor))
            await self._tell(actor, concerned, done)
        text = f"{handed_over_in_words(person, successor, done.role)} in {round_}"
        return HandOverDone(
            text=f"{text}, in {counted(len(concerned), 'challenge')}",
            number=done.number,
            challenges=tuple(row.id for row in concerned),
        )

    async def _read_by(self, person: str, rows: Sequence[ChallengeRow]) -> tuple[ChallengeRow, ...]:
        """The challenges to which somebody reads the applications."""
        grants = await self._core.threads.read(people.grants_of, self._core.database, person)
        actor = Actor(name=person, grants=grants)
        return tuple(row for row in rows if any(each.role is Role.READER for each in actor.roles(row.place)))

    async def _decider(self, actor: Actor, row: ChallengeRow, person: str, successor: str) -> str:
        """The id of the operator who decides. Whoever handed over their own role may finish that.

        Raises:
            NotAllowed, NotProven: the actor is no operator, or has not shown who they are.
            SecondStepMissing: the actor needs their passkey for it.
        """
        async with self._core.refusals_on_record(actor, Action.HAND_OVER, row):
            self._core.check_proven(actor, Action.HAND_OVER, row.round)
        history = await self._core.threads.read(hand_overs.read_hand_overs, self._core.database, row.round)
        before = [each.by for each in history if (each.person, each.successor) == (person, successor)]
        for by in before[-1:]:
            if await self._core.threads.write(people.is_person, self._core.database, row.round, by, actor.name):
                self._core.check_second_step(actor, Action.HAND_OVER, Role.OPERATOR, row.round)
                return by
        return (await self._core.allow(actor, Action.HAND_OVER, row, row.round)).person

    async def _tell(self, actor: Actor, rows: Sequence[ChallengeRow], done: HandOverRow) -> None:
        """Tells challenges, and payments that are not over.

        Raises:
            NotConfirmed: some could not be told.
        """
        history = await self._core.threads.read(hand_overs.read_hand_overs, self._core.database, done.round)
        not_told = list[str]()
        for row in rows:
            try:
                await self._tell_challenge(actor, row, history, done)
            except (Unavailable, NotConfirmed):
                not_told.append(row.id)
            else:
                payments = await self._core.threads.read(reading.read_payments, self._core.database, row.id)
                await self._workflows.ledger_changed(each.key for each in payments if each.status not in OVER)
        if not_told:
            raise NotConfirmed(
                f"{done.successor} has the role of {done.person} in {done.round} now, but not all challenges have "
                f"confirmed it ({', '.join(not_told)}): check that a worker is running, then send the command again."
            )

    async def _tell_challenge(
        self, actor: Actor, row: ChallengeRow, history: Sequence[HandOverRow], done: HandOverRow
    ) -> None:
        """Tells a challenge of every hand-over that it does not know yet, in order."""
        temporal = self._core.temporal
        run = await temporal.found(row.id)
        if run is None or not goes_on(run):
            if row.started:
                await self._note(row, done, actor.proof)
            return  # a challenge that was never started begins with the people whom the books name
        known = (await self._core.state(row)).challenge.hand_overs
        for each in history:
            if each.number > known and each.concerns(row.sponsor):
                message = _message(each)
                # What another operator decided earlier, only the books say.
                how = actor.proof if each.number == done.number else BY_SERVICE
                proof = await self._core.signing.by_the_books(row.id, message, how)
                try:
                    own = f"{message.decision_id}/{content_of(message)}"
                    await temporal.update(row.id, HandOver.kind, [message], id=own, proof=proof)
                except NobodyThere as nobody:
                    if nobody.since is not None:
                        raise nobody.since from None
                    await self._note(row, done, actor.proof)  # it has ended meanwhile
                    return

    async def _note(self, row: ChallengeRow, done: HandOverRow, proof: Proof) -> None:
        told = noted_after_the_end(row.id, row.stage, _message(done), done.role, row.waits_for, done.at)
        await self._core.announce(told.proven(proof.on_record))


def _message(row: HandOverRow) -> HandOver:
    return HandOver(
        by=row.by,
        decision_id=f"hand-over-{row.number}",
        reason=row.reason,
        number=row.number,
        person=row.person,
        successor=row.successor,
    )


def _heir(person: str, successor: str, given: Mapping[str, str], reason: str) -> Heir:
    """The successor as the command names them.

    Raises:
        Refused: something is wrong. The refusal names all of it.
    """
    faults = list[Refused]()
    if not reason.strip():
        faults.append(ReasonMissing("A hand-over needs a reason, for the people who are told."))
    if person == successor:
        faults.append(NotReadable(f"{person} cannot hand over to {successor}: name somebody else."))
    known_as = None
    if any(given.values()):
        sign_in = {name: given[name] for name in ("issuer", "subject") if given.get(name)} or None
        said = {"id": successor, "name": given.get("name", ""), "email": given.get("email", ""), "sign_in": sign_in}
        try:
            known_as = Person.model_validate(said)
        except ValidationError as error:
            faults += [_unreadable(str(each["loc"][-1])) for each in error.errors()]
    refuse_for_all(faults)
    return Heir(id=successor, known_as=known_as)


_TAKES = {
    "id": "The successor's id has lower-case letters, digits and single hyphens, such as finance-2.",
    "name": "Give the successor's name in one line, with --name.",
    "email": "Give the successor's e-mail address, such as name@body.example, with --email.",
    "issuer": "Give the issuer of the successor's organisation, such as https://login.body.example, with --issuer.",
    "subject": "Give who the successor is at that organisation in ASCII and without spaces, with --subject.",
}


def _unreadable(field: str) -> NotReadable:
    return NotReadable.for_problems([Problem(field=field, text=_TAKES[field])])
