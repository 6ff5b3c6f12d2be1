"""Questions about a challenge: anyone asks, those in charge answer for all."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.challenges.application import is_contact
from domain.permissions import Action, Actor, Role
from domain.values.addresses import mailbox_of
from domain.values.calendar import spoken
from domain.values.refusals import NotReadable, Problem, ReasonMissing, TooLate
from identity.limits import Limit, Limits
from store.challenges import people
from store.challenges.rounds import ChallengeRow
from store.challenges.submissions import random
from store.public import questions, reading
from store.public.questions import Asked as Asked
from store.record import record

from .core import Core

LONGEST_QUESTION = 2_000
"""The most characters of a question."""
_BY_NETWORK = Limit("ask", 20, 60)
_BY_ADDRESS = Limit("ask-by-address", 10, 60)


class Questions:
    """What people do with questions about challenges."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._limits = Limits()

    async def ask(self, actor: Actor, challenge: str, text: str, *, address: str = "", network: str = "") -> str:
        """Asks a question about a challenge. The answer goes to all, and whoever has asked is named nowhere.

        Args:
            actor: who asks; anyone may.
            challenge: its name.
            text: the question.
            address: where the answer goes, too; empty if whoever asks reads the page.
            network: from which it comes, for the limits.

        Returns:
            The number of the question.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotReadable: the question is empty or too long, or the address is none. Names the fields.
            TooLate: applications are no longer taken. A question that comes after the last moment for questions is
                kept, and those in charge are told that it is late.
            TooOften: too many came from there.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.ASK, row)
        _check(text, address)
        self._limits.count(_BY_NETWORK, network)
        if address:
            self._limits.count(_BY_ADDRESS, mailbox_of(address))
        async with self._core.refusals_on_record(actor, Action.ASK, row):
            return await self._core.threads.write(self._ask, row, text.strip(), address)

    def _ask(self, row: ChallengeRow, text: str, address: str) -> str:
        now = self._core.now()
        found = reading.find(self._core.database, row.id, now, rehearsals=True)
        if now >= found.closes:
            raise TooLate(f"Applications to {row.id} closed on {spoken(found.closes, row.time_zone)}: ask no more.")
        question, is_late = f"q-{random(7)}", now >= found.questions_close
        announcement = self._asked(row, question, text, found.closes, now, is_late=is_late)
        with self._core.database.writing() as connection:
            record.put(connection, announcement, self._core.letters.compose)
            mailbox = mailbox_of(address) if address else ""
            questions.keep(connection, question, row.id, text, mailbox, now, late=is_late)
        return question

    def _asked(
        self, row: ChallengeRow, question: str, text: str, closes: Instant, now: Instant, *, is_late: bool
    ) -> Announcement:
        those = people.people_of(self._core.database, row.round, row.sponsor)
        in_charge = (*those.get(Role.OPERATOR, ()), *those.get(Role.SPONSOR, ()))
        facts = {
            "asked": text,
            "number_asked": question,
            "late": "yes" if is_late else "",
            "closes": spoken(closes, row.time_zone),
        }
        entry = Entry(
            at=now, by="", role=str(Role.ANYONE), action=str(Action.ASK), stage=row.stage, text=f"Asked: {question}"
        )
        return Announcement(
            key=f"{row.id}/ask/{question}",
            challenge=row.id,
            entry=entry,
            notices=(to_people(in_charge, Occasion.QUESTION_ASKED, facts),),
        )

    async def list(self, actor: Actor, challenge: str) -> tuple[Asked, ...]:
        """The questions about a challenge, answered or not, without those who asked.

        Args:
            actor: who reads them.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_QUESTIONS, row)
        return await self._core.threads.read(questions.of, self._core.database, row.id)

    async def drop(self, actor: Actor, challenge: str, question: str, reason: str) -> str:
        """Decides that a question is not answered for all. Nothing of it is published.

        Args:
            actor: who decides.
            challenge: its name.
            question: the number of the question.
            reason: why, for the record.

        Raises:
            UnknownChallenge, UnknownQuestion: there is no such challenge, or no such question waits for an answer.
            NotAllowed: the actor may not.
            ReasonMissing: there is no reason.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.DROP_QUESTION, row)
        async with self._core.refusals_on_record(actor, Action.DROP_QUESTION, row):
            if not reason.strip():
                raise ReasonMissing("To drop a question needs a reason, for the record.")
            now = self._core.now()
            await self._core.threads.write(questions.drop, self._core.database, row.id, question, grant.person, now)
        said = f"{question} is not answered for all"
        entry = Entry(
            at=now,
            by=grant.person,
            role=str(grant.role),
            action=str(Action.DROP_QUESTION),
            stage=row.stage,
            text=said,
            reason=reason.strip(),
        )
        told = Announcement(key=f"{row.id}/drop-question/{question}", challenge=row.id, entry=entry)
        await self._core.announce(told.proven(actor.proof.on_record))
        return said


def _check(text: str, address: str) -> None:
    problems = []
    if not text.strip():
        problems.append(Problem(field="text", text="The question is empty: write one."))
    if len(text) > LONGEST_QUESTION:
        over = f"The question has {len(text):,} characters: shorten it to {LONGEST_QUESTION:,}."
        problems.append(Problem(field="text", text=over))
    if address and not is_contact(address):
        problems.append(Problem(field="email", text="This is no e-mail address: correct it, or leave it empty."))
    if problems:
        raise NotReadable.for_problems(problems)
