"""Desks with a store of files, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from desk.desk import Desk
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from store.database.database import Database
from tests.desk.test_rights import desk_on
from tests.store.attaching import NOW, settings_in
from tests.store.said import AIR

RIVAL = "rival@rival.example"


@asynccontextmanager
async def desk_at(database: Database, folder: Path, **more: Any) -> AsyncIterator[Desk]:
    """A desk whose clock stands, with a store of files."""
    async with desk_on(database, **settings_in(folder), **more) as desk:
        desk.core.clock = lambda: NOW
        yield desk


async def declared(desk: Desk, *challenges: str) -> Actor:
    """A decider who has declared that they have nothing to do with any applicant."""
    actor = await desk.actor("sam", AT_TERMINAL)
    for challenge in challenges or (AIR,):
        await desk.interests.declare_none(actor, challenge)
    return actor
