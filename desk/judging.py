"""Judging: the scorecards of a challenge, the marks of its readers, moderation, ranking and progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.challenges.feedback import stages_from
from domain.challenges.state import Phase, State
from domain.judging.marks import COLUMNS, Given, check_id, read_marks
from domain.judging.progress import Progress
from domain.judging.reading import ToRead
from domain.judging.scorecard import Criterion, Scorecard
from domain.judging.seeing import Judgement, Ranked
from domain.judging.turn import check_is_judged, field_of, stage_meant
from domain.permissions import Action, Actor, Grant, Role, grant_for
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed, NotProven, TooEarly, TooLate, UnknownStage
from domain.values.wording import listed
from store.challenges.rounds import ChallengeRow
from store.judging import moderation, reading, scorecards, scores, seen
from store.judging.scores import Kept, Mark
from store.judging.seen import Sheet, Viewer
from store.judging.tallies import JudgedStage

from .core import Core


class _Asked(NamedTuple):
    """What a request is about, once it is known that the actor may ask for it."""

    row: ChallengeRow
    viewer: Viewer
    state: State
    stage: JudgedStage

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stage and of those after it."""
        return stages_from(self.state, self.stage.name)


class Looked(NamedTuple):
    """An application that somebody reads, with all that they have to do with its marks.

    Args:
        to_read: the application, beside the scorecard of a stage.
        title: of that stage; empty if no stage has a scorecard.
        sheet: what they see of the marks; None if no stage has a scorecard.
        closed: why no mark can be given now, in a sentence; empty if marks can be given.
        may_moderate: whether they can record now what was agreed.
    """

    to_read: ToRead
    title: str = ""
    sheet: Sheet | None = None
    closed: str = ""
    may_moderate: bool = False


class Judging:
    """What people do with scorecards and marks. Where no stage is named, the present one is meant.

    Everything can raise `UnknownChallenge`, `UnknownStage` (no such stage with a scorecard), `NotAllowed`,
    `WindowNotSealed`, and `Unavailable`; and everything with marks `InterestsMissing`: interests come first.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    async def scorecards(self, actor: Actor, challenge: str, stage: str = "") -> Mapping[str, Scorecard]:
        """The scorecards of a challenge by the names of their stages. They are public from the opening on.

        Args:
            actor: anybody.
            challenge: its name.
            stage: only of this stage; of all if left out.

        Raises:
            UnknownChallenge: there is no such challenge.
            UnknownStage: that stage has no scorecard.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_CHALLENGE, row)
        cards = await self._core.threads.read(scorecards.of_challenge, self._core.database, row.id)
        if stage and stage not in cards:
            having = f"name {listed(tuple(cards))}" if cards else "no stage has one"
            raise UnknownStage(f"The stage {stage!r} of {row.id} has no scorecard: {having}.")
        return {stage: cards[stage]} if stage else cards

    async def read(self, actor: Actor, challenge: str, application: str, stage: str = "") -> ToRead:
        """One application with all that was sent for it, beside the scorecard of a stage and the reader's own marks.

        Raises:
            UnknownTeam, ConflictOfInterest: there is no such application, or the actor does not read it.
        """
        to_read, _ = await self._allowed_to_read(actor, challenge, application, stage)
        return to_read

    async def look(self, actor: Actor, challenge: str, application: str, stage: str = "") -> Looked:
        """As `read`, with all that the actor has to do with the marks of the application, and sees of them.

        Raises:
            UnknownTeam, ConflictOfInterest: there is no such application, or the actor does not read it.
        """
        to_read, asked = await self._allowed_to_read(actor, challenge, application, stage)
        if asked is None:
            return Looked(to_read)
        what = (self._core.database, asked.stage, asked.viewer, application)
        sheet = await self._core.threads.read(seen.read_sheet, *what)
        closed = _why_not(asked)
        moderates = grant_for(actor, Action.MODERATE, asked.row.place) is not None and not (closed or sheet.hidden)
        return Looked(to_read, asked.state.title_of(asked.stage.name), sheet, closed, moderates)

    async def _allowed_to_read(
        self, actor: Actor, challenge: str, application: str, stage: str
    ) -> tuple[ToRead, _Asked | None]:
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_APPLICATIONS, row)
        database, read_only = self._core.database, grant.role is Role.READER
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            check_id(application)
            found, sent = await self._core.threads.read(
                reading.read_one, database, row.id, application, self._core.clock, grant.person, assigned_only=read_only
            )
        cards = await self._core.threads.read(scorecards.of_challenge, database, row.id)
        if not cards:
            return ToRead(application=found, proposals=sent), None
        asked = await self._asked(actor, Action.READ_APPLICATIONS, grant, row, stage)
        marks = await self._core.threads.read(seen.read_own, database, asked.stage, asked.viewer, application)
        name, card = asked.stage.name, asked.stage.scorecard
        return ToRead(application=found, proposals=sent, stage=name, scorecard=card, marks=marks), asked

    async def left(self, actor: Actor, challenge: str, stage: str = "") -> tuple[tuple[str, Criterion], ...]:
        """What a reader has still to mark: pairs of an application's id and a criterion."""
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.SCORE, row)
        asked = await self._asked(actor, Action.SCORE, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.SCORE, row):
            return await self._core.threads.read(seen.read_left, self._core.database, asked.stage, asked.viewer)

    async def give(
        self, actor: Actor, challenge: str, rows: Sequence[Mapping[str, object]], stage: str = ""
    ) -> tuple[str, Kept]:
        """Keeps the marks of a reader: all of them, or none. The same marks again change nothing.

        Args:
            actor: the reader.
            challenge: its name.
            rows: the marks as they were written; see `domain.judging.marks.COLUMNS`.
            stage: name of the stage.

        Returns:
            The name of the stage, and how many marks are new.

        Raises:
            TooEarly, TooLate: the stage is not being judged.
            ScoreRefused: a mark is wrong or has no reason.
            InterestsMissing, ConflictOfInterest, NotAllowed, UnknownTeam: the reader may not mark an application.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.SCORE, row)
        asked = await self._asked(actor, Action.SCORE, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.SCORE, row):
            check_is_judged(asked.state, asked.stage.name)
            given = read_marks(asked.stage.scorecard, rows)
            person, now = asked.viewer.person, self._core.now()
            kept = await self._core.threads.write(
                scores.give, self._core.database, asked.stage, asked.stages, person, given, now
            )
        return asked.stage.name, kept

    async def moderate(
        self, actor: Actor, challenge: str, application: str, criterion: str, mark: str, reason: str, stage: str = ""
    ) -> tuple[Given, bool]:
        """Keeps the mark that was agreed on for a criterion of an application.

        Args:
            actor: a decider of the sponsor.
            challenge: its name.
            application, criterion: ids.
            mark: one of the scale's.
            reason: why.
            stage: name of the stage.

        Returns:
            The mark, and whether it is new.

        Raises:
            TooEarly, TooLate: the stage is not being judged, or the actor does not see the application's marks yet.
            ScoreRefused: the mark is wrong or has no reason.
            InterestsMissing, ConflictOfInterest, UnknownTeam: the actor may not judge the application.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.MODERATE, row)
        asked = await self._asked(actor, Action.MODERATE, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.MODERATE, row):
            check_is_judged(asked.state, asked.stage.name)
            values = dict(zip(COLUMNS, (application, criterion, mark, reason), strict=True))
            (given,) = read_marks(asked.stage.scorecard, [values])
            title, now = asked.state.title_of(asked.stage.name), self._core.now()
            what = (asked.stage, asked.stages, asked.viewer.person, title, given, now)
            is_new = await self._core.threads.write(
                moderation.agree, self._core.database, *what, self._core.letters.compose, actor.proof.shown
            )
        return given, is_new

    async def judgement(self, actor: Actor, challenge: str, application: str, stage: str = "") -> Judgement:
        """The marks of one application: their spread and median by criterion, and what was agreed.

        Raises:
            UnknownTeam, ConflictOfInterest, TooEarly: the actor does not see these marks, or not yet.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_SCORES, row)
        asked = await self._asked(actor, Action.READ_SCORES, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.READ_SCORES, row):
            check_id(application)
            what = (asked.stage, asked.viewer, application)
            return await self._core.threads.read(seen.read_judgement, self._core.database, *what)

    async def ranking(self, actor: Actor, challenge: str, stage: str = "") -> Ranked:
        """The ranking of a stage, as far as the actor may see it: see `domain.judging.seeing`."""
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_SCORES, row)
        asked = await self._asked(actor, Action.READ_SCORES, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.READ_SCORES, row):
            return await self._core.threads.read(seen.read_ranking, self._core.database, asked.stage, asked.viewer)

    async def marks(
        self, actor: Actor, page: Page, challenge: str, stage: str = "", application: str = ""
    ) -> Paged[Mark]:
        """The marks of a stage with their reasons, as far as the actor may see them, and always their own.

        Args:
            actor: who reads them.
            page: which part of the list. A page can have fewer marks than it could.
            challenge: its name.
            stage: name of the stage.
            application: only those of this application; of all if left out.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_SCORES, row)
        asked = await self._asked(actor, Action.READ_SCORES, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.READ_SCORES, row):
            what = (asked.stage, asked.viewer, application)
            return await self._core.threads.read(seen.read_marks, self._core.database, page, *what)

    async def progress(self, actor: Actor, challenge: str, stage: str = "") -> tuple[Progress, str]:
        """How far the readers of a stage are, and the line that says so to the actor."""
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_SCORES, row)
        asked = await self._asked(actor, Action.READ_SCORES, grant, row, stage)
        found = await self._core.threads.read(seen.read_progress, self._core.database, asked.stage)
        return found, found.in_words(asked.viewer.person)

    async def progress_line(self, actor: Actor, challenge: str) -> str:
        """How far readers are now, in a line; empty if nobody reads now, or the actor may not know."""
        row = await self._core.find(challenge)
        try:
            await self._core.reach(actor, Action.READ_SCORES, [row])
        except (NotAllowed, NotProven):
            return ""
        cards = await self._core.threads.read(scorecards.of_challenge, self._core.database, row.id)
        state = await self._core.state(row) if cards else None
        if state is None or state.phase is not Phase.DECIDING or state.filling.name not in cards:
            return ""
        grant = grant_for(actor, Action.READ_SCORES, row.place)
        name = state.filling.name
        stage = JudgedStage(row.id, name, field_of(state, name), cards[name])
        found = await self._core.threads.read(seen.read_progress, self._core.database, stage)
        return found.in_words(grant.person if grant else "")

    async def feedback_draft(self, actor: Actor, challenge: str, stage: str, application: str) -> str:
        """A draft of feedback that quotes the reasons for the marks of an application. Nothing is sent.

        Raises:
            UnknownTeam, ConflictOfInterest, TooEarly: the actor does not see these marks, or not yet.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.FEEDBACK, row)
        asked = await self._asked(actor, Action.FEEDBACK, grant, row, stage)
        async with self._core.refusals_on_record(actor, Action.FEEDBACK, row):
            check_id(application)
            what = (asked.stage, asked.viewer, application)
            return await self._core.threads.read(seen.read_draft, self._core.database, *what)

    async def _asked(self, actor: Actor, action: Action, grant: Grant, row: ChallengeRow, stage: str) -> _Asked:
        cards = await self._core.threads.read(scorecards.of_challenge, self._core.database, row.id)
        async with self._core.refusals_on_record(actor, action, row):
            state = await self._core.state(row)
            meant = stage_meant(state, cards, stage)
        viewer = Viewer(grant.person, only_reads=grant.role is Role.READER)
        return _Asked(row, viewer, state, JudgedStage(row.id, meant, field_of(state, meant), cards[meant]))


def _why_not(asked: _Asked) -> str:
    """Why no mark can be given for a stage now; empty if marks can be given."""
    try:
        check_is_judged(asked.state, asked.stage.name)
    except (TooEarly, TooLate) as refusal:
        return str(refusal)
    return ""
