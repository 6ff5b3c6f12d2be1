"""What the database itself refuses of a release, whichever way its row is written."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable

from domain.payments.payment import PaymentStatus
from store.database import tables
from store.database.database import Database
from tests.store.paying import LATER, RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, to_make
from tests.store.said import CLOSES, applied

ACCEPTOR, FIRST_GIVER, SECOND_GIVER = "amy", "olivia", "otto"
OWN = [SELECTOR, ACCEPTOR, FIRST_GIVER, SECOND_GIVER]
"""Whose decisions the payment follows from; one of them gave bank details that others have replaced since."""

_transfers = tables.transfers


@pytest.fixture
def till(open_: Database) -> Till:
    """A payment on evidence whose payee is known, in the second version."""
    till = Till(open_, to_make(applied(open_), accepted_by=ACCEPTOR))
    till.request()
    give_payee(open_, till.team, 1, by=FIRST_GIVER)
    give_payee(open_, till.team, 2, by=SECOND_GIVER)
    till.request()
    return till


def transfer(till: Till, by: str, attempt: int = 1, **more: Any) -> Executable:
    """A row written by hand."""
    row = {
        "id": f"{till.key}/{attempt}",
        "payment": till.key,
        "attempt": attempt,
        "team": till.team,
        "payee_version": 2,
        "released_by": by,
        "released_at": CLOSES,
    }
    return insert(_transfers).values(row | more)


def refused(till: Till, statement: Executable, why: str) -> None:
    """That the database does not take a statement, and what it says."""
    before = till.transfers
    with pytest.raises(IntegrityError, match=why), till.database.writing() as connection:
        connection.execute(statement)
    assert till.transfers == before


@pytest.mark.parametrize("by", OWN)
def test_no_row_says_that_somebody_released_what_follows_from_their_own_decision(till: Till, by: str) -> None:
    """Invariant 10. Fails without the trigger on INSERT."""
    refused(till, transfer(till, by), "released by whoever selected the team")


def test_no_row_says_that_somebody_pays_again_what_came_back_by_their_own_word(till: Till) -> None:
    """One person alone would pay twice. Fails without the look at the attempt before, whatever number it has."""
    till.release()
    begun = till.begun()
    till.give_back(by=SECOND_RELEASER)
    for attempt in (begun.attempt + 1, begun.attempt + 5):
        refused(till, transfer(till, SECOND_RELEASER, attempt), "released by whoever .* said that it came back")
    with till.database.writing() as connection:
        connection.execute(transfer(till, RELEASER, begun.attempt + 1))


RELEASE = {
    "id": "another",
    "attempt": 9,
    "team": "another",
    "payment": "another",
    "payee_version": 1,
    "released_by": SECOND_RELEASER,
    "released_at": LATER,
}


@pytest.mark.parametrize("column", RELEASE)
def test_nothing_of_a_release_comes_to_be_otherwise(till: Till, column: str) -> None:
    """Invariant 10: it would be of another payment, by another, or to an account that nobody released it to.
    Fails without the trigger on UPDATE, or where that leaves the column out."""
    till.release(by=RELEASER)
    refused(till, update(_transfers).values({column: RELEASE[column]}), "a release stays as it was given")


def test_a_release_does_not_come_to_go_to_what_its_releaser_gives_afterwards(till: Till) -> None:
    """Fails when a release can be moved to other bank details."""
    till.release(by=RELEASER)
    till.begun()
    give_payee(till.database, till.team, 3, by=RELEASER)
    refused(till, update(_transfers).values(payee_version=3), "a release stays as it was given")


@pytest.mark.parametrize("by", ["", FIRST_GIVER])
def test_it_stays_who_said_that_money_came_back(till: Till, by: str) -> None:
    """Fails when the row can come to name nobody, or somebody else."""
    till.release()
    till.begun()
    till.give_back(by=SECOND_RELEASER)
    refused(till, update(_transfers).values(returned_by=by), "who said that it came back stays")


def test_who_said_that_money_came_back_goes_only_with_the_return_itself_where_it_has_arrived(till: Till) -> None:
    """Fails when the name can be taken out of the row of what did not arrive, and with it the second person."""
    till.release()
    till.submit(till.begun())
    till.give_back(by=SECOND_RELEASER)
    refused(
        till,
        update(_transfers).values(returned_by="", returned_at=None, ended_as=""),
        "who said that it came back stays",
    )
    assert till.undo_return().status is PaymentStatus.SETTLED
    assert [(row.returned_at, row.returned_by) for row in till.transfers] == [(None, "")]


def test_an_attempt_that_a_rail_may_have_is_not_forgotten(till: Till) -> None:
    """With it would go who said that it came back; what has not begun is taken back by new bank details."""
    till.release()
    till.begun()
    refused(till, delete(_transfers), "an attempt that a rail may have stays")


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE payees SET {column}" for column in ("given_by = 'x'", "masked = 'x'", "version = version + 5")),
        f"UPDATE payees SET given_at = '{LATER}'",
        "DELETE FROM payees WHERE version = 2",
        "UPDATE payments SET selected_by = 'x'",
        "UPDATE payments SET accepted_by = 'x'",
    ],
)
def test_it_stays_whose_decisions_a_payment_follows_from(till: Till, statement: str) -> None:
    """Fails without the triggers on payees and payments: whoever is named there could be made to be somebody else."""
    refused(till, text(statement), "stay")


@pytest.mark.parametrize("by", OWN)
def test_replacing_a_row_is_no_way_round(till: Till, by: str) -> None:
    """INSERT OR REPLACE, or INSERT … ON CONFLICT DO UPDATE. Fails without the trigger on INSERT."""
    till.release(by=RELEASER)
    columns = "id, payment, attempt, team, payee_version, released_by, released_at"
    values = f"SELECT id, payment, attempt, team, payee_version, '{by}', released_at FROM transfers WHERE true"
    statement = f"INSERT INTO transfers ({columns}) {values} ON CONFLICT (id) DO UPDATE SET released_by = '{by}'"
    if till.database.engine.dialect.name == "sqlite":
        refused(till, text(f"INSERT OR REPLACE INTO transfers ({columns}) {values}"), "released by whoever")
    refused(till, text(statement), "released by whoever")


def test_whoever_gave_details_to_another_team_may_release(till: Till) -> None:
    """Fails when the trigger does not look for whom the details were given: in the end nobody could release."""
    other = applied(till.database, "Clear Ltd")
    give_payee(till.database, other, 1, by=SECOND_RELEASER)
    assert till.release(by=SECOND_RELEASER).status is PaymentStatus.RELEASED


def test_a_second_person_is_taken(till: Till) -> None:
    with till.database.writing() as connection:
        connection.execute(transfer(till, RELEASER))
    assert [row.released_by for row in till.transfers] == [RELEASER]


def test_at_most_one_transfer_of_a_payment_is_under_way(till: Till) -> None:
    """Invariant 1. Fails without the unique index on what has not come back."""
    till.release()
    begun = till.begun()
    refused(till, transfer(till, RELEASER, attempt=2), "(?i)unique")

    till.come_back(begun)
    with till.database.writing() as connection:
        connection.execute(transfer(till, RELEASER, attempt=2))
    refused(till, transfer(till, RELEASER, attempt=3), "(?i)unique")
    refused(
        till, update(_transfers).where(_transfers.c.attempt == 1).values(returned_at=None, ended_as=""), "(?i)unique"
    )


def test_an_attempt_is_made_once_under_one_id(till: Till) -> None:
    """Fails without the primary key, or without the unique constraint on payment and attempt."""
    till.release()
    till.come_back(till.begun())
    refused(till, transfer(till, RELEASER), "(?i)unique")
    refused(till, transfer(till, RELEASER, id="another"), "(?i)unique")
    refused(till, transfer(till, RELEASER, attempt=2, id=f"{till.key}/1"), "(?i)unique")


def test_a_transfer_goes_to_details_that_its_team_has_given(till: Till) -> None:
    """Fails without the foreign key to the version of the details."""
    refused(till, transfer(till, RELEASER, payee_version=3), "(?i)foreign key")
    refused(till, transfer(till, RELEASER, team="somebody-else"), "(?i)foreign key")
