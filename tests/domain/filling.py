"""Any form, and any answers that fit it, for tests of properties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.forms.answers import Answer
from domain.forms.conditions import shown
from domain.forms.form import OF_CHOICES, Choice, Form, Kind, Marking, Question, Section, ShownIf

NAMES = st.from_regex(r"\A[a-z0-9]{1,8}(-[a-z0-9]{1,5})?\Z")
LINES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=300).filter(str.strip)
"""Anything that a database keeps, with control characters, combining marks and line ends of all kinds."""
ONE_LINE = TEXTS.map(lambda text: " ".join(text.splitlines()) + "x")


@st.composite
def forms(draw: Callable[..., Any], kinds: tuple[Kind, ...] = tuple(Kind)) -> Form:
    """Any form of some questions. Some are asked only if an earlier one has a certain answer."""
    ids = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True))
    questions: list[Question] = []
    for each in ids:
        kind = draw(st.sampled_from(kinds))
        choices = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True)) if kind in OF_CHOICES else []
        before = [other for other in questions if other.possible]
        condition = None
        if before and draw(st.booleans()):
            condition = draw(_conditions(before))
        questions.append(
            Question(
                id=f"q-{each}",
                title=draw(LINES),
                hint=draw(st.none() | LINES),
                kind=kind,
                required=draw(st.booleans()),
                choices=tuple(Choice(id=name, title=draw(LINES)) for name in choices),
                shown_if=condition,
                marking=draw(st.none() | st.sampled_from(Marking)),
            )
        )
    middle = draw(st.integers(0, len(questions) - 1))
    parts = [part for part in (questions[:middle], questions[middle:]) if part]
    sections = tuple(Section(title=draw(LINES), hint=draw(st.none() | LINES), questions=tuple(part)) for part in parts)
    return Form(id="any", title=draw(LINES), sections=sections)


def _conditions(before: list[Question]) -> st.SearchStrategy[ShownIf]:
    possible = [ShownIf(question=each.id, answer=answer) for each in before for answer in each.possible]
    return st.sampled_from(possible)


@st.composite
def answers_to(draw: Callable[..., Any], form: Form) -> dict[str, Answer]:
    """Any answers that fit a form: all that is required, and some of what is not."""
    answers: dict[str, Answer] = {}
    for question in form.questions():
        if question.id in shown(form, answers) and (question.required or draw(st.booleans())):
            answers[question.id] = draw(_answers(question))
    return answers


def _answers(question: Question) -> st.SearchStrategy[Answer]:
    ids = [each.id for each in question.choices]
    kinds: dict[Kind, st.SearchStrategy[Answer]] = {
        Kind.LINE: ONE_LINE,
        Kind.TEXT: TEXTS,
        Kind.NUMBER: st.decimals(-(10**12), 10**12, places=2).map(lambda each: f"{each:f}")
        | st.integers(-(10**12), 10**12).map(lambda each: f"{each:,}"),
        Kind.MONEY: st.decimals(Decimal(0), Decimal(10**9), places=2).map(lambda each: f"{each:,f}"),
        Kind.DATE: st.dates(min_value=date(1, 1, 1)).map(date.isoformat),
        Kind.CHOICE: st.sampled_from(ids or ["-"]),
        Kind.CHOICES: st.lists(st.sampled_from(ids or ["-"]), min_size=1, unique=True).map(tuple),
        Kind.YES_NO: st.booleans(),
        Kind.LINK: NAMES.map(lambda name: f"https://{name}.example/{name}?a=%20#b"),
        Kind.FILE: st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple),
    }
    return kinds[question.kind]
