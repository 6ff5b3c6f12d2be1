"""The part of the applicants in a rehearsal: they apply, most of them in time, and send further proposals."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from whenever import Instant, TimeDelta

from domain.challenges.application import Applying, Receipt
from domain.forms.form import Kind
from domain.programmes.programme import Stage, Without
from domain.programmes.rehearsal import teams_taken
from domain.values.calendar import seconds_between
from domain.values.refusals import RehearsalStopped, TooLate
from domain.values.wording import counted

from .rehearsal_answers import filled
from .rehearsal_cast import Cast
from .rehearsal_writers import Writers

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


_BY_DRAFT = 0.2
"""How often somebody writes a draft first, if the form asks for no files. Files are attached to drafts."""
_CHANGED = 0.5
"""How often what was sent from a draft is changed and sent again."""

_Send = Callable[[], Awaitable[Receipt]]


class Applicants:
    """Everybody who applies to one challenge of a rehearsal, and the teams that send further proposals.

    Args:
        cast: everybody who has a part in the challenge.

    Attributes:
        receipts, refusals: the applications that were taken, and the answers to those that were not.
        changed, late_changes: how often an application was sent again with other answers, in time and too late.
        proposals, missing: how many further proposals were taken, and how many teams sent none.
        late_proposals: how often a further proposal came too late.
    """

    def __init__(self, cast: Cast) -> None:
        self.receipts: list[str] = []
        self.refusals: list[str] = []
        self.changed = self.late_changes = 0
        self.proposals = self.missing = self.late_proposals = 0
        self._cast = cast
        self._form = cast.programme.form_of()
        self._writers = {"": Writers(cast, self._form)}
        self._needs_files = any(each.kind is Kind.FILE and each.required for each in self._form.questions())

    @property
    def files(self) -> int:
        """How many files were attached."""
        return sum(each.attached for each in self._writers.values())

    async def apply(self, in_time: int, late: int) -> None:
        """Hands in applications: most in time, spread over the window, and some just too late.

        Raises:
            RehearsalStopped: the window closed before enough of them came.
        """
        cast, opens, closes = self._cast, self._cast.challenge.opens, self._cast.challenge.closes
        length = seconds_between(opens, closes)
        moments = sorted(0.05 + 0.85 * cast.chance.random() for _ in range(in_time))
        moments += [1.001 + 0.01 * cast.chance.random() for _ in range(late)]
        try:
            async with asyncio.TaskGroup() as group:
                for number, moment in enumerate(moments):
                    at = opens + TimeDelta(seconds=moment * length)
                    group.create_task(self._apply_at(at, number, random.Random(cast.chance.random())))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        if len(self.receipts) < (needed := teams_taken(cast.programme)[0]):
            longer = _longer(cast.day, seconds_between(opens, cast.desk.now()) / length)
            raise RehearsalStopped(
                f"A day of {cast.day:g} seconds is too short for this machine: {len(self.receipts)} of {in_time} "
                f"applications to {cast.challenge.slug} came in time, and {needed} are needed for "
                f"{cast.programme.stages[0].title}. Use a longer day, such as --day {longer:g}."
            )
        cast.tell(f"{len(self.receipts)} applications taken, {len(self.refusals)} refused as late{self._more()}")

    async def propose(self, stage: Stage, teams: tuple[str, ...], needed: int) -> tuple[str, ...]:
        """Teams write the further proposal that a stage asks for. All send it but one, if there are more than needed.

        Args:
            stage: the stage, which asks from now on, or from the date of the round.
            teams: those who may enter it.
            needed: how many teams the stage takes.

        Returns:
            The teams whose proposals came in time.

        Raises:
            RehearsalStopped: they are too few for the stage.
        """
        cast, writers = self._cast, self._writers_for(stage)
        opens = next((each.opens for each in cast.challenge.windows if each.stage == stage.name), cast.desk.now())
        await cast.sleep_until(opens)
        silent = teams[-1:] if len(teams) > needed else ()
        chances = [random.Random(cast.chance.random()) for _ in teams]
        in_time = await asyncio.gather(
            *(
                self._proposes(writers, team, chance, sends=team not in silent)
                for team, chance in zip(teams, chances, strict=True)
            )
        )
        sent = tuple(team for team, was in zip(teams, in_time, strict=True) if was)
        self.proposals += len(sent)
        if len(sent) < needed and _is_out(stage):
            raise RehearsalStopped(
                f"A day of {cast.day:g} seconds is too short for this machine: {len(sent)} of {len(teams)} further "
                f"proposals to {cast.challenge.slug} came in time, and {needed} are needed for {stage.title}. "
                f"Use a longer day, such as --day {_longer(cast.day, 1):g}."
            )
        cast.tell(f"{stage.name}: further proposals from {cast.short(sent)}{_with_files(writers.attached)}")
        return sent

    async def propose_too_late(self, stage: Stage, teams: tuple[str, ...], sent: tuple[str, ...]) -> tuple[str, ...]:
        """The others send what they wrote after the closing, in vain.

        Args:
            stage, teams: see `propose`.
            sent: the teams whose proposals came in time.

        Returns:
            The teams that can be selected for the stage.
        """
        others = [team for team in teams if team not in sent]
        self.missing += len(others)
        for team in others:
            if await self._sends(self._writers_for(stage), team):
                self._cast.wrong.append(f"the further proposal of {team} came after the closing, but was taken")
        return sent if _is_out(stage) else teams

    def _writers_for(self, stage: Stage) -> Writers:
        if stage.name not in self._writers:
            self._writers[stage.name] = Writers(self._cast, self._cast.programme.form_of(stage.name), stage.name)
        return self._writers[stage.name]

    def _more(self) -> str:
        again = f"; {self.changed} sent again after a change" if self.changed else ""
        return f"{again}{_with_files(self._writers[''].attached)}"

    async def _apply_at(self, at: Instant, number: int, chance: random.Random) -> None:
        """Somebody applies. Whoever comes too late has written everything before."""
        late, by_draft, writers = at >= self._cast.challenge.closes, chance.random() < _BY_DRAFT, self._writers[""]
        if late:
            send = await self._written(number, chance, by_draft=by_draft)
        await self._cast.sleep_until(at)
        if not late:
            send = await self._written(number, chance, by_draft=by_draft)
        application = await self._submit(send)
        if application and by_draft and chance.random() < _CHANGED:
            await writers.change(application, chance)
            try:
                receipt = await writers.send(application)
                self.changed += receipt.version > 1 and not receipt.repeated
            except TooLate:
                self.late_changes += 1

    async def _written(self, number: int, chance: random.Random, *, by_draft: bool) -> _Send:
        """Writes an application. Returns what sends it."""
        cast, writers = self._cast, self._writers[""]
        organisation = f"{chance.choice(_PLACES)} {chance.choice(_TRADES)} {number + 1}"
        email = f"{organisation.lower().replace(' ', '.')}@companies.example"
        with suppress(TooLate):  # whoever finds the window closed before they begin to write hands in all the same
            if by_draft or self._needs_files:
                draft = await cast.begin_draft(organisation, email)
                await writers.write(draft, chance)
                return partial(writers.send, draft)
        applying = Applying(organisation=organisation, email=email, answers=filled(self._form, chance))
        return partial(cast.hand_in, applying)

    async def _submit(self, send: _Send) -> str:
        """Sends an application. Returns its id if it was taken."""
        cast = self._cast
        sent = cast.desk.now()
        try:
            receipt = await send()
        except TooLate as refusal:
            self.refusals.append(str(refusal))
            if cast.desk.now() < cast.challenge.closes:
                cast.wrong.append(f"an application came in time, but was refused: {refusal}")
            return ""
        cast.moved = cast.desk.now()
        self.receipts.append(receipt.application)
        if sent >= cast.challenge.closes:
            cast.wrong.append(f"the application {receipt.application} came after the closing, but was taken")
        return receipt.application

    async def _proposes(self, writers: Writers, team: str, chance: random.Random, *, sends: bool) -> bool:
        """A team writes a further proposal. Whether it sends it, and in time."""
        try:
            await writers.write(team, chance)
        except TooLate:
            return False
        return sends and await self._sends(writers, team)

    async def _sends(self, writers: Writers, team: str) -> bool:
        """Whether the further proposal of a team is taken, and not refused as too late."""
        try:
            await writers.send(team)
        except TooLate:
            self.late_proposals += 1
            return False
        self._cast.moved = self._cast.desk.now()
        return True


def _is_out(stage: Stage) -> bool:
    """Whether a team is out that sends no further proposal."""
    return stage.asks is not None and stage.asks.without is Without.OUT


def _with_files(attached: int) -> str:
    return f"; {counted(attached, 'file')} attached" if attached else ""


def _longer(day: float, too_slow: float) -> float:
    """A day, in seconds, that is long enough for a machine that took so many times the length of the window."""
    wanted = day * max(2.0, 2 * too_slow)
    unit = 10.0 ** math.floor(math.log10(wanted))
    return math.ceil(wanted / unit) * unit
