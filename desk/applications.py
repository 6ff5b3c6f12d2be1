"""Applications: handing them in, reading them once the window is sealed, and feedback to those not selected."""

from __future__ import annotations

import uuid

from domain.announcements.announcement import Announcement
from domain.challenges.application import Application, Applying, Receipt
from domain.challenges.feedback import feedback_given, stages_from
from domain.permissions import Action, Actor
from domain.values.paging import Page, Paged
from store.challenges import applications
from store.record import feedback

from .core import Core


class Applications:
    """What people do with applications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def apply(self, actor: Actor, challenge: str, applying: Applying) -> Receipt:
        """Takes an application. When this returns, the application is saved.

        Raises:
            UnknownChallenge: there is no such challenge.
            ApplicationRefused, TooEarly, TooLate, OnHold: the application is not taken.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.APPLY, row)
        return await self._core.threads.write(
            applications.accept, self._core.database, row.id, applying, self._core.clock, self._core.letters.compose
        )

    async def list(self, actor: Actor, page: Page, challenge: str) -> Paged[Application]:
        """The applications to a challenge, once its window is sealed, in the order in which they came.

        Args:
            actor: who reads them.
            page: which part of the list.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read the applications.
            WindowNotSealed: nobody may read the applications yet.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_APPLICATIONS, row)
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            return await self._core.threads.read(applications.page_of_applications, self._core.database, page, row.id)

    async def give_feedback(self, actor: Actor, challenge: str, stage: str, team: str, text: str) -> str:
        """Keeps a sponsor's feedback on a team's application for a stage.

        The feedback is sent with the decision, or at once if the decision was made.

        Args:
            actor: who gives the feedback.
            challenge: its name.
            stage: the stage that the team is, or was, not taken into.
            team: id of the application.
            text: the feedback; it never goes to Temporal.

        Raises:
            UnknownChallenge, UnknownStage, UnknownTeam: no such challenge, stage or team exists.
            NotAllowed: the actor may not give feedback here.
            NotReadable: the text is empty or too long.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.FEEDBACK, row)
        state, now, unique = await self._core.state(row), self._core.now(), uuid.uuid4().hex

        def given(settled: bool) -> Announcement:
            return feedback_given(state, stage, team, grant.person, text, now, unique, settled=settled)

        async with self._core.refusals_on_record(actor, Action.FEEDBACK, row):
            announcement = await self._core.threads.write(
                feedback.keep,
                self._core.database,
                row.id,
                team,
                text.strip(),
                stages_from(state, stage),
                given,
                self._core.letters.compose,
            )
        return announcement.entry.text
