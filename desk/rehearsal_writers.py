"""How people write on a draft in a rehearsal: two at a time, with files, changed once more after it was sent."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping

from domain.challenges.application import Receipt
from domain.challenges.draft import Saved, Typed
from domain.forms.answers import Answer
from domain.forms.form import Form, Kind, Question

from .rehearsal_answers import files_wanted, filled
from .rehearsal_cast import Cast
from .rehearsal_files import small_file

_FIRST = "One of us wrote this."
_SECOND = "Meanwhile, another one of us wrote this."


class Writers:
    """Those who write an application, or a further proposal, as a draft.

    Args:
        cast: everybody who has a part in the challenge.
        form: the questions.
        stage: the stage that asks for a further proposal; empty for the application itself.

    Attributes:
        attached: how many files were attached.
    """

    def __init__(self, cast: Cast, form: Form, stage: str = "") -> None:
        self._cast = cast
        self._form = form
        self._stage = stage
        self.attached = 0

    async def write(self, draft: str, chance: random.Random) -> None:
        """Fills a draft in, and attaches files. Two people go on from the same version of an answer to an application.

        Args:
            draft: its id.
            chance: decides what they write.

        Raises:
            TooLate: the window closed before the files were attached.
        """
        answers = filled(self._form, chance)
        for saved in await self._save(draft, *(Typed(question=each, answer=said) for each, said in answers.items())):
            # In the short time for a further proposal, nobody gets in another one's way.
            if not self._stage and saved.yours.question == self._text_of(answers):
                await self._meet(draft, saved.yours.question, saved.yours.version, saved.yours.answer)
        for question in files_wanted(self._form, answers, chance):
            await self._attach(draft, question, chance)

    async def change(self, draft: str, chance: random.Random) -> None:
        """Writes an answer again, and leaves the others as they are."""
        kept = (await self._cast.desk.drafts.read(await self._cast.actor(draft), draft, self._stage)).draft
        answers = filled(self._form, chance)
        for each in kept.answers:
            if each.question == self._text_of(kept.answered()) and each.question in answers:
                again = Typed(question=each.question, answer=answers[each.question], builds_on=each.version)
                await self._save(draft, again)

    async def send(self, draft: str) -> Receipt:
        """Sends a draft as it is now."""
        return await self._cast.desk.drafts.send(await self._cast.actor(draft), draft, self._stage)

    def _text_of(self, answers: Mapping[str, Answer]) -> str:
        """The first question that is answered in words of one's own; empty if there is none."""
        texts = [each.id for each in self._form.questions() if each.kind in (Kind.TEXT, Kind.LINE)]
        return next((each for each in texts if each in answers), "")

    async def _meet(self, draft: str, question: str, version: int, wanted: Answer) -> None:
        first, second = [
            (await self._save(draft, Typed(question=question, answer=text, builds_on=version)))[0]
            for text in (_FIRST, _SECOND)
        ]
        if first.other is not None or second.other is None or second.other.answer != _FIRST:
            self._cast.wrong.append(f"two people saved {question} of {draft} at once, but nobody got both texts")
        await self._save(draft, Typed(question=question, answer=wanted, builds_on=first.yours.version))

    async def _attach(self, draft: str, question: Question, chance: random.Random) -> None:
        kind = chance.choice(question.types_taken)
        content = small_file(kind, f"{question.id} of {draft}")
        await self._cast.desk.attachments.attach(
            await self._cast.actor(draft),
            self._cast.challenge.id,
            draft,
            question.id,
            f"{question.id}.{kind}",
            _in_pieces(content),
            stage=self._stage,
            size=len(content),
        )
        self.attached += 1

    async def _save(self, draft: str, *typed: Typed) -> tuple[Saved, ...]:
        return await self._cast.desk.drafts.save(await self._cast.actor(draft), draft, typed, self._stage)


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
