"""The heads of the record in the worker's log, once a day: whoever keeps the log can show later what the record was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from domain.announcements.chain import Head
from domain.values.refusals import Refused
from store.database.database import Database
from store.record.verifying import heads

_logger = structlog.get_logger("record")
_EVERY = 24 * 60 * 60
"""Seconds from one time to the next."""


@asynccontextmanager
async def heads_logged(database: Database) -> AsyncIterator[None]:
    """While the block runs, the heads are logged: all at once, and then every day those that have moved."""
    logging = asyncio.create_task(_for_ever(HeadLog(lambda: heads(database))))
    try:
        yield
    finally:
        logging.cancel()
        with suppress(asyncio.CancelledError):
            await logging


async def _for_ever(log: HeadLog) -> None:
    while True:
        await asyncio.to_thread(log.write)
        await asyncio.sleep(_EVERY)


class HeadLog:
    """Logs heads that have moved since they were last logged.

    Args:
        read: the present heads.
    """

    def __init__(self, read: Callable[[], tuple[Head, ...]]) -> None:
        self._read = read
        self._logged: dict[str, Head] = {}

    def write(self) -> None:
        """Logs a line for each record that has grown. What goes wrong is logged too, and tried again next time."""
        try:
            for head in self._read():
                if self._logged.get(head.challenge) != head:
                    _logger.info("the head of a record", challenge=head.challenge, head=str(head))
                    self._logged[head.challenge] = head
        except Refused as refusal:
            _logger.warning("the heads of the record were not read", reason=str(refusal))
        except Exception:
            _logger.exception("the heads of the record were not read")
