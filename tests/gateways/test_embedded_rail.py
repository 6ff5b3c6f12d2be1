"""The embedded rail: each id is booked once, in both databases, and nothing of the payee is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from whenever import Instant, TimeDelta

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import RailRefused
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from tests.chained import KEYS
from tests.store.postgres import fresh_postgres, postgres_server
from tests.waiting import HANGS

AT = Instant.from_utc(2016, 8, 1, 16)
LATER = AT + TimeDelta(hours=1)
ID = "pilot-2016/air-quality/exploration/breathe-1/1/1"


def instruction(id: str = ID, amount: str = "2400.00") -> Instruction:  # noqa: A002
    return Instruction(
        id=id,
        amount=Money.parse(amount),
        currency="GBP",
        payee=BankAccount(holder="Ada Lovelace", sort_code="601613", number="31926819"),
        reference="Exploration 1 of 2",
    )


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables and nothing in them."""
    sqlite = request.param == "sqlite"
    database = Database(
        f"sqlite:///{tmp_path}/service.db" if sqlite else fresh_postgres(request.getfixturevalue("postgres")), KEYS
    )
    database.migrate()
    yield database
    database.close()


def bookings(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        rows = connection.execute(text("SELECT key, pence FROM rail_transfers ORDER BY key"))
        return [(row.key, row.pence) for row in rows]


def test_a_transfer_is_booked_and_settled_at_once(database: Database) -> None:
    rail = EmbeddedRail(database)
    asked = AT + TimeDelta(nanoseconds=123_456_789)
    transfer = rail.transfer(instruction(), asked)

    kept = AT + TimeDelta(microseconds=123_456)
    amount = Money.parse("2400")
    assert transfer == Transfer(
        id=ID, amount=amount, currency="GBP", reference=transfer.reference, at=kept, progress=Progress.SETTLED
    )
    assert rail.find(ID) == transfer
    assert bookings(database) == [(ID, 240_000)]


def test_what_nobody_asked_for_is_not_found(database: Database) -> None:
    assert EmbeddedRail(database).find(ID) is None


def test_a_transfer_that_is_asked_for_again_is_the_same(database: Database) -> None:
    """Fails when a booking that is there already counts as an error."""
    rail = EmbeddedRail(database)
    first = rail.transfer(instruction(), AT)

    assert rail.transfer(instruction(), LATER) == first == rail.find(ID)
    assert bookings(database) == [(ID, 240_000)]


def test_many_who_ask_at_once_get_one_transfer(database: Database) -> None:
    """Fails when what is not found is booked without looking out for others."""
    together = threading.Barrier(8)

    def pay(number: int) -> Transfer:
        together.wait(timeout=HANGS)
        return EmbeddedRail(database).transfer(instruction(), AT + TimeDelta(seconds=number))

    with ThreadPoolExecutor(8) as threads:
        transfers = set(threads.map(pay, range(8)))

    assert len(transfers) == 1
    assert bookings(database) == [(ID, 240_000)]


def test_an_id_that_is_asked_for_with_another_amount_is_refused_and_keeps_the_first(database: Database) -> None:
    """Fails without the comparison of amounts."""
    rail = EmbeddedRail(database)
    rail.transfer(instruction(), AT)

    with pytest.raises(RailRefused, match=rf"{ID} was booked with 2400\.00 GBP, and is now requested with 2400\.01"):
        rail.transfer(instruction(amount="2400.01"), LATER)

    assert bookings(database) == [(ID, 240_000)]


def test_transfers_of_different_ids_have_different_references(database: Database) -> None:
    rail = EmbeddedRail(database)
    first, second = (rail.transfer(instruction(f"{ID}/{number}"), AT) for number in (1, 2))

    assert first.reference != second.reference


def test_a_long_id_is_booked_with_a_large_amount(database: Database) -> None:
    """Fails in PostgreSQL when the reference grows with the id."""
    long = "/".join(["x" * 60] * 4)
    transfer = EmbeddedRail(database).transfer(instruction(long, "999,999,999.99"), AT)

    assert len(transfer.reference) <= 35
    assert bookings(database) == [(long, 99_999_999_999)]


def test_nothing_of_the_payee_is_kept(database: Database) -> None:
    EmbeddedRail(database).transfer(instruction(), AT)
    with database.reading() as connection:
        [row] = connection.execute(text("SELECT * FROM rail_transfers"))

    assert set(row._fields) == {"key", "reference", "pence", "at", "currency"}
    assert not any(secret in str(row) for secret in ("Lovelace", "601613", "31926819", "6819"))
