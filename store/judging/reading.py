"""One application as somebody reads it, with all that was sent for it and can be opened."""

from __future__ import annotations

from collections.abc import Callable

from whenever import Instant

from domain.challenges.application import Application
from domain.judging.reading import Proposal
from domain.values.paging import Page
from store.challenges import forms
from store.challenges.applications import page_of_applications
from store.database.database import Database

from .impartiality import check_may_read


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
    sent = (("", found.answers), *((each.stage, each.answers) for each in found.further))
    with database.reading() as connection:
        return found, tuple(
            Proposal(stage=stage, form=forms.read(connection, challenge, stage), answers=said) for stage, said in sent
        )
