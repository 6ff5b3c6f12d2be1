"""How a channel is treated, by what it answered so far: how fast it is given notices, and when it counts as away.

Moments are seconds by a clock that only goes forward, whatever somebody does to the machine's.
"""

from __future__ import annotations

_FAILURES_ALLOWED = 2
_LONGEST_PAUSE = 60.0
_AWAY_FOR_LONG = 3600.0
_ONE_TROUBLE = 600.0
"""Two troubles that lie further apart than this have nothing to do with each other."""


class Pace:
    """When the next notice may be sent.

    Args:
        rate: how many in a second at most.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = float("-inf")
        self._failures = 0

    def rest(self, now: float) -> float:
        """Seconds until then; 0 or less if it may be now."""
        return self._next - now

    def count(self, now: float) -> None:
        """One is being sent."""
        self._next = max(self._next, now) + self._gap

    def goes_well(self) -> None:
        """The channel has answered."""
        self._failures = 0

    def goes_badly(self, now: float, after: float | None) -> None:
        """The channel takes nothing at the moment.

        Args:
            now: the present.
            after: seconds that it asks to wait; if it says nothing, and not for the first time, the pause doubles.
        """
        self._failures += 1
        beyond = self._failures - _FAILURES_ALLOWED
        pause = min(2.0 ** min(beyond, 10), _LONGEST_PAUSE) if beyond > 0 else 0.0
        self._next = max(self._next, now + max(pause, after or 0.0))


class Standing:
    """Whether a channel can be relied on: for how long it has been away.

    A notice does not pay for a channel that is away; so nobody would hear of it, if it were not said here.
    """

    def __init__(self) -> None:
        self._away_since: float | None = None
        self._last_trouble = float("-inf")
        self._trouble = ""

    def answers(self) -> None:
        """The channel is there."""
        self._away_since = None

    def is_away(self, now: float, trouble: str) -> None:
        """The channel cannot be reached, or takes nothing from anybody; `trouble` says so, and what to do."""
        if self._away_since is None or now - self._last_trouble > _ONE_TROUBLE:
            self._away_since = now
        self._last_trouble, self._trouble = now, trouble

    def complaint(self, now: float) -> str:
        """What a person has to hear of, as it does not pass by itself; empty if there is nothing."""
        if self._away_since is None or now - self._last_trouble > _ONE_TROUBLE:
            return ""
        return self._trouble if now - self._away_since >= _AWAY_FOR_LONG else ""
