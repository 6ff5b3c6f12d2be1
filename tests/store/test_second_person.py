"""What the database itself refuses of a release, whichever way its row is written."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable

from domain.payment import PaymentStatus
from store import tables
from store.database import Database
from tests.store.paying import RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, to_make
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


@pytest.mark.parametrize("by", OWN)
def test_no_row_comes_to_say_that_afterwards(till: Till, by: str) -> None:
    """Invariant 10. Fails without the trigger on UPDATE."""
    till.release(by=RELEASER)
    refused(till, update(_transfers).values(released_by=by), "released by whoever selected the team")


def test_no_row_comes_to_be_of_a_payment_that_follows_from_the_releasers_decision(till: Till) -> None:
    """Fails when only changes of who released it are looked at: somebody releases another's, and moves the row."""
    other = Till(till.database, to_make(till.team, 2))
    other.request()
    with till.database.writing() as connection:
        connection.execute(transfer(other, ACCEPTOR))
    refused(
        other,
        update(_transfers).values(payment=till.key, id=f"{till.key}/1"),
        "released by whoever selected the team",
    )


@pytest.mark.parametrize("by", OWN)
def test_replacing_a_row_is_no_way_round(till: Till, by: str) -> None:
    """INSERT OR REPLACE, or INSERT … ON CONFLICT DO UPDATE. Fails without either trigger."""
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
        connection.execute(update(_transfers).values(released_by=SECOND_RELEASER))
    assert [row.released_by for row in till.transfers] == [SECOND_RELEASER]


def test_at_most_one_transfer_of_a_payment_is_under_way(till: Till) -> None:
    """Invariant 1. Fails without the unique index on what has not come back."""
    till.release()
    begun = till.begun()
    refused(till, transfer(till, RELEASER, attempt=2), "(?i)unique")

    till.come_back(begun)
    with till.database.writing() as connection:
        connection.execute(transfer(till, RELEASER, attempt=2))
    refused(till, transfer(till, RELEASER, attempt=3), "(?i)unique")
    refused(till, update(_transfers).where(_transfers.c.attempt == 1).values(returned_at=None), "(?i)unique")


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
