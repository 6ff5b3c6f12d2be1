"""Applications: handing them in, reading them once the window is sealed, and feedback to those not selected."""

from __future__ import annotations

import uuid
from contextlib import suppress

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.challenges.application import Application, Applying, Receipt
from domain.challenges.decisions import Admit
from domain.challenges.draft import SoFar
from domain.challenges.feedback import feedback_given, stages_from
from domain.challenges.messages import make
from domain.permissions import Action, Actor, Grant, Role
from domain.values.addresses import mailbox_of
from domain.values.paging import Page, Paged
from domain.values.refusals import NotConfirmed, Refused, Unavailable
from store.challenges import applications, late, so_far
from store.challenges.rounds import ChallengeRow
from store.record import feedback

from .core import Core


class _Decided(Exception):
    """The stage was decided meanwhile: the feedback was for the decision."""


class Applications:
    """What people do with applications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def apply(self, actor: Actor, challenge: str, applying: Applying) -> Receipt:
        """Takes an application. When this returns, the application is saved.

        Args:
            actor: who hands it in. If this is an operator, for somebody else, the record says so.
            challenge: its name.
            applying: what is handed in.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotProven: the service asks for proof, and this is neither the person with the address nor an operator.
            ApplicationRefused, TooEarly, TooLate, OnHold: the application is not taken.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.APPLY, row)
        async with self._core.refusals_on_record(actor, Action.APPLY, row):
            self._core.check_writes_for(actor, applying.email, row, operators=True)
        receipt = await self._core.threads.write(
            applications.accept,
            self._core.database,
            row.id,
            applying,
            self._core.clock,
            self._core.letters.compose,
            actor.proof.shown,
        )
        operator = self._core.operator_at(actor, row)
        if operator is not None and mailbox_of(actor.name) != mailbox_of(applying.email):
            await self._core.announce(_handed_in_by(actor, operator, row, receipt, self._core.now()))
        return receipt

    async def admit(
        self, actor: Actor, challenge: str, applying: Applying, *, reason: str, decision_id: str = ""
    ) -> tuple[Receipt, str]:
        """Admits an application after the closing, by way of exception: before anybody has read an application.

        Args:
            actor: the operator who admits the application.
            challenge: its name.
            applying: what was handed in.
            reason: why; the applicant and the sponsor are told.
            decision_id: the sender's own id of this decision. If it is left out, the application's id serves as the id.

        Returns:
            The receipt, and what happened in words. If the application counts already, nothing has changed.

        Raises:
            UnknownChallenge: there is no such challenge.
            Refused: the application is not admitted, and nothing of it is kept. The refusal is on the record.
            NotConfirmed: no answer came in time. You can safely send the same application again.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.ADMIT, row)
        database = self._core.database
        async with self._core.refusals_on_record(actor, Action.ADMIT, row):
            receipt = await self._core.threads.write(late.hand_in, database, row.id, applying, self._core.clock)
        if receipt.repeated:
            return receipt, f"{receipt.application} was here already: nothing has changed"
        try:
            fields = {"by": grant.person, "decision_id": decision_id or receipt.application, "reason": reason}
            async with self._core.refusals_on_record(actor, Action.ADMIT, row):
                decision = make(Admit.kind, {**fields, "application": receipt.application})
            return receipt, await self._core.update(actor, row, Admit.kind, decision)
        except (NotConfirmed, Unavailable):
            raise  # it may be admitted all the same
        except Refused:
            await self._core.threads.write(late.drop, database, receipt.application)
            raise

    async def so_far(self, actor: Actor, challenge: str) -> tuple[SoFar, ...]:
        """How many applications, or further proposals, have come in, for each window that is not sealed.

        Args:
            actor: who asks.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not know.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.COUNT_APPLICATIONS, row)
        return await self._core.threads.read(so_far.so_far, self._core.database, row.id)

    async def list(self, actor: Actor, page: Page, challenge: str) -> Paged[Application]:
        """The applications to a challenge, once its window is sealed, in the order in which they came.

        Those with which the actor declared a conflict of interest are left out: see `Interests.conflicts`.

        Args:
            actor: who reads them.
            page: which part of the list.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read the applications.
            WindowNotSealed: nobody may read the applications yet.
            InterestsMissing: the actor has to declare their interests first.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_APPLICATIONS, row)
        async with self._core.refusals_on_record(actor, Action.READ_APPLICATIONS, row):
            return await self._core.threads.read(
                applications.page_of_applications,
                self._core.database,
                page,
                row.id,
                self._core.clock,
                grant.person,
                assigned_only=grant.role is Role.READER,
            )

    async def give_feedback(
        self, actor: Actor, challenge: str, stage: str, team: str, text: str, *, with_decision: bool = False
    ) -> str:
        """Keeps a sponsor's feedback on a team's application for a stage.

        The feedback is sent with the decision, or at once if the decision was made.

        Args:
            actor: who gives the feedback.
            challenge: its name.
            stage: the stage that the team is, or was, not taken into.
            team: id of the application.
            text: the feedback; it never goes to Temporal.
            with_decision: whether the feedback belongs to a decision that comes next. If the stage was decided
                meanwhile, as when a form comes twice, nothing is kept or sent.

        Returns:
            What the record says; empty if nothing was kept.

        Raises:
            UnknownChallenge, UnknownStage, UnknownTeam: no such challenge, stage or team exists.
            NotAllowed: the actor may not give feedback here.
            NotReadable: the text is empty or too long.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.FEEDBACK, row)
        state, now, unique = await self._core.state(row), self._core.now(), uuid.uuid4().hex

        def given(settled: bool) -> Announcement:
            if settled and with_decision:
                raise _Decided
            told = feedback_given(state, stage, team, grant.person, text, now, unique, settled=settled)
            return told.proven(actor.proof.on_record)

        what = (row.id, team, text.strip(), stages_from(state, stage), given, self._core.letters.compose)
        with suppress(_Decided):
            async with self._core.refusals_on_record(actor, Action.FEEDBACK, row):
                return (await self._core.threads.write(feedback.keep, self._core.database, *what)).entry.text
        return ""


def _handed_in_by(actor: Actor, operator: Grant, row: ChallengeRow, receipt: Receipt, now: Instant) -> Announcement:
    """What the record says of an application that an operator hands in for somebody else."""
    entry = Entry(
        at=now,
        by=operator.person,
        role=str(operator.role),
        action=str(Action.APPLY),
        stage=row.stage,
        text=f"{operator.person} handed in {receipt.application} for the applicant",
        proof=actor.proof.shown,
    )
    return Announcement(key=f"{row.id}/apply/{receipt.application}/for", challenge=row.id, entry=entry)
