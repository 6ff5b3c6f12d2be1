"""The parts that a rehearsal plays: everybody who has a part in one challenge. Much of what they do is random."""

from __future__ import annotations

import asyncio
import random

from domain.payments.payment import OVER
from domain.programmes.pay import Due
from domain.programmes.programme import CountedFrom, Programme, Stage
from domain.programmes.rehearsal import teams_taken
from domain.programmes.round import Challenge
from domain.values.money import Money, total
from domain.values.refusals import Refused, RehearsalStopped
from domain.values.wording import counted

from .desk import Desk
from .rehearsal_applicants import Applicants
from .rehearsal_cast import Cast, Say
from .rehearsal_judges import Judges

NOTHING = "nothing"
"""What a challenge waits for after it has ended and everything is paid."""
_DEPARTS = 0.2
"""How often a selection departs from the ranking."""


class Parts(Cast):
    """Everybody who has a part in one challenge of a rehearsal, from the first application to the last payment.

    Args:
        desk, programme, challenge, day, glance, say, chance: see `Cast`.

    Attributes:
        applicants: those who apply.
        judges: those who read and mark.
        taken: how many teams each stage took, by its name.
        agreed: the agreed fees, by "stage/team".
        evidence_accepted: how often evidence was accepted.
        over: whether the challenge has ended and everything is paid.
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
        super().__init__(desk, programme, challenge, day, glance, say, chance)
        self.applicants = Applicants(self)
        self.judges = Judges(self)
        self.taken: dict[str, int] = {}
        self.agreed: dict[str, Money] = {}
        self.evidence_accepted = 0
        self.over = False

    async def play(self, in_time: int, late: int) -> None:
        """Plays from the first application to the last payment.

        Args:
            in_time, late: how many applications are handed in before the closing, and after it.

        Raises:
            RehearsalStopped: somebody's part was refused, the challenge ended too early, or days are too short.
        """
        try:
            await self._take_applications(in_time, late)
            field = tuple(sorted(self.applicants.receipts))
            stages = list(zip(self.programme.stages, teams_taken(self.programme), strict=True))
            for (stage, number), (following, needed) in zip(stages, [*stages[1:], (None, 0)], strict=True):
                await self.waiting_for(f"selection for {stage.name}")
                teams = await self._fill(stage, number, field)
                field = await self._until_next(stage, teams, following, needed)
            await self._paid_up()
        except RehearsalStopped:
            raise
        except Refused as refusal:
            raise RehearsalStopped(f"The rehearsal stopped at {self.challenge.slug}: {refusal}") from None
        self.tell(f"ended: {(await self.row()).outcome}")

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

    async def _take_applications(self, in_time: int, late: int) -> None:
        """People apply, whether or not a worker has started the challenge by then."""
        applying = asyncio.create_task(self.applicants.apply(in_time, late))
        try:
            await self._taken_up()
            await applying
        finally:
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)

    async def _taken_up(self) -> None:
        """Waits for a worker to start the challenge, soon after the opening."""
        await self.sleep_until(self.challenge.opens)
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

    async def _fill(self, stage: Stage, number: int, field: tuple[str, ...]) -> tuple[str, ...]:
        """The sponsor selects so many teams, with one in reserve if the stage lasts for some time.

        If there is a ranking, the sponsor mostly follows it, and gives a reason otherwise. Agreed amounts are from 50%
        to 90% of the most that the stage may pay.
        """
        ranking = await self.judges.judge(stage, field)
        await self.think()
        ranked = ranking.order
        if not ranked or self.chance.random() < _DEPARTS:
            ranked = tuple(self.chance.sample(field, len(field)))
        wanted = number + (not stage.only_sifts)
        teams, reserve = ranked[:number], ranked[number:wanted]
        needs_none = ranked == ranking.order and number <= stage.target and ranking.passing >= set(ranked[:wanted])
        reason = "" if needs_none else f"Best answers to: {self.challenge.question}"
        amounts = {}
        if stage.pay is not None and stage.pay.agreed_up_to is not None:
            amounts = {team: Money(stage.pay.most.pence * self.chance.randint(5, 9) // 10) for team in teams}
            self.agreed |= {f"{stage.name}/{team}": amount for team, amount in amounts.items()}
        self.taken[stage.name] = len(teams)
        await self.select(stage.name, teams, reserve=reserve, amounts=amounts, reason=reason)
        self.tell(f"{stage.name}: {self.short(teams)}" + (f" (reserve {self.short(reserve)})" if reserve else ""))
        return teams

    async def _until_next(
        self, stage: Stage, teams: tuple[str, ...], following: Stage | None, needed: int
    ) -> tuple[str, ...]:
        """What happens in a stage, and until the next selection.

        Returns:
            The teams that can be selected for the stage that follows.
        """
        asks = following.asks if following else None
        if following is None or asks is None:
            await self._work(stage, teams)
            return teams
        if asks.counted_from is CountedFrom.SELECTION:
            sent = await self.applicants.propose(following, teams, needed)
            await self._work(stage, teams)
        else:
            await self._work(stage, teams)
            await self.waiting_for(f"proposals for {following.name}")
            sent = await self.applicants.propose(following, teams, needed)
        await self.waiting_for(f"selection for {following.name}")
        return await self.applicants.propose_too_late(following, teams, sent)

    async def _work(self, stage: Stage, teams: tuple[str, ...]) -> None:
        await self._meet(stage)
        await self._accept_evidence(stage, teams)

    async def _meet(self, stage: Stage) -> None:
        """Reports as many sessions with citizens as the programme expects."""
        for _ in range(stage.participation_sessions):
            people = self.chance.randint(8, 40)
            await self.take_part(stage.name, people, "Residents tried the prototype and ranked what to build next.")

    async def _accept_evidence(self, stage: Stage, teams: tuple[str, ...]) -> None:
        """The sponsor accepts what each team shows for each instalment on evidence, one instalment after the other."""
        parts = enumerate(stage.pay.instalments, start=1) if stage.pay else ()
        for number in (number for number, part in parts if part.due is Due.EVIDENCE):
            await self.think()
            await asyncio.gather(*(self._accept(stage, number, team) for team in teams))
            self.evidence_accepted += len(teams)
            self.tell(f"{stage.name}: evidence for instalment {number} accepted from {self.short(teams)}")

    async def _accept(self, stage: Stage, number: int, team: str) -> None:
        await self.decide("evidence", stage=stage.name, team=team, number=number, accepted=True)

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
                self.tell(f"{row.outcome}; {counted(len(unpaid), 'payment')} still to be made")
            await self.get_paid()
            return bool(row.outcome) and row.waits_for == NOTHING and not unpaid

        await self.eventually(is_over)
        self.over = True
