"""What is late: by days, as a promise and the law count them, and by when the money arrived."""

from __future__ import annotations

import pytest
from whenever import Date, Instant

from desk.late_payments import late_payments
from domain.payments.bank_reports import BankReport, TransferWord
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from gateways.banking.credit_transfers import end_to_end_id
from store.challenges import rounds
from store.database.database import Database
from store.payments import bank_reports, payment_files, reading
from store.payments.reading import under_way
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import applied

FRIDAY = Instant("2016-07-29T12:00Z")
"""When the request became valid. It is promised by Monday 15 August, and the law allows until Saturday 27 August."""


@pytest.fixture
def till(open_: Database) -> Till:
    """A payment that became valid on that Friday."""
    till = Till(open_, to_make(applied(open_)))
    give_payee(open_, till.team, at=FRIDAY)
    till.request(FRIDAY)
    return till


def late(database: Database, now: str) -> list[tuple[bool, int]]:
    """What is late by then: whether by law, and for how many days there is interest."""
    zones = {row.id: row.time_zone for row in rounds.challenges(database)}
    found = late_payments(reading.read_payments(database), zones, Instant(now))
    return [(each.by_law, each.interest.days if each.interest else 0) for each in found]


def paid(till: Till, noted: Instant, arrived_on: Date | None) -> None:
    """It left in a file in time, and its arrival was noted at an instant; the bank says that it was on a day."""
    till.release(at=FRIDAY)
    form, day = "pain.001.001.09", Date(2016, 8, 1)
    file, _ = payment_files.batch(till.database, "F", form, day, "olivia", {}, FRIDAY, end_to_end_id, lambda line: None)
    assert file is not None
    payment_files.mark_written(till.database, "F", FRIDAY)
    begun = under_way(till.database, till.key)
    assert begun is not None
    till.submit(begun, "F", FRIDAY)
    word = TransferWord(end_to_end=end_to_end_id(begun.id), progress=Progress.SETTLED, at=noted, arrived_on=arrived_on)
    said = BankReport(message_id="S", made_at=noted, file="F", transfers=(word,))
    bank_reports.report(till.database, said, "olivia", {}, noted, "Europe/London")
    till.settle(begun, noted)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2016-08-15T22:59:59Z", []),
        ("2016-08-15T23:00:01Z", [(False, 0)]),
        ("2016-08-27T22:59:59Z", [(False, 0)]),
        ("2016-08-27T23:00:01Z", [(True, 1)]),
    ],
)
def test_what_is_not_paid_is_late_by_law_and_bears_interest_from_the_day_after_the_last(
    till: Till, now: str, expected: list[tuple[bool, int]]
) -> None:
    """Fails where instants are compared in one place and days in another: late by law, with no interest for it."""
    assert late(till.database, now) == expected


@pytest.mark.parametrize(
    ("arrived_on", "expected"),
    [
        (Date(2016, 8, 15), []),
        (Date(2016, 8, 16), [(False, 0)]),
        (Date(2016, 8, 27), [(False, 0)]),
        (Date(2016, 8, 28), [(True, 1)]),
        (None, [(True, 6)]),
    ],
)
def test_a_payment_is_as_late_as_the_money_was_and_not_as_the_report_of_it(
    till: Till, arrived_on: Date | None, expected: list[tuple[bool, int]]
) -> None:
    """Fails when what counts is the moment at which the bank's report is read, where the bank has said the day."""
    paid(till, Instant("2016-09-02T09:00Z"), arrived_on)
    assert till.now.status is PaymentStatus.SETTLED
    assert late(till.database, "2016-12-01T12:00Z") == expected


def test_a_person_who_has_the_banks_statement_corrects_the_day(till: Till) -> None:
    """Fails when the day of the report stands for ever."""
    paid(till, Instant("2016-09-02T09:00Z"), Date(2016, 9, 2))
    assert late(till.database, "2016-12-01T12:00Z") == [(True, 6)]
    for hour, day in enumerate((Date(2016, 8, 15), Date(2016, 8, 29), Date(2016, 8, 15))):
        noted = Instant.from_utc(2016, 9, 3, hour)
        bank_reports.confirm_settled(till.database, f"{till.key}/1", "fiona", "releaser", noted, day)
        assert till.now.arrived_on == day
    assert late(till.database, "2016-12-01T12:00Z") == []
