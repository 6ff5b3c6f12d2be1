"""Opens a desk for one front, built from the settings, and closes the desk when the front has finished."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.exceptions import TemporalError

from domain.values.refusals import Unavailable
from service.answers import in_words
from service.codec import codec_in
from service.connection import connect, quiet
from service.settings import Settings
from service.wiring import database_of
from store.challenges.rounds import ChallengeRow
from store.identity.unconfirmed import Unconfirmed
from store.judging.scores import Mark
from store.payments.reading import Payment
from store.record.record import Notice, RecordLine

from .desk import Desk

# The types of the desk's answers. The fronts import the types here, because a front may not import the store.
__all__ = ["ChallengeRow", "Mark", "Notice", "Payment", "RecordLine", "Unconfirmed", "open_desk"]


@asynccontextmanager
async def open_desk(options: Settings, *, only_files: bool = False) -> AsyncIterator[Desk]:
    """A desk that uses the database and the Temporal server that the settings and the environment name.

    Args:
        options: the settings.
        only_files: whether the desk only reads programme files. Then no database and no Temporal server are needed.

    Raises:
        Unavailable: the database cannot be used, or its tables belong to another release. Inside the block: Temporal
            did not carry out a request.
    """
    database = database_of(options)
    desk = Desk(options, database, lambda: connect(quiet(), codec_in(options.codec_key_file)))
    try:
        if not only_files:
            await desk.core.threads.read(database.check_migrated)
        yield desk
    except TemporalError as error:  # an error for which the desk has no message of its own
        raise Unavailable(
            f"Temporal did not answer as expected ({in_words(error)}): see in Temporal's UI what was done, then try "
            "again."
        ) from None
    finally:
        desk.close()
        database.close()
