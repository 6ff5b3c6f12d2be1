"""Files of answers: an empty one can be filled in, and what is written into it arrives exactly as it was typed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.answers_files import empty_file, fitted, read_answers, unknown_questions
from domain.forms.answers import Answer
from domain.forms.checking import problems_of
from domain.forms.form import Form, Kind, Question, text_form
from domain.values.refusals import FileRefused
from tests.domain.filling import answers_to, forms
from tests.domain.test_forms import BRANCHES, asking

HEAD = 'form = "1"\norganisation = "Tay"\nemail = "a@b.example"\n[answers]\n'


def written(answer: Answer) -> str:
    """An answer as it can stand in TOML and in JSON."""
    return json.dumps(answer, ensure_ascii=False).replace("\x7f", "\\u007f")


def filled_in(form: Form, answers: dict[str, Answer]) -> str:
    """The empty file of a form, with the answers in the places where people write them."""
    text = empty_file(form, ["Fill it in."])
    for question, answer in answers.items():
        value = written(answer)
        text, times = re.subn(
            rf"^{question} = (''''''|'''\n'''|\"\"|\[\])$",
            lambda _, line=f"{question} = {value}": line,  # type: ignore[misc]
            text,
            flags=re.MULTILINE,
        )
        assert times == 1
    return text


def refused(text: str, name: str = "answers.toml") -> list[str]:
    with pytest.raises(FileRefused) as caught:
        read_answers(text, name)
    lines = str(caught.value).splitlines()
    assert [each.text for each in caught.value.problems] == lines
    assert all(line.startswith(f"{name}: ") for line in lines)
    return [line.removeprefix(f"{name}: ") for line in lines]


# --- What is typed arrives -----------------------------------------------------------------------------------------


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_empty_file_takes_any_answers_to_any_form_exactly_as_they_are_typed(data: st.DataObject) -> None:
    form = data.draw(forms())
    answers = data.draw(answers_to(form))

    said = read_answers(filled_in(form, answers), "answers.toml")
    arrived = fitted(form, said.answers)

    assert said.form == form.version
    assert {question: arrived[question] for question in answers} == answers
    assert not any(arrived[question] for question in arrived.keys() - answers.keys())
    assert list(problems_of(form, arrived)) == list(problems_of(form, answers)) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_json_and_toml_say_the_same(data: st.DataObject) -> None:
    form = data.draw(forms())
    answers = data.draw(answers_to(form))
    in_json = json.dumps({"form": form.version, "organisation": "", "email": "", "answers": answers})

    arrived = {each: answer for each, answer in read_answers(in_json, "a.json").answers.items() if answer != ""}

    assert arrived == answers


def test_an_empty_file_without_answers_says_only_what_is_missing() -> None:
    said = read_answers(empty_file(BRANCHES, []), "answers.toml")

    assert [each.field for each in problems_of(BRANCHES, fitted(BRANCHES, said.answers))] == ["stand", "alone"]


@pytest.mark.parametrize("kind", Kind)
def test_the_file_explains_every_kind(kind: Kind) -> None:
    form = asking(kind, hint="Be brief.", required=False, marking="confidential")
    explained = empty_file(form, []).partition("[answers]")[2].splitlines()

    assert explained[4:6] == ["# How", "# Be brief."]
    assert explained[6].endswith("; may stay empty; marked confidential")
    assert len(explained[6]) > len("# ; may stay empty; marked confidential")
    assert all(line.startswith(("#", "it =", "'''")) or not line for line in explained)


def test_the_file_tells_limits_choices_and_conditions() -> None:
    text = empty_file(BRANCHES, [])

    assert "#   in-use  In use\n" in text
    assert "# Asked only if 'How far are you?' is answered with 'In use'. If not, leave it empty.\n" in text
    assert "# Asked only if 'Do you work alone?' is answered with no. If not, leave it empty.\n" in text
    limited = asking(Kind.TEXT, most_words=1, most_characters=20_000)
    assert "at most 1 word; at most 20,000 characters\n" in empty_file(limited, [])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1.10", "1.10"),
        ("1_000", "1000"),
        ("-3", "-3"),
        ("2027-03-01", "2027-03-01"),
        ('"1.10"', "1.10"),
        ("'''\nTwo\n  lines\n'''", "Two\n  lines\n"),
        ('["b", "a"]', ("b", "a")),
        ("true", True),
        ("1e3", "1e3"),
        ("nan", "nan"),
    ],
)
def test_a_value_of_toml_is_kept_as_it_was_typed(typed: str, kept: Answer) -> None:
    assert read_answers(f"{HEAD}it = {typed}\n", "a.toml").answers == {"it": kept}


@pytest.mark.parametrize(
    ("typed", "kept"), [("1.10", "1.10"), ("12345678901234567890123", "12345678901234567890123"), ("1E5", "1E5")]
)
def test_a_number_of_json_is_kept_as_it_was_typed(typed: str, kept: str) -> None:
    assert read_answers(f'{{"answers": {{"it": {typed}, "other": null}}}}', "a.json").answers == {"it": kept}


@pytest.mark.parametrize(
    ("kind", "typed", "taken"),
    [
        (Kind.YES_NO, "yes", True),
        (Kind.YES_NO, " No", False),
        (Kind.YES_NO, "true", True),
        (Kind.YES_NO, "perhaps", "perhaps"),
        (Kind.FILE, "plan.pdf", ("plan.pdf",)),
        (Kind.FILE, "", ()),
        (Kind.CHOICES, "", ()),
        (Kind.CHOICES, "idea", "idea"),
        (Kind.TEXT, "yes", "yes"),
    ],
)
def test_what_people_write_for_a_kind_is_taken(kind: Kind, typed: str, taken: Answer) -> None:
    assert fitted(asking(kind), {"it": typed, "unknown": "yes"}) == {"it": taken, "unknown": "yes"}


# --- What is wrong -------------------------------------------------------------------------------------------------


def test_an_answer_that_stands_twice_is_refused_in_toml_and_in_json() -> None:
    """Fails when the reader of JSON is left to itself: it keeps the last one without a word."""
    assert refused(f'{HEAD}it = "secret"\nother = "x"\nit = "of mine"\n') == [
        "line 7 (it): the key appears twice: keep one of the two"
    ]
    assert refused('{"email": "a", "email": "b", "answers": {"it": "secret", "it": "of mine", "it": "x"}}') == [
        "it: the key appears twice: keep one of the two",
        "email: the key appears twice: keep one of the two",
    ]  # fmt: skip


def test_every_problem_of_a_file_has_its_line_and_none_repeats_an_answer() -> None:
    text = (
        'organisation = 3\nemial = "secret@of.mine"\nsolution = "secret"\n[answers]\nwhen = 2027-03-01T10:00:00\n'
        'who = { name = "secret" }\nwhich = ["secret", 1]\n'
    )

    assert refused(text) == [
        "emial: unknown key: did you mean email?",
        "solution: unknown key: move it below [answers], or remove it",
        "organisation: write text in quotes",
        "answers.when: is a time: write it in quotes",
        "answers.who: is a table: write one answer, or a list",
        "answers.which: the list has something that is no text: write each in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "answers: missing: write the answers below [answers]"),
        ("answers = 3\n", "answers: missing: write the answers below [answers]"),
        (f'{HEAD}it = "secret\n', "line 5 (it): the text has no closing quote: add it"),
        (f"{HEAD}it = '''secret\n", "line 5 (it): the text has no closing quote: add it"),
        (f"{HEAD}it = secret\n", "line 5 (it): invalid value: write key = value, with text in quotes"),
        (f"{HEAD}it = 0131 secret\n", "line 5 (it): "),
        (f"{HEAD}it = {'[' * 5_000}\n", "has brackets in brackets too many times"),
        (f"{HEAD}it = {'9' * 5_000}\n", "has a number that is far too long: shorten it"),
        ('{"answers": {"it": "secret}}', "line 1, column 20: this is not JSON: look for a missing quote, comma or"),
        ('{"answers": ["secret"]}', "answers: missing: write the answers below [answers]"),
        ('{"answers": ' + "[" * 100_000, "has brackets in brackets too many times"),
        ('{"answers": {"it": [["secret"]]}}', "answers.it: the list has something that is no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(text: str, line: str) -> None:
    [said] = refused(text)

    assert said.startswith(line)
    assert "secret" not in said
    assert len(said) < 150


def test_a_question_that_the_form_does_not_have_is_named_to_whoever_typed_it() -> None:
    form = text_form(10)

    assert [each.text for each in unknown_questions(form, {"propsal": "x", "jane": "y", "proposal": "z"})] == [
        "answers.propsal: the form has no such question: did you mean proposal?",
        "answers.jane: the form has no such question: remove it",
    ]


def test_a_question_of_digits_alone_can_be_answered() -> None:
    form = Form.model_validate(
        {
            "id": "a",
            "title": "A",
            "sections": [{"title": "A", "questions": [Question(id="1", title="One").model_dump()]}],
        }
    )

    assert read_answers(filled_in(form, {"1": "x"}), "a.toml").answers == {"1": "x"}
