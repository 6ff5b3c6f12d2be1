"""Answers are kept as they were typed, by the form that was frozen, and nothing of them is anywhere else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from whenever import Instant

from domain.challenges.application import Applying
from domain.forms import answers as written
from domain.forms.answers import Answer
from domain.forms.form import Choice, Form, Kind, Question, Section, ShownIf
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import ApplicationRefused, TooLate, UnknownStage
from store.challenges import forms
from store.challenges.applications import accept, read
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_notices, read_record
from tests.domain.filling import answers_to
from tests.domain.filling import forms as any_form
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, compose, opened, seal

MARKER = "Zx9-planted-marker"
FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="All",
            questions=(
                Question(id="alone", title="Do you work alone?", kind=Kind.YES_NO),
                Question(id="partners", title="Who else?", shown_if=ShownIf(question="alone", answer=False)),
                Question(
                    id="stand",
                    title="How far is it?",
                    kind=Kind.CHOICES,
                    choices=(Choice(id="idea", title="An idea"), Choice(id="use", title="In use")),
                ),
                Question(id="idea", title="What is it?", most_words=5),
                Question(id="site", title="Where?", kind=Kind.LINK, required=False),
            ),
        ),
    ),
)
NUMBERS = itertools.count()
KINDS_WITHOUT_FILES = tuple(kind for kind in Kind if kind is not Kind.FILE)


def freeze(database: Database, form: Form) -> None:
    """Makes a form the one that a challenge was opened with."""
    with database.writing() as connection:
        frozen = {"version": form.version, "said": form.model_dump_json()}
        connection.execute(update(tables.forms).where(tables.forms.c.challenge == AIR).values(frozen))


def sending(answers: dict[str, Answer], **more: str) -> Applying:
    return Applying(organisation="Breathe Ltd", email="breathe@applicants.example", answers=answers, **more)


def send(database: Database, answers: dict[str, Answer], at: Instant = MIDWAY, **more: str) -> str:
    return accept(database, AIR, sending(answers, **more), lambda: at, compose).application


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_sent_answers_are_exactly_what_was_typed_whatever_the_form(open_: Database, data: st.DataObject) -> None:
    """Fails when a text is trimmed, normalised or read as something else, and when an old form still counts."""
    form = data.draw(any_form(KINDS_WITHOUT_FILES))
    answers = data.draw(answers_to(form))
    freeze(open_, form)

    sent = send(open_, answers, submission=str(next(NUMBERS)), form=form.version)

    with open_.reading() as connection:
        kept = connection.execute(select(tables.applications).where(tables.applications.c.id == sent)).one()
    assert written.read(kept.answers) == answers
    assert (kept.form, kept.version) == (form.version, 1)


def test_answers_are_read_with_the_version_of_their_form(open_: Database) -> None:
    freeze(open_, FORM)
    answers: dict[str, Answer] = {"alone": True, "stand": ("use", "idea"), "idea": " A map\r\n of air "}
    send(open_, answers)
    seal(open_, AIR, CLOSES)

    [application] = read(open_, AIR)

    assert (application.answers, application.form, application.version) == (answers, FORM.version, 1)


def test_the_form_of_the_database_counts_and_not_one_that_was_read_before(open_: Database) -> None:
    """Fails when applications are checked against the form of another round, or database, with the same name."""
    send(open_, {"proposal": "Ours."})
    freeze(open_, FORM)

    with pytest.raises(ApplicationRefused) as caught:
        send(open_, {"proposal": "Ours, too."})

    assert [each.field for each in caught.value.problems] == ["alone", "stand", "idea", ""]
    assert send(open_, {"alone": True, "stand": ("use",), "idea": "A map"})


def test_a_refusal_has_every_problem_and_nothing_of_the_answers_and_keeps_nothing(open_: Database) -> None:
    freeze(open_, FORM)
    long = f"{MARKER} " * 9
    wrong: dict[str, Answer] = {
        "alone": MARKER, "stand": (MARKER,), "idea": long, "site": MARKER, MARKER: MARKER, "partners": MARKER,
    }  # fmt: skip

    with pytest.raises(ApplicationRefused) as caught:
        send(open_, wrong, form=MARKER)

    fields = [each.field for each in caught.value.problems]
    assert fields == ["form", "alone", "partners", "stand", "idea", "site", ""]
    told = [*read_record(open_, AIR), *read_notices(open_, AIR)]
    assert any("9 words, 4 too many" in str(each) for each in told)
    assert MARKER not in str((told, caught.value, caught.value.problems))
    with open_.reading() as connection:
        assert connection.execute(select(tables.applications)).all() == []
        assert connection.execute(select(tables.applications)).all() == []


def test_nothing_of_what_was_sent_is_in_the_record_or_in_a_notice(open_: Database) -> None:
    freeze(open_, FORM)
    send(
        open_,
        {"alone": False, "partners": MARKER, "stand": ("use",), "idea": MARKER, "site": f"https://{MARKER}.example"},
    )

    assert MARKER not in str([*read_record(open_, AIR), *read_notices(open_, AIR)])


def test_who_comes_too_late_is_told_so_and_not_what_is_wrong(open_: Database) -> None:
    freeze(open_, FORM)

    with pytest.raises(TooLate, match="its window closed"):
        send(open_, {"idea": "x"}, at=CLOSES)


def test_a_round_keeps_the_form_that_it_was_opened_with(
    database: Database, round_: Round, programme: Programme
) -> None:
    """Fails when opening again, as after an edit of the file, changes the questions under somebody who writes."""
    challenges = challenges_of(round_, programme)
    asking = programme.model_copy(update={"forms": (FORM,), "application_form": FORM.id})
    edited = FORM.model_copy(update={"title": "Another"})
    keep_round(database, round_, asking, challenges, OPENS)
    keep_round(database, round_, asking.model_copy(update={"forms": (edited,)}), challenges, OPENS)
    announce(database, opened(AIR), compose)

    with database.reading() as connection:
        assert forms.read(connection, AIR) == FORM
        with pytest.raises(UnknownStage, match="asks for no proposal"):
            forms.read(connection, AIR, "exploration")
