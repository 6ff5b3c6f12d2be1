"""Several people and rails at one payment at one time: each thing happens once, and nobody waits in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import select
from whenever import Date

from domain.announcements.announcement import Announcement, to_people
from domain.announcements.occasions import Facts, Occasion
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from domain.values.refusals import RailRefused, TooLate
from store.database import tables
from store.database.database import Database
from store.payments import payment_files
from store.payments.begun import Begun
from store.payments.payment_files import Line
from store.payments.reading import find_payment, under_way
from store.record.record import announce
from tests.chained import KEYS
from tests.store.filing import batching, released, report, written
from tests.store.paying import RELEASER, SECOND_RELEASER, Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, Words, announcing, applied, compose, facts
from tests.store.test_races import wait_for_waiting, waiting
from tests.waiting import HANGS

Action = Callable[[Database], Any]
ON = Date(2016, 8, 3)


@pytest.fixture
def till(open_: Database) -> Till:
    """A payment whose payee is known."""
    till = Till(open_, to_make(applied(open_)))
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    return till


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


def at_once(database: Database, elsewhere: Database, one: Action, other: Action) -> list[Any]:
    """Has two things done at one time: the first waits before the second, and both before either goes on.

    Returns:
        What each returned, or the exception that it raised.
    """
    postgres = database.engine.dialect.name == "postgresql"
    with ThreadPoolExecutor(2) as pool:
        kept: list[Future[Any]] = []
        with database.writing() as connection:
            for table in (tables.challenges, tables.payments, tables.transfers):
                connection.execute(select(table).with_for_update()).all()
            for action in (one, other):
                kept.append(pool.submit(action, elsewhere))
                if postgres:
                    wait_for_waiting(database, kept)
        return [each.exception(HANGS) or each.result() for each in kept]


def by(action: Callable[[Till], Any], till: Till) -> Action:
    """What is done to the payment, through another connection."""
    return lambda database: action(Till(database, till.payment))


@contextmanager
def while_writing(database: Database, meanwhile: Action, into: list[Future[Any]]) -> Iterator[Any]:
    """Words that are found only once something else has begun and waits: while a transaction is half-way."""
    with ThreadPoolExecutor(1) as pool:

        def composing(occasion: Occasion, facts: Facts) -> Words:
            if not into:
                into.append(pool.submit(meanwhile, database))
                if database.engine.dialect.name == "postgresql":
                    wait_for_waiting(database, into)
            return compose(occasion, facts)

        yield composing


def test_two_who_release_at_once_release_once(till: Till, elsewhere: Database) -> None:
    """Invariant 1. Fails when the payment's row is not held: the second breaks the unique index."""
    released, refused = sorted(
        at_once(
            till.database,
            elsewhere,
            by(lambda each: each.release("1", RELEASER), till),
            by(lambda each: each.release("2", SECOND_RELEASER), till),
        ),
        key=lambda result: isinstance(result, Exception),
    )
    assert released.status is PaymentStatus.RELEASED
    assert isinstance(refused, TooLate)
    assert [row.attempt for row in till.transfers] == [1]


def test_two_who_begin_at_once_get_the_same_transfer(till: Till, elsewhere: Database) -> None:
    till.release()
    one, other = at_once(till.database, elsewhere, *[by(lambda each: each.begin(), till)] * 2)
    assert one == other == Begun(id=f"{till.key}/1", attempt=1, team=till.team, sealed="sealed 1", rail="embedded")
    assert len(till.transfers) == 1


def test_two_answers_of_a_rail_at_once_are_noted_once(till: Till, elsewhere: Database) -> None:
    """Fails when the payment's row is not held: the second breaks the record's unique key, or its word counts."""
    till.release()
    begun = till.begun()
    one, other = at_once(
        till.database,
        elsewhere,
        by(lambda each: each.submit(begun, "rail-1"), till),
        by(lambda each: each.submit(begun, "rail-2"), till),
    )
    assert one.status is other.status is PaymentStatus.SUBMITTED
    assert one.version == other.version
    assert till.now.reference in ("rail-1", "rail-2")


@pytest.mark.parametrize("details_first", [True, False])
def test_no_rail_is_ever_asked_with_details_that_nobody_released(
    till: Till, elsewhere: Database, details_first: bool
) -> None:
    """Details change at the moment at which a rail is to be asked.

    Fails when `give_payee` or `begin` does not hold the payment's row, or a transfer does not keep its version.
    """
    till.release()
    asking = by(lambda each: each.begin(), till)
    changing: Action = lambda database: give_payee(database, till.team, 2)  # noqa: E731
    actions = (changing, asking) if details_first else (asking, changing)
    results = at_once(till.database, elsewhere, *actions)
    begun = results[1] if details_first else results[0]
    given = results[0] if details_first else results[1]

    assert given.payments == (till.key,), "the workflow has something to look at"
    if begun is None:
        assert (till.transfers, till.now.status) == ([], PaymentStatus.PAYEE_KNOWN)
        assert till.begin() is None
    else:
        assert (begun.sealed, given.on_its_way) == ("sealed 1", (till.key,))
        assert [(row.payee_version, row.begun_at) for row in till.transfers] == [(1, CLOSES)]
        assert till.begin() == begun


@pytest.mark.parametrize("cancelled_first", [True, False])
def test_what_is_cancelled_is_not_with_a_rail(till: Till, elsewhere: Database, cancelled_first: bool) -> None:
    """Fails when `cancel` or `begin` does not hold the payment's row."""
    till.release()
    asking, cancelling = by(lambda each: each.begin(), till), by(lambda each: each.cancel(), till)
    actions = (cancelling, asking) if cancelled_first else (asking, cancelling)
    results = at_once(till.database, elsewhere, *actions)
    begun, cancelled = (results[1], results[0]) if cancelled_first else results
    if begun is None:
        assert (cancelled.status, till.transfers) == (PaymentStatus.CANCELLED, [])
    else:
        assert isinstance(cancelled, TooLate)
        assert till.now.status is PaymentStatus.RELEASED


def test_a_payment_that_is_requested_while_details_are_given_misses_neither(open_: Database) -> None:
    """Neither would see the other, and nobody look again. Fails when a payment is taken before its challenge."""
    first = Till(open_, to_make(applied(open_)))
    requests: list[Future[Any]] = []
    with while_writing(open_, by(lambda each: each.request(), first), requests) as composing:
        keys = give_payee(open_, first.team, compose=composing)
        snapshot = requests[0].result(60)
    assert snapshot.status is PaymentStatus.PAYEE_KNOWN or first.key in keys.payments


def test_what_is_requested_and_released_while_details_change_goes_to_no_old_details(till: Till) -> None:
    """Fails when `give_payee` looks for payments before it holds the challenge's row: it would miss the newest."""
    newest = Till(till.database, to_make(till.team, 2))
    postgres = till.database.engine.dialect.name == "postgresql"

    def request_and_release() -> None:
        newest.request()
        with suppress(TooLate):  # if the details change before it, it was to go to those before
            newest.release()

    with ThreadPoolExecutor(2) as pool:
        with till.database.writing() as connection:
            connection.execute(select(tables.payments).with_for_update()).all()
            changing = pool.submit(give_payee, till.database, till.team, 2)
            if postgres:
                wait_for_waiting(till.database, [changing])
            releasing = pool.submit(request_and_release)
            while postgres and not releasing.done() and waiting(till.database) < 2:
                pass
        changing.result(HANGS)
        releasing.result(HANGS)
    begun = newest.begin()
    assert begun is None or begun.sealed == "sealed 2"


def test_whoever_releases_while_details_change_does_not_wait_in_a_circle(till: Till) -> None:
    """Fails on PostgreSQL when a payment's row is taken before its challenge's."""
    till.release()
    done: list[Future[Any]] = []
    with while_writing(till.database, by(lambda each: each.begin(), till), done) as composing:
        assert give_payee(till.database, till.team, 2, compose=composing).payments == (till.key,)
        assert done[0].result(HANGS) is None


def test_whoever_cancels_while_others_are_reminded_does_not_wait_in_a_circle(till: Till) -> None:
    """Fails on PostgreSQL when a payment's row is taken before its challenge's: notices refer to it."""
    notice = to_people((RELEASER,), Occasion.PAYMENT_DUE, facts(Occasion.PAYMENT_DUE))
    reminder: Announcement = announcing("reminder", notice.model_copy(update={"payment": till.key}))
    done: list[Future[Any]] = []
    with while_writing(till.database, by(lambda each: each.cancel(), till), done) as composing:
        announce(till.database, reminder, composing)
        assert done[0].result(HANGS).status is PaymentStatus.CANCELLED


def file(database: Database, number: int) -> payment_files.Batch | None:
    """A payment file, if anything waits to leave."""
    name, form = f"FILE{number}", "pain.001.001.09"
    made, _ = payment_files.batch(
        database, name, form, ON, "olivia", {}, CLOSES, lambda transfer: transfer[-35:], lambda line: None
    )
    return made


def test_two_who_make_files_at_once_put_nothing_in_two(till: Till, elsewhere: Database) -> None:
    """Invariant 1. Fails when transfers are looked at before their payments are held."""
    till.release()
    results = at_once(till.database, elsewhere, lambda database: file(database, 1), lambda database: file(database, 2))
    made = [each for each in results if each is not None]
    assert all(isinstance(each, payment_files.Batch) for each in made), made
    assert {each.id for each in made} in ({"FILE1"}, {"FILE2"})
    with till.database.reading() as connection:
        assert len(connection.execute(select(tables.filed_transfers)).all()) == 1


@pytest.mark.parametrize("file_first", [True, False])
def test_what_is_cancelled_while_a_file_is_made_is_in_no_file(
    till: Till, elsewhere: Database, file_first: bool
) -> None:
    """Nor do the two wait in a circle. Fails when a file takes transfers before their payments."""
    till.release()
    filing: Action = lambda database: file(database, 1)  # noqa: E731
    cancelling = by(lambda each: each.cancel(), till)
    actions = (filing, cancelling) if file_first else (cancelling, filing)
    results = at_once(till.database, elsewhere, *actions)
    made, cancelled = results if file_first else (results[1], results[0])
    if made is None:
        assert cancelled.status is PaymentStatus.CANCELLED
        assert till.transfers == []
    else:
        assert [line.transfer for line in made.lines] == [f"{till.key}/1"]
        assert isinstance(cancelled, TooLate)
    assert find_payment(till.database, till.key).challenge == AIR


@pytest.mark.parametrize("file_first", [True, False])
def test_what_a_bank_contradicts_while_a_file_is_made_is_in_no_file_or_said_to_have_left(
    open_: Database, elsewhere: Database, file_first: bool
) -> None:
    """Invariant 1. Nor do the two wait in a circle. Fails when a report does not hold the payments: each of the two
    misses the other, and a person is told that the payment does not leave."""
    till = released(open_)
    [first] = written(open_).lines
    report(open_, (first.transfer, "rejected"))
    begun = under_way(open_, till.key)
    assert begun is not None
    till.submit(begun)
    till.come_back(begun, how=Progress.REJECTED)
    till.release("2")

    def doubtless(line: Line) -> None:
        if line.arrived:
            raise RailRefused(line.arrived)

    filing: Action = lambda database: batching(database, "FILE2", check=doubtless)  # noqa: E731
    reporting: Action = lambda database: report(database, (first.transfer, "settled"))  # noqa: E731
    actions = (filing, reporting) if file_first else (reporting, filing)
    results = at_once(open_, elsewhere, *actions)
    (made, _), news = results if file_first else (results[1], results[0])
    assert news == (till.key,)
    assert ("a later attempt may have left" in till.now.attention) == (made is not None)
    if open_.engine.dialect.name == "postgresql":
        assert (made is not None) == file_first
