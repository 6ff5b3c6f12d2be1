"""One application as somebody reads it, with all that was sent for it and can be opened."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, and_, select
from whenever import Instant

from domain.challenges.application import Application
from domain.forms import answers
from domain.judging.reading import Proposal
from domain.values.paging import Page
from store.challenges import forms
from store.challenges.applications import page_of_applications
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

from .impartiality import check_may_read

_proposals, _windows = tables.proposals, tables.windows
_BY_STAGE = TotalOrder(_proposals.c.application, _proposals.c.stage)


def read_one(
    database: Database,
    challenge: str,
    application: str,
    clock: Callable[[], Instant],
    reader: str,
    *,
    assigned_only: bool,
) -> tuple[Application, tuple[Proposal, ...]]:
    """An application, and what was sent for it: with the application, and for later stages once these are sealed.

    Args:
        database: where from.
        challenge: id of the challenge.
        application: id of the application.
        clock: the service's clock.
        reader: id of the person who reads.
        assigned_only: see `impartiality.readable`. Such a reader sees no answer that is marked personal.

    Raises:
        WindowNotSealed: nobody reads it yet.
        InterestsMissing, ConflictOfInterest, NotAllowed, UnknownTeam: this person does not read it.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        check_may_read(connection, challenge, reader, application, assigned_only=assigned_only)
    (found,) = page_of_applications(
        database, Page(), challenge, clock, reader, assigned_only=assigned_only, only=application
    ).items
    with database.reading() as connection:
        return found, _sent(connection, challenge, application, for_readers=assigned_only)


def _sent(connection: Connection, challenge: str, application: str, *, for_readers: bool) -> tuple[Proposal, ...]:
    sealed = and_(_windows.c.challenge == challenge, _windows.c.stage == _proposals.c.stage)
    wanted = (
        select(_proposals.c.stage, _proposals.c.form, _proposals.c.answers)
        .join(_windows, and_(sealed, _windows.c.sealed_at.is_not(None)))
        .where(_proposals.c.application == application)
        .order_by(*_BY_STAGE)
    )

    def proposal(row: Found) -> Proposal:
        said = answers.read(row.answers)
        if for_readers:
            said = forms.without_personal(connection, challenge, row.stage, row.form, said)
        return Proposal(stage=row.stage, form=forms.read(connection, challenge, row.stage), answers=said)

    return tuple(map(proposal, connection.execute(wanted).all()))
