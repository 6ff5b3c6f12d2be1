"""Whether a selection departs from the ranking of its stage. Nothing is decided by the ranking: a departure needs a
reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.values.wording import counted, listed

from .ranking import Row

_MOST_NAMED = 5
"""How many applications a sentence names; it gives only the number of the others."""


def departure(rows: Sequence[Row], teams: Sequence[str], reserve: Sequence[str]) -> str:
    """How a selection departs from the ranking, as a clause with ids; empty if it does not.

    A selection departs if it passes over an application with a better rank, if it takes one that does not pass, or if
    the ranking is not complete. To choose between ties is no departure. The reserve, in its order, counts as well:
    nobody in it has a worse rank than somebody who comes later or is left out.

    Args:
        rows: the ranking of everybody who could be taken.
        teams: who is taken.
        reserve: who takes the place of a team that leaves, in this order.
    """
    return "; ".join(_departures(rows, teams, reserve))


def _departures(rows: Sequence[Row], teams: Sequence[str], reserve: Sequence[str]) -> Iterator[str]:
    ranks = {row.application: row.rank for row in rows if row.rank is not None}
    if passed_over := _passed_over(ranks, teams, reserve):
        yield f"it passes over {_named(passed_over)}"
    taken = (*teams, *reserve)
    if failed := [row.application for row in rows if row.rank and not row.passes and row.application in taken]:
        yield f"{_named(failed)} {'does' if len(failed) == 1 else 'do'} not pass"
    if incomplete := [row.application for row in rows if row.rank is None]:
        yield f"the ranking is not complete, because marks are missing for {_named(incomplete)}"


def _passed_over(ranks: dict[str, int], teams: Sequence[str], reserve: Sequence[str]) -> list[str]:
    """Who has a better rank than somebody who is taken before them, by rank and id."""
    left = dict(ranks)
    over: set[str] = set()
    for group in (teams, *((each,) for each in reserve)):
        worst = max((left.pop(each) for each in group if each in left), default=0)
        over |= {each for each, rank in left.items() if rank < worst}
    return sorted(over, key=lambda each: (ranks[each], each))


def _named(those: Sequence[str]) -> str:
    more = len(those) - _MOST_NAMED
    return listed((*those[:_MOST_NAMED], counted(more, "other")) if more > 0 else tuple(those))
