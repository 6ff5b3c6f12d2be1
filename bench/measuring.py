"""The result of a measurement, and ways to measure two things side by side."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from statistics import median

from domain.values.model import Value

Action = Callable[[str], None]
"""Does something once, under a new name each time."""

_numbers = itertools.count(1)


class Measurement(Value):
    """A figure, and the aim for it.

    Args:
        name: of the measurement, unique.
        what: what was measured, in a sentence.
        unit: of `figure` and `floor`.
        figure: the median of all rounds.
        floor: the median of the best that the same machine can do, in the same run; None if there is no floor.
        ratio: the median of each round's ratio of figure to floor.
        aim: the aim, in words.
        met: whether the figure meets the aim.
        notes: other facts, a sentence each.
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
    """Two things measured in turns, so that other work on the machine affects both alike."""

    figure: float
    floor: float
    ratio: float
    spread: str

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Compared:
        """Compares the (figure, floor) of each round: medians, and the spread of the ratios."""
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
    """Prints progress."""
    print(text, file=sys.stderr, flush=True)


def seconds(action: Callable[[], object]) -> float:
    """The seconds that something takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def rate(pool: Executor, actions: Sequence[Action], number: int) -> float:
    """The number of actions a second, with the actions shared out among threads.

    Args:
        pool: has a thread for each action.
        actions: one for each thread.
        number: how often actions are done, in all threads together.
    """
    share = max(1, number // len(actions))
    took = seconds(lambda: [done.result() for done in [pool.submit(_repeat, action, share) for action in actions]])
    return share * len(actions) / took


def _repeat(action: Action, times: int) -> None:
    for _ in range(times):
        action(f"{next(_numbers):08d}")
