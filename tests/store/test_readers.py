"""Readers in the books: who reads what by the round's file, by assignment, and after a hand-over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import select
from whenever import TimeDelta

from domain.announcements.announcement import Announcement
from domain.judging.assignment import assigned_in_words
from domain.permissions import Grant, Role
from domain.programmes.programme import Programme
from domain.programmes.round import Person, Question, Round, challenges_of
from domain.values.refusals import ConflictOfInterest, FileRefused, UnknownPerson, UnknownTeam, WrongNumber
from store.challenges.hand_overs import Heir, hand_over, led_by_the_books, read_people
from store.challenges.people import grants_of, people_of
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.judging.assignments import Wanted, assign, read_readers
from store.judging.readers import readers_of
from store.record.record import read_record
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, ROADS, announcing, applied, compose, seal
from tests.store.test_interests import declare

ANN, BO = (Person(id=name, name=name.title(), email=f"{name}@panel.example") for name in ("ann", "bo"))


def named(round_: Round, *people: Person, sponsor: Sequence[str] = (), air: Sequence[str] = ()) -> Round:
    """The round with readers for its only sponsor, and for the challenge AIR."""
    (body,) = round_.sponsors
    questions = [
        each.model_copy(update={"readers": tuple(air)}) if AIR.endswith(each.id) else each for each in round_.challenges
    ]
    said = round_.model_copy(
        update={
            "readers": people,
            "sponsors": (body.model_copy(update={"readers": tuple(sponsor)}),),
            "challenges": tuple(questions),
        }
    )
    return Round.model_validate(said.model_dump())


@pytest.fixture
def read(database: Database, round_: Round, programme: Programme) -> Database:
    """An open round: ann reads all challenges of the sponsor, bo and the decider sam only AIR."""
    keep(database, named(round_, ANN, BO, sponsor=["ann"], air=["bo", "sam"]), programme)
    return database


def keep(database: Database, round_: Round, programme: Programme) -> None:
    keep_round(database, round_, programme, challenges_of(round_, programme), OPENS)


def of(database: Database, challenge: str) -> tuple[str, ...]:
    with database.reading() as connection:
        return readers_of(connection, challenge)


def two(database: Database) -> tuple[str, str]:
    """Two applications, one after the other."""
    return applied(database, "Tay Ltd"), applied(database, "Forth Ltd", at=MIDWAY + TimeDelta(seconds=1))


def gives(database: Database, **wanted: object) -> Mapping[str, Sequence[str]]:
    """An assignment by olivia."""

    def said(given: Mapping[str, Sequence[str]]) -> Announcement:
        line = announcing(f"assign/{len(read_record(database, AIR)) if given else 'none'}")
        return line.model_copy(update={"entry": line.entry.model_copy(update={"text": assigned_in_words(given)})})

    return assign(database, AIR, Wanted.model_validate(wanted), "olivia", MIDWAY, said, compose)


def test_readers_have_their_role_where_the_file_names_them(read: Database) -> None:
    reader = Grant(round="test-2016", role=Role.READER, person="ann", sponsor="sepa")
    assert grants_of(read, "ann") == (reader,)
    assert grants_of(read, "ANN@panel.example") == (reader,)
    assert [(each.role, each.challenge) for each in grants_of(read, "bo")] == [(Role.READER, AIR)]
    assert [(each.role, each.challenge) for each in grants_of(read, "sam")] == [(Role.SPONSOR, ""), (Role.READER, AIR)]
    assert (of(read, AIR), of(read, ROADS)) == (("ann", "bo", "sam"), ("ann",))
    assert people_of(read, "test-2016", "sepa")[Role.READER] == ("its readers",)


def test_without_readers_the_deciders_read_what_has_a_scorecard_and_else_nobody(
    open_: Database, round_: Round, programme: Programme
) -> None:
    assert of(open_, AIR) == ()
    assert Role.READER not in people_of(open_, "test-2016", "sepa")
    scale = [{"mark": 0, "means": "Poor"}, {"mark": 1, "means": "Good"}]
    card = {"criteria": [{"id": "idea", "title": "The idea", "scale": scale}]}
    (stage,) = programme.stages
    judged = Programme.model_validate(programme.model_dump() | {"stages": [stage.model_dump() | {"scorecard": card}]})
    keep(open_, round_, judged)
    assert of(open_, AIR) == of(open_, ROADS) == ("sam",)


def test_opening_again_adds_readers_and_takes_none_away(read: Database, round_: Round, programme: Programme) -> None:
    cy = Person(id="cy", name="Cy", email="cy@panel.example")
    keep(read, named(round_, ANN, cy, sponsor=["ann", "cy"]), programme)
    assert (of(read, AIR), of(read, ROADS)) == (("ann", "bo", "cy", "sam"), ("ann", "cy"))
    dora = Heir(id="dora", known_as=Person(id="dora", name="Dora", email="dora@panel.example"))
    hand_over(read, "test-2016", "cy", dora, "olivia", "On leave.", CLOSES)
    taken = Person(id="di", name="Di", email="dora@panel.example")
    with pytest.raises(FileRefused, match="people: di or their mailbox is known"):
        keep(read, named(round_, ANN, taken, sponsor=["ann", "di"]), programme)


def test_a_successor_reads_what_was_read_and_what_was_assigned(
    read: Database, round_: Round, programme: Programme
) -> None:
    one, other = two(read)
    seal(read)
    gives(read, reader="ann", applications=[one, other])
    declare(read, "ann")
    done = hand_over(read, "test-2016", "ann", Heir(id="bo"), "olivia", "On leave.", CLOSES)
    assert (done.role, done.concerns("sepa")) == ("reader", False)
    assert (of(read, AIR), of(read, ROADS)) == (("bo", "sam"), ("bo",))
    assert grants_of(read, "ann") == ()
    [bo] = [each for each in read_readers(read, AIR) if each.person == "bo"]
    assert (bo.assigned, bo.declared) == ((one, other), 0)  # the successor declares for themselves
    keep(read, named(round_, ANN, BO, sponsor=["ann"], air=["bo"]), programme)
    assert of(read, ROADS) == ("bo",), "whoever handed over does not come back with the file"
    assert {each.id: each.successor for each in read_people(read, "test-2016")}["ann"] == "bo"


def test_a_decider_who_reads_hands_both_over(read: Database, round_: Round, programme: Programme) -> None:
    dora = Heir(id="dora", known_as=Person(id="dora", name="Dora", email="dora@sepa.example"))
    hand_over(read, "test-2016", "sam", dora, "olivia", "On leave.", CLOSES)
    assert [each.role for each in grants_of(read, "dora")] == [Role.SPONSOR, Role.READER]
    assert of(read, AIR) == ("ann", "bo", "dora")
    (air, *_) = led_by_the_books(read, challenges_of(round_, programme))
    assert air.deciders == ("dora",)


def test_an_assignment_by_share_is_even_and_leaves_out_conflicts(read: Database) -> None:
    ids = [applied(read, f"{name} Ltd", at=MIDWAY + TimeDelta(seconds=n)) for n, name in enumerate("ABCDEF")]
    seal(read)
    declare(read, "ann", ids[0], "My sister works there.", conflict=True)
    given = gives(read, share=2)
    assert ids[0] not in given["ann"]
    assert sorted(len(those) for those in given.values()) == [4, 4, 4]
    found = {each.person: (each.reads, each.assigned, each.conflicts) for each in read_readers(read, AIR)}
    assert found == {who: (4, those, int(who == "ann")) for who, those in given.items()}
    with pytest.raises(WrongNumber, match=f"{ids[0]} has 2 readers without a conflict of interest, and 3"):
        gives(read, share=3)
    assert {each.person: each.assigned for each in read_readers(read, AIR)} == given, "nothing half done"
    assert gives(read) == {}
    assert [each.reads for each in read_readers(read, AIR)] == [5, 6, 6]


def test_an_assignment_by_hand_sets_one_reader_and_leaves_the_others(read: Database) -> None:
    one, other = two(read)
    elsewhere = applied(read, "Clyde Ltd", ROADS)
    seal(read)
    assert gives(read, reader="ann", applications=[one, other, one]) == {"ann": (one, other)}
    assert gives(read, reader="bo", applications=[other])["ann"] == (one, other)
    assert gives(read, reader="ann", applications=[one]) == {"ann": (one,), "bo": (other,)}
    with pytest.raises(
        UnknownPerson, match="No such person reads in test-2016/air-quality: name one of ann, bo and sam"
    ):
        gives(read, reader="olivia", applications=[one])
    with pytest.raises(UnknownTeam, match=elsewhere):
        gives(read, reader="ann", applications=[elsewhere])
    declare(read, "bo", one, "My sister works there.", conflict=True)
    with pytest.raises(ConflictOfInterest, match=f"bo declared a conflict of interest with {one}"):
        gives(read, reader="bo", applications=[one])
    with read.reading() as connection:
        kept = connection.execute(select(tables.assignments.c.application, tables.assignments.c.person)).all()
    assert sorted(map(tuple, kept)) == sorted([(one, "ann"), (other, "bo")])


def test_a_question_keeps_its_readers() -> None:
    assert Question(id="air", question="Why?", sponsor="sepa", readers=("ann",)).readers == ("ann",)
