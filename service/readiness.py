"""Whether all that the web front needs answers: for proxies, for whoever waits for its start, and for alarms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from domain.values.refusals import Unavailable
from store.database.database import Database

from .files import place_of, whole_place_of
from .settings import Settings
from .threads import Threads

_logger = structlog.get_logger("web")
_WITHIN = 4
"""Seconds after which something does not answer: whoever asks waits no longer themselves."""
_GOOD_FOR = 1.0
"""Seconds for which an answer counts, so that nobody keeps the database busy by asking."""


class Readiness:
    """Asks the database and the store of files whether they answer. What else a front needs, it read at its start.

    Args:
        options: name the store of files.
        database: of the front.
        threads: in which both are asked.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        options: Settings,
        database: Database,
        threads: Threads,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options, self._database, self._threads = options, database, threads
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._asked_at = -_GOOD_FOR
        self._found: dict[str, bool] = {}

    async def parts(self) -> dict[str, bool]:
        """Which parts answer, by their names. Why one does not is in the log."""
        async with self._one_at_a_time:
            if self._clock() - self._asked_at >= _GOOD_FOR:
                self._found = await self._ask()
                self._asked_at = self._clock()
            return self._found

    async def _ask(self) -> dict[str, bool]:
        database = await self._answers("database", self._threads.read(self._database.check_migrated))
        # Only the database knows whether a folder should be empty.
        files = self._threads.carry(self._look_at_files, database)
        return {"database": database, "files": await self._answers("files", files)}

    def _look_at_files(self, database: bool) -> None:
        if database:
            whole_place_of(self._options, self._database)
        else:
            place_of(self._options).check()

    async def _answers(self, part: str, asked: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(_WITHIN):
                await asked
        except (Unavailable, TimeoutError) as fault:
            reason = str(fault) or f"No answer within {_WITHIN} seconds."
            _logger.warning("the web front is not ready", part=part, reason=reason)
            return False
        return True
