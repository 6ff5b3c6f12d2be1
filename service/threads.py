"""Where work that blocks leaves the event loop: the one place at which the store is handed to threads."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_READERS, _WRITERS, _PORTERS = 3, 3, 3
"""Together fewer than the connections of a database. Readers never queue behind writers that wait for a lock of another
process, and neither queues behind files, which can take minutes. Python runs one thread at a time: with eight of each,
a quarter fewer applications were taken in a second, for a quarter more processor time."""


class Threads:
    """Threads that read, that write, and that carry files. They start when they are first needed."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(_READERS, "reader")
        self._writers = ThreadPoolExecutor(_WRITERS, "writer")
        self._porters = ThreadPoolExecutor(_PORTERS, "porter")

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function returns that reads and changes nothing."""
        return await _run(self._readers, partial(function, *args, **kwargs))

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function returns that may change something. It goes on where its caller is cancelled."""
        return await _run(self._writers, partial(function, *args, **kwargs))

    async def carry(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function returns that reads or keeps a file. It goes on where its caller is cancelled."""
        return await _run(self._porters, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Waits for what is under way, and ends the threads."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._porters.shutdown()


async def _run(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    context = contextvars.copy_context()  # what the log says of a request goes with it
    return await asyncio.get_running_loop().run_in_executor(executor, lambda: context.run(work))
