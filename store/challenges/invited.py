"""Who may send the further proposal that a stage asks for, and who has sent it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from store.database import tables
from store.database.inserts import inserting
from store.database.ordering import TotalOrder

_invited, _proposals = tables.invited, tables.proposals
_BY_APPLICATION = TotalOrder(_invited.c.challenge, _invited.c.stage, _invited.c.application)


def put(connection: Connection, challenge: str, stage: str, teams: Collection[str]) -> None:
    """Notes who may send a further proposal from now on. What others have sent stays.

    Args:
        connection: in a transaction that has taken the window of the stage.
        challenge: id of the challenge.
        stage: name of the stage that asks.
        teams: ids of those who may send one.
    """
    window = (_invited.c.challenge == challenge, _invited.c.stage == stage)
    connection.execute(delete(_invited).where(*window, _invited.c.application.not_in(sorted(teams))))
    if teams:
        rows = [{"challenge": challenge, "stage": stage, "application": team} for team in sorted(teams)]
        connection.execute(inserting(connection, _invited).on_conflict_do_nothing(), rows)


def may_send(connection: Connection, challenge: str, stage: str, application: str) -> bool:
    """Whether an application may send the further proposal that a stage asks for.

    Ask with the window held still: a team that leaves may no longer send one.
    """
    wanted = (_invited.c.challenge == challenge, _invited.c.stage == stage, _invited.c.application == application)
    return connection.execute(select(_invited.c.application).where(*wanted)).one_or_none() is not None


def have_sent(connection: Connection, challenge: str, stage: str) -> tuple[str, ...]:
    """Ids of those who may send a further proposal, and have sent one, in the order of their ids."""
    sent = (_proposals.c.application == _invited.c.application) & (_proposals.c.stage == _invited.c.stage)
    wanted = select(_invited.c.application).join(_proposals, sent)
    wanted = wanted.where(_invited.c.challenge == challenge, _invited.c.stage == stage)
    return tuple(connection.scalars(wanted.order_by(*_BY_APPLICATION)))
