"""A desk for one front: built from the settings, closed when the front is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.service import RPCError

from domain.values.refusals import Unavailable
from service.connection import connect, quiet
from service.settings import Settings
from store.challenges.rounds import ChallengeRow
from store.database.database import Database
from store.payments.reading import Payment
from store.record.record import Notice, RecordLine

from .desk import Desk

# What a desk answers with, for the fronts, which do not know the store.
__all__ = ["ChallengeRow", "Notice", "Payment", "RecordLine", "open_desk"]


@asynccontextmanager
async def open_desk(options: Settings, *, only_files: bool = False) -> AsyncIterator[Desk]:
    """A desk on the database and the Temporal server that the settings and the environment name.

    Args:
        options: the settings.
        only_files: whether nothing is asked of it but what programme files say, for which no service need run.

    Raises:
        Unavailable: the database cannot be used, or its tables are not those of this release; or, in the block,
            Temporal does not do what it is asked.
    """
    database = Database(options.database_url)
    desk = Desk(options, database, lambda: connect(quiet()))
    try:
        if not only_files:
            await desk.core.threads.read(database.check_migrated)
        yield desk
    except RPCError as error:  # whatever the desk itself has no better word for
        raise Unavailable(
            f"Temporal did not do it ({error.message}): see in its UI how the challenge stands, then try again."
        ) from None
    finally:
        desk.close()
        database.close()
