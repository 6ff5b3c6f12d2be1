"""What a bank reports, or a person says, of the transfers that left in payment files."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.announcements.announcement import Attention
from domain.payments import announcements
from domain.payments.bank_reports import BankReport, BankWord, TransferWord
from domain.payments.decisions import Release
from domain.payments.payment import PaymentStatus
from domain.payments.positions import Doubt
from domain.payments.rails import Progress
from domain.values.refusals import FileRefused, NotAllowed, RailRefused, TooEarly, TooLate, UnknownPayment
from store.database import tables
from store.database.database import Database
from store.payments import bank_reports, payment_files
from store.payments.bank_reports import Noted
from store.payments.contradictions import Contradiction, contradicted
from store.payments.file_rail import FileRail
from store.payments.payment_files import Line
from store.payments.reading import under_way
from store.record.record import announce, read_record
from tests.store.filing import batch, batching, noted, progress, released, report, written
from tests.store.paying import LATER, RELEASER, SECOND_RELEASER, Till
from tests.store.said import AIR, CLOSES, applied, compose


def test_a_report_says_what_is_new_and_again_is_harmless(open_: Database) -> None:
    team = applied(open_)
    tills = [released(open_, team, number) for number in (1, 2)]
    one, other = (line.transfer for line in written(open_).lines)

    assert report(open_, (one, "taken"), (other, "taken")) == ()
    assert report(open_, (one, "settled"), (other, "rejected")) == tuple(till.key for till in tills)
    assert report(open_, (one, "settled"), (other, "rejected")) == ()
    assert progress(open_) == {one: ("settled", ""), other: ("rejected", "closed")}
    with open_.reading() as connection:
        noted = connection.execute(select(tables.filed_transfers.c.reported_at, tables.filed_transfers.c.reported_by))
        assert set(map(tuple, noted)) == {(CLOSES, "olivia")}


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ("settled", "taken", "settled"),
        ("settled", "returned", "returned"),
        ("settled", "rejected", "returned"),
        ("settled", "cancelled", "returned"),
        ("rejected", "taken", "rejected"),
        ("rejected", "cancelled", "rejected"),
        ("rejected", "settled", "settled"),
        ("cancelled", "rejected", "cancelled"),
        ("returned", "settled", "settled"),
    ],
)
@pytest.mark.parametrize("in_order", [True, False])
def test_the_time_of_a_report_counts_and_not_when_it_is_read(
    open_: Database, first: str, second: str, stands: str, in_order: bool
) -> None:
    """Fails when a report is not compared with what was reported before, or the report that is read last counts."""
    released(open_)
    [line] = written(open_).lines
    said = [(first, CLOSES.add(hours=1)), (second, CLOSES.add(hours=2))]
    for how, made in said if in_order else reversed(said):
        report(open_, (line.transfer, how), made=made)
    assert progress(open_)[line.transfer][0] == stands


def test_a_file_of_which_something_has_arrived_does_not_come_back_as_a_whole(open_: Database) -> None:
    """Invariant 1. Fails without the look at what has arrived: a copy that is turned away would be paid again."""
    team = applied(open_)
    for number in (1, 2):
        released(open_, team, number)
    one, other = (line.transfer for line in written(open_).lines)
    report(open_, (one, "settled"))

    for explains in (True, False):
        whole = BankWord(progress=Progress.REJECTED, at=CLOSES.add(hours=1), explains=explains)
        with pytest.raises(FileRefused, match=f"whole payment file FILE1, but {one} in this file is settled"):
            report(open_, whole=whole)
    assert progress(open_) == {one: ("settled", ""), other: ("taken", "")}


def heard(till: Till, database: Database) -> None:
    """The ledger hears of what is noted of the payment's file."""
    begun = under_way(database, till.key)
    assert begun is not None
    till.submit(begun)
    how = Progress(progress(database)[begun.id][0])
    if how.has_failed:
        till.come_back(begun, how=how)
    else:
        till.settle(begun)


@pytest.mark.parametrize("by_a_person", [True, False])
def test_what_has_arrived_although_it_came_back_does_not_leave_again(open_: Database, by_a_person: bool) -> None:
    """Invariant 1. Fails when a bank that corrects itself is not heard, or its word is not looked at again."""
    till = released(open_)
    [first] = written(open_).lines
    if by_a_person:
        till.give_back()
    else:
        report(open_, (first.transfer, "rejected"))
        heard(till, open_)
    till.release("2")
    assert contradicted(open_, "FILE1") == ()

    assert report(open_, (first.transfer, "settled")) == (till.key,)
    doubt = Contradiction(
        transfer=first.transfer, doubt=Doubt.CONTRADICTION, reported=CLOSES, came_back=True, followed=False
    )
    assert contradicted(open_, "FILE1") == (doubt,)
    assert till.now.attention == doubt.text

    def check(line: Line) -> None:
        if line.arrived:
            raise RailRefused(f"{line.arrived} has arrived")

    made, left_out = batching(open_, "FILE2", check=check)
    assert (made, left_out) == (None, {till.key: f"{first.transfer} has arrived"})

    # The bank says again that it came back. Whether that is true, a person says; another person releases it again.
    report(open_, (first.transfer, "rejected"))
    assert contradicted(open_, "FILE1") == (doubt,)
    assert batching(open_, "FILE2", check=check)[0] is None
    assert till.give_back("3", by=RELEASER, attempt=1).contradicted == ""
    assert (contradicted(open_, "FILE1"), till.now.attention) == ((), "")
    assert batching(open_, "FILE2", check=check) == (None, {}), "the release is void"
    if not by_a_person:
        with pytest.raises(NotAllowed, match=f"{RELEASER} said that the money came back"):
            till.release("4")
    till.release("5", by=SECOND_RELEASER)
    made, left_out = batching(open_, "FILE2", check=check)
    assert made is not None
    assert left_out == {}


@pytest.mark.parametrize("by_a_person", [True, False])
@pytest.mark.parametrize("then", [PaymentStatus.RETURNED, PaymentStatus.RELEASED, PaymentStatus.CANCELLED])
def test_what_came_back_and_has_arrived_after_all_is_settled_and_does_not_leave_again(
    open_: Database, by_a_person: bool, then: PaymentStatus
) -> None:
    """Fails where the return stays, where a release stays that no file has, and where what a bank said before counts:
    by its word the payment would come back again, or be said to need a person for ever."""
    till = released(open_)
    [line] = written(open_).lines
    if by_a_person:
        till.give_back()  # before the ledger heard that it is in a file
    else:
        report(open_, (line.transfer, "rejected"))
        heard(till, open_)
        report(open_, (line.transfer, "settled"))
    if then is PaymentStatus.RELEASED:
        till.release("2")
    if then is PaymentStatus.CANCELLED:
        till.cancel()
    call(till)
    assert till.now.attention

    snapshot = till.undo_return()
    assert (snapshot.status, snapshot.attempt, snapshot.returned_by, snapshot.reason) == ("settled", 1, "", "")
    assert till.undo_return() == snapshot, "sent again it changes nothing"
    assert (till.now.settled, till.now.attempt, till.now.attention) == (LATER, 1, "")
    assert progress(open_) == {line.transfer: ("settled", "")}
    assert contradicted(open_, "FILE1") == ()
    assert bank_reports.unheard(open_) == ()
    assert batch(open_, "FILE2") is None
    said = [each for each in read_record(open_, AIR) if each.action == "payment-undo-return"]
    assert [(each.by, each.reason) for each in said] == [("olivia", "It is on the statement.")]
    # Later it can come back as any other.
    assert till.give_back("2").status is PaymentStatus.RETURNED
    assert till.release("3").attempt == 2


def test_what_a_later_attempt_may_have_left_of_has_not_arrived_after_all(open_: Database) -> None:
    """Invariant 1, and that it is seen. Fails without the look at later attempts: that it is paid twice would be
    hidden; and where a call for a person ends with the payment that is paid besides."""
    till = released(open_)
    [first] = written(open_).lines
    report(open_, (first.transfer, "rejected"))
    heard(till, open_)
    till.release("2")
    batch(open_, "FILE2")
    report(open_, (first.transfer, "settled"))
    assert [each.followed for each in contradicted(open_, "FILE1")] == [True]
    before = till.transfers
    with pytest.raises(
        TooLate, match=f"{till.key}/2 has left, or may have left, since {first.transfer} was reported as returned"
    ):
        till.undo_return()
    assert till.transfers == before

    payment_files.mark_written(open_, "FILE2", CLOSES)
    report(open_, (f"{till.key}/2", "settled"), file="FILE2")
    heard(till, open_)
    assert till.now.status == "settled"
    assert "a later attempt may have left: ask the bank to stop one" in till.now.attention
    report(open_, (first.transfer, "rejected"))
    assert till.now.attention, "the bank has gone back and forth, so a person says what is true"
    till.give_back("3", attempt=1)
    assert (till.now.status, till.now.attention) == ("settled", "")


def test_only_what_came_back_has_arrived_after_all(open_: Database) -> None:
    """Fails when any attempt can be called settled, whether or not anything left; and takes no release back."""
    till = released(open_)
    for attempt in (1, 2):
        with pytest.raises(TooEarly, match=f"/{attempt} has not come back"):
            till.undo_return(attempt)
    assert (till.now.status, len(till.transfers)) == (PaymentStatus.RELEASED, 1)
    written(open_)
    with pytest.raises(TooEarly, match="/1 has not come back"):
        till.undo_return()


def call(till: Till) -> None:
    """A person is called because ledger and bank say two things of the first attempt."""
    announcement = announcements.decided(till.payment, Release(by="fiona", decision_id="call", payee_version=1), CLOSES)
    called = Attention(text="two words", of=f"{till.key}/1")
    announce(till.database, announcement.model_copy(update={"attention": called}), compose)


def test_a_report_that_is_older_than_the_last_news_changes_nothing_and_is_on_record(open_: Database) -> None:
    """Fails when whoever reads an old report is told of a contradiction, or when nobody can see that it was read."""
    till = released(open_)
    [line] = written(open_).lines
    report(open_, (line.transfer, "settled"), made=CLOSES.add(hours=2))
    heard(till, open_)
    before = till.now, till.transfers

    for again in range(2):
        found = noted(open_, (line.transfer, "rejected"), made=CLOSES.add(hours=1))
        assert found.new == ()
        [ignored] = found.ignored
        assert ignored.payment == till.key
        assert ("had said so before" if again else "before its last news, of Monday") in ignored.why
    assert (till.now, till.transfers) == before
    lines = [each.text for each in read_record(open_, AIR) if each.action == "bank-report"]
    assert lines == [
        "Report on payment file FILE1 read",
        "Report on payment file FILE1 read: older than the last news, so nothing changed",
    ]


def test_a_report_that_was_made_before_its_payment_file_is_refused(open_: Database) -> None:
    """Fails when a report on another file of the same name, or by a clock that is wrong, moves money."""
    released(open_)
    [line] = written(open_).lines
    with pytest.raises(FileRefused, match="before its payment file FILE1, which was made on"):
        report(open_, (line.transfer, "rejected"), made=CLOSES.subtract(seconds=1))
    assert progress(open_) == {line.transfer: ("taken", "")}
    report(open_, (line.transfer, "rejected"), made=CLOSES.round("second", mode="floor"))
    assert progress(open_)[line.transfer][0] == "rejected"


def test_a_copy_that_the_bank_turns_away_waits_for_a_person_and_the_rest_of_the_report_counts(open_: Database) -> None:
    """Fails when the copy counts as money that is back, or holds up the other payments of the report."""
    copy, other = released(open_), released(open_, applied(open_, "Clear Ltd"))
    written(open_)
    assert set(report(open_, (f"{copy.key}/1", "copy"), (f"{other.key}/1", "settled"))) == {copy.key, other.key}
    assert progress(open_) == {f"{copy.key}/1": ("taken", ""), f"{other.key}/1": ("settled", "")}
    assert [each.doubt for each in contradicted(open_, "FILE1")] == [Doubt.COPY]
    assert f"{copy.key}/1 was rejected by the bank as a copy" in copy.now.attention
    assert other.now.attention == ""
    # What became of the first copy settles it.
    report(open_, (f"{copy.key}/1", "settled"))
    assert (contradicted(open_, "FILE1"), copy.now.attention) == ((), "")
    assert noted(open_, (f"{copy.key}/1", "copy")).new == (), "of what is settled the copy does not matter"
    assert contradicted(open_, "FILE1") == ()


@pytest.mark.parametrize("each", [True, False])
def test_a_whole_file_that_is_turned_away_in_words_is_believed_only_if_a_person_says_so(
    open_: Database, each: bool
) -> None:
    """Fails when a second copy that is turned away in words of the bank's own counts as money that is back; also when
    the words stand beside each payment, and nothing about the whole."""
    tills = [released(open_), released(open_, applied(open_, "Clear Ltd"))]
    names = [line.transfer for line in written(open_).lines]
    whole = BankWord(progress=Progress.REJECTED, at=CLOSES.add(hours=1), reason="words", words="SENT TWICE")
    words = [TransferWord(end_to_end=f"E-{name[-32:]}", **dict(whole)) for name in names]
    said = BankReport(
        message_id="S",
        made_at=whole.at,
        file="FILE1",
        whole=None if each else whole,
        transfers=tuple(words) if each else (),
    )

    def bring(believed: str = "") -> Noted:
        return bank_reports.report(open_, said, RELEASER, {AIR: "releaser"}, CLOSES, "Europe/London", believed)

    assert set(bring().unbelieved) == {till.key for till in tills}
    assert set(progress(open_).values()) == {("taken", "")}
    assert set(bring("They have neither copy.").new) == {till.key for till in tills}
    assert set(progress(open_).values()) == {("rejected", "words")}
    assert bring().unbelieved == (), "what is believed is believed"
    lines = [(line.text, line.reason) for line in read_record(open_, AIR) if line.action == "bank-report"]
    assert lines == [
        (
            "Report on payment file FILE1 read: turns the whole file away, nothing noted, with 2 of this challenge's "
            "payments",
            "",
        ),
        ("Report on payment file FILE1 read, with 2 of this challenge's payments", "They have neither copy."),
    ]
    # Whoever believes the bank is one person, and whoever releases the payment again is another.
    [transfer] = [FileRail(open_).find(f"{tills[0].key}/1")]
    assert transfer is not None
    assert transfer.said_by == RELEASER
    # The first copy is paid after all: what a person believed was wrong.
    report(open_, (names[0], "settled"))
    doubts = {each.transfer: each.doubt for each in contradicted(open_, "FILE1")}
    assert doubts == {names[0]: Doubt.CONTRADICTION} | ({} if each else {names[1]: Doubt.FILE})


def test_a_file_on_which_the_bank_has_reported_is_not_dropped_although_it_was_not_written(open_: Database) -> None:
    """Fails when payments leave a second time that somebody took to the bank before the service noted it."""
    till = released(open_)
    batch(open_)
    report(open_, (f"{till.key}/1", "settled"))
    with pytest.raises(TooLate, match="The bank has reported on payment file FILE1, so the bank has it"):
        payment_files.drop(open_, "FILE1", "olivia", {AIR: "operator"}, CLOSES)
    assert progress(open_)[f"{till.key}/1"][0] == "settled"


def test_whoever_makes_a_file_brings_a_report_or_drops_a_file_is_on_the_record(open_: Database) -> None:
    """Fails where nothing is written, or without the role."""
    released(open_)
    [line] = written(open_).lines
    report(open_, (line.transfer, "settled"))
    report(open_, (line.transfer, "settled"))
    released(open_, applied(open_, "Clear Ltd"))
    batch(open_, "FILE2")
    payment_files.drop(open_, "FILE2", "olivia", {AIR: "operator"}, CLOSES)

    lines = [each for each in read_record(open_, AIR) if each.role == "operator" and "file" in each.text]
    assert [(each.by, each.text) for each in lines if each.action != "test"] == [
        ("olivia", "Payment file FILE1 made"),
        ("olivia", "Report on payment file FILE1 read"),
        ("olivia", "Payment file FILE2 made"),
        ("olivia", "Payment file FILE2 dropped, before it was written"),
    ]


# --- What somebody says, where no bank reports ----------------------------------------------------------------------


def arrive(database: Database, till: Till, attempt: int = 1) -> bool:
    """Somebody says that an attempt has arrived."""
    return bank_reports.confirm_settled(database, f"{till.key}/{attempt}", "olivia", "operator", CLOSES)


def test_only_what_has_left_in_a_file_and_has_not_come_back_is_said_to_have_arrived(open_: Database) -> None:
    """Fails when a file that was not written counts, when what came back can arrive, or when it is news twice."""
    till, other = released(open_), released(open_, applied(open_, "Clear Ltd"))
    with pytest.raises(UnknownPayment, match="left in no file"):
        arrive(open_, till)
    batch(open_)
    with pytest.raises(UnknownPayment, match="left in no file"):
        arrive(open_, till)
    written(open_)
    assert [arrive(open_, till), arrive(open_, till)] == [True, False]

    report(open_, (f"{other.key}/1", "rejected"))
    with pytest.raises(TooLate, match="came back"):
        arrive(open_, other)
    report(open_, (f"{till.key}/1", "rejected"))
    heard(till, open_)
    with pytest.raises(TooLate, match="came back"):
        arrive(open_, till)


def test_a_report_on_a_file_that_was_not_made_here_is_refused(open_: Database) -> None:
    released(open_)
    [line] = written(open_).lines
    with pytest.raises(UnknownPayment, match="file 'FILE9', which was not made here"):
        report(open_, (line.transfer, "settled"), file="FILE9")
    assert progress(open_)[line.transfer][0] == "taken"


def test_a_report_is_on_the_transfers_of_its_own_file(open_: Database) -> None:
    team = applied(open_)
    first = released(open_, team, 1)
    [mine] = written(open_).lines
    released(open_, team, 2)
    [others] = written(open_, "FILE2").lines

    with pytest.raises(FileRefused, match="which is not in payment file FILE1: ask the bank"):
        report(open_, (mine.transfer, "settled"), (others.transfer, "settled"))
    assert set(progress(open_).values()) == {("taken", "")}
    assert report(open_, (mine.transfer, "settled")) == (first.key,)
    assert progress(open_)[others.transfer][0] == "taken"
    assert AIR in first.key
