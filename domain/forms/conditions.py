"""Which questions of a form are asked: some only if another question has a certain answer."""

from __future__ import annotations

from collections.abc import Collection

from .answers import Answer, Answers
from .form import Form, Question, ShownIf


def shown(form: Form, answers: Answers) -> frozenset[str]:
    """The ids of the questions that are asked, by the answers so far.

    A question whose condition depends on a question that is not asked is not asked either.

    Args:
        form: the questions.
        answers: by question; those of a draft may be incomplete.
    """
    found: set[str] = set()
    for question in form.questions():
        if is_asked(question, found, answers):
            found.add(question.id)
    return frozenset(found)


def is_asked(question: Question, asked: Collection[str], answers: Answers) -> bool:
    """Whether a question is asked.

    Args:
        question: one of the form.
        asked: ids of the questions before it that are asked.
        answers: to these.
    """
    condition = question.shown_if
    if condition is None:
        return True
    return condition.question in asked and _meets(answers.get(condition.question, ""), condition)


def condition_in_words(form: Form, question: Question) -> str:
    """When a question is asked, such as "only if 'Do you have partners?' is answered with yes"; empty if always."""
    if question.shown_if is None:
        return ""
    other = next(each for each in form.questions() if each.id == question.shown_if.question)
    answer = question.shown_if.answer
    if isinstance(answer, bool):
        return f"only if {other.title!r} is answered with {'yes' if answer else 'no'}"
    chosen = next(each.title for each in other.choices if each.id == answer)
    return f"only if {other.title!r} is answered with {chosen!r}"


def _meets(answer: Answer, condition: ShownIf) -> bool:
    if isinstance(answer, tuple):
        return condition.answer in answer
    return type(answer) is type(condition.answer) and answer == condition.answer
