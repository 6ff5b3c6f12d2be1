"""Handing in an application with files: as a draft that is begun, filled and sent at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from desk.answers_files import refuse
from desk.desk import Desk
from desk.drafts import OpenDraft
from desk.open import ChallengeRow
from domain.challenges.application import Applying, Receipt, problems_in
from domain.challenges.draft import Typed
from domain.forms.answers import Answer, Answers
from domain.forms.checking import is_empty
from domain.forms.form import Form, Kind
from domain.permissions import Actor, Role
from domain.values.paging import all_of
from domain.values.refusals import AttachmentRefused, FileRefused, Problem

from .attachments import pieces, size_of
from .options import acting


class _Wanted(NamedTuple):
    """A file that answers a question."""

    question: str
    path: Path
    size: int


def names_files(form: Form, applying: Applying) -> bool:
    """Whether an application names files, which only a draft can have."""
    return any(each.kind is Kind.FILE and applying.answers.get(each.id) for each in form.questions())


async def send_with_files(desk: Desk, row: ChallengeRow, form: Form, applying: Applying, file: Path) -> Receipt:
    """Hands in an application with files. The same application again, with files of the same names, is taken once.

    What was typed and attached stays in a draft if a file is refused, or if the command is interrupted: the same
    command goes on with that draft.

    Args:
        desk: where to.
        row: the challenge.
        form: the questions.
        applying: what is handed in. Its files are named by their paths from `file`.
        file: the file of answers.

    Raises:
        FileRefused: something is wrong with the answers, or a file cannot be read. Nothing was handed in.
        AttachmentRefused: a file is not taken. The draft is kept, and the message names it.
        ApplicationRefused, TooEarly, TooLate, OnHold: the application is not taken.
        NotAllowed, NotProven: this terminal has a key file of another person, or none where the service asks for one.
    """
    folder = Path() if str(file) == "-" else file.parent
    wanted = tuple(_files(form, applying, folder, str(file)))
    refuse(problems_in(applying, form, was_draft=True), str(file))
    typed = _typed(form, applying.answers)
    actor = await acting(desk, applying.email)
    opened = await _begun_before(desk, actor, row, form, applying)
    if opened is None:
        opened = await desk.drafts.begin(actor, row.id, organisation=applying.organisation, email=applying.email)
        actor = await acting(desk, applying.email)
    draft = opened.draft.application
    if _typed(form, opened.draft.answered()) != typed:
        answers = tuple(Typed(question=question, answer=answer) for question, answer in typed.items())
        await desk.drafts.save(actor, draft, answers, form=applying.form)
    await _make_files(desk, actor, opened, wanted)
    return await desk.drafts.send(actor, draft)


def _files(form: Form, applying: Applying, folder: Path, name: str) -> Iterator[_Wanted]:
    """The files that the answers name, each with its size."""
    problems = []
    for question in form.questions():
        answer = applying.answers.get(question.id, ())
        for each in answer if question.kind is Kind.FILE and isinstance(answer, tuple) else ():
            try:
                yield _Wanted(question.id, folder / each, size_of(folder / each))
            except FileRefused as refused:
                problems.append(Problem(field=question.id, text=f"answers.{question.id}: {refused}"))
    refuse(problems, name)


def _typed(form: Form, answers: Answers) -> dict[str, Answer]:
    """The answers that are no files."""
    kinds = {question.id: question.kind for question in form.questions()}
    return {
        question: answer
        for question, answer in answers.items()
        if kinds.get(question) is not Kind.FILE and not is_empty(answer)
    }


async def _begun_before(
    desk: Desk, actor: Actor, row: ChallengeRow, form: Form, applying: Applying
) -> OpenDraft | None:
    """A draft of the same address that says the same: an earlier run of the command began it."""
    if not any(grant.role is Role.TEAM for grant in actor.grants):
        return None
    for each in await all_of(lambda page: desk.drafts.list(actor, page)):
        if each.challenge == row.id and not each.stage and each.withdrawn is None:
            opened = await desk.drafts.read(actor, each.application)
            same = opened.draft.organisation == applying.organisation
            if same and _typed(form, opened.draft.answered()) in ({}, _typed(form, applying.answers)):
                return opened
    return None


async def _make_files(desk: Desk, actor: Actor, opened: OpenDraft, wanted: Sequence[_Wanted]) -> None:
    """Attaches what is missing, and takes away what an earlier run attached and the answers name no more."""
    challenge, draft = opened.draft.challenge, opened.draft.application
    there = {
        (each.question, each.name, each.size): each.id for each in await desk.attachments.list(actor, challenge, draft)
    }
    names = [(each.question, each.path.name, each.size) for each in wanted]
    if opened.draft.sent is not None and set(names) != set(there):
        raise FileRefused(
            f"{draft} was sent with the same answers and other files: change them with `attach` and `detach`, then "
            f"use `starter.py send {draft}`."
        )
    for name, attachment in there.items():
        if name not in names:
            await desk.attachments.detach(actor, challenge, attachment)
    for name, file in zip(names, wanted, strict=True):
        if name not in there:
            await _attach(desk, actor, challenge, draft, file)


async def _attach(desk: Desk, actor: Actor, challenge: str, draft: str, file: _Wanted) -> None:
    content = pieces(file.path)
    try:
        await desk.attachments.attach(actor, challenge, draft, file.question, file.path.name, content, size=file.size)
    except AttachmentRefused as refused:
        then = f"Nothing was sent, and {draft} keeps your answers: mend the file, then use the same command again."
        text = f"{refused} {then}"
        raise AttachmentRefused(text, [each.model_copy(update={"text": text}) for each in refused.problems]) from None
