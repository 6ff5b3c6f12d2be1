"""An application is read by the sections and titles of its form, and the answers are what was typed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from commands import terminal
from commands.output import answers as output
from domain.forms.answers import Answer, only_text
from domain.forms.form import Choice, Form, Kind, Marking, Question, Section, text_form

FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Who you are",
            questions=(
                Question(id="contact", title="Whom can we call?", kind=Kind.LINE, marking=Marking.PERSONAL),
                Question(id="alone", title="Do you work alone?", kind=Kind.YES_NO),
                Question(id="partners", title="Who else?", required=False),
            ),
        ),
        Section(title="Later", questions=(Question(id="more", title="What else?", required=False),)),
        Section(
            title="Your idea",
            questions=(
                Question(
                    id="stand",
                    title="How far is it?",
                    kind=Kind.CHOICES,
                    choices=(Choice(id="idea", title="An idea"), Choice(id="use", title="In use")),
                ),
                Question(id="summary", title="What is it?", marking=Marking.PUBLIC),
            ),
        ),
    ),
)
ANSWERS: dict[str, Answer] = {
    "summary": "A map.\n\n  [bold]Of[/bold] the air,\x1b[31m for all.",
    "stand": ("idea", "use"),
    "alone": False,
    "contact": "Jo, 0131 496 0000",
    "partners": " ",
}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Lets the commands print into a file, and gives what is in it."""
    file = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=file, width=200, highlight=False))
    return file.getvalue


def test_answers_are_printed_in_the_order_of_the_form_with_titles_and_markings(printed: Callable[[], str]) -> None:
    output.in_full(FORM, ANSWERS)

    assert printed().splitlines() == [
        "    Who you are",
        "      Whom can we call? (personal)",
        "        Jo, 0131 496 0000",
        "      Do you work alone?",
        "        No",
        "    Your idea",
        "      How far is it?",
        "        An idea",
        "        In use",
        "      What is it? (public if selected)",
        "        A map.",
        "        ",
        "          [bold]Of[/bold] the air,\N{REPLACEMENT CHARACTER}[31m for all.",
    ]


def test_an_application_of_one_text_is_printed_as_the_text(printed: Callable[[], str]) -> None:
    output.in_full(text_form(100), only_text("One.\nTwo."))

    assert printed().splitlines() == ["    One.", "    Two."]


def test_an_erased_application_has_nothing_to_print(printed: Callable[[], str]) -> None:
    output.in_full(FORM, {})
    output.in_full(text_form(100), {})

    assert printed() == ""


def test_the_beginning_is_that_of_the_first_text_and_tells_no_contact() -> None:
    assert output.beginning(FORM, ANSWERS) == "A map. [bold]Of[/bold] the air,\x1b[31m for all."
    assert output.beginning(FORM, {"contact": "Jo"}) == ""
    assert output.beginning(text_form(100), only_text("word " * 30), most=10) == "word word…"
