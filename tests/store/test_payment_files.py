"""Payment files: what was released leaves once, to the details that were released, and in no other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.payments.payment import PaymentStatus, PaymentToMake
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.money import Amount, Money
from domain.values.refusals import FileRefused, TooLate
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.payments import file_list, payment_files
from store.payments.payment_days import move
from store.payments.payment_files import Line
from store.record.record import announce
from tests.store.filing import FORM, ON, batch, batching, released, written
from tests.store.paying import LATER, OPERATOR, Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, OPENS, applied, compose, opened


def test_a_file_takes_what_was_released_and_nothing_else(open_: Database) -> None:
    """Fails without either condition on what waits."""
    tills = {}
    for status in PaymentStatus:
        tills[status] = Till(open_, to_make(applied(open_, f"{status.name.title()} Ltd")))
        tills[status].brought_to(status)
    asked_for = released(open_, applied(open_, "Asked Ltd"))
    asked_for.begin()

    made = batch(open_)
    assert made is not None
    [line] = made.lines
    till = tills[PaymentStatus.RELEASED]
    assert line == Line(
        transfer=f"{till.key}/1",
        team=till.team,
        amount=Money.parse("2400"),
        currency="GBP",
        sealed="sealed 1",
    )
    assert (made.id, made.form, made.currency, made.execute_on, made.made) == ("FILE1", FORM, "GBP", ON, CLOSES)


def test_there_is_no_file_of_nothing(open_: Database) -> None:
    assert batch(open_) is None
    with open_.reading() as connection:
        assert connection.execute(select(tables.payment_files)).all() == []


def test_each_currency_has_a_file_of_its_own(open_: Database) -> None:
    """Fails when the currencies of what waits are not looked at."""
    team = applied(open_)
    pounds = [released(open_, team, number) for number in (1, 2)]
    euros = released(open_, applied(open_, "Clear Ltd"), currency="EUR")

    first, second = written(open_), written(open_, "FILE2")
    assert (first.currency, [line.transfer for line in first.lines]) == ("EUR", [f"{euros.key}/1"])
    assert (second.currency, [line.transfer for line in second.lines]) == ("GBP", [f"{each.key}/1" for each in pounds])
    assert batch(open_, "FILE3") is None


def test_a_file_that_was_begun_and_not_written_comes_again_as_it_was(open_: Database) -> None:
    """Fails when `batch` begins another: its payments would never leave. New details and releases change nothing."""
    till = released(open_)
    first = batch(open_)
    give_payee(open_, till.team, 2)
    later = released(open_, till.team, 2)

    assert batch(open_, "FILE2", LATER) == first
    assert first is not None
    assert payment_files.mark_written(open_, first.id, CLOSES).keys == (till.key,)
    assert payment_files.mark_written(open_, first.id, LATER).keys == (till.key,)
    next_one = batch(open_, "FILE2", LATER)
    assert next_one is not None
    assert [line.transfer for line in next_one.lines] == [f"{later.key}/1"]
    with open_.reading() as connection:
        written_at = connection.scalars(select(tables.payment_files.c.written_at).order_by(tables.payment_files.c.id))
        assert list(written_at) == [CLOSES, None], "what was noted first stays"


def test_nothing_is_in_two_files_and_what_comes_back_is_another_transfer(open_: Database) -> None:
    till = released(open_)
    first = written(open_)
    assert batch(open_, "FILE2") is None

    till.give_back()
    till.release("2")
    again = batch(open_, "FILE2")
    assert again is not None
    assert [line.transfer for line in (*first.lines, *again.lines)] == [f"{till.key}/1", f"{till.key}/2"]


def test_money_goes_to_the_details_that_were_released(open_: Database) -> None:
    """Fails when a line is made from the newest details."""
    till = released(open_)
    give_payee(open_, till.team, 2)
    assert batch(open_) is None, "nobody has released it to the new details"
    till.release("2")
    made = batch(open_)
    give_payee(open_, till.team, 3)
    assert made is not None
    assert batch(open_) == made
    assert [line.sealed for line in made.lines] == ["sealed 2"]


def test_what_is_in_a_file_is_not_cancelled(open_: Database) -> None:
    """Fails when `batch` does not begin its transfers."""
    till = released(open_)
    batch(open_)
    with pytest.raises(TooLate, match="may have left"):
        till.cancel()


def test_what_cannot_stand_in_a_file_is_left_out_and_named_and_holds_up_nothing(open_: Database) -> None:
    """Fails when a file is begun before its payments are looked at: no other payment could leave any more."""
    bad, good = released(open_, amount=Amount(net=Money(0), vat=Money(0))), released(open_, applied(open_, "Clear Ltd"))

    def check(line: Line) -> None:
        if not line.amount.pence:
            raise FileRefused("it is of nothing")

    made, left_out = batching(open_, check=check)
    assert made is not None
    assert [line.transfer for line in made.lines] == [f"{good.key}/1"]
    assert left_out == {bad.key: "it is of nothing"}
    payment_files.mark_written(open_, made.id, CLOSES)
    assert batching(open_, "FILE2", check=check) == (None, left_out)
    assert bad.cancel().status is PaymentStatus.CANCELLED, "it was never begun"


def test_a_file_that_was_begun_and_dropped_lets_its_payments_leave_in_another(open_: Database) -> None:
    """Fails when a payment stays begun, or its details do not count that were given meanwhile."""
    team = applied(open_)
    stays, changed = released(open_, team), released(open_, applied(open_, "Clear Ltd"))
    batch(open_)
    give_payee(open_, changed.team, 2)

    keys = payment_files.drop(open_, "FILE1", "olivia", {}, CLOSES)
    assert set(keys) == {stays.key, changed.key}
    assert stays.transfers[0].begun_at is None
    assert changed.now.status is PaymentStatus.PAYEE_KNOWN, "nobody has released it to the new details"
    made = written(open_, "FILE2")
    assert [line.transfer for line in made.lines] == [f"{stays.key}/1"]
    with pytest.raises(TooLate, match="FILE1 was dropped while it was written"):
        payment_files.mark_written(open_, "FILE1", CLOSES)
    for file in ("FILE1", "FILE2"):
        with pytest.raises(TooLate, match=f"{file} was written, or dropped before"):
            payment_files.drop(open_, file, "olivia", {}, CLOSES)


def test_only_a_file_that_was_not_written_is_moved_to_another_day(open_: Database) -> None:
    released(open_)
    batch(open_)
    move(open_, "FILE1", ON.add(days=1), OPERATOR, {AIR: "operator"}, CLOSES)
    made = written(open_)
    move(open_, "FILE1", ON.add(days=2), OPERATOR, {AIR: "operator"}, LATER)
    [file] = file_list.read_files(open_)
    assert made.execute_on == file.execute_on == ON.add(days=1)


def test_files_are_listed_as_they_were_made(open_: Database) -> None:
    team = applied(open_)
    for number in (1, 2):
        released(open_, team, number)
    written(open_)
    released(open_, applied(open_, "Clear Ltd"))
    batch(open_, "FILE2", LATER)

    first, second = file_list.read_files(open_)
    assert (first.id, first.made, first.made_by, first.written) == ("FILE1", CLOSES, "olivia", True)
    assert (first.count, first.control_sum, first.currency) == (2, Money.parse("4800"), "GBP")
    assert (second.id, second.count, second.written) == ("FILE2", 1, False)


def test_the_challenges_are_known_whose_payments_would_leave_or_are_in_a_file(open_: Database) -> None:
    """Fails when a file that was begun does not count: anybody could finish it."""
    assert payment_files.challenges_concerned(open_) == ()
    released(open_)
    assert payment_files.challenges_concerned(open_) == (AIR,)
    batch(open_)
    assert payment_files.challenges_concerned(open_) == (AIR,)
    written(open_)
    assert payment_files.challenges_concerned(open_) == ()


def test_what_is_rehearsed_is_in_no_file(open_: Database, round_: Round, programme: Programme) -> None:
    """Fails without the look at the round: a rehearsal would move money."""
    rehearsed = round_.model_copy(update={"id": "test-rehearsal-2016"})
    keep_round(open_, rehearsed, programme, challenges_of(rehearsed, programme), OPENS)
    challenge = "test-rehearsal-2016/air-quality"
    announce(open_, opened(challenge), compose)
    payment = to_make(applied(open_, challenge=challenge), challenge=challenge)
    _release_in(open_, payment)
    assert batch(open_) is None


def _release_in(database: Database, payment: PaymentToMake) -> None:
    till = Till(database, payment)
    give_payee(database, till.team, challenge=payment.order.challenge)
    till.request()
    till.release()
