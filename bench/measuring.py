"""What a measurement gives, and how two things are measured beside one another."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from statistics import median

from domain.values.model import Value

Action = Callable[[str], None]
"""Does something once, under a name that no other time has."""

_numbers = itertools.count(1)


class Measurement(Value):
    """A figure beside what was aimed at.

    Args:
        name: what tells it from the others.
        what: what was measured, in a sentence.
        unit: of `figure` and `floor`.
        figure: the median of all rounds.
        floor: the median of what the same machine does at most, or at least, in the same run; None if there is none.
        ratio: the median of the rounds' own ratios of figure to floor.
        aim: what was aimed at, in words.
        met: whether it was reached.
        notes: what else there is to know, a sentence each.
    """

    name: str
    what: str
    unit: str
    figure: float
    floor: float | None = None
    ratio: float | None = None
    aim: str
    met: bool
    notes: tuple[str, ...] = ()


class Compared(Value):
    """Two things measured in turns, so that whatever else the machine does meets both."""

    figure: float
    floor: float
    ratio: float
    spread: str

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Compared:
        """Medians of (figure, floor) by round, and how far the ratios lie apart."""
        ratios = sorted(figure / floor for figure, floor in pairs)
        quarter = len(ratios) // 4
        return cls(
            figure=median(figure for figure, _ in pairs),
            floor=median(floor for _, floor in pairs),
            ratio=median(ratios),
            spread=f"{len(pairs)} rounds; the middle half of their ratios: {ratios[quarter]:.2f} to "
            f"{ratios[-1 - quarter]:.2f}.",
        )


def say(text: str) -> None:
    """Shows progress."""
    print(text, file=sys.stderr, flush=True)


def seconds(action: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def rate(pool: Executor, actions: Sequence[Action], number: int) -> float:
    """How many a second, when each thread does its share of a number.

    Args:
        pool: has a thread for each action.
        actions: one for each thread.
        number: how often they are done, all together.
    """
    share = max(1, number // len(actions))
    took = seconds(lambda: [done.result() for done in [pool.submit(_repeat, action, share) for action in actions]])
    return share * len(actions) / took


def _repeat(action: Action, times: int) -> None:
    for _ in range(times):
        action(f"{next(_numbers):08d}")
