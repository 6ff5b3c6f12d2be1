"""What the commands print of answers: by the sections and titles of the form that they answer."""

from __future__ import annotations

from collections.abc import Iterator

from commands.terminal import say
from domain.forms.answers import Answer, Answers
from domain.forms.checking import is_empty
from domain.forms.form import PROPOSAL, Form, Kind, Question


def in_full(form: Form, answers: Answers, indent: int = 4) -> None:
    """Prints all answers to a form. A question that was not asked or not answered is left out.

    Args:
        form: the questions.
        answers: by question; none once they are erased.
        indent: in columns.
    """
    questions = list(form.questions())
    if [question.id for question in questions] == [PROPOSAL]:  # one text, which needs no title
        for line in lines_of(questions[0], answers.get(PROPOSAL, "")):
            say(line, indent=indent)
        return
    for section in form.sections:
        answered = [each for each in section.questions if not is_empty(answers.get(each.id, ""))]
        if answered:
            say(section.title, indent=indent, bold=True)
        for question in answered:
            say(titled(question), indent=indent + 2)
            for line in lines_of(question, answers[question.id]):
                say(line, indent=indent + 4)


def beginning(form: Form, answers: Answers, most: int = 60) -> str:
    """The beginning of the first longer text among the answers, on one line.

    Args:
        form: the questions.
        answers: by question.
        most: the most characters.
    """
    found = (answers.get(question.id, "") for question in form.questions() if question.kind is Kind.TEXT)
    line = next((" ".join(each.split()) for each in found if isinstance(each, str) and each.strip()), "")
    return line if len(line) <= most else f"{line[: most - 1]}…"


def titled(question: Question) -> str:
    """The title of a question, with what it is marked."""
    return f"{question.title} ({question.marking})" if question.marking else question.title


def lines_of(question: Question, answer: Answer) -> Iterator[str]:
    """An answer as lines of text: choices by their titles, files by their ids.

    Args:
        question: the question.
        answer: as it was typed.
    """
    if isinstance(answer, bool):
        yield "Yes" if answer else "No"
        return
    shown = {each.id: each.title for each in question.choices}
    for part in answer if isinstance(answer, tuple) else answer.splitlines():
        yield f"file {part} (see `attachments`)" if question.kind is Kind.FILE else shown.get(part, part)
