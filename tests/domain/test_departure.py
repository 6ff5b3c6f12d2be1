"""Nothing is decided by the ranking. A selection that departs from it says how."""

from __future__ import annotations

import pytest

from domain.judging.departure import departure
from domain.judging.ranking import Judged, ranking
from tests.domain.judging import CARD, judged, tally

FIELD = ranking(
    CARD, [judged("a", [5]), judged("b", [4]), judged("c", [4]), judged("d", [2]), judged("e", [5], cost=[0])]
)
"""1 a, 2= b, 2= c, 4 d, 5 e, and e does not pass."""
INCOMPLETE = ranking(
    CARD,
    [judged("a", [5]), Judged(application="b", tallies={**judged("b", [4]).tallies, "merit": tally(4, missing=1)})],
)


@pytest.mark.parametrize(
    ("teams", "reserve"),
    [
        (["a"], []),
        (["b", "a"], []),
        (["a", "c"], []),  # one of two that are level
        (["a", "b", "c", "d"], []),
        (["a"], ["b", "c", "d"]),
        (["a"], ["c"]),
        ([], []),
    ],
)
def test_to_follow_the_ranking_is_no_departure(teams: list[str], reserve: list[str]) -> None:
    assert departure(FIELD, teams, reserve) == ""


@pytest.mark.parametrize(
    ("teams", "reserve", "how"),
    [
        (["b"], [], "it passes over a"),
        (["a", "d"], [], "it passes over b and c"),
        (["d"], [], "it passes over a, b and c"),
        (["b", "c"], ["a"], "it passes over a"),
        (["a"], ["d", "b"], "it passes over b and c"),
        (["a", "b", "c", "d", "e"], [], "e does not pass"),
        (["a", "b", "c"], ["d", "e"], "e does not pass"),
        (["e"], [], "it passes over a, b, c and d; e does not pass"),
    ],
)
def test_a_departure_names_who_is_passed_over_and_who_does_not_pass(
    teams: list[str], reserve: list[str], how: str
) -> None:
    """Fails when the reserve does not count, or when a tie is taken for a departure."""
    assert departure(FIELD, teams, reserve) == how


@pytest.mark.parametrize("teams", [["a"], ["b"], ["a", "b"]])
def test_without_a_complete_ranking_nobody_can_follow_it(teams: list[str]) -> None:
    assert departure(INCOMPLETE, teams, []) == "the ranking is not complete, because marks are missing for b"


def test_a_departure_names_a_few_of_many() -> None:
    """The sentence goes into the record, and a field can have hundreds."""
    many = ranking(CARD, [*(judged(f"app-{number}", [5]) for number in range(9)), judged("last", [1])])

    assert departure(many, ["last"], []) == ("it passes over app-0, app-1, app-2, app-3, app-4 and 4 others")
