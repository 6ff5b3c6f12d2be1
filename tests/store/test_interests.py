"""Interests in the database: who may decide and read, by what they declared last."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import event, select

from domain.announcements.announcement import Announcement, Impartial
from domain.judging.interests import Declared
from domain.values.paging import Page
from domain.values.refusals import ConflictOfInterest, InterestsMissing, NotAllowed, UnknownTeam
from store.database import tables
from store.database.database import Database
from store.judging import impartiality, interests
from store.record.record import announce, read_record
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, seal

CONFLICT = "My sister works there."


def declare(database: Database, person: str, application: str = "", what: str = "", *, conflict: bool = False) -> int:
    """Somebody declares, for all if no application is named; says how many declarations are new."""
    declared = Declared(application=application, what=what, conflict=conflict) if application else None

    def said(_: Sequence[Declared]) -> Announcement:
        return announcing(f"interests/{uuid.uuid4().hex}")

    return len(interests.declare(database, AIR, person, declared, MIDWAY, said, compose).new)


def decide(database: Database, person: str = "olivia", *towards: str, first: bool = True) -> None:
    """Somebody would decide on applications: on all that count, or on those named."""
    impartial = Impartial(towards=towards, declares_first=first)
    with database.reading() as connection:
        impartiality.check_impartial(connection, AIR, person, impartial)


def test_nobody_decides_before_they_have_declared_for_all_that_count(open_: Database) -> None:
    one, other = applied(open_, "Tay Ltd"), applied(open_, "Forth Ltd")
    applied(open_, "Clyde Ltd", ROADS)
    seal(open_)
    with pytest.raises(InterestsMissing, match=f"for 2 applications to {AIR}: declare them first, with `starter.py"):
        decide(open_)
    declare(open_, "olivia", one)
    with pytest.raises(InterestsMissing, match="for 1 application to"):
        decide(open_)
    decide(open_, "olivia", one)
    with pytest.raises(InterestsMissing):
        decide(open_, "sam", one)
    assert declare(open_, "olivia") == 1
    decide(open_)
    decide(open_, "olivia", other)


def test_a_refused_decision_leaves_nothing(open_: Database) -> None:
    applied(open_)
    seal(open_)
    before = read_record(open_, AIR)
    decision = announcing("select/one").model_copy(update={"impartial": Impartial()})
    with pytest.raises(InterestsMissing):
        announce(open_, decision, compose)
    assert read_record(open_, AIR) == before
    declare(open_, "olivia")
    announce(open_, decision, compose)
    assert read_record(open_, AIR)[-1].action == "select"


def test_the_last_declaration_counts_at_once_and_none_is_lost(open_: Database) -> None:
    one, other = applied(open_, "Tay Ltd"), applied(open_, "Forth Ltd")
    seal(open_)
    declare(open_, "sam")
    decide(open_, "sam")
    assert declare(open_, "sam", one, CONFLICT, conflict=True) == 1
    assert declare(open_, "sam", one, CONFLICT, conflict=True) == 0
    for towards in ((), (one,), (other, one)):
        with pytest.raises(ConflictOfInterest, match=f"sam declared a conflict of interest with {one}: somebody else"):
            decide(open_, "sam", *towards)
    decide(open_, "sam", other)
    with pytest.raises(ConflictOfInterest):
        decide(open_, "sam", one, first=False)
    decide(open_, "olivia", one, first=False)  # whoever has declared nothing has no conflict
    assert declare(open_, "sam") == 0  # --none again is not for what was declared
    assert declare(open_, "sam", one, "She has left.") == 1
    decide(open_, "sam")
    with open_.reading() as connection:
        kept = connection.execute(
            select(tables.interests.c.version, tables.interests.c.what, tables.interests.c.conflict).where(
                tables.interests.c.application == one, tables.interests.c.person == "sam"
            )
        ).all()
    assert sorted(map(tuple, kept)) == [(1, "", False), (2, CONFLICT, True), (3, "She has left.", False)]


def test_a_withdrawn_application_is_read_and_not_decided_on(open_: Database) -> None:
    applied(open_, "Tay Ltd")
    gone = applied(open_, "Forth Ltd")
    seal(open_)
    announce(open_, announcing("withdraw/gone", withdrawn=gone), compose)
    declare(open_, "sam")
    declare(open_, "sam", gone, CONFLICT, conflict=True)
    decide(open_, "sam")
    with open_.reading() as connection, pytest.raises(ConflictOfInterest):
        impartiality.check_may_read(connection, AIR, "sam", gone)


def test_an_application_that_is_likely_known_has_to_be_named(open_: Database) -> None:
    ours = applied(open_, "Sepa Labs")
    with open_.writing() as connection:
        connection.execute(
            tables.applications.update().where(tables.applications.c.id == ours).values(email="labs@sepa.example")
        )
    applied(open_, "Tay Ltd")
    seal(open_)
    with pytest.raises(InterestsMissing, match=f"sam may know 1 applicant to {AIR}.*declare {ours} by name first"):
        declare(open_, "sam")
    with open_.reading() as connection:
        assert connection.execute(select(tables.interests)).all() == []
    found = {each.application: each.likely for each in interests.page_of_interests(open_, Page(), AIR, "sam").items}
    assert found.pop(ours) == ("the same domain of address",)
    assert list(found.values()) == [()]
    declare(open_, "sam", ours)
    assert declare(open_, "sam") == 1
    decide(open_, "sam")
    assert declare(open_, "olivia") == 2  # nothing is alike


def test_only_applications_to_the_challenge_are_declared_for(open_: Database) -> None:
    elsewhere = applied(open_, "Clyde Ltd", ROADS)
    for unknown in (elsewhere, "nothing"):
        with pytest.raises(UnknownTeam, match=f"{unknown} is not an application to {AIR}"):
            declare(open_, "sam", unknown)


def test_what_is_assigned_to_others_is_not_read_by_a_reader(open_: Database) -> None:
    one, other = applied(open_, "Tay Ltd"), applied(open_, "Forth Ltd")
    seal(open_)
    with open_.writing() as connection:
        row = {"application": one, "person": "bea", "by": "olivia", "at": CLOSES}
        connection.execute(tables.assignments.insert().values(row))
    declare(open_, "sam", one)
    with open_.reading() as connection:
        with pytest.raises(InterestsMissing):
            impartiality.check_may_read(connection, AIR, "sam", one)  # of all that a decider could read
        with pytest.raises(NotAllowed, match=f"{one} is not assigned to sam"):
            impartiality.check_may_read(connection, AIR, "sam", one, assigned_only=True)
        with pytest.raises(UnknownTeam):
            impartiality.check_may_read(connection, AIR, "sam", "nothing", assigned_only=True)
    for application in (one, other):
        declare(open_, "sam", application)
    with open_.reading() as connection:
        impartiality.check_may_read(connection, AIR, "sam", other)


def test_declaring_for_thousands_is_one_statement(open_: Database) -> None:
    """Fails where each application takes a round trip."""
    for number in range(30):
        applied(open_, f"Company{number} Ltd")
    seal(open_)
    statements: list[str] = []
    event.listen(open_.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert declare(open_, "sam") == 30
    assert len([each for each in statements if "INSERT INTO interests" in each]) == 1
    assert len(statements) < 15
