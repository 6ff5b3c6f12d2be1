"""Rehearses a round: plays every person's part on the real service, with short days, and checks the books.

Only the people and the length of a day are simulated. Applications, decisions, payments and notices go through the
same desk, workflows and database as always.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping

from whenever import Instant, TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.application import Applying
from domain.challenges.awards import payments_expected
from domain.challenges.state import Outcome
from domain.permissions import Action, Actor, Proof
from domain.programmes.plan import plan_of, total_at_target
from domain.programmes.programme import Programme, Stage
from domain.programmes.rehearsal import shortened
from domain.programmes.round import REHEARSAL, Challenge
from domain.values.calendar import seconds_between
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.paging import all_of
from domain.values.refusals import Refused, RehearsalStopped, TooLate
from store.payments.reading import Payment

from .desk import Desk
from .player import Player
from .rounds import RoundFile, check_operator

SUBMISSIONS = 80
"""How many applications are handed in during a round, as in the pilot. Some of them are too late."""

_LATE_OF_EACH = 8
"""One submission in this many comes after the closing."""

_TO_OPEN = TimeDelta(seconds=2)
"""The time between the start of the challenges and the first opening. A short window must not pass during the start."""

_NOTHING = "nothing"
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


Say = Callable[[str, str], None]
"""Called with the challenge concerned, and with a few words on what happened there."""


class Books(Value):
    """The settled payments of all challenges for one stage.

    Args:
        stage: the stage's name.
        agreed: whether the amounts were agreed at the selections. If not, the programme fixes the amounts.
        each: the amount of one payment. None if the amounts differ.
        payments: the number of settled payments.
        paid: the sum of the settled payments.
    """

    stage: str
    agreed: bool
    each: Money | None
    payments: int
    paid: Money


class Findings(Value):
    """The result of a rehearsal.

    Args:
        challenges: the ids of the challenges.
        accepted, refused: the number of submissions that were taken, and that were refused.
        ledger: the settled payments, by stage.
        fixed: the sum of all settled payments whose amounts the programme fixes.
        agreed: the sum of all settled payments whose amounts were agreed at selections.
        differences: everything that differs from the programme. Empty if nothing does.
    """

    challenges: tuple[str, ...]
    accepted: int
    refused: int
    ledger: tuple[Books, ...]
    fixed: Money
    agreed: Money
    differences: tuple[str, ...]

    @property
    def paid(self) -> Money:
        """The sum of all settled payments."""
        return self.fixed + self.agreed


async def rehearse(desk: Desk, actor: Actor, round_name: str, day: float, say: Say, seed: int = 2016) -> Findings:
    """Plays a whole round.

    Args:
        desk: the desk of a running service.
        actor: who rehearses the round. The round's file must name the actor as an operator.
        round_name: the id of the round. The rehearsal opens a round of its own with the content of this round's file.
        day: how many seconds a day lasts.
        say: called for everything that happens.
        seed: the seed of all random choices.

    Raises:
        UnknownRound, FileRefused, NotAllowed, Unavailable: as for opening a round.
        RehearsalStopped: somebody's part could not be played, no worker started the challenges, or a challenge took
            more than twice its longest time. The message says which challenge and why.
    """
    file = await desk.rounds.read_file(actor, round_name)
    check_operator(desk.core, actor, Action.REHEARSE, file.round)
    name = f"{file.round.id}{REHEARSAL}{desk.now().timestamp()}"
    await desk.core.threads.read(
        lambda: desk.core.letters
    )  # read now: days can be so short that an application that first waited for the letters would come too late
    start = desk.now() + _TO_OPEN
    short, brief = shortened(file.programme, file.challenges, start, day)
    renamed = tuple(each.model_copy(update={"id": f"{name}/{each.slug}"}) for each in brief)
    rehearsed = file.round.model_copy(update={"id": name})
    await desk.rounds.start(RoundFile(round=rehearsed, programme=short, challenges=renamed))
    say("all", f"{len(renamed)} challenges open as the round {name}; a day lasts {day:g} s")
    players = [
        _Rehearsal(desk, short, challenge, day, say, random.Random(f"{seed} {challenge.slug}")) for challenge in renamed
    ]
    patience = 120 + 2 * seconds_between(start, _last_end(short, renamed))
    try:
        async with asyncio.timeout(patience), asyncio.TaskGroup() as group:
            for player, share in zip(players, _shares(len(players)), strict=True):
                group.create_task(player.play(share))
    except TimeoutError:
        raise RehearsalStopped(await _still_running(players, patience)) from None
    except ExceptionGroup as failures:  # the first challenge that failed; the group has stopped the others
        raise failures.exceptions[0] from None
    return await _findings(desk, short, players)


def _shares(challenges: int) -> list[int]:
    """How many submissions each challenge gets."""
    return [SUBMISSIONS // challenges + (number < SUBMISSIONS % challenges) for number in range(challenges)]


async def _still_running(players: list[_Rehearsal], patience: float) -> str:
    rows = [await player.row() for player in players]
    waiting = ", ".join(
        f"{row.slug} waits for {row.waits_for}" + (f" and needs attention ({row.attention})" if row.attention else "")
        for row in rows
        if not row.outcome
    )
    return f"The rehearsal did not end within {patience:.0f} seconds: {waiting or 'all challenges have ended'}."


def _last_end(programme: Programme, challenges: tuple[Challenge, ...]) -> Instant:
    return max(plan_of(challenge, programme).ends for challenge in challenges)


class _Rehearsal(Player):
    """Everybody who has a part in one challenge of a rehearsal. Much of what they do is random."""

    def __init__(
        self,
        desk: Desk,
        programme: Programme,
        challenge: Challenge,
        day: float,
        say: Say,
        chance: random.Random,
    ) -> None:
        super().__init__(desk, challenge, programme, Proof.SERVICE)
        self.receipts: list[str] = []
        self.refusals: list[str] = []
        self.taken: dict[str, int] = {}
        self.agreed: dict[str, Money] = {}
        self.wrong: list[str] = []
        self._day = day
        self._say = say
        self._chance = chance
        self._actors: dict[str, Actor] = {}

    async def play(self, submissions: int) -> None:
        """Plays from the first application to the outcome.

        Raises:
            RehearsalStopped: somebody's part was refused, or the challenge ended too early.
        """
        try:
            await self._taken_up()
            await self._apply(submissions)
            field = tuple(sorted(self.receipts))
            for stage in self.programme.stages:
                await self.waiting_for(f"selection for {stage.name}")
                field = await self._fill(stage, field)
                await self._meet(stage)
            await self.waiting_for(_NOTHING)
        except RehearsalStopped:
            raise
        except Refused as refusal:
            raise RehearsalStopped(f"The rehearsal stopped at {self.challenge.slug}: {refusal}") from None
        self._tell(f"ended: {(await self.row()).outcome}")

    async def actor(self, person: str) -> Actor:
        """See `Player`. Each actor is looked up once, because nobody's roles change during a rehearsal."""
        if person not in self._actors:
            self._actors[person] = await super().actor(person)
        return self._actors[person]

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

    async def _apply(self, submissions: int) -> None:
        """Hands in applications: most in time, spread over the window, and some just too late."""
        length = seconds_between(self.challenge.opens, self.challenge.closes)
        late = submissions // _LATE_OF_EACH
        moments = sorted(0.05 + 0.85 * self._chance.random() for _ in range(submissions - late))
        moments += [1.001 + 0.01 * self._chance.random() for _ in range(late)]
        for number, moment in enumerate(moments):
            await self._sleep_until(self.challenge.opens + TimeDelta(seconds=moment * length))
            await self._submit(self._application(number))
        self._tell(f"{len(self.receipts)} applications taken, {len(self.refusals)} refused as late")

    async def _submit(self, applying: Applying) -> None:
        sent = self.desk.now()
        try:
            receipt = await self.hand_in(applying)
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
            proposal=f"{self._chance.choice(_IDEAS)}\n\n{self._chance.choice(_IDEAS)}",
        )

    async def _fill(self, stage: Stage, field: tuple[str, ...]) -> tuple[str, ...]:
        """The sponsor selects the expected number of teams, with one in reserve if the stage lasts for some time.

        Agreed amounts are from 50% to 90% of the most that the stage may pay.
        """
        await asyncio.sleep(self._day * self._chance.uniform(0.5, 3))
        ranked = self._chance.sample(field, min(len(field), stage.target + (not stage.only_sifts)))
        teams, reserve = tuple(ranked[: stage.target]), tuple(ranked[stage.target :])
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
            if row.outcome and what != _NOTHING:
                how = ": ".join(each for each in (row.outcome, row.outcome_reason) if each)
                raise RehearsalStopped(f"{row.id} ended too early ({how}): the rehearsal expected the {what}.")
            return False

        await self.eventually(does)

    def account(self, team: str) -> Mapping[str, str]:
        """See `Player`."""
        sort_code, number = self._chance.randrange(10**6), self._chance.randrange(10**8)
        return {"holder": f"Account of {team}", "sort_code": f"{sort_code:06d}", "number": f"{number:08d}"}

    async def _sleep_until(self, moment: Instant) -> None:
        await asyncio.sleep(max(0.0, seconds_between(self.desk.now(), moment)))

    def _tell(self, what: str) -> None:
        self._say(self.challenge.slug, what)

    def _short(self, teams: tuple[str, ...]) -> str:
        return ", ".join(team.removeprefix(f"{self.challenge.slug}-") for team in teams)


async def _findings(desk: Desk, programme: Programme, players: list[_Rehearsal]) -> Findings:
    settled = [each for player in players for each in await player.ledger() if each.settled]
    books = tuple(_books(stage, settled) for stage in programme.stages if stage.pay is not None)
    fixed = total(line.paid for line in books if not line.agreed)
    differences = [each for player in players for each in await _differences(desk, programme, player)]
    planned = total_at_target(*(plan_of(player.challenge, programme) for player in players)).fixed.gross
    if fixed != planned:
        shown = planned.shown(programme.currency)
        differences.append(f"{fixed.shown(programme.currency)} was paid in fixed fees, but {shown} was planned")
    return Findings(
        challenges=tuple(player.challenge.id for player in players),
        accepted=sum(len(player.receipts) for player in players),
        refused=sum(len(player.refusals) for player in players),
        ledger=books,
        fixed=fixed,
        agreed=total(line.paid for line in books if line.agreed),
        differences=tuple(differences),
    )


def _books(stage: Stage, settled: list[Payment]) -> Books:
    of_stage = [each.amount.gross for each in settled if each.stage == stage.name]
    return Books(
        stage=stage.name,
        agreed=stage.pay is None or stage.pay.fixed is None,
        each=of_stage[0] if len(set(of_stage)) == 1 else None,
        payments=len(of_stage),
        paid=total(of_stage),
    )


async def _differences(desk: Desk, programme: Programme, player: _Rehearsal) -> list[str]:
    """The differences between a challenge, its programme and the parts that were played."""
    row, operator = await player.row(), await player.actor(player.operator)
    found = [*player.wrong]
    if row.outcome != Outcome.COMPLETED:
        found.append(f"the outcome is {row.outcome or 'still open'}, not completed")
    if row.applications != len(player.receipts):
        found.append(
            f"the window was sealed with {row.applications} applications, but {len(player.receipts)} had receipts"
        )
    expected = payments_expected(programme, player.taken, player.agreed)
    ledger = await player.ledger()
    actual = Counter((each.stage, each.number, each.amount.gross) for each in ledger if each.settled)
    for (stage, number, amount), is_what in (
        *((payment, "is due but was not paid") for payment in (expected - actual).elements()),
        *((payment, "was paid but is not due") for payment in (actual - expected).elements()),
    ):
        found.append(f"{amount.shown(row.currency)} for {stage}, instalment {number}, {is_what}")
    told = Counter(notice.occasion for notice in await all_of(lambda page: desk.notices.list(operator, page, row.id)))
    for occasion, count in (
        (Occasion.APPLICATION_RECEIVED, len(player.receipts)),
        (Occasion.APPLICATION_REFUSED, len(player.refusals)),
        (Occasion.PAYMENT_SENT, expected.total()),
    ):
        if told[occasion] != count:
            found.append(f"{told[occasion]} notices of {occasion} were sent, but {count} were due")
    return [f"{row.id}: {each}" for each in found]
