"""What a mark must say, and all that is wrong with a sheet at once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.judging.marks import LONGEST_REASON, Given, check_id, read_marks, unmarked
from domain.judging.seeing import Sight
from domain.values.refusals import ScoreRefused, UnknownTeam
from tests.domain.judging import CARD


def row(**changes: object) -> dict[str, object]:
    """A row as it should be, with other values if they are given."""
    return {"application": "air-1", "criterion": "merit", "mark": "4", "reason": "Clear and cheap."} | changes


def wrong(*rows: dict[str, object]) -> list[tuple[str, str]]:
    """The problems for which rows are refused."""
    with pytest.raises(ScoreRefused) as caught:
        read_marks(CARD, rows)
    assert "\n" not in str(caught.value)
    return [(each.field, each.text) for each in caught.value.problems]


@pytest.mark.parametrize("mark", ["4", 4, " 4 "])
def test_a_mark_is_read_from_a_sheet_and_from_a_file_alike(mark: object) -> None:
    assert read_marks(CARD, [row(mark=mark)]) == (
        Given(application="air-1", criterion="merit", mark=4, reason="Clear and cheap."),
    )


@pytest.mark.parametrize("mark", ["6", "-1", "4.5", 4.0, "four", "٤", "1_0", True, False, "4,0", "+4", "100000", None])
def test_only_a_mark_of_the_scale_is_a_mark(mark: object) -> None:
    """Fails when Python's own reading of numbers is used: it takes other scripts' digits, signs and truth values."""
    ((field, text),) = wrong(row(mark=mark))

    assert field == "mark"
    assert "0, 1, 2, 3, 4, 5" in text or "is missing" in text


@pytest.mark.parametrize("reason", ["", "  ", "\n", None, True])
def test_a_mark_without_a_reason_is_refused(reason: object) -> None:
    assert [field for field, _ in wrong(row(reason=reason))] == ["reason"]


@pytest.mark.parametrize("reason", ["no\x00text", "half\ud800", "bell\x07", "x" * (LONGEST_REASON + 1)])
def test_a_reason_that_cannot_be_kept_is_refused(reason: str) -> None:
    ((field, text),) = wrong(row(reason=reason))

    assert field == "reason"
    assert reason not in text


def test_all_problems_are_told_at_once_each_with_its_row_and_nothing_that_was_typed() -> None:
    """Fails when the first problem hides the others, or when a mark or a reason gets into the refusal."""
    problems = wrong(
        row(),
        row(criterion="beauty", reason="secret words"),
        row(mark="77", reason=""),
        row(application="", criterion="cost"),
        row(mark="3"),
        {**row(application="air-2"), "colour": "red"},
    )

    assert [field for field, _ in problems] == [
        *("2.criterion", "3.mark", "3.reason", "3.criterion", "4.application", "5.criterion", "6."),
    ]
    assert not any(typed in text for _, text in problems for typed in ("secret", "77", "red", "beauty"))
    assert problems[4][1].startswith("Row 4: The application is missing or no id: name it by its id")


@pytest.mark.parametrize("typed", ["ann@tay.example", "Tay Sensors Ltd", "a" * 81, "air/1", "a_b"])
def test_what_is_no_id_is_not_repeated(typed: str) -> None:
    """It may be somebody's address, and refusals go on the record."""
    (field, text), *_ = wrong(row(application=typed), row())
    with pytest.raises(UnknownTeam) as caught:
        check_id(typed)

    assert field == "1.application"
    assert typed.strip() not in text.removeprefix("Row 1: ")[:40] + str(caught.value)


def test_rows_that_are_not_filled_in_yet_are_passed_over() -> None:
    empty = row(mark="", reason="")

    assert len(read_marks(CARD, [empty, row(criterion="cost"), empty])) == 1


@pytest.mark.parametrize("rows", [[], [row(mark="", reason="")]])
def test_a_sheet_without_a_mark_is_refused(rows: list[dict[str, object]]) -> None:
    assert wrong(*rows) == [("", "There is no mark: give one, with its reason.")]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["application", "criterion", "mark", "reason", "x"]),
            st.none() | st.text() | st.integers() | st.booleans() | st.floats(),
        )
    )
)
def test_whatever_is_in_a_sheet_it_is_read_or_refused(rows: list[dict[str, object]]) -> None:
    found: tuple[Given, ...] = ()
    with suppress(ScoreRefused):
        found = read_marks(CARD, rows)
    assert all(each.reason and each.application and 0 <= each.mark <= 5 for each in found)


def test_what_is_left_comes_in_the_order_of_applications_and_criteria() -> None:
    left = unmarked(CARD, ["b", "a"], [("b", "cost"), ("a", "merit"), ("other", "heard")])

    assert [(application, criterion.id) for application, criterion in left] == [
        *[("b", "merit"), ("b", "heard"), ("a", "cost"), ("a", "heard")],
    ]


@pytest.mark.parametrize(
    ("sight", "hidden"),
    [
        (Sight(reads=True), "your own marks come first"),
        (Sight(reads=True, agreed=True), "your own marks come first"),
        (Sight(reads=True, own_done=True), ""),
        (Sight(), "its readers are not done"),
        (Sight(agreed=True), ""),
        (Sight(all_done=True), ""),
        (Sight(conflict=True, agreed=True, all_done=True), "you declared a conflict of interest"),
        (Sight(conflict=True, reads=True, own_done=True), "you declared a conflict of interest"),
    ],
)
def test_marks_are_seen_once_they_can_no_longer_sway_whoever_sees_them(sight: Sight, hidden: str) -> None:
    assert sight.hidden == hidden
