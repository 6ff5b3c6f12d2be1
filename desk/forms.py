"""Forms: what an application, or a further proposal, answers. Anyone may read them."""

from __future__ import annotations

from contextlib import suppress

from whenever import Instant

from domain.forms.form import Form
from domain.permissions import Action, Actor
from domain.programmes.programme import Programme
from domain.values.model import Value
from domain.values.refusals import UnknownChallenge, UnknownRound, UnknownStage
from store.challenges import forms
from store.challenges.rounds import ChallengeRow
from store.database.database import Database

from .core import Core
from .programme_files import find_round


class AskedForm(Value):
    """A form, with where it is filled in.

    Args:
        of: id of the round or challenge.
        stage: the stage that asks for a further proposal; empty for an application.
        is_open: whether the form is frozen because its round was opened. If not, somebody can still edit its file.
        form: the questions.
        closes: when the window of the applications closes, as it is enforced; None for files.
        is_over: whether applications are no longer taken, for good.
        time_zone, question: of the challenge; empty for files.
    """

    of: str
    stage: str
    is_open: bool
    form: Form
    closes: Instant | None = None
    is_over: bool = False
    time_zone: str = ""
    question: str = ""


class Forms:
    """What people do with forms."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def read(self, actor: Actor, name: str, stage: str = "") -> AskedForm:
        """The form of a challenge or of a round: as it was frozen at the opening, else as the files have it.

        Args:
            actor: who asks.
            name: id of a round or challenge.
            stage: the stage that asks for a further proposal; empty for an application.

        Raises:
            UnknownRound: there is neither such a challenge nor such a round.
            UnknownChallenge: the challenges of the round have different forms, or several rounds have such a challenge.
            UnknownStage: the programme has no such stage, or the stage asks for no proposal.
            FileRefused: a file of the round is wrong.
        """
        self._core.allow_anyone(actor, Action.READ_FORM)
        if "/" in name:  # the id of a challenge: the page on which people apply asks for no more than this one
            with suppress(UnknownChallenge):
                row = await self._core.find(name)
                found = await self._core.threads.read(_of_round, self._core.database, row.id, [row], stage)
                return found.model_copy(update=_until(row, self._core.now()))
        rows = await self._core.challenges()
        if of_round := [row for row in rows if row.round == name]:
            return await self._core.threads.read(_of_round, self._core.database, name, of_round, stage)
        if any(name in (row.id, row.slug) for row in rows):
            row = await self._core.find(name)
            return await self._core.threads.read(_of_round, self._core.database, row.id, [row], stage)
        return await self.in_files(actor, name, stage)

    async def in_files(self, actor: Actor, name: str, stage: str = "") -> AskedForm:
        """The form of a round as its files have it now, also if the round is open.

        Args:
            actor, stage: as in `read`.
            name: id of the round.

        Raises:
            UnknownRound, UnknownStage, FileRefused: as in `read`.
        """
        self._core.allow_anyone(actor, Action.READ_FORM)
        try:
            _, programme = await self._core.threads.read(find_round, name, self._core.options.programmes)
        except UnknownRound as unknown:
            raise UnknownRound(f"No challenge {name!r} is open. {unknown}") from None
        return AskedForm(of=name, stage=stage, is_open=False, form=_form_of(programme, stage))


def _of_round(database: Database, name: str, rows: list[ChallengeRow], stage: str) -> AskedForm:
    with database.reading() as connection:
        found = {row.id: forms.read(connection, row.id, stage) for row in rows}
    first, *others = found.values()
    if any(each != first for each in others):
        raise UnknownChallenge(
            f"The challenges of {name} have different forms, because its files were edited before some of them were "
            f"opened: name one of {', '.join(found)}."
        )
    return AskedForm(of=name, stage=stage, is_open=True, form=first)


def _until(row: ChallengeRow, now: Instant) -> dict[str, object]:
    """Until when a challenge takes applications."""
    is_over = now >= row.closes or row.applications is not None or bool(row.outcome)
    return {"closes": row.closes, "is_over": is_over, "time_zone": row.time_zone, "question": row.question}


def _form_of(programme: Programme, stage: str) -> Form:
    asking = [each.name for each in programme.stages if each.asks]
    if stage and stage not in asking:
        has = f"write one of {', '.join(asking)}" if asking else "leave the stage out"
        raise UnknownStage(f"No stage {stage!r} of {programme.id} asks for a proposal: {has}.")
    return programme.form_of(stage)
