"""An applicant's answer to a challenge: what an application must contain, and the receipt for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from whenever import Instant

from domain.forms.answers import Answers
from domain.forms.checking import problems_of
from domain.forms.form import Form, Kind
from domain.payments.destination import Twins
from domain.values.addresses import read_address
from domain.values.model import Value
from domain.values.refusals import ApplicationRefused, Problem
from domain.values.text import one_line

LONGEST_NAME = 300
"""The most characters of an applicant's name."""


class Applying(Value):
    """What an applicant hands in. Personal data: it stays in the database.

    Args:
        organisation: who applies, a company or a person.
        email: where receipts and decisions go.
        answers: to the questions of the form.
        submission: the sender's own id of this submission. The same id again gets the same receipt. If it is left
            empty, the content serves as the id.
        form: the version of the form that the answers are for; empty if the sender does not say.
    """

    organisation: str
    email: str
    answers: Answers
    submission: str = ""
    form: str = ""


class Receipt(Value):
    """The proof that an application was taken.

    Args:
        application: its id, which names the team from then on.
        challenge: id of the challenge.
        received: when it was taken, by the service's clock; if it was sent again, the last time.
        repeated: whether the application had been taken before.
        version: counts how often it was sent with other answers. The last version counts.
    """

    application: str
    challenge: str
    received: Instant
    repeated: bool = False
    version: int = 1


class FurtherProposal(Value):
    """What a team sent when a stage asked for it, as it is read once the window of that stage is sealed.

    Args:
        stage: name of the stage.
        form: the version of the form that it answers.
        answers: to the questions of the form. Empty once they are erased.
        sent: when it was sent; the last time, if it was changed.
    """

    stage: str
    form: str
    answers: Answers
    sent: Instant


class Application(Value):
    """An application as the sponsor reads it once the window is sealed. It has no text once it is erased.

    Args:
        id, challenge: its own id, and its challenge's.
        organisation, email, answers: as in `Applying`.
        form: the version of the form that it answers.
        version: counts how often it was sent; only the last one can be read.
        received, withdrawn, erased: when it came, and when it was withdrawn and erased.
        twins: other applications of the round that may be the same people's.
        further: the further proposals that stages have asked for since. None before its window is sealed.
    """

    id: str
    challenge: str
    organisation: str
    email: str
    form: str
    version: int
    answers: Answers
    received: Instant
    withdrawn: Instant | None = None
    erased: Instant | None = None
    twins: Twins = Twins()
    further: tuple[FurtherProposal, ...] = ()


def read_application(fields: Mapping[str, object]) -> Applying:
    """Reads an application from its fields, as the web or the command line has them.

    Args:
        fields: by name, as `Applying` has them.

    Raises:
        ApplicationRefused: fields are missing, unknown or not text. The refusal names all of them.
    """
    try:
        return Applying.model_validate(fields)
    except ValidationError as error:
        problems = [_unreadable(each) for each in error.errors(include_input=False, include_url=False)]
        raise ApplicationRefused.for_problems(problems) from None


def check_application(applying: Applying, form: Form, *, was_draft: bool = False) -> None:
    """Checks that an application can be considered, whenever it comes.

    Args:
        applying: what was handed in.
        form: the questions that it answers.
        was_draft: whether it comes from a draft. Only a draft has files.

    Raises:
        ApplicationRefused: the application has no organisation or no usable e-mail address, or its answers do not fit
            the form. The refusal names every wrong field and question, and repeats nothing of what was handed in.
    """
    refuse_for(problems_in(applying, form, was_draft=was_draft))


def problems_in(applying: Applying, form: Form, *, was_draft: bool = False) -> tuple[Problem, ...]:
    """Everything that `check_application` refuses an application for.

    Args:
        applying, form, was_draft: as in `check_application`.
    """
    return (
        *_problems_of_applicant(applying.organisation, applying.email),
        *(Problem(field="form", text=text) for text in _version(applying.form, form)),
        *problems_of(form, applying.answers),
        *(() if was_draft else _files_without_a_draft(applying, form)),
    )


def _files_without_a_draft(applying: Applying, form: Form) -> Iterator[Problem]:
    """Ids of files that somebody typed: they would be those of others, or of none."""
    if any(isinstance(each, tuple) for each in applying.answers.values()):
        for question in form.questions():
            if question.kind is Kind.FILE and applying.answers.get(question.id):
                text = question.told("files are attached to a draft: begin one, attach the files, and send it.")
                yield Problem(field=question.id, text=text)


def refuse_for(problems: Sequence[Problem]) -> None:
    """Refuses an application if there are problems. The text tells the first of them; `problems` has all.

    Raises:
        ApplicationRefused: there are problems.
    """
    if len(problems) > _MOST_TOLD:
        text = " ".join(each.text for each in problems[:_MOST_TOLD])
        raise ApplicationRefused(f"{text} And {len(problems) - _MOST_TOLD:,} more problems.", problems)
    if problems:
        raise ApplicationRefused.for_problems(problems)


_MOST_TOLD = 20
"""How many problems stand in the one text of a refusal, which goes into the record and into a letter."""


def check_applicant(organisation: str, email: str) -> None:
    """Checks that somebody can begin an application.

    Args:
        organisation, email: as in `Applying`.

    Raises:
        ApplicationRefused: there is no organisation or no usable e-mail address. The refusal names both if both are
            wrong, and repeats nothing.
    """
    if problems := list(_problems_of_applicant(organisation, email)):
        raise ApplicationRefused.for_problems(problems)


def is_contact(email: str) -> bool:
    """Whether letters can go to an e-mail address as it was handed in."""
    return not list(_email(email))


def _problems_of_applicant(organisation: str, email: str) -> Iterator[Problem]:
    yield from (Problem(field="organisation", text=text) for text in _organisation(organisation))
    yield from (Problem(field="email", text=text) for text in _email(email))


def _organisation(name: str) -> Iterator[str]:
    if not name.strip():
        yield "The application names no organisation: say who applies."
    if len(name) > LONGEST_NAME:
        yield (f"The organisation's name has {len(name):,} characters: shorten it to {LONGEST_NAME} at most.")
    try:
        one_line(name)
    except ValueError as error:
        yield f"The organisation's name {error}."


def _email(address: str) -> Iterator[str]:
    if "@" not in address:
        yield "The application has no contact: give an e-mail address for receipts, such as name@company.example."
        return
    try:
        read_address(address)
    except ValueError as error:
        yield f"The application has no contact, because its e-mail address {error}."


def _version(named: str, form: Form) -> Iterator[str]:
    if named and named != form.version:
        yield (
            "The answers are for another version of the form, which has changed since: "
            f"print the form again, which is version {form.version} now, and move your answers into it."
        )


def _unreadable(error: ErrorDetails) -> Problem:
    """What is wrong with a field that is not text. An unknown field name is not repeated: it can be any text."""
    name = str(error["loc"][0])
    if name == "answers" and len(error["loc"]) > 1:
        text = "An answer is neither text, nor true or false, nor a list of texts: write it as the form says."
        return Problem(field=name, text=text)
    if name not in Applying.model_fields:
        return Problem(field="", text="The application has an unknown field: leave it out.")
    wrong = "is missing: add it" if error["type"] == "missing" else "is not plain text: write it again"
    return Problem(field=name, text=f"The {name} {wrong}.")
