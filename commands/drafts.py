"""Commands for whoever writes a draft: begin it, save answers, take it up again, send it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Optional

import typer

from desk.answers_files import draft_file, fitted, read_answers, refuse, unknown_questions
from desk.desk import Desk
from desk.drafts import OpenDraft
from domain.challenges.draft import Typed
from domain.forms.answers import Answer, Answers
from domain.forms.checking import is_empty
from domain.forms.form import Form, Kind
from domain.permissions import Actor
from domain.values.calendar import spoken
from domain.values.paging import all_of

from .document import for_programs, show_json
from .options import ChallengeName, Who, a_desk, acting, command, reading, text_of, zones_of
from .output import drafts as output
from .terminal import REFUSED, misused, say

DraftName = Annotated[str, typer.Argument(metavar="APPLICATION", help="The id of the draft or application.")]
ForStage = Annotated[
    str, typer.Option("--stage", metavar="STAGE", help="The stage that asks for a further proposal, if it is one.")
]


@command
async def draft(
    challenge: ChallengeName,
    organisation: Annotated[str, typer.Option(help="The company or person that applies.")],
    email: Annotated[str, typer.Option(help="The address for the receipt. Whoever has it can go on with the draft.")],
    by: Who,
) -> None:
    """Begin a draft, to be saved bit by bit and sent later. A draft is no application: only `send` makes one of it.

    Example: `starter.py draft air-quality --organisation "Tay Sensors" --email team@tay.example`
    """
    async with a_desk() as desk:
        begun = await desk.drafts.begin(await reading(desk, by), challenge, organisation=organisation, email=email)
        if for_programs():
            show_json(output.as_data(begun))
        else:
            output.begun(begun)


@command
async def drafts(
    by: Who,
    application: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[APPLICATION]", help="Only this draft, with its answers."),
    ] = None,
    question: Annotated[
        str, typer.Option(metavar="QUESTION", help="All that was ever saved for this question of the draft.")
    ] = "",
    to_edit: Annotated[
        bool, typer.Option("--to-edit", help="Print the draft as a file of answers, to edit and to save.")
    ] = False,
    stage: ForStage = "",
) -> None:
    """List your drafts, or look at one: its answers, what is missing, and until when it can be sent.

    Example: `starter.py drafts air-quality-7kx3qmp --to-edit --as team@tay.example`
    """
    if application is None and (question or to_edit or stage):
        misused("Name the draft: starter.py drafts APPLICATION --as ADDRESS.")
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if application is None:
            rows = await all_of(lambda page: desk.drafts.list(actor, page))
            show_json(rows) if for_programs() else output.drafts(rows, await zones_of(desk, actor))
        elif question:
            await _show_versions(desk, actor, application, question, stage)
        else:
            _show(await desk.drafts.read(actor, application, stage), to_edit=to_edit)


@command
async def save(
    application: DraftName,
    by: Who,
    question: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[QUESTION]", help="The question's id in the form."),
    ] = None,
    answer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="TEXT", help="The answer to the question. Several choices: with commas."),
    ] = None,
    text: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="A text file with the answer; - reads standard input."),
    ] = None,
    on: Annotated[
        int, typer.Option(metavar="VERSION", help="The version that you have changed; 0 if there was no answer.")
    ] = 0,
    answers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE", help="A file of answers, as `drafts --to-edit` prints it; - reads standard input."
        ),
    ] = None,
    stage: ForStage = "",
) -> None:
    """Save answers of a draft: one, or a file of them. Nothing is checked yet, and nothing is ever overwritten.

    If somebody else has saved the same question meanwhile, theirs counts, both texts are printed, and yours is kept.

    Example: `starter.py save air-quality-7kx3qmp idea --text idea.txt --on 2 --as team@tay.example`
    """
    _check_given(question, answer, text, answers)
    async with a_desk() as desk:
        actor = await acting(desk, by)
        form = (await desk.drafts.read(actor, application, stage)).form
        version = ""
        typed: tuple[Typed, ...] = ()
        if answers is not None:
            version, typed = _from_file(form, answers)
        elif question is not None:
            said = answer if text is None else text_of(text, "The answer")
            typed = (Typed(question=question, answer=_as_asked(form, question, said or ""), builds_on=on),)
        saved = await desk.drafts.save(actor, application, typed, stage, form=version)
        now = await desk.drafts.read(actor, application, stage)
        show_json(saved) if for_programs() else output.saved(saved, now)
    if any(each.other is not None for each in saved):
        raise typer.Exit(REFUSED)


@command
async def send(application: DraftName, by: Who, stage: ForStage = "") -> None:
    """Send a draft as it is now. Until the closing you can change it and send it again: what you sent last counts.

    Example: `starter.py send air-quality-7kx3qmp --as team@tay.example`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        receipt = await desk.drafts.send(actor, application, stage)
        if for_programs():
            show_json(receipt)
            return
        zone = (await desk.challenges.find(actor, receipt.challenge)).time_zone
        again = " It was already here: nothing has changed." if receipt.repeated else ""
        if receipt.version > 1 and not again:
            again = " It takes the place of what you sent before."
        say(f"Received {receipt.application} on {spoken(receipt.received, zone)}.{again}")


def _check_given(question: str | None, answer: str | None, text: Path | None, answers: Path | None) -> None:
    if (question is None) == (answers is None):
        misused("Name a question and give its answer, or give a file of answers with --answers FILE.")
    if question is not None and (answer is None) == (text is None):
        misused("Give the answer: --answer TEXT for a short one, or --text FILE.")
    if question is None and (answer is not None or text is not None):
        misused("Name the question that the answer belongs to.")


def _as_asked(form: Form, question: str, said: str) -> Answer:
    """An answer as it was typed on the command line, in the kind that the question asks for."""
    kind = next((each.kind for each in form.questions() if each.id == question), None)
    if kind is Kind.CHOICES:
        return tuple(each.strip() for each in said.split(",") if each.strip())
    return fitted(form, {question: said})[question]


def _from_file(form: Form, file: Path) -> tuple[str, tuple[Typed, ...]]:
    """The version of the form that a file of answers is for, and its answers.

    Raises:
        FileRefused: the file cannot be read, or answers what is not asked.
    """
    said = read_answers(text_of(file, "The file of answers"), str(file))
    refuse(tuple(unknown_questions(form, said.answers)), str(file))
    return said.form, tuple(_typed(fitted(form, said.answers), said.versions))


def _typed(answers: Answers, versions: Mapping[str, int]) -> Iterator[Typed]:
    """The answers of a file. What was empty and stays empty was not typed."""
    for question, answer in answers.items():
        if versions.get(question, 0) or not is_empty(answer):
            yield Typed(question=question, answer=answer, builds_on=versions.get(question, 0))


async def _show_versions(desk: Desk, actor: Actor, application: str, question: str, stage: str) -> None:
    kept = await all_of(lambda page: desk.drafts.versions(actor, page, application, question, stage))
    if for_programs():
        show_json(kept)
    else:
        output.versions(kept, (await desk.drafts.read(actor, application, stage)).time_zone)


def _show(opened: OpenDraft, *, to_edit: bool) -> None:
    if for_programs():
        show_json(output.as_data(opened))
    elif to_edit:
        draft = opened.draft
        which = f" --stage {draft.stage}" if draft.stage else ""
        heading = (
            f"The draft {draft.application}. Write each answer after the = sign.",
            f"Then keep this file: starter.py save {draft.application}{which} --answers FILE --as {draft.email}",
        )
        versions = {each.question: each.version for each in draft.answers}
        typer.echo(draft_file(opened.form, heading, draft.answered(), versions), nl=False)
    else:
        output.draft(opened)
