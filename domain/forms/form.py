"""A form: the sections and questions that an application, or a further proposal, answers. Data of a programme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from domain.values.model import Line, Name, Value, digest_of
from domain.values.wording import counted

from .attachments import MOST_FILES, FileKind, FileSize, bytes_in

LONGEST_TEXT = 1_000_000
"""The most characters that any answer may have."""
_USUAL_SIZE = "10 MB"

MOST_QUESTIONS = 1_000
"""The most questions that a form may have."""


_ENDS = ("?", ".", "!", ":", "…")
"""What ends a sentence."""


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


OF_CHOICES = (Kind.CHOICE, Kind.CHOICES)
"""The kinds of questions that say what to choose from."""
OF_TEXT = (Kind.LINE, Kind.TEXT)
"""The kinds of questions whose answers can have a limit."""


class Marking(StrEnum):
    """Who may come to see an answer, beside those who read the application."""

    PERSONAL = "personal"
    """Readers who do not decide never see it: nobody is judged by it."""
    CONFIDENTIAL = "confidential"
    PUBLIC = "public if selected"


class Choice(Value):
    """One of the answers to choose from."""

    id: Name
    title: Line

    @property
    def pair(self) -> tuple[str, str]:
        """Its id and its title."""
        return self.id, self.title


class ShownIf(Value):
    """A question that is shown only if another question has a certain answer.

    Args:
        question: id of the other question, which stands before this one.
        answer: the id of a choice, true or false. Of several choices: one of those that were chosen.
    """

    question: Name
    answer: Annotated[
        Annotated[str, Strict()] | Annotated[bool, Strict()],
        Field(description="the id of a choice in quotes, or true or false without quotes"),
    ]


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
        types: the kinds of files that are taken; all kinds if left out.
        size: the most that one file may have, such as 10 MB, which is also what counts if it is left out.
        most_files: how many files are taken; one if left out.
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
    types: tuple[FileKind, ...] = ()
    size: FileSize | None = None
    most_files: Annotated[int, Field(ge=1, le=MOST_FILES, strict=True)] | None = None

    @model_validator(mode="after")
    def _only_files_have_types(self) -> Self:
        said = [name for name in ("types", "size", "most_files") if getattr(self, name)]
        if said and self.kind is not Kind.FILE:
            raise ValueError(f'{self.id} has {said[0]} and asks for no file: leave it out, or write kind = "file"')
        return self

    @property
    def types_taken(self) -> tuple[FileKind, ...]:
        """The kinds of files that are taken."""
        return self.types or tuple(FileKind)

    @property
    def bytes_taken(self) -> int:
        """The most bytes that one file may have."""
        return bytes_in(self.size or _USUAL_SIZE)

    @property
    def most_files_taken(self) -> int:
        """How many files are taken."""
        return self.most_files or 1

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wrong = []
        if self.id in TAKEN:
            wrong.append(f"has the id {self.id!r}, which the application itself uses: write another")
        if self.kind in OF_CHOICES and len(self.choices) < 2:
            wrong.append(
                f"is of kind {self.kind.value!r} and has {counted(len(self.choices), 'choice')}: write at least two"
            )
        if self.kind not in OF_CHOICES and self.choices:
            wrong.append(f"has choices and is of kind {self.kind.value!r}: leave the choices out, or write kind choice")
        if twice := _twice([each.id for each in self.choices]):
            wrong.append(f"two choices have the id {twice!r}: give each choice its own")
        if self.kind not in OF_TEXT and (self.most_words or self.most_characters):
            wrong.append(
                f"has a limit and is of kind {self.kind.value!r}: leave the limit out; only a text or line has one"
            )
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def told(self, clause: str) -> str:
        """A clause about the question, behind its title: "Who else? The answer is empty: write one."."""
        if self.title.endswith(_ENDS):
            return f"{self.title} {clause[:1].upper()}{clause[1:]}"
        return f"{self.title}: {clause}"

    @property
    def possible(self) -> tuple[str | bool, ...]:
        """The answers on which another question can depend; none if this question has too many."""
        if self.kind is Kind.YES_NO:
            return (True, False)
        return tuple(each.id for each in self.choices)


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
    def _hangs_together(self) -> Self:
        wrong, before = [], dict[str, Question]()
        if (number := len(list(self.questions()))) > MOST_QUESTIONS:
            wrong.append(f"has {number:,} questions: leave at most {MOST_QUESTIONS:,}")
        if twice := _twice([question.id for question in self.questions()]):
            wrong.append(f"two questions have the id {twice!r}: give each question its own")
        for question in self.questions():
            if question.shown_if is not None:
                wrong += _wrong_condition(question, question.shown_if, before)
            before[question.id] = question
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    @property
    def personal(self) -> frozenset[str]:
        """The ids of the questions whose answers readers do not see."""
        return frozenset(question.id for question in self.questions() if question.marking is Marking.PERSONAL)

    @property
    def public(self) -> tuple[Question, ...]:
        """The questions whose answers are published once the application is selected. No file ever is."""
        marked = (question for question in self.questions() if question.marking is Marking.PUBLIC)
        return tuple(question for question in marked if question.kind is not Kind.FILE)

    def questions(self) -> Iterator[Question]:
        """All questions, in their order."""
        for section in self.sections:
            yield from section.questions

    @property
    def version(self) -> str:
        """A short name of exactly these questions. Another word anywhere in the form is another version."""
        return digest_of(self)


def _twice(ids: list[str]) -> str | None:
    """The first id that stands twice; None if each stands once."""
    return next((each for each, times in Counter(ids).items() if times > 1), None)


def _wrong_condition(question: Question, condition: ShownIf, before: Mapping[str, Question]) -> Iterator[str]:
    """What is wrong with the condition of a question, by the questions before it."""
    other = before.get(condition.question)
    has = f"question {question.id} has shown_if"
    if other is None:
        yield (
            f"{has} question = {condition.question!r}, which is no question before it: "
            "write the id of one that stands before it"
        )
    elif not other.possible:
        yield (
            f"{has} question = {other.id!r}, which is of kind {other.kind.value!r}: "
            "write the id of a question with choices, or of a yes/no question"
        )
    elif not any(type(each) is type(condition.answer) and each == condition.answer for each in other.possible):
        answers = ", ".join(str(each).lower() if isinstance(each, bool) else each for each in other.possible)
        yield f"{has} answer = {condition.answer!r}, which {other.id!r} cannot have: write one of {answers}"


TAKEN = ("organisation", "email", "answers", "submission", "form")
"""Names that no question may have: the other parts of an application have them."""

PROPOSAL = "proposal"
"""The id of the only question of a programme without forms."""


def text_form(limit: int) -> Form:
    """The form of a programme that defines none: one text.

    Args:
        limit: the most characters of the text.
    """
    question = Question(id=PROPOSAL, title="Your answer to the challenge's question", most_characters=limit)
    return Form(id=PROPOSAL, title="Application", sections=(Section(title="Proposal", questions=(question,)),))
