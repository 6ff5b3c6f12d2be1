"""Waiting for a condition, in real time, and not without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

HANGS = 300
"""Seconds after which whatever is waited for is taken to hang: far more than it takes on any machine."""

SOON = 3
"""Seconds after which those who have to give up on an answer do so: hundreds of times what any answer takes that comes
at all, and short enough to be waited for."""

_FIRST, _LONGEST = 0.02, 0.25
"""Seconds between two looks: what comes soon is seen soon, and what takes long is not held up by being looked at."""


async def eventually(came: Callable[[], Awaitable[bool]], within: float = HANGS) -> None:
    """Waits until something is so; looks again and again, and lets no time pass on a time-skipping server.

    Args:
        came: whether it is so.
        within: seconds in which it must be.

    Raises:
        TimeoutError: it was not.
    """
    pause = _FIRST
    async with asyncio.timeout(within):
        while not await came():
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)


async def until(came: Callable[[], bool]) -> None:
    """Waits for a condition, but not without end."""

    async def has_come() -> bool:
        return came()

    await eventually(has_come)
