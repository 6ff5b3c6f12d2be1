"""An upload, or a sweep, in a process that kills itself at a chosen point: a program for `tests.processes`.

It takes one argument, JSON: the moment, what is done, the settings, the draft and its address.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, event
from temporalio.client import Client

from desk import keeping
from desk.desk import Desk
from domain.identity.proof import AT_TERMINAL
from gateways.files import place as file_place
from gateways.files.place import FilePlace
from service.files import place_of
from service.settings import Settings
from service.wiring import database_of
from store.challenges import attachments
from store.files import sweeping
from tests.store.attaching import LATER, NOW
from tests.store.said import AIR

COMING, LOOKED_AT, BEGUN = "while the file comes in", "after it was looked at", "after its row was written"
HALF, KEPT = "after half of it was kept", "after all of it was kept"
WITHIN, ATTACHED = "within the transaction that attaches it", "after it was attached"
GOING, REMOVED = "after a file was marked, before it was removed", "after it was removed, before its row was"
CONTENT = b"".join(f"Line {number} of a plan.\n".encode() for number in range(250_000))
"""More than one part of a file in the store."""
NAME = "plan.txt"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(owner: Any, name: str, times: int = 1) -> None:
    work: Callable[..., object] = getattr(owner, name)
    left = [times]

    def dying(*args: object, **kwargs: object) -> object:
        done = work(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            _die()
        return done

    setattr(owner, name, dying)


def _die_before(owner: Any, name: str) -> None:
    setattr(owner, name, lambda *args, **kwargs: _die())


def _die_in_the_last_transaction() -> None:
    """Dies as the upload is attached: it has written once before, when it began."""
    began = [False]
    begin = attachments.begin

    def beginning(*args: Any, **kwargs: Any) -> Any:
        done = begin(*args, **kwargs)
        began[0] = True
        return done

    def before_commit(connection: Connection) -> None:
        if began[0] and not connection.get_execution_options().get("reading"):
            _die()

    attachments.begin = beginning
    event.listen(Engine, "commit", before_commit)


_AT: dict[str, Callable[[], None]] = {
    "": lambda: None,
    COMING: lambda: None,  # see `_pieces`
    LOOKED_AT: partial(_die_after, keeping, "examine"),
    BEGUN: partial(_die_after, attachments, "begin"),
    HALF: partial(_die_after, file_place, "_object", 2),  # as the second part has got its name
    KEPT: partial(_die_after, FilePlace, "put"),
    WITHIN: _die_in_the_last_transaction,
    ATTACHED: partial(_die_after, attachments, "finish"),
    GOING: partial(_die_before, FilePlace, "remove"),
    REMOVED: partial(_die_after, FilePlace, "remove"),
}
UPLOADS = (COMING, LOOKED_AT, BEGUN, HALF, KEPT, WITHIN, ATTACHED)
SWEEPS = (GOING, REMOVED)


async def _pieces(moment: str) -> AsyncIterator[bytes]:
    yield CONTENT[: len(CONTENT) // 2]
    if moment == COMING:
        _die()
    yield CONTENT[len(CONTENT) // 2 :]


async def _no_temporal() -> Client:
    raise AssertionError("an upload does not pass through Temporal")


async def _upload(desk: Desk, moment: str, draft: str, email: str) -> None:
    actor = await desk.actor(email, AT_TERMINAL)
    await desk.attachments.attach(actor, AIR, draft, "plans", NAME, _pieces(moment))


def main() -> int:
    """Does what its argument says, as far as it comes."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    options = Settings(**asked["settings"])
    database = database_of(options)
    _AT[asked["moment"]]()
    if asked["moment"] in SWEEPS:
        sweeping.sweep(database, lambda: LATER, place_of(options).remove)
        return 0
    desk = Desk(options, database, _no_temporal, lambda: NOW)
    asyncio.run(_upload(desk, asked["moment"], asked["draft"], asked["email"]))
    return 0
