"""Drafts: begun, saved, taken up again and sent, by whoever writes them. Nobody else reads a draft, at any time."""

from __future__ import annotations

from collections.abc import Sequence

from domain.challenges.application import Receipt
from domain.challenges.draft import Draft, DraftRow, KeptAnswer, Saved, Typed
from domain.forms.checking import problems_of
from domain.forms.form import Form
from domain.permissions import Action, Actor, Role
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed, Problem
from store.challenges import drafts, rounds, sending
from store.challenges.drafts import OnPage as OnPage
from store.challenges.rounds import ChallengeRow

from .core import Core


class OpenDraft(Value):
    """A draft, with its form and what is still to be done.

    Args:
        draft: the draft.
        form: the questions.
        problems: what is missing or wrong. A draft without problems can be sent.
        time_zone, question: of the challenge.
    """

    draft: Draft
    form: Form
    problems: tuple[Problem, ...]
    time_zone: str
    question: str


class Drafts:
    """What people do with drafts."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def begin(self, actor: Actor, challenge: str, *, organisation: str, email: str) -> OpenDraft:
        """Begins a draft. Whoever has its address can go on with it.

        Args:
            actor: who begins it; anyone may.
            challenge: its name.
            organisation: who applies.
            email: the address for the receipt, and of whoever writes the draft.

        Raises:
            UnknownChallenge: there is no such challenge.
            ApplicationRefused: the organisation or the address cannot be taken, or the address has too many drafts.
            NotProven: the service asks for proof, and the actor is not the person with this address.
            TooLate: the window is closed.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.BEGIN_DRAFT, row)
        async with self._core.refusals_on_record(actor, Action.BEGIN_DRAFT, row):
            self._core.check_writes_for(actor, email, row, operators=False)
            application = await self._core.threads.write(
                drafts.begin, self._core.database, row.id, organisation, email, self._core.clock
            )
        return await self._core.threads.write(self._read, row, application, "")

    async def begin_on_page(
        self, actor: Actor, challenge: str, on_page: OnPage, *, organisation: str, email: str
    ) -> str:
        """Begins a draft on a page, with the first answers. Nobody needs to be signed in.

        A browser goes on with what was begun there, and with nothing else. So whoever names the address of somebody
        else gets nothing of theirs, and the other person gets a letter and has the draft in their list.

        Args:
            actor, challenge, organisation, email: as in `begin`.
            on_page: the page, the browser and the answers.

        Returns:
            The id of the draft. The same page again gives the same id, and changes nothing.

        Raises:
            UnknownChallenge, ApplicationRefused, TooLate: as in `begin`, or an answer cannot be kept.
            NotProven: there is no browser, and the actor is not the person with this address.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.BEGIN_DRAFT, row)
        async with self._core.refusals_on_record(actor, Action.BEGIN_DRAFT, row):
            if not on_page.browser:
                self._core.check_writes_for(actor, email, row, operators=False)
            begun = (organisation, email, self._core.clock, on_page, self._core.letters.compose)
            return await self._core.threads.write(drafts.begin, self._core.database, row.id, *begun)

    async def list(self, actor: Actor, page: Page) -> Paged[DraftRow]:
        """Somebody's own drafts, sent or not, with the time until which they can be sent.

        Args:
            actor: who asks, by the address of the drafts.
            page: which part of the list.

        Raises:
            NotAllowed: the actor writes no draft.
        """
        rows = await self._core.reach(actor, Action.READ_DRAFT, await self._core.challenges())
        own = {each.person for row in rows for each in actor.roles(row.place) if each.role in (Role.TEAM, Role.WRITER)}
        return await self._core.threads.read(drafts.page_of_drafts, self._core.database, page, own)

    async def read(self, actor: Actor, application: str, stage: str = "") -> OpenDraft:
        """A draft, with what is still missing or wrong. An application that was handed in whole becomes a draft again.

        Args:
            actor: who asks, by the address of the draft.
            application: id of the draft or application.
            stage: the stage that asks for a further proposal; empty for the application itself.

        Raises:
            UnknownTeam: there is no such draft or application.
            UnknownStage: that stage asks for no proposal, or takes none yet.
            NotAllowed: the actor does not write this draft.
        """
        row = await self._own(actor, Action.READ_DRAFT, application)
        return await self._core.threads.write(self._read, row, application, stage)

    async def versions(
        self, actor: Actor, page: Page, application: str, question: str, stage: str = ""
    ) -> Paged[KeptAnswer]:
        """All that was ever saved for one question of a draft, in the order of saving.

        Args:
            actor, application, stage: as in `read`.
            page: which part of the list.
            question: id of the question.

        Raises:
            UnknownTeam: there is no such draft or application.
            NotAllowed: the actor does not write this draft.
        """
        await self._own(actor, Action.READ_DRAFT, application)
        return await self._core.threads.read(drafts.versions, self._core.database, page, application, stage, question)

    async def save(
        self, actor: Actor, application: str, typed: Sequence[Typed], stage: str = "", *, form: str = ""
    ) -> tuple[Saved, ...]:
        """Keeps what somebody typed for some questions of a draft, also after the closing. Nothing is ever overwritten.

        Args:
            actor, application, stage: as in `read`.
            typed: what was typed, each with the version of the answer that it builds on.
            form: the version of the form that was filled in, if the sender knows it.

        Returns:
            What became of each, in the same order. If another save came between, both texts: the other counts, and what
            was typed is kept beside it.

        Raises:
            UnknownTeam: there is no such draft or application.
            UnknownStage: that stage asks for no proposal.
            NotAllowed: the actor does not write this draft.
            ApplicationRefused: something cannot be kept: it is for another version of the form, or answers a question
                that the form does not have, or is a text that no database keeps, or more than a draft has room for.
                Nothing of it is kept.
        """
        row = await self._own(actor, Action.SAVE, application)
        async with self._core.refusals_on_record(actor, Action.SAVE, row):
            return await self._core.threads.write(
                drafts.save, self._core.database, application, stage, typed, self._core.clock, form
            )

    async def send(self, actor: Actor, application: str, stage: str = "", seen: str | None = None) -> Receipt:
        """Sends a draft as it is now. When this returns, what was sent is saved and counts.

        Args:
            actor, application, stage: as in `read`.
            seen: a name of the answers that the actor has before them, from `domain.forms.answers.seen`. If somebody
                changes one meanwhile, nothing is sent. None if the draft is sent whatever it says.

        Raises:
            UnknownTeam: there is no such draft or application.
            UnknownStage: that stage asks for no proposal, or takes none yet.
            NotAllowed: the actor does not write this draft.
            DraftChanged, ApplicationRefused, TooEarly, TooLate, OnHold: nothing was sent. The draft stays, and so does
                what was sent before.
        """
        await self._own(actor, Action.SEND, application)
        return await self._core.threads.write(
            sending.send,
            self._core.database,
            application,
            stage,
            self._core.clock,
            self._core.letters.compose,
            actor.proof.shown,
            seen,
        )

    async def _own(self, actor: Actor, action: Action, application: str) -> ChallengeRow:
        """The challenge of a draft, if the actor is whoever writes this draft."""
        row = await self._core.threads.read(rounds.challenge_of, self._core.database, application)
        await self._core.allow(actor, action, row, application)
        async with self._core.refusals_on_record(actor, action, row):
            if application not in {
                each.person for each in actor.roles(row.place) if each.role in (Role.TEAM, Role.WRITER)
            }:
                raise NotAllowed(
                    f"{self._core.shown(actor)} does not write {application}: whoever has its address does."
                )
        return row

    def _read(self, row: ChallengeRow, application: str, stage: str) -> OpenDraft:
        draft, form = drafts.read(self._core.database, application, stage, self._core.clock)
        problems = tuple(problems_of(form, draft.answered()))
        return OpenDraft(draft=draft, form=form, problems=problems, time_zone=row.time_zone, question=row.question)
