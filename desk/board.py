"""The board: where all challenges of an operator's rounds stand, by what needs a person first."""

from __future__ import annotations

from domain.challenges.board import BoardRow, View
from domain.permissions import RIGHTS, Action, Actor
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed
from store.challenges import board

from .core import Core

_ALL = View()


class Filters(Value):
    """What the board can be narrowed to.

    Args:
        rounds: ids of the rounds that the actor operates.
        stages: names of the stages in which their challenges are.
    """

    rounds: tuple[str, ...]
    stages: tuple[str, ...]


class Board:
    """What operators see at a glance."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor, page: Page, view: View = _ALL) -> Paged[BoardRow]:
        """Where the challenges of the actor's rounds stand: first what needs a person, then by what is due first.

        Args:
            actor: who asks.
            page: which part of the board.
            view: which challenges.

        Raises:
            NotProven: the actor has only given a name, and the service asks for more.
            NotAllowed: the actor operates no round.
            NotReadable: no page begins there.
        """
        rounds = self._operated(actor)
        return await self._core.threads.read(board.page_of, self._core.database, page, rounds, view, self._core.now())

    async def filters(self, actor: Actor) -> Filters:
        """What the actor's board can be narrowed to.

        Raises:
            NotProven: the actor has only given a name, and the service asks for more.
            NotAllowed: the actor operates no round.
        """
        rounds = self._operated(actor)
        stages = await self._core.threads.read(board.stages_of, self._core.database, rounds)
        return Filters(rounds=rounds, stages=stages)

    def _operated(self, actor: Actor) -> tuple[str, ...]:
        """The rounds whose board somebody may see. No challenge is looked at before that is known."""
        self._core.check_proven(actor, Action.READ_BOARD, "any round")
        roles = RIGHTS[Action.READ_BOARD].roles
        rounds = {grant.round for grant in actor.grants if grant.role in roles}
        if not rounds:
            shown = self._core.shown(actor)
            raise NotAllowed(f"{shown} may not {RIGHTS[Action.READ_BOARD].words} any round: an operator of one may.")
        return tuple(sorted(rounds))
