"""How a channel is treated, by what it answered so far: how fast it is given notices, and what it is believed.

Moments are seconds by a clock that only goes forward, whatever somebody does to the machine's.
"""

from __future__ import annotations

_FAILURES_ALLOWED = 2
_LONGEST_PAUSE = 60.0
_AWAY_FOR_LONG = 3600.0
_ONE_TROUBLE = 900.0
"""Two troubles that lie further apart than this have nothing to do with each other."""
_MOST_TURNED_AWAY = 10
"""If so many notices in a row are turned away, it is not each of them that is at fault."""


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

    def begins_anew(self, now: float) -> None:
        """What was wrong with the channel is mended, as somebody says."""
        self._failures = 0
        self._next = min(self._next, now)

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


class ChannelHealth:
    """Whether a channel can be relied on: for how long it has been away, and whether it takes anything at all.

    Notices do not pay for a channel that is away; so nobody would hear of it, if it were not said here. And a channel
    that is set up wrongly says of every notice what it otherwise says of one.
    """

    def __init__(self) -> None:
        self._away_since: float | None = None
        self._last_trouble = float("-inf")
        self._trouble = ""
        self._has_taken = False
        self._turned_away: set[str] = set()

    def answers(self) -> None:
        """The channel is there."""
        self._away_since = None

    def takes(self) -> None:
        """The channel has taken a notice."""
        self.answers()
        self._has_taken = True
        self._turned_away.clear()

    def turns_away(self, key: str, *, doubtful: bool) -> bool:
        """The channel will not take a notice, or not now. Says whether that is believed to be about this one alone.

        Args:
            key: the notice's.
            doubtful: whether a channel that is set up wrongly says the same; not believed before it has taken one.
        """
        if len(self._turned_away) < _MOST_TURNED_AWAY:
            self._turned_away.add(key)
        believed = len(self._turned_away) < _MOST_TURNED_AWAY and (self._has_taken or not doubtful)
        if believed:
            self.answers()
        return believed

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
