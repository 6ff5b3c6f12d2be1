"""How the service treats a channel, given its answers so far: how fast it gets notices, and which answers are believed.

Moments are seconds of a clock that only goes forward, even if somebody changes the machine's clock.
"""

from __future__ import annotations

_FAILURES_ALLOWED = 2
_LONGEST_PAUSE = 60.0
_AWAY_FOR_LONG = 3600.0
_ONE_TROUBLE = 900.0
"""Two problems further apart than this are unrelated."""
_MOST_TURNED_AWAY = 10
"""If the channel refuses this many notices in a row, the channel is at fault and not each notice."""


class Pace:
    """Decides when the next notice may be sent.

    Args:
        rate: how many notices a second at most.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = float("-inf")
        self._failures = 0

    def rest(self, now: float) -> float:
        """Seconds until the next notice may be sent; 0 or less if it may be sent now."""
        return self._next - now

    def count(self, now: float) -> None:
        """A notice is being sent."""
        self._next = max(self._next, now) + self._gap

    def goes_well(self) -> None:
        """The channel has answered."""
        self._failures = 0

    def begins_anew(self, now: float) -> None:
        """Somebody says that the channel works again."""
        self._failures = 0
        self._next = min(self._next, now)

    def goes_badly(self, now: float, after: float | None) -> None:
        """The channel takes no notices at the moment.

        Args:
            now: the present.
            after: for how many seconds the channel asks to wait. If it does not say, the
                pause doubles from the second time on.
        """
        self._failures += 1
        beyond = self._failures - _FAILURES_ALLOWED
        pause = min(2.0 ** min(beyond, 10), _LONGEST_PAUSE) if beyond > 0 else 0.0
        self._next = max(self._next, now + max(pause, after or 0.0))


class ChannelHealth:
    """Whether a channel works: for how long it could not be reached, and whether it takes anything at all.

    A channel that is away costs notices no tries, so without this nobody would hear of the problem. And a channel
    that is set up wrongly refuses every notice in the same way as it refuses a single bad one.
    """

    def __init__(self) -> None:
        self._away_since: float | None = None
        self._last_trouble = float("-inf")
        self._trouble = ""
        self._has_taken = False
        self._turned_away: set[str] = set()

    def answers(self) -> None:
        """The channel can be reached."""
        self._away_since = None

    def takes(self) -> None:
        """The channel has taken a notice."""
        self.answers()
        self._has_taken = True
        self._turned_away.clear()

    def turns_away(self, key: str, *, doubtful: bool) -> bool:
        """The channel refuses a notice, for good or for now. Says whether the notice alone is believed to be at fault.

        Args:
            key: the notice's key.
            doubtful: whether a channel that is set up wrongly refuses in the same way. Such a refusal is not believed
                before the channel has taken a notice.
        """
        if len(self._turned_away) < _MOST_TURNED_AWAY:
            self._turned_away.add(key)
        believed = len(self._turned_away) < _MOST_TURNED_AWAY and (self._has_taken or not doubtful)
        if believed:
            self.answers()
        return believed

    def is_away(self, now: float, trouble: str) -> None:
        """The channel cannot be reached, or takes nothing from anybody; `trouble` says what is wrong and what to do."""
        if self._away_since is None or now - self._last_trouble > _ONE_TROUBLE:
            self._away_since = now
        self._last_trouble, self._trouble = now, trouble

    def complaint(self, now: float) -> str:
        """What a person must be told, because the problem does not go away by itself; empty if all is well."""
        if self._away_since is None or now - self._last_trouble > _ONE_TROUBLE:
            return ""
        return self._trouble if now - self._away_since >= _AWAY_FOR_LONG else ""
