"""What is late and what is owed for it, and whether the books agree: what finance looks at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Table, update
from whenever import Instant

from store.database import tables
from store.database.database import Database
from tests.starter.commands import FINANCE, OPERATOR, PURSE, Commands, as_process


@pytest.fixture(scope="module")
def paid(starter: Commands, purse: dict[str, list[str]]) -> tuple[str, str]:
    """The keys of two payments of "loom": one settled, one whose payee is known."""
    settled, known = starter.exploring("loom", purse["loom"])
    for team in purse["loom"]:
        assert starter.payee("loom", team).status == 0
    for key in (settled, known):
        starter.until_payment(key, "payee known")
    assert starter("release", settled, "--as", FINANCE).status == 0
    starter.until_payment(settled, "settled")
    starter.waits_for("loom", "selection for accelerator")
    return settled, known


@contextmanager
def meanwhile(database: Database, table: Table, of: str, **values: Any) -> Iterator[None]:
    """Has rows say something else, behind the service's back, while the block lasts.

    Args:
        database: where.
        table: which.
        of: the payment that they are about, of which there was one attempt.
        values: what they say.
    """
    key = table.c.payment if table is tables.transfers else table.c.key
    of = f"{of}/1" if table is tables.rail_transfers else of
    with database.writing() as connection:
        kept = connection.execute(table.select().where(key == of)).one()
        connection.execute(update(table).where(key == of).values(values))
    try:
        yield
    finally:
        with database.writing() as connection:
            connection.execute(update(table).where(key == of).values({name: getattr(kept, name) for name in values}))


# What is late.


def test_nothing_is_late_before_its_day(starter: Commands, paid: tuple[str, str]) -> None:
    assert starter("payments", "loom", "--late").out == "No payment is or was late.\n"
    assert starter.data("payments", "loom", "--late") == []


def test_a_payment_that_came_late_by_law_shows_what_is_owed(
    starter: Commands, database: Database, paid: tuple[str, str]
) -> None:
    """£120 by 10 February 2025, paid on 12 March: 30 days at 8% over the 4.75% of 31 December, and £40."""
    due, settled = Instant("2025-02-10T12:00Z"), Instant("2025-03-12T09:00Z")
    with (
        meanwhile(database, tables.payments, paid[0], pay_by=Instant("2025-01-24T00:00Z"), pay_by_law=due),
        meanwhile(database, tables.transfers, paid[0], settled_at=settled),
    ):
        printed = starter("payments", "loom", "--late")
        (late,) = starter.data("payments", "--late")

    assert (late["payment"]["key"], late["by_law"]) == (paid[0], True)
    assert (late["interest"]["days"], late["interest"]["interest"]) == (30, "1.26")
    assert (late["interest"]["rate"], late["interest"]["total"]) == ("12.75", "41.26")
    assert late["interest"]["reference"]["certain"] is True
    assert "30 days late by law: £1.26 interest at 12.75%, and a fixed sum of £40" in printed.out
    assert "~" not in printed.out


def test_interest_by_a_rate_that_is_not_known_is_marked(
    starter: Commands, database: Database, paid: tuple[str, str]
) -> None:
    """The table of rates begins in 2009."""
    due, settled = Instant("2008-08-01T12:00Z"), Instant("2008-10-01T12:00Z")
    with (
        meanwhile(database, tables.payments, paid[0], pay_by=due, pay_by_law=due),
        meanwhile(database, tables.transfers, paid[0], settled_at=settled),
    ):
        printed = starter("payments", "loom", "--late").out
        (late,) = starter.data("payments", "loom", "--late")

    assert late["interest"]["reference"]["certain"] is False
    assert " ~8.50%, " in printed.replace("~8.5%", "~8.50%")
    assert "~: not certain. The base rate of that half-year is missing" in printed


def test_later_than_promised_is_late_without_interest(
    starter: Commands, database: Database, paid: tuple[str, str]
) -> None:
    promised, by_law = Instant("2020-01-01T00:00Z"), Instant("2999-01-01T00:00Z")
    with meanwhile(database, tables.payments, paid[1], pay_by=promised, pay_by_law=by_law):
        printed = starter("payments", "loom", "--late").out
        (late,) = starter.data("payments", "loom", "--late")

    assert (late["payment"]["key"], late["by_law"], late["interest"]) == (paid[1], False, None)
    assert paid[1] in printed
    assert "%" not in printed


def test_on_the_last_day_itself_nothing_is_owed(starter: Commands, database: Database, paid: tuple[str, str]) -> None:
    """The law counts days, and so does a promise: later on the same day is in time."""
    promised, by_law = Instant("2025-01-24T00:00Z"), Instant("2025-02-10T12:00Z")
    with (
        meanwhile(database, tables.payments, paid[0], pay_by=promised, pay_by_law=by_law),
        meanwhile(database, tables.transfers, paid[0], settled_at=Instant("2025-02-10T15:00Z")),
    ):
        printed = starter("payments", "loom", "--late").out
        (late,) = starter.data("payments", "loom", "--late")

    assert paid[0] in printed
    assert (late["by_law"], late["interest"]) == (False, None)
    assert "in pounds only" not in printed


def test_another_currency_has_no_interest_of_the_united_kingdom(
    starter: Commands, database: Database, paid: tuple[str, str]
) -> None:
    due = Instant("2025-02-10T12:00Z")
    with meanwhile(database, tables.payments, paid[1], pay_by=due, pay_by_law=due, currency="SEK"):
        printed = starter("payments", "loom", "--late").out

    assert "SEK 120" in printed
    assert "in pounds only" in printed


# Whether the books agree.


def test_books_that_agree_end_with_status_0(starter: Commands, paid: tuple[str, str]) -> None:
    assert starter.books().out.startswith("The books agree: ")
    assert starter.data("reconcile") == []


@pytest.mark.parametrize(
    ("which", "table", "values", "says"),
    [
        (1, tables.payments, {"net": 10_100}, "is £121 in the ledger and £120 by the programme"),
        (1, tables.payments, {"vat": 0}, "is £100 in the ledger and £120 by the programme"),
        (0, tables.payments, {"currency": "EUR"}, "is €120 in the ledger and £120 by the programme"),
        (0, tables.payments, {"status": "submitted"}, "its workflow is completed: take it up again with `retry`"),
        (1, tables.payments, {"status": "settled"}, "its workflow has not ended"),
        (1, tables.payments, {"status": "cancelled"}, "the challenge has not heard of it"),
        (
            0,
            tables.transfers,
            {"settled_at": None},
            "is settled according to the rail, and the ledger does not have this yet",
        ),
        (0, tables.rail_transfers, {"pence": 1}, "at the rail"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_a_difference_is_named_with_its_payment_and_ends_with_status_1(
    starter: Commands,
    database: Database,
    paid: tuple[str, str],
    which: int,
    table: Table,
    values: dict[str, Any],
    says: str,
) -> None:
    starter.books()
    with meanwhile(database, table, paid[which], **values):
        printed, as_json = starter("reconcile"), starter("reconcile", "--json")

    assert (printed.status, printed.err) == (as_json.status, as_json.err) == (1, "")
    differences = json.loads(as_json.out)
    assert {(each["challenge"], each["payment"]) for each in differences} == {(f"{PURSE}/loom", paid[which])}
    assert any(says in each["what"] for each in differences), differences
    assert paid[which].removeprefix(f"{PURSE}/loom/") in printed.out
    starter.books()


def test_a_rail_that_cannot_be_used_is_said_in_one_line(starter: Commands, paid: tuple[str, str]) -> None:
    answer = starter("reconcile", CHALLENGES_PAYMENT_RAIL="http", CHALLENGES_RAIL_URL="ftp://u:secret@x")

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert "secret" not in answer.err


def test_keys_stay_whole_on_a_narrow_terminal(starter: Commands, database: Database, paid: tuple[str, str]) -> None:
    """They are there to be copied into the next command."""
    due = Instant("2025-02-10T12:00Z")
    with meanwhile(database, tables.payments, paid[1], pay_by=due, pay_by_law=due):
        for words in (["payments", "--late"], ["payments", "loom"]):
            answer = as_process(starter.environment | {"COLUMNS": "40"}, *words, "--as", OPERATOR)
            assert paid[1].removeprefix(f"{PURSE}/loom/") in answer.out
            assert "2025-02-10 12:00 GMT" in answer.out
