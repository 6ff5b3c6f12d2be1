"""The ranking of any set of scores is stable, exact, and explains itself."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.judging.ranking import Judged, Row, Tally, ranking, shown
from domain.judging.scorecard import Mark, Scorecard
from tests.domain.judging import CARD, COST, HEARD, MERIT, fields, judged, tally


def places(rows: tuple[Row, ...]) -> list[str]:
    """Each application with its place, in order."""
    return [f"{row.place} {row.application}".strip() for row in rows]


def test_the_best_total_comes_first_and_ties_share_a_rank() -> None:
    rows = ranking(CARD, [judged("d", [1]), judged("b", [3]), judged("c", [2, 4]), judged("a", [5])])

    assert places(rows) == ["1 a", "2= b", "2= c", "4 d"]


def test_means_are_exact_so_that_thirds_tie_and_almost_equal_totals_do_not() -> None:
    """Fails with floats, or when totals are rounded before they are compared."""
    thirds = [judged("a", [1, 1, 2]), judged("b", [2, 1, 1, 1, 2, 1])]
    assert places(ranking(CARD, thirds)) == ["1= a", "1= b"]
    assert ranking(CARD, thirds)[0].total == Fraction(100, 4) * (3 * Fraction(4, 3) + 3) / 5

    close = [judged("x", [5] * 400 + [4]), judged("y", [5] * 401), judged("z", [5] * 401)]
    assert places(ranking(CARD, close)) == ["1= y", "1= z", "3 x"]


def test_each_criterion_counts_by_its_weight_and_not_by_the_length_of_its_scale() -> None:
    """Fails when marks are added up: the longer scale would count twice."""
    to_ten = tuple(Mark(mark=mark, means=f"As good as {mark}.") for mark in range(11))
    long = MERIT.model_copy(update={"id": "long", "weight": 1, "scale": to_ten})
    card = Scorecard(criteria=(long, MERIT.model_copy(update={"weight": 1})))
    strong = Judged(application="a", tallies={"long": tally(10), "merit": tally(0)})
    other = Judged(application="b", tallies={"long": tally(0), "merit": tally(5)})

    assert places(ranking(card, [strong, other])) == ["1= a", "1= b"]


def test_a_criterion_without_weight_only_informs() -> None:
    assert places(ranking(CARD, [judged("a", [3], heard=[0]), judged("b", [3], heard=[5])])) == ["1= a", "1= b"]


def test_whoever_misses_a_pass_mark_is_ranked_after_all_who_pass() -> None:
    rows = ranking(CARD, [judged("best", [5], cost=[1]), judged("worst", [0], cost=[2])])

    assert places(rows) == ["1 worst", "2 best"]
    assert [row.note for row in rows] == ["", "does not pass"]


def test_a_mean_just_below_the_pass_mark_does_not_pass() -> None:
    assert not ranking(CARD, [judged("a", [5], cost=[2, 2, 1])])[0].passes


def test_the_agreed_mark_counts_in_the_place_of_the_mean() -> None:
    """Fails when the readers' marks go on counting, or when a mark that is missing still holds the result up."""
    tallies = {"merit": tally(5, 5, agreed=0, missing=1), "cost": tally(3), "heard": tally(0)}
    (row,) = ranking(CARD, [Judged(application="a", tallies=tallies)])

    assert row.total == Fraction(100, 4) * Fraction(3, 5)
    assert row.is_complete


@pytest.mark.parametrize(
    ("merit", "note"),
    [(tally(5, missing=2), "incomplete: 2 marks missing"), (Tally(), "incomplete: not marked")],
)
def test_where_marks_are_missing_there_is_no_rank_however_good_the_others_are(merit: Tally, note: str) -> None:
    complete = judged("z", [0])
    rows = ranking(CARD, [Judged(application="a", tallies={**complete.tallies, "merit": merit}), complete])

    assert places(rows) == ["1 z", "a"]
    assert (rows[1].note, rows[1].total) == (note, None)


def test_a_place_explains_itself_in_words() -> None:
    (row,) = ranking(CARD, [judged("a", [3, 4, 4], cost=[1])])

    assert [each.in_words for each in row.results] == [
        "merit: 3.67 of 5 (mean of 3 marks, 3 to 4) gives 55.00 of 75.00 points",
        "cost: 1.00 of 5 (mean of 1 mark, 1 to 1) gives 5.00 of 25.00 points; below the pass mark",
        "heard: 0.00 of 5 (mean of 1 mark, 0 to 0) only informs",
    ]


def test_numbers_are_shown_with_two_digits_and_half_is_rounded_up() -> None:
    assert [shown(Fraction(2, 3)), shown(Fraction(1, 200)), shown(Fraction(100))] == ["0.67", "0.01", "100.00"]


@given(fields(), st.randoms())
def test_the_order_in_which_marks_come_changes_nothing(field: list[Judged], chance: object) -> None:
    mixed = list(field)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert ranking(CARD, mixed) == ranking(CARD, field)


@given(fields())
def test_every_total_is_the_sum_of_what_explains_it(field: list[Judged]) -> None:
    for row in ranking(CARD, field):
        assert sum(each.most_points for each in row.results) == 100
        if row.total is not None:
            assert row.total == sum(each.points for each in row.results)
            assert 0 <= row.total <= 100


@given(fields())
def test_ranks_say_how_many_come_before(field: list[Judged]) -> None:
    """Fails when ties take one rank only, or when somebody who does not pass comes before somebody who does."""
    rows = ranking(CARD, field)
    complete = [row for row in rows if row.total is not None]
    for row in complete:
        better = [each for each in complete if (each.passes, each.total) > (row.passes, row.total)]
        same = [each for each in complete if (each.passes, each.total) == (row.passes, row.total)]
        assert (row.rank, row.tied) == (len(better) + 1, len(same) > 1)
    assert [row.application for row in rows if row.rank is None] == sorted(
        row.application for row in rows if row.rank is None
    )


@given(fields(), st.data())
def test_an_application_less_moves_no_two_others(field: list[Judged], data: st.DataObject) -> None:
    """Fails when a place depends on who else is there."""
    without = data.draw(st.sampled_from([each.application for each in field])) if field else ""
    rest = ranking(CARD, [each for each in field if each.application != without])

    assert [row.application for row in rest] == [
        row.application for row in ranking(CARD, field) if row.application != without
    ]


@given(fields(), st.integers(1, 50))
def test_only_the_relation_of_the_weights_counts(field: list[Judged], factor: int) -> None:
    scaled = Scorecard(
        criteria=tuple(each.model_copy(update={"weight": each.weight * factor}) for each in (MERIT, COST, HEARD))
    )

    assert ranking(scaled, field) == ranking(CARD, field)


@given(fields(), st.data())
def test_a_better_mark_never_makes_a_rank_worse(field: list[Judged], data: st.DataObject) -> None:
    complete = [row.application for row in ranking(CARD, field) if row.rank is not None]
    if not complete:
        return
    lucky = data.draw(st.sampled_from(complete))
    criterion = data.draw(st.sampled_from(["merit", "cost"]))
    better = [_better(each, criterion) if each.application == lucky else each for each in field]

    before = {row.application: row.rank or 0 for row in ranking(CARD, field)}
    after = {row.application: row.rank or 0 for row in ranking(CARD, better)}
    assert after[lucky] <= before[lucky]


def _better(one: Judged, criterion: str) -> Judged:
    now = one.tallies[criterion]
    up = now.model_copy(update={"total": now.total + now.number, "agreed": None if now.agreed is None else 5})
    return one.model_copy(update={"tallies": {**one.tallies, criterion: up}})
