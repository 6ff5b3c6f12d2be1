"""The part of the applicants in a rehearsal: they apply, most of them in time."""

from __future__ import annotations

import math

from whenever import TimeDelta

from domain.challenges.application import Applying
from domain.forms.form import Form
from domain.programmes.rehearsal import teams_taken
from domain.values.calendar import seconds_between
from domain.values.refusals import RehearsalStopped, TooLate

from .rehearsal_answers import filled
from .rehearsal_cast import Cast

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


class Applicants:
    """Everybody who applies to one challenge of a rehearsal.

    Args:
        cast: everybody who has a part in the challenge.
        form: the questions of an application.

    Attributes:
        receipts, refusals: the applications that were taken, and the answers to those that were not.
    """

    def __init__(self, cast: Cast, form: Form) -> None:
        self.receipts: list[str] = []
        self.refusals: list[str] = []
        self._cast = cast
        self._form = form

    async def apply(self, in_time: int, late: int) -> None:
        """Hands in applications: most in time, spread over the window, and some just too late.

        Raises:
            RehearsalStopped: the window closed before enough of them came.
        """
        cast, challenge = self._cast, self._cast.challenge
        length = seconds_between(challenge.opens, challenge.closes)
        moments = sorted(0.05 + 0.85 * cast.chance.random() for _ in range(in_time))
        moments += [1.001 + 0.01 * cast.chance.random() for _ in range(late)]
        for number, moment in enumerate(moments):
            await cast.sleep_until(challenge.opens + TimeDelta(seconds=moment * length))
            await self._submit(self._application(number))
        if len(self.receipts) < (needed := teams_taken(cast.programme)[0]):
            longer = _longer(cast.day, seconds_between(challenge.opens, cast.desk.now()) / length)
            raise RehearsalStopped(
                f"A day of {cast.day:g} seconds is too short for this machine: {len(self.receipts)} of {in_time} "
                f"applications to {challenge.slug} came in time, and {needed} are needed for "
                f"{cast.programme.stages[0].title}. Use a longer day, such as --day {longer:g}."
            )
        cast.tell(f"{len(self.receipts)} applications taken, {len(self.refusals)} refused as late")

    async def _submit(self, applying: Applying) -> None:
        cast = self._cast
        sent = cast.desk.now()
        try:
            receipt = await cast.hand_in(applying)
            cast.moved = cast.desk.now()
            self.receipts.append(receipt.application)
            if sent >= cast.challenge.closes:
                cast.wrong.append(f"the application {receipt.application} came after the closing, but was taken")
        except TooLate as refusal:
            self.refusals.append(str(refusal))
            if cast.desk.now() < cast.challenge.closes:
                cast.wrong.append(f"an application came in time, but was refused: {refusal}")

    def _application(self, number: int) -> Applying:
        chance = self._cast.chance
        organisation = f"{chance.choice(_PLACES)} {chance.choice(_TRADES)} {number + 1}"
        mailbox = organisation.lower().replace(" ", ".")
        return Applying(
            organisation=organisation,
            email=f"{mailbox}@companies.example",
            answers=filled(self._form, chance),
        )


def _longer(day: float, too_slow: float) -> float:
    """A day, in seconds, that is long enough for a machine that took so many times the length of the window."""
    wanted = day * max(2.0, 2 * too_slow)
    unit = 10.0 ** math.floor(math.log10(wanted))
    return math.ceil(wanted / unit) * unit
