"""What a bank says about a transfer in any order, and some of it twice: always the same books, and nothing leaves twice
that a person was not shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, permutations
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.payments.payment import PaymentStatus
from domain.payments.positions import Doubt, Said, doubt_after, position
from domain.payments.rails import Progress
from domain.values.refusals import RailRefused
from store.database import tables
from store.database.database import Database
from store.payments import payment_files
from store.payments.contradictions import contradicted
from store.payments.payment_files import Line
from store.payments.reading import under_way
from tests.store.filing import batching, progress, released, report
from tests.store.paying import SECOND_RELEASER, Till
from tests.store.said import CLOSES, applied

SETTLED, FAILED = "settled", ("rejected", "cancelled")
NUMBERS = count(1)


class Word(NamedTuple):
    """What the bank says, and in which hour."""

    progress: str
    hour: int


WORDS = st.lists(
    st.builds(Word, st.sampled_from((SETTLED, *FAILED, "taken", "copy")), st.integers(1, 4)), min_size=1, max_size=4
)


def in_some_order(words: Sequence[Word]) -> st.SearchStrategy[list[Word]]:
    """The words in any order, some of them twice."""
    twice = st.lists(st.sampled_from(words), max_size=2)
    return twice.flatmap(lambda more: st.permutations([*words, *more]))


def contradicts(known: Sequence[Word]) -> bool:
    """Whether the bank has said that the transfer failed, and then or at the same moment that it is settled."""
    failed = [each.hour for each in known if each.progress in FAILED]
    return any(each.progress == SETTLED and min(failed, default=9) <= each.hour for each in known)


def left(database: Database) -> Till:
    """A payment that has left in a file of its own, alone."""
    number = next(NUMBERS)
    till = released(database, applied(database, f"Firm {number} Ltd"))
    made, _ = batching(database, f"FILE{number}", check=doubtless)
    assert made is not None
    payment_files.mark_written(database, made.id, CLOSES)
    return till


def doubtless(line: Line) -> None:
    """As the desk does."""
    if line.arrived:
        raise RailRefused(line.arrived)


def file_of(till: Till, attempt: int = 1) -> str:
    filed = tables.filed_transfers
    with till.database.reading() as connection:
        return str(connection.scalars(select(filed.c.file).where(filed.c.transfer == f"{till.key}/{attempt}")).one())


def bring(till: Till, word: Word) -> None:
    """Somebody brings a report, and the payment hears of it."""
    report(till.database, (f"{till.key}/1", word.progress), file=file_of(till), made=CLOSES.add(hours=word.hour))
    begun = under_way(till.database, till.key)
    if begun is not None and begun.attempt == 1:
        how = Progress(progress(till.database)[begun.id][0])
        till.submit(begun)
        if how is not Progress.TAKEN:
            till.note(begun, how)
    till.request()


def settle_doubts(till: Till) -> None:
    """A person finds out that the bank's last word is true."""
    for doubt in contradicted(till.database, payments=[till.key]):
        assert doubt.transfer in till.now.attention, "which a person is shown"
        if doubt.doubt is Doubt.COPY:
            continue
        if progress(till.database)[doubt.transfer][0] == SETTLED:
            till.undo_return(1, id="true")
        else:
            till.give_back("true", attempt=1)
        assert (till.now.attention, contradicted(till.database, payments=[till.key])) == ("", ())


def books_of(till: Till) -> tuple[object, ...]:
    """What the ledger and the bank's file say of the payment."""
    [row] = till.transfers
    return till.now.status, progress(till.database)[row.id][0], row.ended_as, bool(till.now.settled)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_reports_in_any_order_leave_the_same_books(open_: Database, data: st.DataObject) -> None:
    """Fails when the order of reading counts anywhere. Where the bank contradicts itself on what people may have acted
    on, a person says that its last word is true."""
    words = data.draw(WORDS)
    found = set()
    for order in (sorted(words, key=lambda each: each.hour), data.draw(in_some_order(words))):
        till = left(open_)
        for word in order:
            bring(till, word)
        settle_doubts(till)
        found.add(books_of(till))
    assert len(found) == 1, found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_second_transfer_leaves_while_the_bank_contradicts_itself(open_: Database, data: st.DataObject) -> None:
    """Invariant 1. Somebody tries to release and to send the payment after each report. Fails when it leaves again
    although the reports that were read so far contradict each other; then a person is shown that."""
    words = data.draw(WORDS.flatmap(in_some_order))
    till, known = left(open_), list[Word]()
    for number, word in enumerate(words):
        bring(till, word)
        known.append(word)
        before = len(till.transfers)
        if before > 1:
            break
        if till.now.status in (PaymentStatus.REJECTED, PaymentStatus.RETURNED):
            till.release(f"again-{number}", by=SECOND_RELEASER)
        made, left_out = batching(open_, f"AGAIN{next(NUMBERS)}", check=doubtless)
        if made is not None:
            payment_files.mark_written(open_, made.id, CLOSES)
            assert not contradicts(known)
        elif contradicts(known) and till.now.status is PaymentStatus.RELEASED:
            assert list(left_out) == [till.key]
            assert till.now.attention


# --- The rule alone, for every order -------------------------------------------------------------------------------


def heard(words: Sequence[Word]) -> tuple[Progress, Doubt | None]:
    """Where words leave a transfer that are heard in this order."""
    doubt, before = None, list[Said]()
    for word in words:
        how = Progress.REJECTED if word.progress == "copy" else Progress(word.progress)
        said = Said(progress=how, at=CLOSES.add(hours=word.hour), is_copy=word.progress == "copy")
        doubt = doubt_after(doubt, before, said)
        before.append(said)
    return position(before, doubt).progress, doubt


FINAL = st.lists(
    st.builds(Word, st.sampled_from((SETTLED, *FAILED, "copy")), st.integers(1, 5)), min_size=2, max_size=5
)


@settings(max_examples=300, deadline=None)
@given(FINAL)
def test_a_transfer_comes_to_one_position_in_every_order_and_what_failed_last_is_doubted_in_every_order(
    words: list[Word],
) -> None:
    """Fails when the position depends on the order, or when in any order what can leave again is not doubted."""
    found = {heard(order) for order in permutations(words)}
    progresses = {progress for progress, _ in found}
    assert len(progresses) == 1
    if contradicts(words) and progresses.pop().has_failed:
        assert {doubt for _, doubt in found} == {Doubt.CONTRADICTION}
    if not contradicts(words):
        assert Doubt.CONTRADICTION not in {doubt for _, doubt in found}
