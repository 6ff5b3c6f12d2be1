"""The answers to a form: every problem at once, with its question's id, and nothing of what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from unittest.mock import patch

import pytest

from domain.challenges.application import Applying, check_application, read_application
from domain.forms.answers import Answer, only_text
from domain.forms.checking import LONGEST_LINE, problems_of
from domain.forms.counting import characters, is_longer, words
from domain.forms.form import LONGEST_TEXT, Choice, Form, Kind, Question, Section, ShownIf, text_form
from domain.values.refusals import ApplicationRefused

CHOICES = (Choice(id="idea", title="An idea"), Choice(id="in-use", title="In use"), Choice(id="other", title="Other"))


def form(*questions: Question) -> Form:
    return Form(id="application", title="Application", sections=(Section(title="All", questions=questions),))


def asking(kind: Kind, **more: object) -> Form:
    """A form of one question with the id `it`."""
    choices = CHOICES if kind in (Kind.CHOICE, Kind.CHOICES) else ()
    return form(Question.model_validate({"id": "it", "title": "How", "kind": kind, "choices": choices, **more}))


def told(form_: Form, answers: Mapping[str, Answer]) -> list[tuple[str, str]]:
    return [(each.field, each.text) for each in problems_of(form_, answers)]


BRANCHES = form(
    Question(id="stand", title="How far are you?", kind=Kind.CHOICE, choices=CHOICES),
    Question(id="users", title="Who uses it?", shown_if=ShownIf(question="stand", answer="in-use")),
    Question(
        id="kinds", title="Which kinds?", kind=Kind.CHOICES, choices=CHOICES, required=False,
        shown_if=ShownIf(question="stand", answer="in-use"),
    ),
    Question(id="which", title="Which others?", shown_if=ShownIf(question="kinds", answer="other")),
    Question(id="alone", title="Do you work alone?", kind=Kind.YES_NO),
    Question(id="partners", title="Who else?", shown_if=ShownIf(question="alone", answer=False)),
)  # fmt: skip


# --- Kinds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.LINE, " One line, with spaces around "),
        (Kind.TEXT, "Several\r\n\r\n  lines\twith <marks> & emoji 👩‍👩‍👧\n"),
        *((Kind.NUMBER, each) for each in ("12", "-3", "+3", "1,200", "1,200,000.75", "0.25", "007", " 12 ")),
        *((Kind.MONEY, each) for each in ("15,000", "15000", "2000.50", "0", "£1,000,000,000")),
        *((Kind.DATE, each) for each in ("2027-03-01", "2028-02-29", "1990-01-01 ")),
        (Kind.CHOICE, "in-use"),
        (Kind.CHOICES, ("other", "idea")),
        (Kind.YES_NO, False),
        *((Kind.LINK, each) for each in ("https://tay.example", "HTTP://tay.example:8080/a?b=c#d", "https://[::1]/")),
        (Kind.FILE, ("a", "b")),
    ],
)
def test_what_people_type_is_taken(kind: Kind, answer: Answer) -> None:
    assert told(asking(kind), {"it": answer}) == []


@pytest.mark.parametrize(
    ("kind", "answer", "part"),
    [
        (Kind.LINE, "two\nlines", "line break: write it on one line"),
        (Kind.LINE, "one line\n", "line break: write it on one line"),
        (Kind.LINE, "two\u2028lines", "line break: write it on one line"),
        (Kind.LINE, "x" * (LONGEST_LINE + 2), "1,002 characters, 2 too many: shorten it to 1,000 at most"),
        (Kind.TEXT, True, "is no text: write text in quotes"),
        (Kind.TEXT, ("a",), "is no text: write text in quotes"),
        (Kind.TEXT, "a\0b", "invalid character at position 2"),
        (Kind.TEXT, "ab\ud800", "invalid character at position 3"),
        (Kind.CHOICES, ("idea", "\0"), "invalid character at position 1"),
        *(
            (Kind.NUMBER, each, "is not a number: write it in figures, such as 12, -3, 1,200 or 0.25")
            for each in ("a few", "1,2", "12,00", "1.200.000", "1e9", "0x10", "١٢", "NaN", "1" * 41, True, "--1")
        ),
        *(
            (Kind.MONEY, each, "is not an amount: write it in figures")
            for each in ("a lot", "-1", "15.000,00", "1,000,000,001", "12.5", "€12", False, ("12",))
        ),
        *(
            (Kind.DATE, each, "is not a day of the calendar: write year, month and day, such as 2027-03-01")
            for each in ("2027-02-29", "1/3/2027", "2027-3-1", "27-03-01", "2027-03-01T10:00", "soon", "٢٠٢٧-٠٣-٠١")
        ),
        *(
            (Kind.CHOICE, each, "is none of the choices: write one of idea, in-use, other")
            for each in ("An idea", "IDEA", "idea ", True, ("idea",))
        ),
        (Kind.CHOICES, "idea", 'is no list: write it such as ["idea", "in-use"]'),
        (Kind.CHOICES, ("idea", "none"), "none of the choices: write some of idea, in-use, other"),
        (Kind.CHOICES, ("idea", "idea"), "has a choice twice: write each once"),
        *((Kind.YES_NO, each, "neither yes nor no: write true or false") for each in ("yes", "true", ("yes",))),
        *(
            (Kind.LINK, each, "is no link: write the whole address of a page")
            for each in (
                "tay.example", "www.tay.example", "ftp://tay.example", "javascript:alert(1)", "https://", "https:///a",
                "https://tay example", "https://[::1", "https://a:99999", "mailto:a@b.example", True, ("https://a.example",),
            )
        ),
        (Kind.FILE, "plan.pdf", "is no list of files: attach the files"),
        (Kind.FILE, ("a", "a"), "has a file twice: attach each once"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_kind_is_said_without_repeating_it(kind: Kind, answer: Answer, part: str) -> None:
    [(field, text)] = told(asking(kind), {"it": answer})

    assert field == "it"
    assert text.startswith("How: ")
    assert part in text
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("nothing", ["", " \n", (), None])
def test_a_required_question_of_any_kind_needs_an_answer_and_another_none(kind: Kind, nothing: Answer | None) -> None:
    answers = {} if nothing is None else {"it": nothing}

    assert told(asking(kind), answers) == [("it", "How: the answer is empty: write one.")]
    assert told(asking(kind, required=False), answers) == []


# --- Counting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 0), (" \n ", 0), ("one", 1), ("state-of-the-art", 1), ("a – b", 3), ("a\r\nb\tc\u00a0d  e", 5), ("don't", 1)],
)
def test_words_are_what_stands_between_spaces(text: str, number: int) -> None:
    assert words(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("é", 1),
        ("a\r\nb", 3),
        ("a\nb", 3),
        ("a\rb", 3),
        ("\r\n\r\n", 2),
        ("👍", 1),
    ],
)
def test_characters_are_counted_as_people_count_them(text: str, number: int) -> None:
    assert characters(text) == number
    assert is_longer(text, number) is False
    assert number == 0 or is_longer(text, number - 1)


def test_a_text_that_is_too_long_is_told_by_how_much_in_words_and_in_characters() -> None:
    both = asking(Kind.TEXT, most_words=1_000, most_characters=4_000)
    text = "words " * 1_012

    assert told(both, {"it": text}) == [
        ("it", "How: the answer has 1,012 words, 12 too many: shorten it to 1,000 at most. "
               "A word is what stands between spaces."),
        ("it", "How: the answer has 6,072 characters, 2,072 too many: shorten it to 4,000 at most. "
               "Spaces and line ends count."),
    ]  # fmt: skip
    assert told(both, {"it": "é\r\n" * 1_000}) == []
    assert told(asking(Kind.TEXT, most_characters=3_000), {"it": "e\u0301e\u0301\r\n" * 1_000}) == []


def test_a_text_that_just_reaches_its_limit_is_taken() -> None:
    assert told(asking(Kind.TEXT, most_words=2), {"it": "one two"}) == []
    [(_, words_)] = told(asking(Kind.TEXT, most_words=2), {"it": "one two three"})
    assert "3 words, 1 too many" in words_
    assert told(asking(Kind.LINE, most_characters=3), {"it": "abc"}) == []
    [(_, characters_)] = told(asking(Kind.LINE, most_characters=3), {"it": "abcd"})
    assert "4 characters, 1 too many" in characters_


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Who else?", "Who else? The answer is empty: write one."),
        ("Your plan", "Your plan: the answer is empty: write one."),
        ("Your plan (2027)", "Your plan (2027): the answer is empty: write one."),
        ("Say more.", "Say more. The answer is empty: write one."),
    ],
)
def test_a_problem_follows_the_title_of_its_question(title: str, said: str) -> None:
    assert told(form(Question(id="it", title=title)), {}) == [("it", said)]


def test_a_form_has_a_limit_of_questions() -> None:
    """Fails when a form can have so many that each check of an application takes seconds."""
    many = tuple(Question(id=f"q-{number}", title="Q") for number in range(1_001))
    sections = tuple(Section(title="S", questions=many[start : start + 200]) for start in range(0, 1_001, 200))

    with pytest.raises(ValueError, match="has 1,001 questions: leave at most 1,000"):
        Form(id="a", title="A", sections=sections)


def test_what_was_meant_is_looked_for_in_a_few_unknown_questions_only() -> None:
    """Fails when somebody can keep the service busy with a hundred thousand names."""
    unknown: dict[str, Answer] = {f"a{number}": "x" for number in range(100_000)}

    with patch("domain.forms.checking.get_close_matches", wraps=get_close_matches) as looked_for:
        [(_, text)] = told(text_form(10), {"proposal": "x", **unknown})

    assert text.startswith("The application answers 100000 questions that the form does not have.")
    assert looked_for.call_count == 20


def test_all_answers_together_have_a_limit() -> None:
    """Fails when many questions without a limit let somebody fill the disk."""
    two = form(Question(id="a", title="A"), Question(id="b", title="B"))

    assert told(two, {"a": "x" * (LONGEST_TEXT - 1), "b": "y"}) == []
    [(field, text)] = told(two, {"a": "x" * LONGEST_TEXT, "b": "y"})
    assert (field, text[:55]) == ("", "All answers together have 1,000,001 characters: shorten")


# --- Conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"stand": "idea", "alone": True}, []),
        ({"stand": "in-use", "alone": True, "users": "Two towns."}, []),
        ({"stand": "in-use", "alone": True}, ["users"]),
        ({"stand": "in-use", "alone": True, "users": "x", "kinds": ("idea", "other")}, ["which"]),
        ({"stand": "in-use", "alone": True, "users": "x", "kinds": ("idea",)}, []),
        ({"stand": "idea", "alone": False}, ["partners"]),
        ({}, ["stand", "alone"]),
        ({"stand": "idea", "alone": True, "users": "", "kinds": ()}, []),
        ({"stand": "idea", "alone": True, "users": "x"}, ["users"]),
        # `which` depends on `kinds`, which is not asked
        ({"stand": "idea", "alone": True, "kinds": ("other",), "which": "x"}, ["kinds", "which"]),
        ({"stand": "idea", "alone": "false"}, ["alone"]),
    ],
)
def test_a_question_is_required_only_if_it_is_asked_and_else_must_not_be_answered(
    answers: Mapping[str, Answer], fields: list[str]
) -> None:
    assert [field for field, _ in told(BRANCHES, answers)] == fields


def test_an_answer_that_is_not_asked_for_is_refused_with_the_reason() -> None:
    answers: dict[str, Answer] = {"stand": "idea", "users": "x", "alone": True, "partners": "y"}

    assert [text for _, text in told(BRANCHES, answers)] == [
        "Who uses it? The question is asked only if 'How far are you?' is answered with 'In use': "
        "leave the answer out.",
        "Who else? The question is asked only if 'Do you work alone?' is answered with no: leave the answer out.",
    ]


# --- Whole applications --------------------------------------------------------------------------------------------


def test_an_unknown_question_is_told_without_its_name_and_with_the_one_that_was_meant() -> None:
    [(field, near)] = told(text_form(10), {"proposal": "x", "propsal": "y"})
    [(_, far)] = told(text_form(10), {"proposal": "x", "jane-doe": "y", "john-doe": "z"})

    assert (field, near) == (
        "", "The application answers 1 question that the form does not have. Did you mean proposal?",
    )  # fmt: skip
    assert far == "The application answers 2 questions that the form does not have. Leave them out."


def test_answers_for_another_version_of_the_form_are_refused_with_what_to_do() -> None:
    now = text_form(1_000)
    right = Applying(organisation="Tay", email="a@b.example", answers=only_text("Ours."), form=now.version)
    check_application(right, now)

    with pytest.raises(ApplicationRefused) as caught:
        check_application(right.model_copy(update={"form": text_form(999).version}), now)

    assert [each.field for each in caught.value.problems] == ["form"]
    assert f"print the form again, which is version {now.version} now" in str(caught.value)


def test_a_refusal_has_all_problems_and_its_text_the_first_of_them() -> None:
    """Fails when a record, or a letter, gets thousands of lines."""
    many = form(*(Question(id=f"q-{number}", title=f"Question {number}") for number in range(200)))

    with pytest.raises(ApplicationRefused) as caught:
        check_application(Applying(organisation="Tay", email="a@b.example", answers={}), many)

    assert [each.field for each in caught.value.problems] == [f"q-{number}" for number in range(200)]
    assert str(caught.value).endswith("Question 19: the answer is empty: write one. And 180 more problems.")


@pytest.mark.parametrize("answer", [1, 1.5, None, {"a": "b"}, [["a"]], [1]])
def test_an_answer_of_no_kind_is_refused_and_never_turned_into_another(answer: object) -> None:
    with pytest.raises(ApplicationRefused, match="An answer is neither text, nor true or false, nor a list of texts"):
        read_application({"organisation": "Tay", "email": "a@b.example", "answers": {"it": answer}})
