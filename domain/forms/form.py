"""A form: the sections and questions that an application, or a further proposal, answers. Data of a programme."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.values.model import Line, Name, Value

LONGEST_TEXT = 1_000_000
"""The most characters that any answer may have."""


class Kind(StrEnum):
    """What a question asks for."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes/no"
    LINK = "link"
    FILE = "file"


class Marking(StrEnum):
    """Who may come to see an answer, beside those who read the application."""

    PERSONAL = "personal"
    CONFIDENTIAL = "confidential"
    PUBLIC = "public if selected"


class Choice(Value):
    """One of the answers to choose from."""

    id: Name
    title: Line


class ShownIf(Value):
    """A question that is shown only if another question has a certain answer.

    Args:
        question: id of the other question, which stands before this one.
        answer: the id of a choice, true or false. Of several choices: one of those that were chosen.
    """

    question: Name
    answer: Name | bool


class Question(Value):
    """One question of a form.

    Args:
        id: its name, by which answers are kept.
        title: the question itself.
        hint: what helps to answer.
        kind: what it asks for.
        required: whether it must be answered, if it is shown.
        most_words, most_characters: the limit of a text or line, counted as `domain.forms.counting` says.
        choices: what to choose from.
        shown_if: when it is shown; always if left out.
        marking: who may see the answer.
    """

    id: Name
    title: Line
    hint: Line | None = None
    kind: Kind = Kind.TEXT
    required: Annotated[bool, Field(strict=True)] = True
    most_words: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = None
    most_characters: Annotated[int, Field(ge=1, le=LONGEST_TEXT, strict=True)] | None = None
    choices: tuple[Choice, ...] = ()
    shown_if: ShownIf | None = None
    marking: Marking | None = None


class Section(Value):
    """Questions that belong together, under a title."""

    title: Line
    hint: Line | None = None
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=200)]


class Form(Value):
    """Sections of questions. Every question has an id of its own in the form."""

    id: Name
    title: Line
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [question.id for question in self.questions()]
        if twice := sorted({each for each in ids if ids.count(each) > 1}):
            raise ValueError(f"two questions have the id {twice[0]!r}: give each question its own")
        return self

    def questions(self) -> Iterator[Question]:
        """All questions, in their order."""
        for section in self.sections:
            yield from section.questions

    @property
    def version(self) -> str:
        """A short name of exactly these questions. Another word anywhere in the form is another version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


PROPOSAL = "proposal"
"""The id of the only question of a programme without forms."""


def text_form(limit: int) -> Form:
    """The form of a programme that defines none: one text.

    Args:
        limit: the most characters of the text.
    """
    question = Question(id=PROPOSAL, title="Your answer to the challenge's question", most_characters=limit)
    return Form(id=PROPOSAL, title="Application", sections=(Section(title="Proposal", questions=(question,)),))
