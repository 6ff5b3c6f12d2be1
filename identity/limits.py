"""How often something may be asked for: moving windows of time, by address and by network.

The counts are in the memory of this process. They begin anew when the process starts, and several processes each count
for themselves: a service with two web fronts lets through up to twice as many.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from typing import NamedTuple

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from domain.values.refusals import TooOften

_MINUTE = 60
_MOST_KEPT = 10_000
"""The most addresses and networks that are counted at once. Beyond, those who came first are forgotten."""


class Limit(NamedTuple):
    """How often one address or one network may ask for something.

    Args:
        kind: what is counted, in one word.
        most: how often.
        minutes: in which time.
    """

    kind: str
    most: int
    minutes: int

    @property
    def item(self) -> RateLimitItem:
        """The limit as the library has it."""
        return RateLimitItemPerSecond(self.most, self.minutes * _MINUTE, self.kind)


class Limits:
    """Counts who asks for what. Safe to use from several threads."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._counted = MovingWindowRateLimiter(self._storage)
        # The library's own locks come and go with what they count: two threads could hold two of them for one count.
        self._one_by_one = threading.Lock()

    def count(self, limit: Limit, who: str) -> None:
        """Counts that somebody asks for something.

        Args:
            limit: how often they may.
            who: an address or a network. Only its hash is kept, because the library shows what it counts.

        Raises:
            TooOften: they have asked too often. This time does not count.
        """
        named = hashlib.sha256(who.encode(errors="surrogatepass")).hexdigest()
        with self._one_by_one:
            if self._counted.hit(limit.item, named):
                self._forget()
                return
            free_at = self._counted.get_window_stats(limit.item, named).reset_time
        # At that very second, the library still says no.
        raise _refused(max(1, math.ceil(free_at - time.time()) + 1))

    def check(self, limit: Limit, who: str) -> None:
        """Checks that somebody has not asked too often before. Counts nothing.

        Raises:
            TooOften: they have.
        """
        named = hashlib.sha256(who.encode(errors="surrogatepass")).hexdigest()
        with self._one_by_one:
            if self._counted.test(limit.item, named):
                return
            free_at = self._counted.get_window_stats(limit.item, named).reset_time
        raise _refused(max(1, math.ceil(free_at - time.time()) + 1))

    def _forget(self) -> None:
        """Forgets whoever has asked for nothing lately: the library keeps an empty list for each of them, for ever."""
        counted = self._storage.events
        if len(counted) <= _MOST_KEPT:
            return
        idle = [who for who, times in list(counted.items()) if not times]
        for who in idle or list(counted)[: _MOST_KEPT // 8]:
            self._storage.clear(who)


def _refused(seconds: int) -> TooOften:
    minutes = math.ceil(seconds / _MINUTE)
    when = "in a minute" if minutes == 1 else f"in {minutes} minutes"
    return TooOften(f"This was tried too often from here: try again {when}.", seconds=seconds)
