"""Rehearsing a round: every person's part played against the real service, with short days, and the books checked.

Nothing here is simulated but the people and the length of a day: applications, decisions, payments and notices go
through the same desk, workflows and database as always.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from whenever import Instant, TimeDelta

from domain.application import Applying
from domain.awards import payments_expected
from domain.calendar import seconds_between
from domain.challenge import Outcome
from domain.model import Value
from domain.money import Money, total
from domain.plan import plan_of
from domain.programme import Programme, Stage
from domain.refusals import ApplicationRefused
from domain.rehearsal import shortened
from domain.round import Challenge
from store.rounds import ChallengeRow

from .desk import Desk

SUBMISSIONS = 80
"""How many applications are sent in over a round, as in the pilot; some of them too late."""

_LATE_OF_EACH = 8
"""Every so-manieth submission comes after the closing."""

_GLANCE = timedelta(milliseconds=100)

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


class Findings(Value):
    """What came of a rehearsal.

    Args:
        challenges: their ids.
        accepted, refused: submissions that were taken, and that were not.
        paid: what the ledger has as settled.
        agreed: the part of it that was agreed at selections rather than fixed by the programme.
        differences: whatever is not as the programme says; empty if all is well.
    """

    challenges: tuple[str, ...]
    accepted: int
    refused: int
    paid: Money
    agreed: Money
    differences: tuple[str, ...]


async def rehearse(desk: Desk, round_name: str, day: float, say: Callable[[str], None], seed: int = 2016) -> Findings:
    """Plays a whole round.

    Args:
        desk: of a running service.
        round_name: whose file is played; the rehearsal opens as a round of its own.
        day: how many seconds a day lasts.
        say: told in a line what happens.
        seed: of everything that is left to chance.

    Raises:
        UnknownRound, FileRefused, Unavailable: as opening a round does.
        TimeoutError: the challenges did not end in twice the time that they can take.
    """
    round_, programme, challenges = desk.find_round(round_name)
    name = f"{round_.id}-rehearsal-{desk.now().timestamp()}"
    start = desk.now() + TimeDelta(seconds=1)
    short, brief = shortened(programme, challenges, start, day)
    renamed = tuple(each.model_copy(update={"id": f"{name}/{each.slug}"}) for each in brief)
    await desk.open_challenges(round_.model_copy(update={"id": name}), short, renamed)
    say(f"{len(renamed)} challenges open as round {name}, a day lasts {day:g} s")
    players = [
        _Player(desk, short, challenge, day, say, random.Random(f"{seed} {challenge.slug}")) for challenge in renamed
    ]
    shares = [SUBMISSIONS // len(players) + (n < SUBMISSIONS % len(players)) for n in range(len(players))]
    async with (
        asyncio.timeout(60 + 2 * seconds_between(start, _last_end(short, renamed))),
        asyncio.TaskGroup() as group,
    ):
        for player, share in zip(players, shares, strict=True):
            group.create_task(player.play(share))
    return _findings(desk, short, players)


def _last_end(programme: Programme, challenges: tuple[Challenge, ...]) -> Instant:
    return max(plan_of(challenge, programme).ends for challenge in challenges)


class _Player:
    """Everybody who has a part in one challenge: its applicants, its sponsor, its citizens."""

    def __init__(
        self,
        desk: Desk,
        programme: Programme,
        challenge: Challenge,
        day: float,
        say: Callable[[str], None],
        chance: random.Random,
    ) -> None:
        self.desk = desk
        self.programme = programme
        self.challenge = challenge
        self.receipts: list[str] = []
        self.refusals: list[str] = []
        self.taken: dict[str, int] = {}
        self.agreed: dict[str, Money] = {}
        self._day = day
        self._say = say
        self._chance = chance

    async def play(self, submissions: int) -> None:
        """From the first application to the outcome."""
        await self._apply(submissions)
        field = tuple(sorted(self.receipts))
        for stage in self.programme.stages:
            await self._until(f"selection for {stage.name}")
            field = await self._select(stage, field)
            await self._take_part(stage)
        await self._until("nothing")
        self._say(f"{self.challenge.slug}: {self._row().outcome}")

    async def _apply(self, submissions: int) -> None:
        """Most come in time, spread over the window; some come just too late."""
        length = seconds_between(self.challenge.opens, self.challenge.closes)
        late = submissions // _LATE_OF_EACH
        moments = sorted(0.05 + 0.85 * self._chance.random() for _ in range(submissions - late))
        moments += [1.0 + 0.01 * self._chance.random() for _ in range(late)]
        for number, moment in enumerate(moments):
            await self._sleep_until(self.challenge.opens + TimeDelta(seconds=moment * length))
            applying = self._application(number)
            try:
                receipt = await asyncio.to_thread(self.desk.apply, self.challenge.id, applying)
                self.receipts.append(receipt.application)
            except ApplicationRefused as refusal:
                self.refusals.append(str(refusal))
                self._say(f"{self.challenge.slug}: {applying.organisation} refused: {refusal}")
        self._say(f"{self.challenge.slug}: {len(self.receipts)} applications taken, {len(self.refusals)} refused")

    def _application(self, number: int) -> Applying:
        organisation = f"{self._chance.choice(_PLACES)} {self._chance.choice(_TRADES)} {number + 1}"
        mailbox = organisation.lower().replace(" ", ".")
        return Applying(
            organisation=organisation,
            email=f"{mailbox}@companies.example",
            proposal=f"{self._chance.choice(_IDEAS)}\n\n{self._chance.choice(_IDEAS)}",
        )

    async def _select(self, stage: Stage, field: tuple[str, ...]) -> tuple[str, ...]:
        """The sponsor takes as many as expected, puts the next in reserve, and agrees on most of the cap."""
        await asyncio.sleep(self._day * self._chance.uniform(0.5, 3))
        ranked = self._chance.sample(field, min(len(field), stage.target + 1))
        teams, reserve = tuple(ranked[: stage.target]), tuple(ranked[stage.target :])
        amounts = {}
        if stage.pay is not None and stage.pay.agreed_up_to is not None:
            amounts = {team: Money(stage.pay.most.pence * self._chance.randint(5, 9) // 10) for team in teams}
            self.agreed |= {f"{stage.name}/{team}": amount for team, amount in amounts.items()}
        self.taken[stage.name] = len(teams)
        answer = await self.desk.decide(
            self.challenge.id,
            "select",
            self.challenge.deciders[0],
            stage=stage.name,
            teams=teams,
            reserve=reserve,
            amounts=amounts,
            reason=f"Best answers to: {self.challenge.question}",
        )
        self._say(f"{self.challenge.slug}: {answer}")
        return teams

    async def _take_part(self, stage: Stage) -> None:
        """Citizens meet as often as the programme expects."""
        for _ in range(stage.participation_sessions):
            today = self.desk.now().to_tz(self.programme.time_zone).date()
            await self.desk.decide(
                self.challenge.id,
                "participation",
                self.challenge.operators[0],
                stage=stage.name,
                on=today,
                people=self._chance.randint(8, 40),
                summary="Residents tried the prototype and ranked what to build next.",
            )

    async def _until(self, waits_for: str) -> None:
        # The status row is all that a person sees, so this is how a person would notice.
        while self._row().waits_for != waits_for:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE.total_seconds())

    async def _sleep_until(self, moment: Instant) -> None:
        await asyncio.sleep(max(0.0, seconds_between(self.desk.now(), moment)))

    def _row(self) -> ChallengeRow:
        return self.desk.find(self.challenge.id)


def _findings(desk: Desk, programme: Programme, players: list[_Player]) -> Findings:
    differences: list[str] = []
    paid: list[Money] = []
    agreed: list[Money] = []
    for player in players:
        name = player.challenge.id
        row = desk.find(name)
        if row.outcome != Outcome.COMPLETED:
            differences.append(f"{name} ended as {row.outcome or 'still running'}, not as completed")
        if row.applications != len(player.receipts):
            differences.append(
                f"{name} was sealed with {row.applications} applications, {len(player.receipts)} had receipts"
            )
        expected = payments_expected(programme, player.taken, player.agreed)
        ledger = desk.payments(name)
        actual = Counter((each.stage, each.number, each.amount.gross) for each in ledger if each.settled)
        for stage, number, amount in (expected - actual).elements():
            differences.append(f"{name}: {amount} for {stage}, instalment {number}, is due and not paid")
        for stage, number, amount in (actual - expected).elements():
            differences.append(f"{name}: {amount} for {stage}, instalment {number}, is paid and not due")
        paid += [each.amount.gross for each in ledger if each.settled]
        agreed += player.agreed.values()
        told = Counter(notice.occasion for notice in desk.notices(name))
        for occasion, count in (
            ("application-received", len(player.receipts)),
            ("application-refused", len(player.refusals)),
            ("payment-made", expected.total()),
        ):
            if told[occasion] != count:
                differences.append(f"{name}: {told[occasion]} notices of {occasion}, {count} were due")
    return Findings(
        challenges=tuple(player.challenge.id for player in players),
        accepted=sum(len(player.receipts) for player in players),
        refused=sum(len(player.refusals) for player in players),
        paid=total(paid),
        agreed=total(agreed),
        differences=tuple(differences),
    )
