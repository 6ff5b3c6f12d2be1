"""Answers that fit any form of any programme, as applicants in a rehearsal give them. What they say is random."""

from __future__ import annotations

import random

from domain.forms import counting
from domain.forms.answers import Answer, Answers
from domain.forms.conditions import is_asked, shown
from domain.forms.form import Form, Kind, Question

_SENTENCES = (
    "We would put low-cost sensors where people live and show what they measure on an open map.",
    "We would turn what is published today into plain-language messages that people can subscribe to.",
    "We would build an open interface first, and two small services on it with the people who need them.",
    "We would run three workshops with residents and build what they rank first, week by week.",
    "We would combine the data that is there with what visitors report, and test it along one stretch.",
    "Two of us have built something like this before, for a public body – and it is still in use.",
    "Bòrd na Gàidhlig asked for the same in Gaelic: “Dè tha a’ tachairt an-diugh?”",
)
_PLACES = ("tay", "forth", "clyde", "spey", "ness")
_ALL_TEXTS = 100_000
"""The most characters of all texts of a form together, so that long forms get short answers."""
_ONE_TEXT = 600
_ONE_LINE = 150
_LEFT_OUT = 0.3
"""How often a question that need not be answered is left out. A file is left out more often: each takes time."""
_FILE_LEFT_OUT = 0.75


def filled(form: Form, chance: random.Random) -> dict[str, Answer]:
    """Answers to all questions of a form that are shown and must be answered, and to some of the others.

    Questions for files are not among them: see `files_wanted`.

    Args:
        form: the questions.
        chance: decides what the answers say.
    """
    questions = list(form.questions())
    longest = max(1, min(_ONE_TEXT, _ALL_TEXTS // len(questions)))
    asked: set[str] = set()
    answers: dict[str, Answer] = {}
    for question in questions:
        if not is_asked(question, asked, answers):
            continue
        asked.add(question.id)
        if question.kind is not Kind.FILE and (question.required or chance.random() > _LEFT_OUT):
            answers[question.id] = _answer(question, chance, longest)
    return answers


def files_wanted(form: Form, answers: Answers, chance: random.Random) -> list[Question]:
    """The questions of a form that somebody with these answers sends files to.

    Args:
        form: the questions.
        answers: see `filled`.
        chance: decides whether files are sent that need not be.
    """
    asked = shown(form, answers)
    files = [each for each in form.questions() if each.kind is Kind.FILE and each.id in asked]
    return [each for each in files if each.required or chance.random() > _FILE_LEFT_OUT]


def _answer(question: Question, chance: random.Random, longest: int) -> Answer:
    match question.kind:
        case Kind.CHOICE:
            return chance.choice(question.choices).id
        case Kind.CHOICES:
            chosen = chance.sample(question.choices, chance.randint(1, len(question.choices)))
            return tuple(each.id for each in question.choices if each in chosen)
        case Kind.YES_NO:
            return chance.random() < 0.5
        case _:
            return _written(question, chance, longest)


def _written(question: Question, chance: random.Random, longest: int) -> str:
    match question.kind:
        case Kind.NUMBER:
            return f"{chance.randint(1, 5_000):,}"
        case Kind.MONEY:
            return f"{chance.randrange(0, 200_000, 50):,}.00"
        case Kind.DATE:
            return f"{chance.randint(2010, 2030)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        case Kind.LINK:
            return f"https://www.{chance.choice(_PLACES)}.example/{chance.randint(1, 99)}"
        case Kind.LINE:
            return _text(question, chance, " ", min(longest, _ONE_LINE))
        case _:
            return _text(question, chance, "\n\n", longest)


def _text(question: Question, chance: random.Random, between: str, longest: int) -> str:
    """A text that may use up the limit of its question, in words or in characters."""
    words = between.join(chance.choice(_SENTENCES) for _ in range(chance.randint(1, 4))).split(" ")
    while question.most_words is not None and counting.words(" ".join(words)) > question.most_words:
        words.pop()
    return " ".join(words)[: min(longest, question.most_characters or longest)].strip()
