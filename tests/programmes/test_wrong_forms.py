"""What the author of a programme with a wrong form or scorecard is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desk.programme_files import load_programme
from domain.values.refusals import FileRefused

Lines = Callable[..., list[str]]
"""Replaces some text in the file, and returns what is then said about it."""

STAGES = """
[[stages]]
name = "sift"
title = "Sift"
target = 1
max = 1
decision_within = "P1W"

[[stages]]
name = "trial"
title = "Trial"
target = 1
max = 1
decision_within = "P1W"
duration = "P1W"
asks = { form = "fuller", within = "P2W" }

[[stages.scorecard.criteria]]
id = "benefit"
title = "How much do citizens gain?"
looks_at = ["proof", "idea"]
pass_mark = 1
scale = [{ mark = 0, means = "Nothing" }, { mark = 1, means = "Much" }]
"""

FORMS = """
[[forms]]
id = "application"
title = "Application"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "stand"
title = "How far are you?"
kind = "choice"
choices = [{ id = "new", title = "New" }, { id = "in-use", title = "In use" }]

[[forms.sections.questions]]
id = "alone"
title = "Do you work alone?"
kind = "yes/no"

[[forms.sections.questions]]
id = "idea"
title = "What is your idea?"
most_words = 100
shown_if = { question = "stand", answer = "new" }

[[forms]]
id = "fuller"
title = "Fuller proposal"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "proof"
title = "What have you shown?"
"""

HEAD = """
id = "any"
title = "Any"
time_zone = "Europe/London"
currency = "GBP"
holidays = "GB-SCT"
application_form = "application"

[terms]
intellectual_property = "Yours."
equity = "Yours."
"""

ALL = "forms[1] (application)"
FIRST, SECOND, THIRD = (
    f"{ALL}.sections[1].questions[{number}] ({name})" for number, name in enumerate(("stand", "alone", "idea"), 1)
)
KINDS = "'line', 'text', 'number', 'money', 'date', 'choice', 'choices', 'yes/no', 'link' or 'file'"
CRITERION = "stages[2] (trial).scorecard.criteria[1] (benefit)"


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    path = tmp_path / "any.programme.toml"

    def of(*changes: tuple[str, str]) -> list[str]:
        text = HEAD + FORMS + STAGES
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        try:
            load_programme(path)
        except FileRefused as refused:
            return [line.removeprefix(f"{path}: ") for line in str(refused).splitlines()]
        return []

    return of


def test_a_programme_with_forms_and_a_scorecard_loads(lines: Lines) -> None:
    assert lines() == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'kind = "choice"\nchoices = [{ id = "new", title = "New" }, { id = "in-use", title = "In use" }]',
            'kind = "choice"\nchoices = [{ id = "new", title = "New" }]',
            f"{FIRST}: is of kind 'choice' and has 1 choice: write at least two",
        ),
        (
            'kind = "choice"\n',
            'kind = "text"\n',
            f"{FIRST}: has choices and is of kind 'text': leave the choices out, or write kind choice",
        ),
        ('id = "in-use"', 'id = "new"', f"{FIRST}: two choices have the id 'new': give each choice its own"),
        ('kind = "choice"', 'kind = "chioce"', f'{FIRST}.kind = "chioce": write one of {KINDS}'),
        (
            'kind = "yes/no"',
            'kind = "yes/no"\nmost_words = 3',
            f"{SECOND}: has a limit and is of kind 'yes/no': leave the limit out; only a text or line has one",
        ),
        ("most_words = 100", "most_words = 0", f"{THIRD}.most_words = 0: is below 1: write 1 or more"),
        ("most_words = 100", "most_words = true", f"{THIRD}.most_words = true: write a whole number, without quotes"),
        (
            "most_words = 100",
            'marking = "secret"',
            f"{THIRD}.marking = \"secret\": write one of 'personal', 'confidential' or 'public if selected'",
        ),
        ("most_words", "most_wrods", f"{THIRD}.most_wrods = 100: unknown key: did you mean most_words?"),
        (
            'id = "alone"',
            'id = "email"',
            f"{ALL}.sections[1].questions[2] (email): has the id 'email', which the application itself uses: "
            "write another",
        ),
        ('id = "alone"', 'id = "idea"', f"{ALL}: two questions have the id 'idea': give each question its own"),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "proof", answer = "new" }',
            f"{ALL}: question idea has shown_if question = 'proof', which is no question before it: "
            "write the id of one that stands before it",
        ),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "idea", answer = "new" }',
            f"{ALL}: question idea has shown_if question = 'idea', which is no question before it: "
            "write the id of one that stands before it",
        ),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "stand", answer = "old" }',
            f"{ALL}: question idea has shown_if answer = 'old', which 'stand' cannot have: write one of new, in-use",
        ),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "alone", answer = "true" }',
            f"{ALL}: question idea has shown_if answer = 'true', which 'alone' cannot have: write one of true, false",
        ),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "stand" }',
            f'{THIRD}.shown_if.answer: missing: add answer = "…"',
        ),
        (
            '{ question = "stand", answer = "new" }',
            '{ question = "stand", answer = 3 }',
            f"{THIRD}.shown_if.answer = 3: write true or false, without quotes",
        ),
        (
            'application_form = "application"',
            'application_form = "applicaton"',
            "application_form: there is no form 'applicaton': write one of application, fuller",
        ),
        ('form = "fuller"', 'form = "full"', "stages[2] (trial).asks.form: there is no form 'full': "
         "write one of application, fuller"),
        (
            'application_form = "application"\n',
            "",
            "forms[1] (application): nothing asks for it: write application_form = \"application\", or name it as the "
            "form of a stage's asks",
        ),
        ('id = "fuller"', 'id = "application"', "forms: two have the id 'application': give each its own"),
        ('["proof", "idea"]', '["prof", "idea"]', f"{CRITERION}.looks_at: there is no question 'prof': "
         "did you mean proof?"),
        ('["proof", "idea"]', '["x"]', f"{CRITERION}.looks_at: there is no question 'x': "
         "write the id of a question of the form fuller or application"),
        ('id = "proof"', 'id = "proof"\nmarking = "personal"', f"{CRITERION}.looks_at: the question 'proof' is marked "
         "personal, so readers do not see it: leave it out"),
        ("pass_mark = 1", "pass_mark = 2", f"{CRITERION}: has pass_mark 2, which is not a mark of its scale: "
         "write one of [0, 1]"),
    ],
)  # fmt: skip
def test_a_wrong_form_or_scorecard_is_refused_by_key_and_remedy(lines: Lines, old: str, new: str, line: str) -> None:
    assert line in lines((old, new))


def test_all_problems_of_a_form_are_told_at_once(lines: Lines) -> None:
    assert lines(
        ('kind = "choice"', 'kind = "date"\nmost_words = 2'),
        ('kind = "yes/no"', 'kind = "yes/no"\nmost_characters = 2'),
        ("most_words = 100", 'kind = "choices"'),
        ('"fuller", within', '"full", within'),
    ) == [
        f"{FIRST}: has choices and is of kind 'date': leave the choices out, or write kind choice",
        f"{FIRST}: has a limit and is of kind 'date': leave the limit out; only a text or line has one",
        f"{SECOND}: has a limit and is of kind 'yes/no': leave the limit out; only a text or line has one",
        f"{THIRD}: is of kind 'choices' and has 0 choices: write at least two",
    ]
    assert len(lines(('id = "alone"', 'id = "idea"'), ('"stand", answer', '"nothing", answer'))) == 2
