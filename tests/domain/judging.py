"""Scorecards and marks for tests of judging."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from domain.judging.ranking import Judged, Tally
from domain.judging.scorecard import Criterion, Mark, Scorecard

SCALE = tuple(Mark(mark=mark, means=f"As good as {mark}.") for mark in range(6))
MERIT = Criterion(id="merit", title="Merit", weight=3, scale=SCALE)
COST = Criterion(id="cost", title="Cost", weight=1, scale=SCALE, pass_mark=2)
HEARD = Criterion(id="heard", title="Where they heard of us", weight=0, scale=SCALE)
CARD = Scorecard(criteria=(MERIT, COST, HEARD))


def tally(*marks: int, agreed: int | None = None, missing: int = 0) -> Tally:
    """These marks, one of each reader."""
    spread = {"lowest": min(marks), "highest": max(marks)} if marks else {}
    return Tally(number=len(marks), total=sum(marks), agreed=agreed, missing=missing, **spread)


def judged(application: str, merit: Sequence[int], cost: Sequence[int] = (3,), heard: Sequence[int] = (0,)) -> Judged:
    """An application with these marks and none missing."""
    marks = {"merit": merit, "cost": cost, "heard": heard}
    return Judged(application=application, tallies={criterion: tally(*each) for criterion, each in marks.items()})


_MARKS = st.lists(st.integers(0, 5), min_size=0, max_size=4)
_TALLIES = st.builds(
    lambda marks, agreed, missing: tally(*marks, agreed=agreed, missing=missing),
    _MARKS,
    st.none() | st.integers(0, 5),
    st.integers(0, 1),
)


@st.composite
def fields(draw: st.DrawFn) -> list[Judged]:
    """Applications with any marks, as they come: some without marks, some agreed on, some incomplete."""
    ids = draw(st.lists(st.sampled_from([f"app-{number:02d}" for number in range(12)]), unique=True, max_size=8))
    return [
        Judged(application=each, tallies={name: draw(_TALLIES) for name in draw(st.sets(st.sampled_from(_NAMES)))})
        for each in ids
    ]


_NAMES = ("merit", "cost", "heard")
