"""In a rehearsal, people fill in whatever form a programme has."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.programme_files import find_round
from desk.rehearsal_answers import files_wanted, filled
from domain.forms.answers import Answer
from domain.forms.checking import problems_of
from domain.forms.conditions import shown
from domain.forms.form import Choice, Form, Kind, Question, Section, ShownIf
from tests.programmes.spoilt import FILES

WITH_CHOICES = (Kind.CHOICE, Kind.CHOICES)


@st.composite
def questions(draw: st.DrawFn, before: tuple[Question, ...]) -> Question:
    """A question that may be shown only after a certain answer to one before it."""
    kind = draw(st.sampled_from(Kind))
    choices = [Choice(id=f"c{each}", title="One") for each in range(draw(st.integers(2, 4)))]
    limited = kind in (Kind.TEXT, Kind.LINE)
    limits = st.none() | st.integers(1, 300)
    deciding = [each for each in before if each.kind in (*WITH_CHOICES, Kind.YES_NO)]
    shown_if = None
    if draw(st.booleans()) and deciding:
        other = draw(st.sampled_from(deciding))
        possible: list[str | bool] = [each.id for each in other.choices] or [True, False]
        shown_if = ShownIf(question=other.id, answer=draw(st.sampled_from(possible)))
    return Question(
        id=f"q{len(before)}",
        title="Which?",
        kind=kind,
        required=draw(st.booleans()),
        most_words=draw(limits) if limited else None,
        most_characters=draw(limits) if limited else None,
        choices=tuple(choices) if kind in WITH_CHOICES else (),
        shown_if=shown_if,
    )


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """A form of any questions."""
    asked: tuple[Question, ...] = ()
    for _ in range(draw(st.integers(1, 12))):
        asked = (*asked, draw(questions(asked)))
    return Form(id="any", title="Any form", sections=(Section(title="All", questions=asked),))


def with_files(form: Form, answers: dict[str, Answer], chance: random.Random) -> dict[str, Answer]:
    """The answers, with a file for each question that a file is sent to."""
    return answers | {each.id: ("a-file",) for each in files_wanted(form, answers, chance)}


@given(forms(), st.integers(0, 2**32))
def test_any_form_is_filled_in_so_that_nothing_is_wrong(form: Form, seed: int) -> None:
    """Fails when a limit is not kept, a question that is not shown is answered, or one that must be is left out."""
    chance = random.Random(seed)
    answers = with_files(form, filled(form, chance), chance)

    assert list(problems_of(form, answers)) == []
    must = {each.id for each in form.questions() if each.required}
    assert must & shown(form, answers) <= answers.keys() <= shown(form, answers)


@pytest.mark.parametrize("name", [each.name.partition(".")[0] for each in FILES if ".round." in each.name])
def test_the_forms_of_our_programmes_are_filled_in_in_many_ways(name: str) -> None:
    _, programme = find_round(name)
    asking = ["", *(stage.name for stage in programme.stages if stage.asks)]
    for form in map(programme.form_of, asking):
        all_answers = []
        for seed in range(200):
            chance = random.Random(seed)
            all_answers.append(with_files(form, filled(form, chance), chance))
            assert list(problems_of(form, all_answers[-1])) == []
        answered = {each for answers in all_answers for each in answers}
        assert answered == {question.id for question in form.questions()}, "every question by somebody"
