"""Rehearsing a round: every person's part played against the real service, with short days, and the books checked.

Nothing here is simulated but the people and the length of a day: applications, decisions, payments and notices go
through the same desk, workflows and database as always.
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
"""How many applications are sent in over a round, as in the pilot; some of them too late."""

_LATE_OF_EACH = 8
"""Every so-manieth submission comes after the closing."""

_TO_OPEN = TimeDelta(seconds=2)
"""How long before the first window opens its challenges are started, so that no short window passes meanwhile."""

_NOTHING = "nothing"
"""What a challenge waits for once it has ended and all is paid."""

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
"""Told which challenge it is about, and in a few words what happened there."""


class Books(Value):
    """What the ledger has for one stage of all challenges.

    Args:
        stage: its name.
        agreed: whether its amounts were agreed at the selections; otherwise the programme fixes them.
        each: what one payment comes to; None if they differ.
        payments: how many are settled.
        paid: what they come to.
    """

    stage: str
    agreed: bool
    each: Money | None
    payments: int
    paid: Money


class Findings(Value):
    """What came of a rehearsal.

    Args:
        challenges: their ids.
        accepted, refused: submissions that were taken, and that were not.
        ledger: what is settled, by stage.
        fixed: the part of it that the programme fixes.
        agreed: the part of it that was agreed at selections.
        differences: whatever is not as the programme says; empty if all is well.
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
        """All that the ledger has as settled."""
        return self.fixed + self.agreed


async def rehearse(desk: Desk, actor: Actor, round_name: str, day: float, say: Say, seed: int = 2016) -> Findings:
    """Plays a whole round.

    Args:
        desk: of a running service.
        actor: who has it rehearsed: an operator that the file of the round names.
        round_name: whose file is played; the rehearsal opens as a round of its own.
        day: how many seconds a day lasts.
        say: told what happens.
        seed: of everything that is left to chance.

    Raises:
        UnknownRound, FileRefused, NotAllowed, Unavailable: as opening a round does.
        RehearsalStopped: somebody's part could not be played, no worker took up the challenges, or they did not end
            in twice the time that they can take; says which challenge and why.
    """
    file = await desk.rounds.read_file(actor, round_name)
    check_operator(desk.core, actor, Action.REHEARSE, file.round)
    name = f"{file.round.id}{REHEARSAL}{desk.now().timestamp()}"
    await desk.core.threads.read(
        lambda: desk.core.letters
    )  # read now: where a day is short, applications would wait for it until they are too late
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
    except ExceptionGroup as failures:  # the first that failed; the group has stopped the others
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
    """Everybody who has a part in one challenge of a rehearsal, with much left to chance."""

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
        """From the first application to the outcome.

        Raises:
            RehearsalStopped: somebody's part was refused, or the challenge ended before its story did.
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
        """See `Player`; looked up once, as nobody's roles change while a round is rehearsed."""
        if person not in self._actors:
            self._actors[person] = await super().actor(person)
        return self._actors[person]

    async def _taken_up(self) -> None:
        """A worker says where the challenge stands soon after it has opened."""
        await self._sleep_until(self.challenge.opens)
        patience = self.desk.core.options.answer_within

        async def started() -> bool:
            return bool((await self.row()).started)

        try:
            async with asyncio.timeout(patience):
                await self.eventually(started)
        except TimeoutError:
            raise RehearsalStopped(
                f"No worker has taken up {self.challenge.id} within {patience:g} seconds: see whether one runs."
            ) from None

    async def _apply(self, submissions: int) -> None:
        """Most come in time, spread over the window; some come just too late."""
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
                self.wrong.append(f"{receipt.application} was taken although it came after the closing")
        except TooLate as refusal:
            self.refusals.append(str(refusal))
            if self.desk.now() < self.challenge.closes:
                self.wrong.append(f"an application was refused although it came in time: {refusal}")

    def _application(self, number: int) -> Applying:
        organisation = f"{self._chance.choice(_PLACES)} {self._chance.choice(_TRADES)} {number + 1}"
        mailbox = organisation.lower().replace(" ", ".")
        return Applying(
            organisation=organisation,
            email=f"{mailbox}@companies.example",
            proposal=f"{self._chance.choice(_IDEAS)}\n\n{self._chance.choice(_IDEAS)}",
        )

    async def _fill(self, stage: Stage, field: tuple[str, ...]) -> tuple[str, ...]:
        """The sponsor takes as many as expected, one in reserve if the stage lasts, and agrees on most of the cap."""
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
        """Citizens meet as often as the programme expects."""
        for _ in range(stage.participation_sessions):
            people = self._chance.randint(8, 40)
            await self.take_part(stage.name, people, "Residents tried the prototype and ranked what to build next.")

    async def waiting_for(self, what: str) -> None:
        """See `Player`; meanwhile teams are paid.

        Raises:
            RehearsalStopped: the challenge has ended, and was still to wait for something.
        """

        async def does() -> bool:
            # The status row is all that a person sees, so this is how a person would notice.
            row = await self.row()
            if row.waits_for == what:
                return True
            await self.get_paid()
            if row.outcome and what != _NOTHING:
                how = ": ".join(each for each in (row.outcome, row.outcome_reason) if each)
                raise RehearsalStopped(f"{row.id} ended ({how}) where {what} was to come.")
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
        differences.append(f"{fixed.shown(programme.currency)} was paid in fixed fees, {shown} was planned")
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
    """Where a challenge did not go as the programme and its players would have it."""
    row, operator = await player.row(), await player.actor(player.operator)
    found = [*player.wrong]
    if row.outcome != Outcome.COMPLETED:
        found.append(f"it ended as {row.outcome or 'still running'}, not as completed")
    if row.applications != len(player.receipts):
        found.append(f"it was sealed with {row.applications} applications, {len(player.receipts)} had receipts")
    expected = payments_expected(programme, player.taken, player.agreed)
    ledger = await player.ledger()
    actual = Counter((each.stage, each.number, each.amount.gross) for each in ledger if each.settled)
    for (stage, number, amount), is_what in (
        *((payment, "is due and not paid") for payment in (expected - actual).elements()),
        *((payment, "is paid and not due") for payment in (actual - expected).elements()),
    ):
        found.append(f"{amount.shown(row.currency)} for {stage}, instalment {number}, {is_what}")
    told = Counter(notice.occasion for notice in await all_of(lambda page: desk.notices.list(operator, page, row.id)))
    for occasion, count in (
        (Occasion.APPLICATION_RECEIVED, len(player.receipts)),
        (Occasion.APPLICATION_REFUSED, len(player.refusals)),
        (Occasion.PAYMENT_SENT, expected.total()),
    ):
        if told[occasion] != count:
            found.append(f"{told[occasion]} notices of {occasion} were sent, {count} were due")
    return [f"{row.id}: {each}" for each in found]
