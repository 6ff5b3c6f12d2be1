"""Answers to one form carried over to another: what both ask alike."""

from __future__ import annotations

from collections.abc import Iterator

from domain.values.model import Value

from .answers import Answer, Answers
from .form import OF_CHOICES, Form, Kind, Question


class Copied(Value):
    """What becomes of answers in another form.

    Args:
        answers: by the questions of the other form.
        left: titles of the questions whose answers are left behind: the other form does not ask them, or asks for
            something else, or they are files.
    """

    answers: dict[str, Answer]
    left: tuple[str, ...]


def copied(form: Form, answers: Answers, other: Form) -> Copied:
    """The answers to a form as answers to another form: by the id of a question, or else by its title.

    Args:
        form: that was answered.
        answers: by its questions.
        other: the form of the other challenge.
    """
    found, left = dict[str, Answer](), list[str]()
    for question in form.questions():
        answer = answers.get(question.id, "")
        if answer in ("", ()):
            continue
        match = next(_alike(question, other), None)
        if match is None or match.id in found or not _fits(answer, match):
            left.append(question.title)
        else:
            found[match.id] = answer
    return Copied(answers=found, left=tuple(left))


def _alike(question: Question, other: Form) -> Iterator[Question]:
    """The questions of a form that ask for the same: first that with the same id, then those with the same title."""
    same_kind = [each for each in other.questions() if each.kind is question.kind and each.kind is not Kind.FILE]
    yield from (each for each in same_kind if each.id == question.id)
    yield from (each for each in same_kind if each.title.casefold() == question.title.casefold())


def _fits(answer: Answer, question: Question) -> bool:
    """Whether the choices that were made are there, too."""
    if question.kind not in OF_CHOICES or isinstance(answer, bool):
        return True
    ids = {each.id for each in question.choices}
    return set((answer,) if isinstance(answer, str) else answer) <= ids
