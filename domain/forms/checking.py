"""What is wrong with the answers to a form: all problems at once, each with its question's id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches

from pydantic import HttpUrl, TypeAdapter, ValidationError
from whenever import Date

from domain.values.money import Money
from domain.values.refusals import Problem
from domain.values.wording import counted

from .answers import Answer, Answers
from .conditions import condition_in_words, shown
from .counting import characters, is_longer, words
from .form import LONGEST_TEXT, OF_TEXT, Form, Kind, Question

LONGEST_LINE = 1_000
"""The most characters of a line for which the form sets no limit."""

_MOST_MEANT = 20
"""For how many unknown questions the service looks for what was meant: each takes time."""
_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_LONGEST_NUMBER = 40
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LINK = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)
_ADDRESS = TypeAdapter(HttpUrl)


def problems_of(form: Form, answers: Answers) -> Iterator[Problem]:
    """What is wrong with the answers to a form. A problem repeats nothing of an answer, and no unknown name.

    Args:
        form: the questions.
        answers: by question.
    """
    questions = tuple(form.questions())
    asked = shown(form, answers)
    for question in questions:
        answer = answers.get(question.id, "")
        for text in problems_with(question, answer) if question.id in asked else _not_asked(form, question, answer):
            yield Problem(field=question.id, text=question.told(text))
    known = [question.id for question in questions]
    if unknown := answers.keys() - known:
        meant = sorted({near for each in sorted(unknown)[:_MOST_MEANT] for near in get_close_matches(each, known, n=1)})
        mean = f"Did you mean {' and '.join(meant)}?" if meant else "Leave them out."
        text = f"The application answers {counted(len(unknown), 'question')} that the form does not have. {mean}"
        yield Problem(field="", text=text)
    length = sum(len(text) for answer in answers.values() for text in _texts(answer))
    if length > LONGEST_TEXT:
        text = f"All answers together have {length:,} characters: shorten them to {LONGEST_TEXT:,} at most."
        yield Problem(field="", text=text)


def problems_with(question: Question, answer: Answer) -> Iterator[str]:
    """What is wrong with the answer to a question that is asked, as clauses that follow the question's title.

    Args:
        question: the question.
        answer: as it was typed. An empty text or list is no answer.
    """
    if is_empty(answer):
        if question.required:
            yield "the answer is empty: write one."
        return
    hidden = next(filter(None, map(_no_text, _texts(answer))), None)
    if hidden is not None:
        yield f"invalid character at position {hidden:,}: hand it in as plain text."
    if hidden is None or question.kind in OF_TEXT:
        yield from _BY_KIND[question.kind](question, answer)


def is_empty(answer: Answer) -> bool:
    """Whether an answer says nothing. No is an answer."""
    return not answer.strip() if isinstance(answer, str) else answer == ()


def _not_asked(form: Form, question: Question, answer: Answer) -> Iterator[str]:
    if not is_empty(answer):
        yield f"the question is asked {condition_in_words(form, question)}: leave the answer out."


def _no_text(text: str) -> int | None:
    """The place, counted from 1, of the first character that is none or that no database keeps; None if all are."""
    with suppress(UnicodeEncodeError):  # much faster than to look at each character, which texts seldom need
        if "\0" not in text and text.encode() is not None:
            return None
    found = _NO_TEXT.search(text)
    return found.start() + 1 if found else None


def _texts(answer: Answer) -> tuple[str, ...]:
    if isinstance(answer, bool):
        return ()
    return (answer,) if isinstance(answer, str) else answer


def _text(question: Question, answer: Answer) -> Iterator[str]:
    if not isinstance(answer, str):
        yield "the answer is no text: write text in quotes."
        return
    most_words, most = question.most_words, question.most_characters
    if most_words is not None and (number := words(answer)) > most_words:
        yield (
            f"the answer has {number:,} words, {number - most_words:,} too many: "
            f"shorten it to {most_words:,} at most. A word is what stands between spaces."
        )
    if most is None and question.kind is Kind.LINE:
        most = LONGEST_LINE
    if most is not None and is_longer(answer, most):
        number = characters(answer)
        yield (
            f"the answer has {number:,} characters, {number - most:,} too many: "
            f"shorten it to {most:,} at most. Spaces and line ends count."
        )


def _line(question: Question, answer: Answer) -> Iterator[str]:
    yield from _text(question, answer)
    if isinstance(answer, str) and answer.splitlines() != [answer]:
        yield "the answer has a line break: write it on one line."


def _number(_: Question, answer: Answer) -> Iterator[str]:
    typed = answer.strip() if isinstance(answer, str) else ""
    if not _NUMBER.fullmatch(typed) or len(typed) > _LONGEST_NUMBER:
        yield "the answer is not a number: write it in figures, such as 12, -3, 1,200 or 0.25."


def _money(_: Question, answer: Answer) -> Iterator[str]:
    with suppress(ValueError):
        if isinstance(answer, str):
            Money.parse(answer)
            return
    yield "the answer is not an amount: write it in figures, such as 15,000 or 2000.50, up to 1,000,000,000."


def _date(_: Question, answer: Answer) -> Iterator[str]:
    with suppress(ValueError):
        if isinstance(answer, str) and _DATE.fullmatch(answer.strip()):
            Date.parse_iso(answer.strip())
            return
    yield "the answer is not a day of the calendar: write year, month and day, such as 2027-03-01."


def _choice(question: Question, answer: Answer) -> Iterator[str]:
    ids = [each.id for each in question.choices]
    if not isinstance(answer, str) or answer not in ids:
        yield f"the answer is none of the choices: write one of {', '.join(ids)}."


def _choices(question: Question, answer: Answer) -> Iterator[str]:
    ids = [each.id for each in question.choices]
    if not isinstance(answer, tuple):
        yield f'the answer is no list: write it such as ["{ids[0]}", "{ids[1]}"].'
    elif not set(answer) <= set(ids):
        yield f"the answer has something that is none of the choices: write some of {', '.join(ids)}."
    elif len(set(answer)) < len(answer):
        yield "the answer has a choice twice: write each once."


def _yes_no(_: Question, answer: Answer) -> Iterator[str]:
    if not isinstance(answer, bool):
        yield "the answer is neither yes nor no: write true or false, without quotes."


def _link(_: Question, answer: Answer) -> Iterator[str]:
    with suppress(ValidationError):
        if isinstance(answer, str) and _LINK.fullmatch(answer.strip()):
            _ADDRESS.validate_python(answer.strip())
            return
    yield "the answer is no link: write the whole address of a page, such as https://company.example/work."


def _file(_: Question, answer: Answer) -> Iterator[str]:
    if not isinstance(answer, tuple):
        yield "the answer is no list of files: attach the files."
    elif len(set(answer)) < len(answer):
        yield "the answer has a file twice: attach each once."


_BY_KIND: Mapping[Kind, Callable[[Question, Answer], Iterator[str]]] = {
    Kind.LINE: _line,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.YES_NO: _yes_no,
    Kind.LINK: _link,
    Kind.FILE: _file,
}
