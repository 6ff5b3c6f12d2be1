"""How many applications, or further proposals, have come in so far. The number is all that anybody learns of them."""

from __future__ import annotations

from sqlalchemy import exists, func, select

from domain.challenges.draft import SoFar
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder

from . import invited

_applications, _drafts, _windows = tables.applications, tables.drafts, tables.windows
_BY_STAGE = TotalOrder(_windows.c.challenge, _windows.c.stage)


def so_far(database: Database, challenge: str) -> tuple[SoFar, ...]:
    """What has come in so far, for each window of a challenge that is not sealed.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    theirs = _applications.c.challenge == challenge
    in_ = select(func.count()).where(theirs, _applications.c.withdrawn.is_(None))
    known = exists().where(_applications.c.id == _drafts.c.application)
    written = select(func.count()).where(_drafts.c.challenge == challenge, _drafts.c.stage == "", ~known)
    not_sealed = (_windows.c.challenge == challenge, _windows.c.sealed_at.is_(None))
    with database.reading() as connection:
        stages = connection.scalars(select(_windows.c.stage).where(*not_sealed).order_by(*_BY_STAGE)).all()
        return tuple(
            SoFar(stage=stage, sent=len(invited.have_sent(connection, challenge, stage)))
            if stage
            else SoFar(sent=connection.scalars(in_).one(), written=connection.scalars(written).one())
            for stage in stages
        )
