"""What a process does that is killed while it saves or sends a draft: importable by its name, with no pytest in it."""

from __future__ import annotations

import os
import signal

from sqlalchemy import Connection, event
from whenever import Instant

from store.challenges import sending
from store.database.database import Database
from tests.chained import KEYS
from tests.store.said import compose
from tests.store.writing import save

AT = Instant.from_utc(2016, 7, 20)


def die_sending(url: str, draft: str, after: bool) -> None:
    """Sends a draft, and is killed before it is committed, or once it is committed and nobody has heard of it."""
    database = Database(url, KEYS)
    if not after:
        event.listen(database.engine, "commit", _die)
    sending.send(database, draft, "", lambda: AT, compose)
    _die()


def die_saving(url: str, draft: str, after: bool) -> None:
    """Saves an answer, and is killed likewise."""
    database = Database(url, KEYS)
    if not after:
        event.listen(database.engine, "commit", _die)
    save(database, draft, "idea", "Trams.", 1, AT)
    _die()


def _die(_: Connection | None = None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
