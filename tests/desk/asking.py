"""A desk without Temporal: what it answers from the database alone, and what it says while Temporal is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from whenever import Instant

from desk.desk import Desk
from domain.identity.proof import AT_TERMINAL, Way
from domain.identity.session import Session
from domain.permissions import Actor
from domain.values.paging import Page
from domain.values.refusals import Unavailable
from service.settings import Settings
from store.database.database import Database
from store.record.record import RecordLine, read_record
from tests.store.said import AIR, MIDWAY

ALL = Page()
AWAY = "No Temporal server answers."
NOBODY = Actor()
STRANGER = "stranger@elsewhere.example"


async def _away() -> Client:
    raise Unavailable(AWAY)


@asynccontextmanager
async def desk_on(database: Database, at: Instant = MIDWAY, **settings: Any) -> AsyncIterator[Desk]:
    """A desk on a database, at an instant, while Temporal is away."""
    desk = Desk(Settings(**settings), database, _away, lambda: at)
    try:
        yield desk
    finally:
        desk.close()


async def acting(desk: Desk, name: str) -> Actor:
    """Somebody at a terminal."""
    return await desk.actor(name, AT_TERMINAL)


def refusals(database: Database, challenge: str = AIR) -> list[RecordLine]:
    """What the record of a challenge has of refusals."""
    return [line for line in read_record(database, challenge) if line.refused]


def nobodys_session() -> Session:
    """Somebody who is signed in and whom nobody knows."""
    now = MIDWAY
    return Session(id="none", mailbox="nobody@nowhere.example", way=Way.LINK, begun=now, used=now, ends=now)
