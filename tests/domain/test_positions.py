"""How far a transfer has come by reports on whole files, and by entries on the account."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from whenever import Date, Instant

from domain.payments.positions import Doubt, Said, doubt_after, position
from domain.payments.rails import Progress

DAY = Date(2026, 2, 2)
SETTLED, RETURNED, REJECTED = Progress.SETTLED, Progress.RETURNED, Progress.REJECTED


def at(hour: int, minute: int = 0) -> Instant:
    return Instant.from_utc(2026, 2, 2, hour, minute)


def booked(progress: Progress, moment: Instant, *, by_day: bool = False) -> Said:
    return Said(progress=progress, at=moment, booked_on=DAY, by_day=by_day)


def heard(words: Sequence[Said]) -> tuple[Progress, Doubt | None]:
    """Where a transfer is after these words, in this order."""
    doubt = None
    for number, word in enumerate(words):
        doubt = doubt_after(doubt, words[:number], word)
    return position(words, doubt).progress, doubt


NOTICES = [booked(SETTLED, at(15)), booked(RETURNED, at(16))]
STATEMENT = [booked(SETTLED, at(23, 58), by_day=True), booked(RETURNED, at(23, 59), by_day=True)]


@pytest.mark.parametrize("words", [*permutations([*NOTICES, *STATEMENT]), *permutations([*NOTICES, STATEMENT[0]])])
def test_an_entry_that_is_told_again_by_its_day_alone_contradicts_nothing(words: Sequence[Said]) -> None:
    """Fails where a debit is taken for later than the return of the same day, because a statement gives no time."""
    assert heard(words) == (RETURNED, None)


@pytest.mark.parametrize("words", [*permutations([NOTICES[1], STATEMENT[0]])])
def test_a_debit_of_a_day_is_before_the_return_of_that_day(words: Sequence[Said]) -> None:
    assert heard(words) == (RETURNED, None)


def test_a_second_debit_with_a_time_of_its_own_is_news() -> None:
    """Fails where all debits of a day are one: the team has its money, and would be paid again."""
    again = booked(SETTLED, at(17))
    for words in permutations([*NOTICES, again, STATEMENT[0]]):
        assert position(words).progress is SETTLED
    assert heard([*NOTICES, again]) == (SETTLED, Doubt.CONTRADICTION)


def test_a_debit_of_a_day_contradicts_a_rejection_on_that_day() -> None:
    """Nobody knows which of them was first, so the payment does not leave again."""
    assert heard([Said(progress=REJECTED, at=at(12)), STATEMENT[0]]) == (SETTLED, Doubt.CONTRADICTION)


def test_entries_of_other_days_keep_their_time() -> None:
    later = Said(progress=RETURNED, at=at(12).add(hours=48), booked_on=DAY.add(days=2), by_day=True)
    assert position([STATEMENT[0], later]).news_at == later.at
    assert position([STATEMENT[0]]).news_at == STATEMENT[0].at


@pytest.mark.parametrize("progress", [SETTLED, REJECTED])
def test_what_is_said_of_the_whole_file_counts_for_a_payment_in_it(progress: Progress) -> None:
    """Fails where a file that is settled as a whole settles nothing."""
    assert position([Said(progress=progress, at=at(12), whole=True)]).progress is progress


def test_a_payment_that_is_settled_did_not_fail_with_its_file() -> None:
    failed = Said(progress=REJECTED, at=at(13), whole=True)
    assert position([Said(progress=SETTLED, at=at(12), whole=True), failed]).progress is SETTLED
