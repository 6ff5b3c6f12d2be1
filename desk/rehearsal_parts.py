"""The parts that a rehearsal plays: everybody who has a part in one challenge. Much of what they do is random."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from whenever import Instant, TimeDelta

from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.payments.payment import OVER
from domain.permissions import Actor, Proof
from domain.programmes.pay import Due
from domain.programmes.programme import Programme, Stage
from domain.programmes.rehearsal import teams_taken
from domain.programmes.round import Challenge
from domain.values.calendar import seconds_between
from domain.values.money import Money, total
from domain.values.refusals import NotConfirmed, Refused, RehearsalStopped, TooLate
from domain.values.wording import counted
from store.challenges.rounds import ChallengeRow

from .desk import Desk
from .player import Player

NOTHING = "nothing"
"""What a challenge waits for after it has ended and everything is paid."""

_TRADES = (
    "Data",
    "Systems",
    "Robotics",
    "Analytics",
    "Design",
    "Labs",
    "Software",
    "Sensors",
    "Digital",
    "Works",
)
_PLACES = ("Tay", "Forth", "Clyde", "Spey", "Ness", "Tweed", "Lomond", "Skye", "Orkney", "Moray")
_IDEAS = (
    "We would put low-cost sensors where people live and show what they measure on an open map.",
    "We would turn what is published today into plain-language messages that people can subscribe to.",
    "We would build an open interface first, and two small services on it with the people who need them.",
    "We would run three workshops with residents and build what they rank first, week by week.",
    "We would combine the data that is there with what visitors report, and test it along one stretch.",
)


_Answer = TypeVar("_Answer")

Say = Callable[[str, str], None]
"""Called with the challenge concerned, and with a few words on what happened there."""


class Parts(Player):
    """Everybody who has a part in one challenge of a rehearsal.

    Args:
        desk, challenge, programme: see `Player`; with short days.
        day: how many seconds a day lasts.
        glance: seconds between two looks at the challenge.
        say: called for everything that happens.
        chance: decides what people do.

    Attributes:
        receipts, refusals: the applications that were taken, and the answers to those that were not.
        taken: how many teams each stage took, by its name.
        agreed: the agreed fees, by "stage/team".
        evidence_accepted: how often evidence was accepted.
        wrong: what the service did and should not have done.
        over: whether the challenge has ended and everything is paid.
        moved: when something was last done here, by anybody.
    """

    def __init__(
        self,
        desk: Desk,
        programme: Programme,
        challenge: Challenge,
        day: float,
        glance: float,
        say: Say,
        chance: random.Random,
    ) -> None:
        super().__init__(desk, challenge, programme, Proof.SERVICE, glance)
        self.receipts: list[str] = []
        self.refusals: list[str] = []
        self.taken: dict[str, int] = {}
        self.agreed: dict[str, Money] = {}
        self.evidence_accepted = 0
        self.wrong: list[str] = []
        self.over = False
        self.moved = desk.now()
        self._seen = ""
        self._day = day
        self._say = say
        self._chance = chance
        self._actors: dict[str, Actor] = {}

    async def play(self, in_time: int, late: int) -> None:
        """Plays from the first application to the last payment.

        Args:
            in_time, late: how many applications are handed in before the closing, and after it.

        Raises:
            RehearsalStopped: somebody's part was refused, the challenge ended too early, or days are too short.
        """
        try:
            await self._take_applications(in_time, late)
            field = tuple(sorted(self.receipts))
            for stage, teams in zip(self.programme.stages, teams_taken(self.programme), strict=True):
                await self.waiting_for(f"selection for {stage.name}")
                field = await self._fill(stage, teams, field)
                await self._meet(stage)
                await self._accept_evidence(stage, field)
            await self._paid_up()
        except RehearsalStopped:
            raise
        except Refused as refusal:
            raise RehearsalStopped(f"The rehearsal stopped at {self.challenge.slug}: {refusal}") from None
        self._tell(f"ended: {(await self.row()).outcome}")

    async def still_to_come(self) -> str:
        """What the challenge waits for, in words, with the payments that are still to be made."""
        row = await self.row()
        waits = [f"waits for {row.waits_for}" if row.started else "has not been started by a worker"]
        if row.outcome:
            unpaid = [each for each in await self.ledger() if each.status not in OVER]
            shown = total(each.amount.gross for each in unpaid).shown(row.currency)
            first = f", such as {unpaid[0].key}, which is {unpaid[0].status}" if unpaid else ""
            waits = [f"has ended and waits for {counted(len(unpaid), 'payment')} of {shown}{first}"]
        if row.attention:
            waits.append(f"needs attention ({row.attention})")
        return f"{row.slug} {' and '.join(waits)}"

    async def actor(self, person: str) -> Actor:
        """See `Player`. Each actor is looked up once, because nobody's roles change during a rehearsal."""
        if person not in self._actors:
            self._actors[person] = await super().actor(person)
        return self._actors[person]

    async def ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """See `Player`. Asks again while no answer comes: a busy machine answers late."""
        while True:
            try:
                return await super().ask(request)
            except NotConfirmed:
                continue

    async def act(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """See `Player`."""
        answer = await super().act(request)
        self.moved = self.desk.now()
        return answer

    async def row(self) -> ChallengeRow:
        """See `Player`."""
        row = await super().row()
        if row.waits_for != self._seen:
            self._seen, self.moved = row.waits_for, self.desk.now()
        return row

    async def _take_applications(self, in_time: int, late: int) -> None:
        """People apply, whether or not a worker has started the challenge by then."""
        applying = asyncio.create_task(self._apply(in_time, late))
        try:
            await self._taken_up()
            await applying
        finally:
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)

    async def _taken_up(self) -> None:
        """Waits for a worker to start the challenge, soon after the opening."""
        await self._sleep_until(self.challenge.opens)
        patience = self.desk.core.options.answer_within

        async def started() -> bool:
            return bool((await self.row()).started)

        try:
            async with asyncio.timeout(patience):
                await self.eventually(started)
        except TimeoutError:
            raise RehearsalStopped(
                f"No worker has started {self.challenge.id} within {patience:g} seconds: check that one is running."
            ) from None

    async def _apply(self, in_time: int, late: int) -> None:
        """Hands in applications: most in time, spread over the window, and some just too late.

        Raises:
            RehearsalStopped: the window closed before enough of them came.
        """
        length = seconds_between(self.challenge.opens, self.challenge.closes)
        moments = sorted(0.05 + 0.85 * self._chance.random() for _ in range(in_time))
        moments += [1.001 + 0.01 * self._chance.random() for _ in range(late)]
        for number, moment in enumerate(moments):
            await self._sleep_until(self.challenge.opens + TimeDelta(seconds=moment * length))
            await self._submit(self._application(number))
        if len(self.receipts) < (needed := teams_taken(self.programme)[0]):
            longer = _longer(self._day, seconds_between(self.challenge.opens, self.desk.now()) / length)
            raise RehearsalStopped(
                f"A day of {self._day:g} seconds is too short for this machine: {len(self.receipts)} of {in_time} "
                f"applications to {self.challenge.slug} came in time, and {needed} are needed for "
                f"{self.programme.stages[0].title}. Use a longer day, such as --day {longer:g}."
            )
        self._tell(f"{len(self.receipts)} applications taken, {len(self.refusals)} refused as late")

    async def _submit(self, applying: Applying) -> None:
        sent = self.desk.now()
        try:
            receipt = await self.hand_in(applying)
            self.moved = self.desk.now()
            self.receipts.append(receipt.application)
            if sent >= self.challenge.closes:
                self.wrong.append(f"the application {receipt.application} came after the closing, but was taken")
        except TooLate as refusal:
            self.refusals.append(str(refusal))
            if self.desk.now() < self.challenge.closes:
                self.wrong.append(f"an application came in time, but was refused: {refusal}")

    def _application(self, number: int) -> Applying:
        organisation = f"{self._chance.choice(_PLACES)} {self._chance.choice(_TRADES)} {number + 1}"
        mailbox = organisation.lower().replace(" ", ".")
        return Applying(
            organisation=organisation,
            email=f"{mailbox}@companies.example",
            answers=only_text(f"{self._chance.choice(_IDEAS)}\n\n{self._chance.choice(_IDEAS)}"),
        )

    async def _fill(self, stage: Stage, number: int, field: tuple[str, ...]) -> tuple[str, ...]:
        """The sponsor selects so many teams, with one in reserve if the stage lasts for some time.

        Agreed amounts are from 50% to 90% of the most that the stage may pay.
        """
        await self._think()
        ranked = self._chance.sample(field, min(len(field), number + (not stage.only_sifts)))
        teams, reserve = tuple(ranked[:number]), tuple(ranked[number:])
        amounts = {}
        if stage.pay is not None and stage.pay.agreed_up_to is not None:
            amounts = {team: Money(stage.pay.most.pence * self._chance.randint(5, 9) // 10) for team in teams}
            self.agreed |= {f"{stage.name}/{team}": amount for team, amount in amounts.items()}
        self.taken[stage.name] = len(teams)
        reason = f"Best answers to: {self.challenge.question}"
        await self.select(stage.name, teams, reserve=reserve, amounts=amounts, reason=reason)
        self._tell(f"{stage.name}: {self._short(teams)}" + (f" (reserve {self._short(reserve)})" if reserve else ""))
        return teams

    async def _meet(self, stage: Stage) -> None:
        """Reports as many sessions with citizens as the programme expects."""
        for _ in range(stage.participation_sessions):
            people = self._chance.randint(8, 40)
            await self.take_part(stage.name, people, "Residents tried the prototype and ranked what to build next.")

    async def _accept_evidence(self, stage: Stage, teams: tuple[str, ...]) -> None:
        """The sponsor accepts what each team shows for each instalment on evidence, one instalment after the other."""
        parts = enumerate(stage.pay.instalments, start=1) if stage.pay else ()
        for number in (number for number, part in parts if part.due is Due.EVIDENCE):
            await self._think()
            await asyncio.gather(*(self._accept(stage, number, team) for team in teams))
            self.evidence_accepted += len(teams)
            self._tell(f"{stage.name}: evidence for instalment {number} accepted from {self._short(teams)}")

    async def _accept(self, stage: Stage, number: int, team: str) -> None:
        await self.decide("evidence", stage=stage.name, team=team, number=number, accepted=True)

    async def waiting_for(self, what: str) -> None:
        """See `Player`. Pays teams while it waits.

        Raises:
            RehearsalStopped: the challenge ended before it waited for this.
        """

        async def does() -> bool:
            # The test reads only the status row, because the status row is all that a person sees.
            row = await self.row()
            if row.waits_for == what:
                return True
            await self.get_paid()
            if row.outcome:
                how = ": ".join(each for each in (row.outcome, row.outcome_reason) if each)
                raise RehearsalStopped(f"{row.id} ended too early ({how}): the rehearsal expected the {what}.")
            return False

        await self.eventually(does)

    async def _paid_up(self) -> None:
        """Waits for the end of the challenge, and for every payment: some fall due only at the end."""
        told = False

        async def is_over() -> bool:
            nonlocal told
            row = await self.row()
            # Read after the row: what falls due at the end is in the ledger when the row says that the end has come.
            unpaid = [each for each in await self.ledger() if each.status not in OVER]
            if row.outcome and unpaid and not told:
                told = True
                self._tell(f"{row.outcome}; {counted(len(unpaid), 'payment')} still to be made")
            await self.get_paid()
            return bool(row.outcome) and row.waits_for == NOTHING and not unpaid

        await self.eventually(is_over)
        self.over = True

    async def _think(self) -> None:
        """The sponsor takes some days. Meanwhile, teams are paid."""
        await asyncio.gather(asyncio.sleep(self._day * self._chance.uniform(0.5, 3)), self.get_paid())

    def account(self, team: str) -> Mapping[str, str]:
        """See `Player`."""
        sort_code, number = self._chance.randrange(1, 10**6), self._chance.randrange(1, 10**8)
        return {"holder": f"Account of {team}", "sort_code": f"{sort_code:06d}", "number": f"{number:08d}"}

    async def _sleep_until(self, moment: Instant) -> None:
        await asyncio.sleep(max(0.0, seconds_between(self.desk.now(), moment)))

    def _tell(self, what: str) -> None:
        self._say(self.challenge.slug, what)

    def _short(self, teams: tuple[str, ...]) -> str:
        return ", ".join(team.removeprefix(f"{self.challenge.slug}-") for team in teams)


def _longer(day: float, too_slow: float) -> float:
    """A day, in seconds, that is long enough for a machine that took so many times the length of the window."""
    wanted = day * max(2.0, 2 * too_slow)
    unit = 10.0 ** math.floor(math.log10(wanted))
    return math.ceil(wanted / unit) * unit
