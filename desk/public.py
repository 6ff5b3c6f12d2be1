"""What anyone sees of challenges. Everything comes from the database: Temporal is never asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from domain.permissions import Action, Actor
from domain.publishing.challenge import PublicChallenge, Shelf
from domain.values.paging import Page, Paged
from store.public import reading

from .core import Core

T = TypeVar("T")


class PublicDesk:
    """What the public reads. A rehearsed challenge is not public, unless the settings say so."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor, page: Page, shelf: Shelf | None = None) -> Paged[PublicChallenge]:
        """A page of the public challenges, by the closing of their windows.

        Args:
            actor: who asks.
            page: which one.
            shelf: only those of this shelf; all if left out.

        Raises:
            NotReadable: no page begins there.
            Unavailable: the database cannot be read.
        """
        self._core.allow_anyone(actor, Action.READ_CHALLENGE)
        return await self._read(reading.page_of, page, shelf)

    async def catalogue(self, actor: Actor, page: Page) -> Paged[PublicChallenge]:
        """A page of the challenges that were completed, with the solutions that came through; see `list`."""
        self._core.allow_anyone(actor, Action.READ_CHALLENGE)
        return await self._read(reading.page_of_catalogue, page)

    async def find(self, actor: Actor, name: str) -> PublicChallenge:
        """One challenge, with all that the public sees of it.

        Args:
            actor: who asks.
            name: "round/challenge".

        Raises:
            UnknownChallenge: there is no such challenge, or the public does not see it. The message is the same.
            Unavailable: the database cannot be read.
        """
        self._core.allow_anyone(actor, Action.READ_CHALLENGE)
        return await self._read(reading.find, name)

    async def version_of(self, actor: Actor, name: str) -> str:
        """What changes with every change of what `find` gives."""
        self._core.allow_anyone(actor, Action.READ_CHALLENGE)
        return await self._read(reading.version_of, name)

    async def version_of_all(self, actor: Actor) -> str:
        """What changes with every change of any public challenge: of the list, the catalogue and the feeds."""
        self._core.allow_anyone(actor, Action.READ_CHALLENGE)
        return await self._read(reading.version_of_all)

    async def _read(self, function: Callable[..., T], *of: object) -> T:
        core = self._core
        rehearsals = core.options.show_rehearsals
        return await core.threads.read(partial(function, core.database, *of, core.now(), rehearsals=rehearsals))
