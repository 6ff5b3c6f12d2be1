"""By when a payment is due, and who is reminded of the payment when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Instant, ItemizedDelta

from domain.payments.dates import due_dates, next_reminder
from domain.payments.payment import OVER, PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.programmes.programme import OnTime
from domain.values.calendar import WorkingDays, earlier
from tests.domain.moments import instants, zones
from tests.domain.payments import REQUESTED, snapshot, to_make


@pytest.mark.parametrize(
    ("valid_since", "promised", "by_law"),
    [
        # A bank holiday of Scotland, and not of England, on 1 August; a minute past midnight counts as that day.
        ("2016-07-29T12:00Z", "2016-08-15T23:00Z", "2016-08-27T23:00Z"),
        ("2016-07-31T23:01Z", "2016-08-15T23:00Z", "2016-08-30T23:00Z"),
        # At the very end of a Sunday that day has ended, and the Monday is the first.
        ("2016-09-04T23:00Z", "2016-09-16T23:00Z", "2016-10-03T23:00Z"),
        # Across the end of summer time, Christmas and New Year, of which Scotland keeps two days.
        ("2016-10-25T12:00Z", "2016-11-09T00:00Z", "2016-11-24T00:00Z"),
        ("2016-12-20T12:00Z", "2017-01-10T00:00Z", "2017-01-19T00:00Z"),
    ],
)
def test_it_is_promised_within_10_working_days_and_late_by_law_after_30_days_of_which_the_first_is_that_day(
    valid_since: str, promised: str, by_law: str
) -> None:
    """Valid on 29 July, the period of 30 days beginning with it ends with 27 August. Fails when days are counted on
    another calendar than the programme's, or the law's from the day after."""
    assert due_dates(to_make(), Instant(valid_since)) == (Instant(promised), Instant(by_law))


def test_a_programme_may_promise_something_else() -> None:
    soon = OnTime(within=WorkingDays(1), by_law=ItemizedDelta(days=7))
    promised, by_law = due_dates(to_make(on_time=soon), Instant("2016-09-02T12:00Z"))
    assert (promised, by_law) == (Instant("2016-09-05T23:00Z"), Instant("2016-09-08T23:00Z"))


def reminders(payment: PaymentToMake, at: PaymentSnapshot, number: int) -> list[Instant]:
    """The next reminders while it stands as it does, each given when it is due."""
    since, found = at.requested, list[Instant]()
    while len(found) < number and (rung := next_reminder(payment, at, since)) is not None:
        found.append(rung)
        since = rung
    return found


def test_releasers_are_reminded_before_the_day_promised_and_that_of_the_law_on_either_and_again_and_again() -> None:
    """And a day before is not an exact day, where clocks change between. Fails when only one of the dates counts, and
    when two reminders of one moment are both given."""
    at = snapshot(
        PaymentStatus.PAYEE_KNOWN, pay_by=Instant("2016-10-31T00:00Z"), pay_by_law=Instant("2016-11-10T00:00Z")
    )
    promised = ["2016-10-27T23:00Z", "2016-10-29T23:00Z", "2016-10-31T00:00Z", "2016-11-03T00:00Z", "2016-11-06T00:00Z"]
    by_law = ["2016-11-07T00:00Z", "2016-11-09T00:00Z", "2016-11-10T00:00Z", "2016-11-12T00:00Z"]
    assert reminders(to_make(), at, 9) == [Instant(day) for day in (*promised, *by_law)]


def test_a_team_is_asked_for_its_bank_details_again_and_again() -> None:
    days = ["2016-08-18T10:00Z", "2016-08-21T10:00Z", "2016-08-24T10:00Z"]
    assert reminders(to_make(), snapshot(), 3) == [Instant(day) for day in days]


@pytest.mark.parametrize("status", sorted(OVER))
def test_nobody_is_reminded_of_what_is_over(status: PaymentStatus) -> None:
    """Fails without the look at whether it is over."""
    assert next_reminder(to_make(), snapshot(status, pay_by=REQUESTED), Instant.MIN) is None


lasting = st.builds(ItemizedDelta, months=st.integers(0, 3), days=st.integers(1, 40)) | st.builds(
    ItemizedDelta, seconds=st.integers(1, 10**6)
)
ladders = st.lists(lasting | st.just(ItemizedDelta(seconds=0)), max_size=6).map(tuple)


@given(
    instants(),
    st.integers(0, 10**7),
    st.integers(0, 10**7),
    ladders,
    lasting,
    zones(),
    st.sampled_from(PaymentStatus),
    st.booleans(),
)
def test_reminders_come_one_after_another_and_end_with_the_payment(
    requested: Instant,
    until_due: int,
    until_late: int,
    ladder: tuple[ItemizedDelta, ...],
    every: ItemizedDelta,
    zone: str,
    status: PaymentStatus,
    known: bool,
) -> None:
    """Fails when a rung is given twice, or goes back, which would remind for ever at one moment."""
    payment = to_make(remind_before=ladder, remind_every=every, zone=zone)
    due = requested.add(seconds=until_due) if known else None
    by_law = due.add(seconds=until_late) if due else None
    at = snapshot(status, requested=requested, pay_by=due, pay_by_law=by_law)
    found = reminders(payment, at, 12)
    if at.is_over:
        assert found == []
        return
    assert len(found) == 12
    assert requested < found[0]
    assert all(one < other for one, other in pairwise(found))
    if due is not None and by_law is not None:
        wanted = {due, by_law, *(earlier(date, each, zone) for date in (due, by_law) for each in ladder)}
        assert {each for each in wanted if requested < each <= found[-1]} <= set(found)
        assert {rung for rung in found if rung <= due} <= wanted, (
            "until the day promised nobody is told that it is late"
        )


@given(instants(), st.integers(0, 10**8))
def test_reminders_that_were_missed_are_not_made_up_for(since: Instant, late: int) -> None:
    at = snapshot(PaymentStatus.PAYEE_KNOWN, requested=since, pay_by=since.add(hours=24))
    rung = next_reminder(to_make(), at, since.add(seconds=late))
    assert rung is not None
    assert rung > since.add(seconds=late)
