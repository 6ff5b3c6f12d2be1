"""How many requests a visitor may send, so that one who sends thousands takes nothing from the others.

The counts are in the memory of this process, and begin anew when the process starts.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.values.refusals import TooOften
from domain.values.words import ngettext

from . import cookies
from .visitors import network_of

_MINUTE = 60
_MOST_KEPT = 50_000
"""The most visitors that are counted at once. Beyond, whoever has sent nothing for longest is forgotten."""
_KNOWN_FOR = 10 * _MINUTE
"""Seconds for which a browser that the database knows is known here, too, without asking."""
_NOT_COUNTED = ("/static/", "/health", "/ready")
"""What costs next to nothing: files that are in memory, and what proxies ask."""


class Pace:
    """Counts by a leaking bucket (the generic cell rate algorithm): whoever is counted takes one number of memory.

    Args:
        most: requests in a minute, and at once after a while without any.
        clock: seconds that never go back.
        most_kept: how many are counted at once.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic, most_kept: int = _MOST_KEPT) -> None:
        self._each = _MINUTE / most
        self._clock = clock
        self._most_kept = most_kept
        self._empty_at = OrderedDict[str, float]()

    def __len__(self) -> int:
        """How many are counted."""
        return len(self._empty_at)

    def wait(self, who: str) -> float:
        """Counts a request, unless it comes too soon.

        Args:
            who: sends it.

        Returns:
            Seconds until the next is taken, if this one is not; otherwise 0.
        """
        now = self._clock()
        empty_at = max(self._empty_at.get(who, now), now) + self._each
        too_soon = empty_at - now - _MINUTE
        if too_soon > self._each / 1_000:  # sums of fractions are not exact
            return too_soon
        self._empty_at[who] = empty_at
        self._empty_at.move_to_end(who)
        if len(self._empty_at) > self._most_kept:
            self._empty_at.popitem(last=False)
        return 0


class FairShare:
    """Turns away whoever sends too many requests, before anything is looked up for them.

    Who is signed in, or has begun a draft in this browser, is counted alone, and all others by their network: an
    office or a university behind one address has many people in it. A cookie counts only if the database knew it a
    moment ago, since anybody can make one up.

    Args:
        app: what answers.
        most: requests in a minute; 0 for no limit.
        clock: seconds that never go back.
    """

    def __init__(self, app: ASGIApp, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._pace = Pace(most, clock) if most else None
        self._known = OrderedDict[str, float]()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._pace is None or scope["type"] != "http" or scope["path"].startswith(_NOT_COUNTED):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        session, browser = (_digest(cookies.read(request, name)) for name in (cookies.SESSION, cookies.BROWSER))
        known = next((each for each in (session, browser) if self._known.get(each, 0) > self._clock()), "")
        if seconds := self._pace.wait(known or network_of(request)):
            raise _too_many(math.ceil(seconds))
        try:
            await self._app(scope, receive, send)
        finally:
            self._learn(session, browser, scope.get("state", {}))

    def _learn(self, session: str, browser: str, state: Mapping[str, object]) -> None:
        """Remembers which of the two cookies the database has just known. Nothing changes where it was not asked."""
        if "session" in state:
            self._keep(session, is_known=state["session"] is not None)
        if "actor" in state and state.get("session") is None:
            self._keep(browser, is_known=bool(getattr(state["actor"], "grants", ())))

    def _keep(self, cookie: str, *, is_known: bool) -> None:
        self._known.pop(cookie, None)
        if cookie and is_known:
            self._known[cookie] = self._clock() + _KNOWN_FOR
            if len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)


def _digest(secret: str) -> str:
    """A name for a secret, from which nobody finds the secret; empty if there is none."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def _too_many(seconds: int) -> TooOften:
    text = ngettext(
        "Too many requests came from here, so nothing was done: wait {number} second, then go back in your "
        "browser, where what you typed still is, and try again.",
        "Too many requests came from here, so nothing was done: wait {number} seconds, then go back in your "
        "browser, where what you typed still is, and try again.",
        seconds,
    )
    return TooOften(text.format(number=seconds), seconds=seconds)
