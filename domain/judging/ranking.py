"""The ranking of a stage's applicants by their scores: exact, stable, and able to explain every place.

For each criterion, the agreed mark counts if there is one; otherwise the mean of the readers' marks does. Each
criterion is brought to a share of its highest mark. The total is the mean of these shares by weight, in per cent. All
numbers are exact fractions, so that equal totals are ties and others are not.

Those that reach all pass marks come first. Those that do not pass follow. Where marks are missing there is no rank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from domain.values.model import Value
from domain.values.wording import counted

from .scorecard import Criterion, Scorecard


class Tally(Value):
    """The marks that count for one criterion of an application.

    Args:
        number: how many.
        total: their sum.
        lowest, highest: the spread; 0 if there are none.
        agreed: what was agreed in the moderation; None if nothing was.
        missing: how many marks are still expected.
    """

    number: int = 0
    total: int = 0
    lowest: int = 0
    highest: int = 0
    agreed: int | None = None
    missing: int = 0

    @property
    def result(self) -> Fraction | None:
        """The mark that counts; None if there is none."""
        if self.agreed is not None:
            return Fraction(self.agreed)
        return Fraction(self.total, self.number) if self.number else None

    @property
    def is_complete(self) -> bool:
        """Whether the result is final as things are: agreed, or no mark is missing."""
        return self.agreed is not None or (self.number > 0 and self.missing == 0)


class Judged(Value):
    """The marks of one application, by criterion. A criterion that is left out has none."""

    application: str
    tallies: Mapping[str, Tally]


class Result(Value):
    """What one criterion adds to the total of an application.

    Args:
        criterion: its id.
        tally: the marks.
        mark: what counts of them; None if there are none.
        most: the highest mark of the scale.
        points: what it adds to the total, in per cent of the most possible.
        most_points: what it can add.
        passes: whether the pass mark is reached; true without a pass mark.
    """

    criterion: str
    tally: Tally
    mark: Fraction | None
    most: int
    points: Fraction
    most_points: Fraction
    passes: bool

    @property
    def in_words(self) -> str:
        """The result in one line: "merit: 3.50 of 5 (mean of 2 marks, 3 to 4) gives 35.00 of 50.00 points"."""
        tally = self.tally
        if self.mark is None:
            return f"{self.criterion}: no mark yet"
        how = f"mean of {counted(tally.number, 'mark')}, {tally.lowest} to {tally.highest}" if tally.number else ""
        if tally.agreed is not None:
            how = f"agreed; {how}" if how else "agreed"
        weighed = f"gives {shown(self.points)} of {shown(self.most_points)} points"
        gives = weighed if self.most_points else "only informs"
        missing = "" if tally.is_complete else f"; {counted(tally.missing, 'mark')} missing"
        fails = "" if self.passes else "; below the pass mark"
        return f"{self.criterion}: {shown(self.mark)} of {self.most} ({how}) {gives}{missing}{fails}"


class Row(Value):
    """An application's place in the ranking, with what explains it.

    Args:
        application: its id.
        rank: its rank; None while marks are missing.
        tied: whether others have the same rank.
        total: in per cent of the most possible; None while marks are missing.
        passes: whether all pass marks are reached.
        missing: how many marks are missing.
        results: by criterion, in the order of the scorecard.
    """

    application: str
    rank: int | None = None
    tied: bool = False
    total: Fraction | None = None
    passes: bool = True
    missing: int = 0
    results: tuple[Result, ...]

    @property
    def place(self) -> str:
        """The rank as people read it: "1", "2="; empty while marks are missing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.tied else ''}"

    @property
    def note(self) -> str:
        """What keeps it from a rank among those that pass; empty if nothing does."""
        if self.rank is None:
            return f"incomplete: {counted(self.missing, 'mark')} missing" if self.missing else "incomplete: not marked"
        return "" if self.passes else "does not pass"

    @property
    def is_complete(self) -> bool:
        """Whether no mark is missing."""
        return self.rank is not None


def ranking(scorecard: Scorecard, judged: Sequence[Judged]) -> tuple[Row, ...]:
    """Ranks applications. The order is total: ties are in the order of their ids, and so are those without a rank.

    Args:
        scorecard: the criteria of the stage.
        judged: the applications with their marks, in any order.
    """
    rows = sorted((_row(scorecard, each) for each in judged), key=_order)
    return tuple(_with_ranks(rows))


def _row(scorecard: Scorecard, judged: Judged) -> Row:
    weights = sum(each.weight for each in scorecard.criteria)
    results = tuple(_result(each, judged.tallies.get(each.id, Tally()), weights) for each in scorecard.criteria)
    complete = all(each.tally.is_complete for each in results)
    return Row(
        application=judged.application,
        total=sum((each.points for each in results), Fraction()) if complete else None,
        passes=all(each.passes for each in results),
        missing=sum(each.tally.missing for each in results if not each.tally.is_complete),
        results=results,
    )


def _result(criterion: Criterion, tally: Tally, weights: int) -> Result:
    mark, most = tally.result, criterion.scale[-1].mark
    most_points = Fraction(100 * criterion.weight, weights)
    return Result(
        criterion=criterion.id,
        tally=tally,
        mark=mark,
        most=most,
        points=most_points * (mark or 0) / most,
        most_points=most_points,
        passes=criterion.pass_mark is None or mark is None or mark >= criterion.pass_mark,
    )


def _order(row: Row) -> tuple[bool, bool, Fraction, str]:
    total = Fraction() if row.total is None else row.total
    return row.total is None, not row.passes and row.total is not None, -total, row.application


def _with_ranks(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows with ranks such as 1, 2, 2, 4: a rank says how many come before it."""
    standings = [(row.passes, row.total) for row in rows if row.total is not None]
    counts = Counter(standings)
    ranks: dict[tuple[bool, Fraction], int] = {}
    for number, standing in enumerate(standings, start=1):
        ranks.setdefault(standing, number)
    for row in rows:
        if row.total is None:
            yield row
        else:
            standing = (row.passes, row.total)
            yield row.model_copy(update={"rank": ranks[standing], "tied": counts[standing] > 1})


def shown(number: Fraction) -> str:
    """A fraction with two digits after the point, for people. Half a hundredth is rounded up."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return str(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
