"""Commands for applicants: print a form, and hand in an application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from desk.answers_files import AnswersFile, empty_file, fitted, read_answers, refuse, unknown_questions
from desk.desk import Desk
from desk.forms import AskedForm
from domain.challenges.application import Applying, problems_in, read_application
from domain.forms.answers import only_text
from domain.forms.form import PROPOSAL, Form
from domain.permissions import Actor
from domain.values.calendar import spoken
from domain.values.refusals import FileRefused
from domain.values.wording import counted

from .document import for_programs, show_json
from .handing_in import names_files, send_with_files
from .options import ChallengeName, Who, a_desk, command, reading, text_of
from .terminal import misused, say

Organisation = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="The company or person that applies, if the file does not say it."),
]
Email = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="The address for the receipt and the decisions, if the file does not say it."),
]
Proposal = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(metavar="FILE", help="A text file with the answer to the only question; - reads standard input."),
]
Answers = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(metavar="FILE", help="A file of answers, in TOML or JSON; - reads standard input."),
]
Submission = Annotated[str, typer.Option(help="Your own id of this submission. Sent again, it gets the same receipt.")]
Stage = Annotated[str, typer.Option(metavar="STAGE", help="The form of a stage that asks for a further proposal.")]


@command
async def form(
    name: Annotated[str, typer.Argument(metavar="ROUND", help="The round's id, or a challenge's name.")],
    stage: Stage = "",
    files: Annotated[
        bool, typer.Option("--from-files", help="As the round's files have it now, also if the round is open.")
    ] = False,
) -> None:
    """Print a form to fill in: a file of answers without answers, with all questions and hints.

    Example: `starter.py form pilot-2016`
    """
    async with a_desk(only_files=files) as desk:
        read = desk.forms.in_files if files else desk.forms.read
        asked = await read(Actor(), name, stage)
        if for_programs():
            show_json(asked.model_dump(mode="json") | {"version": asked.form.version})
        else:
            typer.echo(empty_file(asked.form, _heading(asked)), nl=False)


def _heading(asked: AskedForm) -> list[str]:
    challenge = asked.of if "/" in asked.of else "CHALLENGE"
    lines = ["Write each answer after the = sign. What follows a # sign only explains."]
    if asked.stage:
        whose = f"APPLICATION --stage {asked.stage} --as ADDRESS"
        lines.append(f"Then keep this file: starter.py save {whose} --answers FILE")
        lines.append(f"and send it: starter.py send {whose}")
        return [f"Further proposal for {asked.stage}.", *lines]
    lines.append(f"Then hand in this file: starter.py apply {challenge} --answers FILE")
    return [f"For {asked.of}.", *lines]


@command
async def apply(
    challenge: ChallengeName,
    organisation: Organisation = None,
    email: Email = None,
    proposal: Proposal = None,
    answers: Answers = None,
    submission: Submission = "",
    by: Who = "",
) -> None:
    """Hand in an application: a file of answers, as `form` prints it, or one text if nothing else is asked.

    The address says who applies. An operator can hand in an application for somebody else; the record then says so.

    Example: `starter.py apply air-quality --answers answers.toml`
    """
    check_given(organisation, email, proposal, answers)
    async with a_desk() as desk:
        row = await desk.challenges.find(Actor(), challenge)
        applying = await handed_in(desk, row.id, organisation, email, proposal, answers, submission)
        form_ = (await desk.forms.read(Actor(), row.id)).form
        if answers is not None and names_files(form_, applying):
            if submission:
                misused("Leave out --submission: an application with files is known by what it says.")
            receipt = await send_with_files(desk, row, form_, applying, answers)
        else:
            receipt = await desk.applications.apply(await reading(desk, by), row.id, applying)
        if for_programs():
            show_json(receipt)
            return
        again = " It was already here: nothing has changed." if receipt.repeated else ""
        say(f"Received {receipt.application} on {spoken(receipt.received, row.time_zone)}.{again}")


def check_given(organisation: str | None, email: str | None, proposal: Path | None, answers: Path | None) -> None:
    """Ends the command as misused if it has no application, or two."""
    if (proposal is None) == (answers is None):
        misused("Give the answers: --answers FILE for a file that `form` has printed, or --proposal FILE for one text.")
    for option, given in (("--organisation", organisation), ("--email", email)):
        if proposal is not None and given is None:
            misused(f"Give {option} with --proposal: a text does not say who applies.")


async def handed_in(
    desk: Desk,
    challenge: str,
    organisation: str | None,
    email: str | None,
    proposal: Path | None,
    answers: Path | None,
    submission: str,
) -> Applying:
    """The application that a command hands in, from its options and its file.

    Args:
        desk: where the form is looked up.
        challenge: its id.
        organisation, email, submission: as given; what is given counts before what the file says.
        proposal, answers: one of the two; see `check_given`.

    Raises:
        FileRefused: the file cannot be read, or answers what is not asked.
        ApplicationRefused: what the file says is no application.
    """
    form_ = (await desk.forms.read(Actor(), challenge)).form
    if proposal is not None:
        said = _text(form_, challenge, proposal)
    else:
        file = answers or Path("-")
        said = read_answers(text_of(file, "The file of answers"), str(file))
        if said.versions:
            raise FileRefused(f"{file}: this is the file of a draft: keep it with `save`, then hand it in with `send`.")
        typed = {question: each for question, each in fitted(form_, said.answers).items() if each not in ("", ())}
        said = said.model_copy(update={"answers": typed})
    given = {"organisation": organisation, "email": email, "submission": submission or None}
    fields = said.model_dump(exclude={"versions"}) | {name: each for name, each in given.items() if each is not None}
    applying = read_application(fields)
    if answers is not None:
        _check_names(form_, applying, str(answers))
    return applying


def _text(form_: Form, challenge: str, file: Path) -> AnswersFile:
    """The answer to the only question of a form, from a file with nothing else in it."""
    questions = list(form_.questions())
    if all(question.id != PROPOSAL for question in questions):
        misused(
            f"{challenge} asks {counted(len(questions), 'question')}: print the form with "
            f"`starter.py form {challenge}`, write the answers into it, and give it with --answers FILE."
        )
    return AnswersFile(answers=only_text(text_of(file, "The proposal")))


def _check_names(form_: Form, applying: Applying, file: str) -> None:
    """Refuses a file that names unknown questions, with all else that is wrong. The service would not repeat a name.

    Raises:
        FileRefused: the file answers a question that the form does not have.
    """
    unknown = tuple(unknown_questions(form_, applying.answers))
    names = [each.field for each in unknown]
    known = {question: answer for question, answer in applying.answers.items() if question not in names}
    if unknown:
        rest = problems_in(applying.model_copy(update={"answers": known}), form_, was_draft=True)
        refuse((*unknown, *rest), file)
