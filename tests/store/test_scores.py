"""Marks in both databases: who may give them and until when, that none is written over, and which of them count."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.exc import DatabaseError

from domain.announcements.announcement import OutgoingNotice, ToReaders
from domain.announcements.occasions import Occasion
from domain.judging.marks import Given
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from domain.values.paging import Page, everything
from domain.values.refusals import (
    ConflictOfInterest,
    InterestsMissing,
    NotAllowed,
    Refused,
    TooLate,
    UnknownTeam,
)
from store.database import tables
from store.database.database import Database
from store.judging import scores, seen, tallies
from store.judging.scores import Kept
from store.judging.seen import Viewer
from store.record.record import announce, read_notices
from tests.domain.judging import CARD
from tests.store.judging import LATER, READERS, STAGES, Judgement
from tests.store.said import announcing, compose, facts


def rows(judging: Judgement) -> list[tuple[str, str, int, int, str]]:
    """All marks in the table: reader, criterion, version, mark and reason."""
    table = tables.scores
    columns = (table.c[name] for name in ("person", "criterion", "version", "mark", "reason"))
    with judging.database.reading() as connection:
        return sorted(tuple(row) for row in connection.execute(select(*columns)))


def sight(judging: Judgement, person: str, *, only_reads: bool = False) -> dict[int, str]:
    """Why somebody does not see the marks of each application; empty if they do."""
    with judging.database.reading() as connection:
        found = tallies.sights(connection, judging.stage, person, only_reads=only_reads)
    return {judging.teams.index(team): each.hidden for team, each in found.items()}


# --- Giving --------------------------------------------------------------------------------------------------------


def test_a_mark_is_never_written_over_and_the_same_again_changes_nothing(judging: Judgement) -> None:
    team = judging.teams[0]
    assert judging.give("rita", team, 3) == Kept(new=1, same=0)
    assert judging.give("rita", team, 3) == Kept(new=0, same=1)
    assert judging.give("rita", team, 4) == Kept(new=1, same=0)
    assert judging.give("rita", team, 4, reason="Better words.") == Kept(new=1, same=0)
    assert judging.give("rita", team, 3) == Kept(new=1, same=0), "back to the first is a change, too"

    assert [(version, mark) for _, _, version, mark, _ in rows(judging)] == [(1, 3), (2, 4), (3, 4), (4, 3)]


@pytest.mark.parametrize("table", [tables.scores, tables.agreed_marks], ids=["scores", "agreed"])
@pytest.mark.parametrize(
    "statement",
    [
        lambda table: update(table).values(mark=5),
        lambda table: update(table).values(reason="Other words."),
        lambda table: update(table).values(version=7),
        delete,
    ],
)
def test_no_statement_changes_a_mark(judging: Judgement, table: object, statement: Callable[[object], object]) -> None:
    """Fails when only the code keeps to it."""
    judging.give_all(3, 3, 3)
    judging.agree(judging.teams[0], 3)
    with pytest.raises(DatabaseError), judging.database.writing() as connection:
        connection.execute(statement(table))  # type: ignore[call-overload]


def refused(judging: Judgement, kind: type[Refused], person: str, *teams: str) -> str:
    """The line with which marks are refused, of which none is kept."""
    before = rows(judging)
    given = [Given(application=each, criterion="merit", mark=3, reason="Because.") for each in teams]
    with pytest.raises(kind) as caught:
        scores.give(judging.database, judging.stage, STAGES, person, given, LATER)
    assert rows(judging) == before
    return str(caught.value)


def test_interests_come_before_marks(judging: Judgement) -> None:
    with judging.database.writing() as connection:
        one = tables.interests.c.application == judging.teams[2]
        connection.execute(delete(tables.interests).where(tables.interests.c.person == "rita", one))

    refused(judging, InterestsMissing, "rita", judging.teams[0])


def test_whoever_has_a_conflict_marks_nothing_of_that_application_and_nothing_else_is_kept(judging: Judgement) -> None:
    judging.declare("rita", judging.teams[1], 2, conflict=True)

    assert judging.teams[1] in refused(judging, ConflictOfInterest, "rita", *judging.teams)
    assert judging.give("rita", judging.teams[0], 3).new == 1


def test_a_reader_marks_what_is_assigned_to_them(judging: Judgement) -> None:
    judging.assign(judging.teams[0], "rita")
    judging.assign(judging.teams[1], "rob")

    assert judging.give("rita", judging.teams[0], 3).new == 1
    said = refused(judging, NotAllowed, "rita", *judging.teams)
    assert judging.teams[1] in said
    assert judging.teams[2] in said


def test_only_applications_that_could_enter_the_stage_are_marked(judging: Judgement) -> None:
    announce(judging.database, announcing("gone", withdrawn=judging.teams[0]), compose)
    said = refused(judging, UnknownTeam, "rita", judging.teams[0], judging.teams[1], "nobody")

    assert judging.teams[0] in said
    assert "nobody" in said
    assert judging.teams[1] not in said
    judging.stage = judging.stage._replace(field=(judging.teams[2],))
    refused(judging, UnknownTeam, "rita", judging.teams[1])


def test_after_the_decision_every_mark_stays_as_it_was(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    judging.select(*judging.teams)

    assert "was decided" in refused(judging, TooLate, "rita", judging.teams[0])
    with pytest.raises(TooLate):
        judging.agree(judging.teams[0], 5)


# --- What counts ---------------------------------------------------------------------------------------------------


def test_the_ranking_is_by_the_last_marks_of_all_readers(judging: Judgement) -> None:
    judging.give_all(3, 3, 0)
    judging.give("rita", judging.teams[1], 5)
    judging.give("rob", judging.teams[2], 4)
    judging.give("rob", judging.teams[2], 2)

    assert judging.places() == ["1 1", "2 0", "3 2"]


def test_until_all_marks_are_in_a_place_says_how_many_are_missing(judging: Judgement) -> None:
    judging.give_all(3, 3, 3, teams=judging.teams[:2])
    judging.give("rita", judging.teams[2], 5, 5)

    assert judging.places() == ["1= 0", "1= 1", "- 2 incomplete: 7 marks missing"]


def test_a_conflict_that_is_declared_later_takes_the_marks_out_at_once(judging: Judgement) -> None:
    """Fails when their marks go on counting, or are still waited for."""
    judging.give_all(3, 3, 3)
    judging.give("rita", judging.teams[0], 5)
    assert judging.places() == ["1 0", "2= 1", "2= 2"]
    judging.declare("rita", judging.teams[0], 2, conflict=True)
    assert judging.places() == ["1= 0", "1= 1", "1= 2"]
    judging.declare("rita", judging.teams[0], 3)
    assert judging.places() == ["1 0", "2= 1", "2= 2"], "a conflict that was declared by mistake is none"


def test_marks_that_were_given_count_after_their_reader_has_left_and_no_more_are_waited_for(
    judging: Judgement,
) -> None:
    judging.give_all(3, 3, 3, teams=judging.teams[:2])
    judging.give("rita", judging.teams[0], 5)
    judging.give("sam", judging.teams[2], 3, 3, 3)
    judging.give("rita", judging.teams[2], 3, 3, 3)
    with judging.database.writing() as connection:
        connection.execute(update(tables.people).where(tables.people.c.id.in_(["rita", "rob"])).values(role=""))

    assert judging.places() == ["1 0", "2= 1", "2= 2"]


def test_only_the_assigned_are_waited_for(judging: Judgement) -> None:
    for team in judging.teams:
        judging.assign(team, "rita")
        judging.give("rita", team, 3, 3, 3)

    assert judging.places() == ["1= 0", "1= 1", "1= 2"]


# --- Who sees what -------------------------------------------------------------------------------------------------


def test_a_reader_sees_others_marks_of_an_application_once_their_own_are_in(judging: Judgement) -> None:
    judging.give("rob", judging.teams[0], 3, 3, 3)
    judging.give("rita", judging.teams[0], 3, 3)
    assert sight(judging, "rita", only_reads=True)[0] == "your own marks come first"
    judging.give("rita", judging.teams[0], 3, 3, 3)

    assert sight(judging, "rita", only_reads=True) == {
        0: "",
        1: "your own marks come first",
        2: "your own marks come first",
    }


def test_whoever_does_not_read_sees_marks_once_all_readers_of_the_application_are_done(judging: Judgement) -> None:
    judging.give_all(3, 3, 3, teams=judging.teams[:1])
    judging.give("rita", judging.teams[1], 3, 3, 3)

    assert sight(judging, "olivia") == {0: "", 1: "its readers are not done", 2: "its readers are not done"}


def test_a_reader_sees_their_own_marks_and_nobody_elses_before(judging: Judgement) -> None:
    """Fails when a list of marks shows more than the ranking does."""
    for person in ("rita", "rob"):
        judging.give(person, judging.teams[0], 3, reason=f"Words of {person}.")
    viewer = Viewer("rita", only_reads=True)

    found = list(everything(lambda page: seen.read_marks(judging.database, page, judging.stage, viewer)))
    assert [each.reason for each in found] == ["Words of rita."]
    ranked = seen.read_ranking(judging.database, judging.stage, viewer)
    assert [place.row for place in ranked.places] == [None] * 3


def test_whoever_has_a_conflict_sees_no_marks_of_it_not_even_their_own(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    judging.declare("sam", judging.teams[0], 2, conflict=True)
    viewer, team = Viewer("sam", only_reads=False), judging.teams[0]

    found = everything(lambda page: seen.read_marks(judging.database, page, judging.stage, viewer))
    assert team not in {each.application for each in found}
    (hidden,) = [each for each in seen.read_ranking(judging.database, judging.stage, viewer).places if each.hidden]
    assert (hidden.application, hidden.row) == (team, None)
    for read in (seen.read_judgement, seen.read_draft):
        with pytest.raises(ConflictOfInterest):
            read(judging.database, judging.stage, viewer, team)
    with pytest.raises(ConflictOfInterest):
        judging.agree(team, 5)


def test_a_draft_of_feedback_quotes_what_was_agreed_and_else_what_readers_said(judging: Judgement) -> None:
    team = judging.teams[0]
    for person in READERS:
        judging.give(person, team, 3, 2, 1, reason=f"Words of {person}.")
    judging.agree(team, 4, reason="What all of us think.")

    draft = seen.read_draft(judging.database, judging.stage, Viewer("olivia", only_reads=False), team)
    assert draft.startswith(
        "Merit\n- What all of us think.\n\nCost\n- Words of rita.\n- Words of rob.\n- Words of sam."
    )


# --- Progress, reminders, size -------------------------------------------------------------------------------------


def test_progress_says_how_many_readers_are_done_and_how_much_is_left(judging: Judgement) -> None:
    judging.give_all(3, 3, 3, teams=judging.teams[:1])
    for team in judging.teams:
        judging.give("rob", team, 1, 1, 1)

    found = seen.read_progress(judging.database, judging.stage)
    assert found.in_words("rita") == "1 of 3 readers done; yours: 2 left"
    assert found.in_words("rob") == "1 of 3 readers done; yours: done"
    assert found.in_words("olivia") == "1 of 3 readers done"


def test_what_is_left_is_what_a_reader_has_not_marked(judging: Judgement) -> None:
    judging.give("rita", judging.teams[1], 3, 3, 3)
    judging.give("rita", judging.teams[2], 3)
    judging.declare("rita", judging.teams[0], 2, conflict=True)

    left = seen.read_left(judging.database, judging.stage, Viewer("rita", only_reads=True))
    assert [(team, criterion.id) for team, criterion in left] == [
        (judging.teams[2], "cost"),
        (judging.teams[2], "heard"),
    ]


def test_readers_are_reminded_of_what_they_have_left_and_those_who_are_done_are_not(judging: Judgement) -> None:
    for team in judging.teams:
        judging.give("rob", team, 1, 1, 1)
    judging.give("rita", judging.teams[0], 1, 1, 1)
    remind(judging, "1")

    found = {each.recipient: each.body for each in read_notices(judging.database) if each.occasion == "scores-due"}
    assert found.keys() == {"rita", "sam"}
    assert "left: 2 applications" in found["rita"]
    assert "left: 3 applications" in found["sam"]
    remind(judging, "1")
    assert len([each for each in read_notices(judging.database) if each.occasion == "scores-due"]) == 2


def remind(judging: Judgement, key: str) -> None:
    """Readers are reminded."""
    notice = OutgoingNotice(
        occasion=Occasion.SCORES_DUE, whom=ToReaders(stage="exploration"), facts=facts(Occasion.SCORES_DUE)
    )
    announce(judging.database, announcing(f"reminded/{key}", notice, at=LATER), compose)


def test_the_number_of_statements_does_not_grow_with_readers_applications_and_marks(
    database: Database, round_: Round, programme: Programme
) -> None:
    """Fails when something is asked for each application, reader or criterion."""
    judging = Judgement(database, round_, programme, applications=2)
    few = statements(judging)
    with database.writing() as connection:
        for number in range(30):
            values = {"id": f"reader-{number}", "name": "R", "email": f"r{number}@readers.example", "role": "reader"}
            connection.execute(insert(tables.people).values(round="test-2016", sponsor="", **values))
            row = {"round": "test-2016", "person": f"reader-{number}", "sponsor": "sepa", "challenge": ""}
            connection.execute(insert(tables.readers).values(row))
    judging.give_all(3, 3, 3)

    assert statements(judging) == few
    assert few <= 12


def statements(judging: Judgement) -> int:
    """How many statements it takes to rank, and to say how far readers are."""
    made: list[str] = []

    def count(*arguments: object) -> None:
        made.append(str(arguments[2]))

    event.listen(judging.database.engine, "before_cursor_execute", count)
    try:
        with judging.database.reading() as connection:
            tallies.judged(connection, judging.stage)
            tallies.progress(connection, judging.stage)
            tallies.sights(connection, judging.stage, "sam")
    finally:
        event.remove(judging.database.engine, "before_cursor_execute", count)
    return len(made)


def test_marks_come_in_pages(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    viewer = Viewer("olivia", only_reads=False)
    first = seen.read_marks(judging.database, Page(limit=10), judging.stage, viewer)

    assert len(first.items) == 10
    assert len(list(everything(lambda page: seen.read_marks(judging.database, page, judging.stage, viewer)))) == 27
    assert len(CARD.criteria) * len(READERS) * len(judging.teams) == 27
