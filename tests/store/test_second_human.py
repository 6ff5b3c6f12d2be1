"""Nobody releases a payment that follows from their own decision, whatever id they have now: both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from domain.payments.page import details
from domain.payments.payment import PaymentSnapshot, PaymentStatus, SameHuman
from domain.values.refusals import NotAllowed
from store.database import tables
from store.database.database import Database
from store.payments.snapshots import snapshot
from store.record.record import read_record
from tests.store.paying import LATER, OPERATOR, RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, applied

ACCEPTOR = "amy"
ROUND = AIR.partition("/")[0]
ISSUER = "https://login.body.example"
_people, _applications = tables.people, tables.applications
BY_ANOTHER_ID = "is the same person as"


def snapshot_of(till: Till) -> PaymentSnapshot:
    with till.database.reading() as connection:
        return snapshot(connection, till.key, CLOSES)


@pytest.fixture
def till(open_: Database) -> Till:
    """A payment that waits for a release; an operator gave the team's bank details."""
    till = Till(open_, to_make(applied(open_), accepted_by=ACCEPTOR))
    till.request()
    give_payee(open_, till.team, 1, by=OPERATOR)
    till.request()
    return till


def become(till: Till, person: str, round_: str = ROUND, **facts: str) -> None:
    """Changes what a round knows of a person, or makes the person known there."""
    with till.database.writing() as connection:
        here = (_people.c.round == round_, _people.c.id == person)
        if not connection.execute(update(_people).where(*here).values(**facts)).rowcount:
            row = {"round": round_, "id": person, "name": person, "email": "", "role": "", **facts}
            connection.execute(insert(_people).values(row))


def in_a_session(till: Till, **facts: str) -> None:
    with till.database.writing() as connection:
        row: dict[str, Any] = {"id": facts["mailbox"], "secret": facts["mailbox"], "way": "organisation"}
        row |= {"passkey": False, "where": "", "begun_at": CLOSES, "used_at": CLOSES, "ends_at": LATER}
        connection.execute(insert(tables.sessions).values(row | facts))


def of_team(till: Till, **facts: str) -> None:
    with till.database.writing() as connection:
        connection.execute(update(_applications).where(_applications.c.id == till.team).values(**facts))


def _same_mailbox(till: Till) -> None:
    become(till, SELECTOR, mailbox="one@body.example")
    become(till, RELEASER, mailbox="one@body.example")


def _mailbox_before(till: Till) -> None:
    """Also where it was spelled otherwise."""
    become(till, SELECTOR, mailbox="now@body.example", former="old@body.example\nOne@BODY.example")
    become(till, RELEASER, mailbox="one@body.example")


def _releasers_mailbox_before(till: Till) -> None:
    become(till, SELECTOR, mailbox="one@body.example")
    become(till, RELEASER, mailbox="now@body.example", former="One@Body.example")


def _same_subject(till: Till) -> None:
    for person in (SELECTOR, RELEASER):
        become(till, person, mailbox=f"{person}@body.example", issuer=ISSUER, subject="2482")


def _by_another_round(till: Till) -> None:
    """The other round knows that both mailboxes are one human's."""
    become(till, SELECTOR, mailbox="sam@body.example")
    become(till, RELEASER, mailbox="fiona@body.example")
    become(till, "s-again", "other", mailbox="sam@body.example", former="Fiona@body.example")


def _by_two_other_rounds(till: Till) -> None:
    """One round knows the mailbox and the subject, the other the subject and another mailbox."""
    become(till, SELECTOR, mailbox="sam@body.example")
    become(till, RELEASER, mailbox="fiona@body.example")
    become(till, "s", "other", mailbox="sam@body.example", issuer=ISSUER, subject="2482")
    become(till, "t", "third", mailbox="fiona@body.example", issuer=ISSUER, subject="2482")


def _by_sessions(till: Till) -> None:
    """Their organisation said so when they signed in."""
    become(till, SELECTOR, mailbox="sam@body.example", issuer=ISSUER)
    become(till, RELEASER, mailbox="fiona@body.example", issuer=ISSUER)
    in_a_session(till, mailbox="sam@body.example", issuer=ISSUER, subject="2482")
    in_a_session(till, mailbox="fiona@body.example", issuer=ISSUER, subject="2482")


def _by_sessions_before(till: Till) -> None:
    """Both had other mailboxes when they signed in."""
    become(till, SELECTOR, mailbox="sam@body.example", former="Sam.Before@body.example")
    become(till, RELEASER, mailbox="fiona@body.example", former="fiona.before@body.example")
    in_a_session(till, mailbox="sam.before@body.example", issuer=ISSUER, subject="2482")
    in_a_session(till, mailbox="fiona.before@body.example", issuer=ISSUER, subject="2482")


SAME: list[Callable[[Till], None]] = [
    _same_mailbox,
    _mailbox_before,
    _releasers_mailbox_before,
    _same_subject,
    _by_another_round,
    _by_two_other_rounds,
    _by_sessions,
    _by_sessions_before,
]


@pytest.mark.parametrize("made_one", SAME)
def test_two_ids_of_one_human_are_one_person(till: Till, made_one: Callable[[Till], None]) -> None:
    """Fails where ids are compared, or only what this round says today."""
    made_one(till)

    with pytest.raises(NotAllowed, match=f"{RELEASER} {BY_ANOTHER_ID} {SELECTOR}, who selected the team"):
        till.release(by=RELEASER)
    assert till.transfers == []
    assert snapshot_of(till).same_humans == (SameHuman(releaser=RELEASER, other=SELECTOR),)
    assert till.release("2", by=SECOND_RELEASER).status is PaymentStatus.RELEASED


def _different_subjects(till: Till) -> None:
    """The same name at two organisations, or two names at one."""
    become(till, SELECTOR, mailbox="sam@body.example", issuer=ISSUER, subject="2482")
    become(till, RELEASER, mailbox="fiona@body.example", issuer="https://other.example", subject="2482")
    become(till, SECOND_RELEASER, mailbox="frank@body.example", issuer=ISSUER, subject="2483")


def _no_subject(till: Till) -> None:
    """Everybody of the organisation signs in there, and nothing says that they are one."""
    for person in (SELECTOR, RELEASER):
        become(till, person, mailbox=f"{person}@body.example", issuer=ISSUER)


def _nothing_known(till: Till) -> None:
    """Two people of whom nothing is known, as after an erasure, share nothing."""
    for person in (SELECTOR, RELEASER):
        become(till, person, mailbox="", former="")


@pytest.mark.parametrize("apart", [_different_subjects, _no_subject, _nothing_known])
def test_two_humans_stay_two(till: Till, apart: Callable[[Till], None]) -> None:
    """Fails where an empty fact, or half of one, makes two people one: nobody could release any more."""
    apart(till)

    assert snapshot_of(till).same_humans == ()
    assert till.release(by=RELEASER).status is PaymentStatus.RELEASED


PARTS = {
    ACCEPTOR: "accepted its evidence",
    OPERATOR: "gave or changed the team's bank details",
    "otto": "changed the team's contact",
    "amelia": "amended its amount",
}


@pytest.mark.parametrize("person", PARTS)
def test_it_holds_for_every_part_that_somebody_can_have(till: Till, person: str) -> None:
    """Fails where one of them is left out."""
    of_team(till, contact_by="otto")
    with till.database.writing() as connection:
        connection.execute(update(tables.payments).values(amended_by="amelia"))
    become(till, person, mailbox="one@body.example")
    become(till, RELEASER, mailbox="one@body.example")

    with pytest.raises(NotAllowed, match=f"{BY_ANOTHER_ID} {person}, who {PARTS[person]}"):
        till.release(by=RELEASER, amount=None)


def test_it_holds_for_whoever_said_that_the_money_came_back(till: Till) -> None:
    till.release()
    till.begun()
    till.give_back(by=RELEASER)
    for person in (RELEASER, SECOND_RELEASER):
        become(till, person, mailbox="one@body.example")

    with pytest.raises(NotAllowed, match=f"{BY_ANOTHER_ID} {RELEASER}, who said that the money came back"):
        till.release("2", by=SECOND_RELEASER)


@pytest.mark.parametrize(
    "contact",
    [
        {"mailbox": "fiona@home.example"},
        {"mailbox": "new@home.example", "former": "older@home.example\nFiona@HOME.example"},
    ],
    ids=["now", "before"],
)
def test_the_contact_of_a_team_does_not_release_its_payment(till: Till, contact: dict[str, str]) -> None:
    """Fails where only decisions count: whoever applies would pay themselves."""
    become(till, RELEASER, mailbox="fiona@body.example", former="fiona@home.example")
    of_team(till, **contact)

    with pytest.raises(NotAllowed, match=f"{RELEASER} is or was the contact of {till.team}"):
        till.release(by=RELEASER)


def test_whoever_cannot_release_is_not_named_as_the_one_who_must(till: Till) -> None:
    _same_mailbox(till)

    page = details(till.payment, snapshot_of(till), CLOSES)

    assert f"{SECOND_RELEASER}, to release it" in page
    assert f"{RELEASER} or" not in page


def test_the_refusal_leaves_nothing_behind(till: Till) -> None:
    before = len(read_record(till.database, AIR))
    _same_mailbox(till)
    with pytest.raises(NotAllowed):
        till.release(by=RELEASER)

    assert till.now.status is PaymentStatus.PAYEE_KNOWN
    assert len(read_record(till.database, AIR)) == before


# The database itself.


def by_hand(till: Till, by: str) -> None:
    row = {"id": f"{till.key}/1", "payment": till.key, "attempt": 1, "team": till.team, "payee_version": 1}
    with till.database.writing() as connection:
        connection.execute(insert(tables.transfers).values(row | {"released_by": by, "released_at": CLOSES}))


@pytest.mark.parametrize("made_one", [_same_mailbox, _same_subject])
def test_no_row_says_that_one_human_did_both(till: Till, made_one: Callable[[Till], None]) -> None:
    """Fails without the trigger: whatever writes the row."""
    made_one(till)

    with pytest.raises(IntegrityError, match="released by whoever had a part in it under another id"):
        by_hand(till, RELEASER)
    by_hand(till, SECOND_RELEASER)
    assert [row.released_by for row in till.transfers] == [SECOND_RELEASER]


def test_no_row_says_that_the_contact_of_the_team_released_it(till: Till) -> None:
    become(till, RELEASER, mailbox="fiona@home.example")
    of_team(till, mailbox="fiona@home.example")

    with pytest.raises(IntegrityError, match="or is the contact of the team"):
        by_hand(till, RELEASER)


def test_a_release_that_the_rule_missed_is_refused_by_the_trigger_in_words(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where roles change between the check and the row."""
    _same_mailbox(till)
    monkeypatch.setattr("store.payments.snapshots.same_humans", lambda *_: {})

    with pytest.raises(NotAllowed, match=f"{RELEASER} may not release {till.key}: a second person must release it"):
        till.release(by=RELEASER)
