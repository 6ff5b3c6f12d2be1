"""Taking applications: in time, complete, once, and nobody reads them too early."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from whenever import Instant, TimeDelta

from domain.announcements.announcement import Window
from domain.announcements.occasions import Occasion
from domain.challenges.application import Applying
from domain.values.refusals import ApplicationRefused, OnHold, Refused, Unavailable, UnknownChallenge, WindowNotSealed
from store.challenges import windows
from store.challenges.applications import _HELD_STILL, accept, count, read
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_notices, read_record
from tests.store.said import (
    AIR,
    CLOSES,
    MICROSECOND,
    MIDWAY,
    OPENS,
    ROADS,
    announcing,
    applied,
    applying,
    compose,
    seal,
)


def at(instant: Instant) -> Callable[[], Instant]:
    return lambda: instant


def refused(database: Database, what: Applying, now: Instant, challenge: str = AIR) -> str:
    with pytest.raises(Refused) as caught:
        accept(database, challenge, what, at(now), compose)
    return str(caught.value)


def test_an_application_in_time_gets_a_receipt_and_is_read_after_the_sealing(open_: Database) -> None:
    receipt = accept(open_, AIR, applying(email=" breathe@applicants.example "), at(MIDWAY), compose)
    seal(open_, AIR, CLOSES)

    [application] = read(open_, AIR)
    assert application.id == receipt.application
    assert application.received == receipt.received == MIDWAY - TimeDelta(nanoseconds=789)
    assert application.email == "breathe@applicants.example"
    assert application.answers["proposal"] == "Breathe Ltd measures the air from every bus."
    assert not receipt.repeated


def test_the_applicant_is_told_that_the_application_came_in(open_: Database) -> None:
    team = applied(open_)

    [notice] = read_notices(open_, AIR)
    assert (notice.occasion, notice.recipient, notice.address) == (
        Occasion.APPLICATION_RECEIVED,
        team,
        "breathe@applicants.example",
    )
    assert "received: Wednesday 20 July 2016, 13:00:00 BST" in notice.body
    assert "question: How can the air be better?" in notice.body


def test_an_id_is_the_challenges_name_and_six_letters_that_nobody_misreads(open_: Database) -> None:
    team = applied(open_)

    assert team.startswith("air-quality-")
    assert len(team) == len("air-quality-") + 6
    assert not set(team.removeprefix("air-quality-")) & set("ilou")


def test_an_id_that_is_taken_is_not_given_again(open_: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when `accept` does not try again after an IntegrityError."""
    drawn = iter([b"\1" * 6, b"\1" * 6, b"\2" * 6])
    monkeypatch.setattr("secrets.token_bytes", lambda _: next(drawn))

    assert applied(open_) == "air-quality-111111"
    assert applied(open_, "Clear Ltd") == "air-quality-222222"


def test_an_application_is_taken_up_to_the_last_microsecond(open_: Database) -> None:
    receipt = accept(open_, AIR, applying(), at(CLOSES - MICROSECOND), compose)

    assert receipt.received == CLOSES - MICROSECOND


def test_an_application_exactly_at_the_closing_is_refused(open_: Database) -> None:
    """Fails when `now >= closes` is made `now > closes`."""
    text = refused(open_, applying(), CLOSES)

    assert "its window closed (Monday 1 August 2016, 17:00 BST)" in text
    assert "at that very instant" in text
    assert count(open_, AIR) == 0


def test_an_application_late_by_a_microsecond_is_refused_and_told_by_how_much(open_: Database) -> None:
    """Fails when `accept` compares whole seconds."""
    text = refused(open_, applying(), CLOSES + MICROSECOND)

    assert "closed (Monday 1 August 2016, 17:00 BST), and the application came 0.000001 seconds after that" in text
    assert count(open_, AIR) == 0


@pytest.mark.parametrize(
    ("late", "shown"),
    [
        (TimeDelta(seconds=1), "1 second after"),
        (TimeDelta(hours=25, minutes=1, microseconds=1), "1 day 1 hour 1 minute 0.000001 seconds after"),
        (TimeDelta(hours=72, minutes=2), "3 days 2 minutes after"),
        (TimeDelta(nanoseconds=999), "at that very instant"),
    ],
)
def test_lateness_is_shown_as_people_count_it(late: TimeDelta, shown: str) -> None:
    assert shown in windows._lateness(CLOSES + late, CLOSES)


def test_an_application_before_the_opening_is_refused(open_: Database) -> None:
    """Fails without the comparison with `opens`."""
    text = refused(open_, applying(), OPENS - MICROSECOND)

    assert text == (
        "Too early for test-2016/air-quality: its window opens (Wednesday 6 July 2016, 00:00 BST); apply from then on."
    )
    assert accept(open_, AIR, applying(), at(OPENS), compose).received == OPENS


def test_an_application_is_taken_by_the_clock_even_if_nothing_was_announced_yet(kept: Database) -> None:
    assert accept(kept, AIR, applying(), at(OPENS), compose).received == OPENS


def test_an_application_to_a_challenge_that_nobody_opened_is_refused(open_: Database) -> None:
    with pytest.raises(UnknownChallenge, match="test-2016/noise"):
        accept(open_, "test-2016/noise", applying(), at(MIDWAY), compose)


def test_an_application_to_a_sealed_window_is_refused_before_its_closing_too(open_: Database) -> None:
    """A challenge that was cancelled. Fails without the check of `sealed_at`."""
    seal(open_, AIR, MIDWAY)

    assert "sealed for good (Wednesday 20 July 2016, 13:00:00 BST)" in refused(open_, applying(), MIDWAY)
    assert count(open_, AIR) == 0


@pytest.mark.parametrize("now", [MIDWAY, CLOSES + MICROSECOND])
def test_an_application_during_a_hold_is_refused_as_that(open_: Database, now: Instant) -> None:
    """Also after the closing, which moves at the resumption. Fails without the check of `held`."""
    announce(open_, announcing("hold", window=Window(opens=OPENS, closes=CLOSES, held=True)), compose)

    with pytest.raises(OnHold, match="on hold"):
        accept(open_, AIR, applying(), at(now), compose)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"email": "nowhere"}, "no contact"),
        *(
            ({"email": f"bre{hidden}athe@applicants.example"}, "invisible character")
            for hidden in "\a\x1b\x7f\x9b\n\u200b\u202e"
        ),
        ({"email": f"{'x' * 300}@company.example"}, "has 316 characters: give one of 254 at most"),
        ({"organisation": " "}, "no organisation"),
        ({"proposal": "\n"}, "empty"),
        ({"proposal": "x" * 1001}, "1,001 characters, 1 too many: shorten it to 1,000 at most"),
        ({"proposal": "good\0bad"}, "character at position 5"),
        ({"organisation": "good\0bad"}, "character at position 5"),
        ({"proposal": "good\ud800bad"}, "character at position 5"),
        ({"email": "bre\0athe@applicants.example"}, "invisible character"),
    ],
)
def test_an_application_that_cannot_be_considered_is_refused_with_what_is_wrong(
    open_: Database, changes: dict[str, str], what: str
) -> None:
    assert what in refused(open_, applying(**changes), MIDWAY)
    assert count(open_, AIR) == 0


def test_an_application_with_several_faults_names_them_all(open_: Database) -> None:
    """Fails when the first fault hides those that follow it."""
    faulty = applying(organisation="x" * 301, email="nowhere", proposal="\0" + "x" * 1000)
    with pytest.raises(ApplicationRefused) as caught:
        accept(open_, AIR, faulty, at(MIDWAY), compose)

    problems = caught.value.problems
    assert [each.field for each in problems] == ["organisation", "email", "proposal", "proposal"]
    assert str(caught.value) == " ".join(each.text for each in problems) == read_record(open_, AIR)[-1].text


def test_a_refusal_is_recorded_and_told_to_the_applicant(open_: Database) -> None:
    """Fails without `_note_refusal`."""
    text = refused(open_, applying(), CLOSES)

    line = read_record(open_, AIR)[-1]
    assert (line.refused, line.by, line.role, line.action, line.text, line.at) == (
        True,
        "applicant",
        "applicant",
        "apply",
        text,
        CLOSES,
    )
    [notice] = read_notices(open_, AIR)
    assert (notice.occasion, notice.address) == (Occasion.APPLICATION_REFUSED, "breathe@applicants.example")
    assert text in notice.body


def test_every_refusal_is_recorded_for_itself(open_: Database) -> None:
    for _ in range(2):
        refused(open_, applying(), CLOSES)

    assert [line.refused for line in read_record(open_, AIR)] == [False, True, True]


def test_nobody_is_told_at_an_address_that_is_none(open_: Database) -> None:
    for email in ("not an address", "bre\x1bathe@applicants.example"):
        refused(open_, applying(email=email), CLOSES)

        assert read_notices(open_, AIR) == ()
        assert read_record(open_, AIR)[-1].refused


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    organisation=st.text(max_size=10).map(lambda text: f"Organisation{text}"),
    email=st.text(min_size=3, max_size=20).map(lambda text: f"Who? {text}"),
)
def test_the_record_of_a_refusal_has_nothing_of_what_was_handed_in(
    open_: Database, organisation: str, email: str
) -> None:
    """Fails when `_note_refusal` writes the refusal's text as it is."""
    refused(open_, applying(organisation=organisation, email=email, proposal="Secret recipe"), MIDWAY)

    line = read_record(open_, AIR)[-1].model_dump_json()
    assert "Who?" not in line
    assert "Organisation" not in line
    assert "recipe" not in line


def test_the_same_submission_again_gets_the_same_receipt_also_after_the_closing(open_: Database) -> None:
    """Fails when the submission is looked up after the window's times are checked."""
    first = accept(open_, AIR, applying(), at(MIDWAY), compose)
    seal(open_, AIR, CLOSES)
    again = accept(open_, AIR, applying(), at(CLOSES + MICROSECOND), compose)

    assert again == first.model_copy(update={"repeated": True})
    assert count(open_, AIR) == 1
    assert len(read_notices(open_, AIR)) == 1


def test_the_senders_own_id_of_a_submission_counts_before_its_content(open_: Database) -> None:
    first = accept(open_, AIR, applying(submission="form-1"), at(MIDWAY), compose)
    again = accept(open_, AIR, applying("Other Ltd", submission="form-1"), at(MIDWAY), compose)
    other = accept(open_, AIR, applying(submission="form-2"), at(MIDWAY), compose)

    assert again.application == first.application != other.application


def test_the_same_submission_to_another_challenge_is_another_application(open_: Database) -> None:
    assert applied(open_, challenge=AIR) != applied(open_, challenge=ROADS)


def test_a_submission_that_was_withdrawn_is_not_confirmed_again(open_: Database) -> None:
    """Fails without the check of `withdrawn` in `_receipt_again`."""
    team = applied(open_)
    announce(open_, announcing("withdraw", withdrawn=team), compose)

    assert f"{team} was withdrawn" in refused(open_, applying(), MIDWAY)


def test_the_clock_is_read_once_the_window_is_held_still(open_: Database) -> None:
    """Waiting for the database may not make an application early. Fails when the clock is read before."""
    held: list[bool] = []

    def clock() -> Instant:
        held.append(_is_held_still(open_))
        return MIDWAY

    assert not _is_held_still(open_)
    accept(open_, AIR, applying(), clock, compose)
    assert held == [True]


def _is_held_still(database: Database) -> bool:
    """Whether somebody else would have to wait who wants to move or seal the window."""
    if database.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(database.engine.url.database), timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False
    try:
        with database.writing() as connection:
            connection.execute(select(tables.windows).with_for_update(nowait=True))
    except Unavailable:
        return True
    return False


def test_nothing_is_kept_when_the_receipt_cannot_be_written(open_: Database) -> None:
    """The application and its receipt are one transaction."""

    def speechless(occasion: object, facts: object) -> None:
        raise KeyError("no words")

    with pytest.raises(KeyError):
        accept(open_, AIR, applying(), at(MIDWAY), speechless)  # type: ignore[arg-type]

    assert count(open_, AIR) == 0


def test_nobody_reads_applications_before_the_window_is_sealed(open_: Database) -> None:
    """Fails without the check in `read`."""
    applied(open_)

    with pytest.raises(WindowNotSealed, match="Monday 1 August 2016, 17:00 BST"):
        read(open_, AIR)

    assert count(open_, AIR) == 1
    seal(open_, AIR, CLOSES)
    assert len(read(open_, AIR)) == 1


def test_sealing_counts_the_applications_that_stand_and_counts_the_same_again(open_: Database) -> None:
    """Fails when `seal` counts anew, and when it counts what was withdrawn."""
    teams = [applied(open_, f"Team{number} Ltd") for number in range(4)]
    applied(open_, challenge=ROADS)
    announce(open_, announcing("withdraw/1", withdrawn=teams[0]), compose)

    assert seal(open_, AIR, CLOSES) == 3
    announce(open_, announcing("withdraw/2", withdrawn=teams[1]), compose)
    assert seal(open_, AIR, CLOSES + MICROSECOND) == 3
    assert count(open_, AIR) == 2
    assert [application.withdrawn is None for application in read(open_, AIR)].count(False) == 2


def test_nothing_can_be_done_with_a_challenge_that_nobody_opened(open_: Database) -> None:
    noise = "test-2016/noise"
    for ask in (lambda: seal(open_, noise, CLOSES), lambda: read(open_, noise), lambda: count(open_, noise)):
        with pytest.raises(UnknownChallenge, match=noise):
            ask()


def test_a_submission_is_looked_for_by_its_name_alone_however_many_there_are(open_: Database) -> None:
    """Fails where an index is read that has all applications to the challenge: each would take longer than the last."""
    with open_.writing() as connection:
        explain, statement = "EXPLAIN QUERY PLAN", _HELD_STILL._sqlite
        if connection.dialect.name == "postgresql":
            explain, statement = "EXPLAIN", _HELD_STILL._statement
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the test has few rows
        sql = statement.params(challenge=AIR, submission="x").compile(connection)
        given = tuple(sql.params[name] for name in sql.positiontup) if sql.positiontup else dict(sql.params)
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {sql}", given))
    looked_up = [line for line in plan.splitlines() if "applications" in line or "submission" in line]
    assert any("submission" in line for line in looked_up)
    assert not any("challenge" in line or "received" in line for line in looked_up)
