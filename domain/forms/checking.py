"""What is wrong with the answers to a form: all problems at once, each with its question's id."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.values.refusals import Problem

from .answers import Answer, Answers
from .form import Form, Question

_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")


def problems_of(form: Form, answers: Answers) -> Iterator[Problem]:
    """What is wrong with the answers to a form. A problem repeats nothing of an answer.

    Args:
        form: the questions.
        answers: by question.
    """
    questions = {question.id: question for question in form.questions()}
    for question in questions.values():
        for text in _wrong(question, answers.get(question.id, "")):
            yield Problem(field=question.id, text=text)
    for _ in answers.keys() - questions.keys():
        yield Problem(field="", text="The application answers a question that the form does not have: leave it out.")


def _wrong(question: Question, answer: Answer) -> Iterator[str]:
    if not isinstance(answer, str):
        return
    if question.required and not answer.strip():
        yield f"{question.title}: the answer is empty: write one."
    limit = question.most_characters
    if limit is not None and len(answer) > limit:
        yield f"{question.title}: the answer has {len(answer):,} characters: shorten it to {limit:,} at most."
    if found := _NO_TEXT.search(answer):
        yield f"{question.title}: invalid character at position {found.start() + 1:,}: hand it in as plain text."
