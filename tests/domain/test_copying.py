"""What becomes of answers when an application is copied into another challenge."""

from __future__ import annotations

import pytest

from domain.forms.answers import Answer
from domain.forms.copying import copied
from domain.forms.form import Choice, Form, Kind, Question, Section

TOWN, SEA = Choice(id="town", title="In towns"), Choice(id="sea", title="At sea")


def form(*questions: Question) -> Form:
    return Form(id="form", title="Form", sections=(Section(title="All", questions=questions),))


ASKED = Question(id="idea", title="Your idea")


@pytest.mark.parametrize(
    ("question", "answer", "other", "taken"),
    [
        (ASKED, "Sensors", ASKED, {"idea": "Sensors"}),
        (ASKED, "Sensors", Question(id="what", title="YOUR idea"), {"what": "Sensors"}),
        (ASKED, "Sensors", Question(id="what", title="Another"), None),
        (ASKED, "Sensors", Question(id="idea", title="Your idea", kind=Kind.LINE), None),
        (ASKED, "", ASKED, {}),
        (
            Question(id="where", title="Where", kind=Kind.CHOICES, choices=(TOWN, SEA)),
            ("town", "sea"),
            Question(id="where", title="Where", kind=Kind.CHOICES, choices=(SEA, TOWN)),
            {"where": ("town", "sea")},
        ),
        (
            Question(id="where", title="Where", kind=Kind.CHOICE, choices=(TOWN, SEA)),
            "town",
            Question(id="where", title="Where", kind=Kind.CHOICE, choices=(SEA, Choice(id="air", title="Above"))),
            None,
        ),
        (
            Question(id="plan", title="Plan", kind=Kind.FILE),
            ("a1",),
            Question(id="plan", title="Plan", kind=Kind.FILE),
            None,
        ),
        (
            Question(id="tried", title="Tried?", kind=Kind.YES_NO),
            False,
            Question(id="tried", title="Tried?", kind=Kind.YES_NO),
            {"tried": False},
        ),
    ],
)
def test_an_answer_goes_where_the_same_is_asked(
    question: Question, answer: Answer, other: Question, taken: dict[str, Answer] | None
) -> None:
    """None: left behind, and named."""
    found = copied(form(question), {question.id: answer}, form(other))

    assert found.answers == (taken or {})
    assert found.left == ((question.title,) if taken is None else ())


def test_one_answer_has_one_place() -> None:
    """Fails where two questions with one title would write over each other."""
    twice = form(Question(id="a", title="Why"), Question(id="b", title="Why"))

    found = copied(twice, {"a": "First", "b": "Second"}, form(Question(id="c", title="Why")))

    assert (found.answers, found.left) == ({"c": "First"}, ("Why",))
