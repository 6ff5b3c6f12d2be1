"""Assignments by share: even, without conflicts of interest, and always the same."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.judging.assignment import assigned_in_words, shared_out
from domain.values.refusals import WrongNumber

READERS = ["ann", "bo", "cy", "di"]


@given(number=st.integers(0, 40), count=st.integers(1, 4), share=st.integers(1, 4))
def test_shares_are_even_and_each_application_has_its_readers(number: int, count: int, share: int) -> None:
    applications, readers = [f"a-{each}" for each in range(number)], READERS[:count]
    if share > count:
        with pytest.raises(WrongNumber, match=f"{share} readers for each application: there are {count}"):
            shared_out(applications, readers, share, {})
        return
    shares = shared_out(applications, readers, share, {})
    assert list(shares) == readers
    sizes = [len(those) for those in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    assert Counter(each for those in shares.values() for each in those) == dict.fromkeys(applications, share)
    assert all(list(those) == [each for each in applications if each in those] for those in shares.values())
    assert shared_out(applications, readers, share, {}) == shares


@given(
    conflicts=st.dictionaries(st.sampled_from(READERS), st.sets(st.integers(0, 9).map("a-{}".format))),
    share=st.integers(1, 3),
)
def test_nobody_gets_what_they_are_shut_out_of(conflicts: dict[str, set[str]], share: int) -> None:
    applications = [f"a-{each}" for each in range(10)]
    free = {each: [who for who in READERS if each not in conflicts.get(who, ())] for each in applications}
    if any(len(those) < share for those in free.values()):
        with pytest.raises(WrongNumber, match="without a conflict of interest"):
            shared_out(applications, READERS, share, conflicts)
        return
    shares = shared_out(applications, READERS, share, conflicts)
    assert not [each for who, those in shares.items() for each in those if each in conflicts.get(who, ())]
    assert Counter(each for those in shares.values() for each in those) == dict.fromkeys(applications, share)


@pytest.mark.parametrize("share", [0, -1, 5])
def test_a_share_that_cannot_be_is_refused(share: int) -> None:
    with pytest.raises(WrongNumber, match="there are 4"):
        shared_out(["a-1"], READERS, share, {})


def test_the_record_says_who_reads_what() -> None:
    text = assigned_in_words({"ann": ["a-1", "a-2"], "bo": []})
    assert text == "ann reads 2 applications (a-1 and a-2); bo reads none"
    assert assigned_in_words({}) == "Every reader reads all applications"
    many = assigned_in_words({"ann": [f"a-{number}" for number in range(100_000)]})
    assert many.endswith("a-9 and 99,990 more)")
