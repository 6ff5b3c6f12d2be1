"""The part of the readers in a rehearsal: interests, marks, and what was agreed about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.judging.scorecard import Criterion, Scorecard
from domain.programmes.programme import Stage
from domain.values.refusals import ConflictOfInterest, InterestsMissing

from .rehearsal_cast import Cast

_WORKED_THERE = "I worked for this applicant until last year."
_REASONS = (
    "The answer says who would use it, and what would be better for them.",
    "The plan names what is done when, but not by whom.",
    "The numbers are from another country: would they be the same here?",
    "Something like it is in use elsewhere, and works.",
    "Two questions stayed open.",
)
_AGREED = "We talked about it. One of us had missed a part of the answer."
_READ_BY = 2
"""How many readers mark an application, if there are more readers."""


class Ranking(NamedTuple):
    """How readers rank those who can enter a stage.

    Args:
        order: their ids, best first. Empty if nobody judges.
        passing: the ids of those that reach all pass marks.
    """

    order: tuple[str, ...] = ()
    passing: frozenset[str] = frozenset()


class Judges:
    """Those who read and mark the applications to one challenge of a rehearsal.

    Args:
        cast: everybody who has a part in the challenge.

    Attributes:
        marks: how many marks were given.
    """

    def __init__(self, cast: Cast) -> None:
        self.marks = 0
        self._cast = cast
        self._readers: tuple[str, ...] = ()
        self._promise: dict[str, float] = {}

    async def judge(self, stage: Stage, field: Sequence[str]) -> Ranking:
        """Those who can enter a stage are marked by its scorecard, if it has one and the challenge has readers.

        Args:
            stage: the stage, which is to be decided on.
            field: those who can enter it.
        """
        cast = self._cast
        if stage.scorecard is None:
            return Ranking()
        if not self._promise:
            await self._prepare(field)
        if not self._readers:
            return Ranking()
        for reader in self._readers:
            await self._mark(reader)
        await self._agree(stage.scorecard, field)
        ranked = await cast.desk.judging.ranking(await cast.actor(cast.sponsor), cast.challenge.id)
        rows = [each.row for each in ranked.places if each.row is not None and each.row.rank is not None]
        if {row.application for row in rows} != set(field):
            cast.wrong.append(f"{len(rows)} of {len(field)} have a place in the ranking for {stage.name}")
        order = tuple(row.application for row in rows)
        cast.tell(f"{stage.name}: {self.marks} marks so far; first is {cast.short(order[:1])}")
        return Ranking(order, frozenset(row.application for row in rows if row.passes))

    async def _prepare(self, field: Sequence[str]) -> None:
        """Readers declare their interests, one of them a conflict, and the applications are shared out."""
        cast, id_ = self._cast, self._cast.challenge.id
        operator = await cast.actor(cast.operator)
        self._readers = tuple(each.person for each in await cast.desk.readers.list(operator, id_))
        self._promise = {each: cast.chance.random() for each in field}
        others = [each for each in self._readers if each not in cast.challenge.deciders]
        if len(others) > 1:
            await self._declare_conflict(others[0], cast.chance.choice(field))
        for person in (*self._readers, cast.sponsor):
            await cast.declare(person)
        if len(self._readers) > _READ_BY:
            await cast.desk.readers.assign(operator, id_, share=_READ_BY)

    async def _declare_conflict(self, reader: str, application: str) -> None:
        cast, id_ = self._cast, self._cast.challenge.id
        actor = await cast.actor(reader)
        try:
            await cast.desk.judging.read(actor, id_, application)
            cast.wrong.append(f"{reader} read {application} before declaring any interest")
        except InterestsMissing:
            await cast.desk.interests.declare(actor, id_, application, _WORKED_THERE, conflict=True)
        await cast.declare(reader)
        try:
            await cast.desk.judging.read(actor, id_, application)
            cast.wrong.append(f"{reader} read {application} in spite of a conflict of interest")
        except ConflictOfInterest:
            cast.tell(f"{reader} does not read {cast.short((application,))}: a conflict of interest")

    async def _mark(self, reader: str) -> None:
        """A reader gives all marks that are left to give, each with a reason."""
        cast, id_ = self._cast, self._cast.challenge.id
        actor = await cast.actor(reader)
        rows = [
            {
                "application": application,
                "criterion": criterion.id,
                "mark": self._mark_for(application, criterion),
                "reason": cast.chance.choice(_REASONS),
            }
            for application, criterion in await cast.desk.judging.left(actor, id_)
        ]
        if rows:
            _, kept = await cast.desk.judging.give(actor, id_, rows)
            self.marks += kept.new
            cast.moved = cast.desk.now()

    def _mark_for(self, application: str, criterion: Criterion) -> int:
        """Readers find the same applications promising, and differ a little."""
        top = len(criterion.scale) - 1
        step = round(self._promise[application] * top + self._cast.chance.uniform(-1, 1))
        return criterion.scale[max(0, min(top, step))].mark

    async def _agree(self, scorecard: Scorecard, field: Sequence[str]) -> None:
        cast = self._cast
        application, criterion = cast.chance.choice(field), cast.chance.choice(scorecard.criteria)
        mark, sponsor = self._mark_for(application, criterion), await cast.actor(cast.sponsor)
        await cast.desk.judging.moderate(sponsor, cast.challenge.id, application, criterion.id, str(mark), _AGREED)
