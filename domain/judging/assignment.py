"""Assignment: which reader reads which application. Without it, everybody reads all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from domain.values.refusals import Problem, WrongNumber
from domain.values.wording import counted

from .interests import some_of


def shared_out(
    applications: Sequence[str], readers: Sequence[str], share: int, shut_out: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Gives each application to so many readers, as evenly as conflicts of interest allow.

    The same facts always give the same shares: each application goes to those who have the fewest so far, the first in
    the order of readers if several have. Applications with the most conflicts come first, as their readers are scarce.

    Args:
        applications: ids, in the order in which they came.
        readers: ids of persons, in order.
        share: how many readers each application has.
        shut_out: the applications with which a reader has a conflict of interest, by reader.

    Returns:
        The applications of each reader, in the order in which they came.

    Raises:
        WrongNumber: there are not so many readers, or too few without a conflict of interest for an application.
    """
    if not 1 <= share <= len(readers):
        raise WrongNumber.for_problems(
            [
                Problem(
                    field="share", text=f"{share} readers for each application: there are {len(readers)}. Name fewer."
                )
            ]
        )
    free = {each: [who for who in readers if each not in shut_out.get(who, ())] for each in applications}
    if scarce := [each for each in applications if len(free[each]) < share]:
        first = scarce[0]
        raise WrongNumber.for_problems(
            [
                Problem(
                    field="share",
                    text=f"{first} has {counted(len(free[first]), 'reader')} without a conflict of interest, and "
                    f"{share} are asked for: ask for fewer, or hand over the place of a reader.",
                )
            ]
        )
    given: dict[str, set[str]] = {who: set() for who in readers}
    for each in sorted(applications, key=lambda application: len(free[application])):
        for who in sorted(free[each], key=lambda reader: len(given[reader]))[:share]:
            given[who].add(each)
    return {who: tuple(each for each in applications if each in those) for who, those in given.items()}


def assigned_in_words(given: Mapping[str, Sequence[str]]) -> str:
    """What the record says of an assignment: "ann reads 2 applications (a-1 and a-2); bo reads none"."""
    if not given:
        return "Every reader reads all applications"
    parts = [
        f"{person} reads {counted(len(those), 'application')} ({some_of(those)})" if those else f"{person} reads none"
        for person, those in given.items()
    ]
    return "; ".join(parts)
