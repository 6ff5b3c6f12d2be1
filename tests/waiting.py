"""Waiting for a condition, in real time, and not without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

HANGS = 300
"""Seconds after which whatever is waited for is taken to hang: far more than it takes on any machine."""

LONGEST_TEST = 540
"""Seconds after which a whole asynchronous test is taken to hang. Fewer than `faulthandler_timeout` in pyproject.toml,
so that the test itself still says what it waited for."""

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


def with_an_end(test: Callable[P, Coroutine[Any, Any, T]], within: float = LONGEST_TEST) -> Callable[P, Awaitable[T]]:
    """The same test, which does not wait for ever, whatever it waits for.

    Args:
        test: an asynchronous function.
        within: seconds in which it must be done; after that it raises TimeoutError where it waits.
    """

    @wraps(test)
    async def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
        async with asyncio.timeout(within):
            return await test(*args, **kwargs)

    return bounded
