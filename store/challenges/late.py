"""Late applications: handed in by an operator after the closing, and admitted before anybody has read any."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Table, delete, insert, select, update
from whenever import Instant

from domain.challenges.application import Applying, Receipt, check_application
from domain.values.addresses import mailbox_of
from domain.values.calendar import spoken
from domain.values.refusals import TooEarly, TooLate, UnknownChallenge, UnknownTeam
from store.database import tables
from store.database.database import Database
from store.database.instants import to_microsecond
from store.database.tables import Found

from . import forms, submissions, windows

_challenges, _windows = tables.challenges, tables.windows
_applications, _late = tables.applications, tables.late_applications


def hand_in(database: Database, challenge: str, applying: Applying, clock: Callable[[], Instant]) -> Receipt:
    """Keeps a late application until it is decided whether it is admitted. Nobody can read it before that.

    The same submission always gets the same id. It is `repeated` if the application counts already.

    Args:
        database: where to.
        challenge: id of the challenge.
        applying: the submitted application.
        clock: the service's clock. It is read after the window is locked.

    Raises:
        ApplicationRefused: the application is incomplete or too long. Names every field that is wrong.
        TooEarly: the window is not sealed yet.
        TooLate: somebody has read the applications.
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be written to.
    """
    submission = submissions.name_of(challenge, applying)
    with database.writing() as connection:
        row = connection.execute(select(_challenges).where(_challenges.c.id == challenge)).one_or_none()
        if row is None:
            raise UnknownChallenge(f"No challenge {challenge!r} was opened: look it up in the list of challenges.")
        window = windows.taken(connection, challenge)
        if found := _find(connection, _applications, submission):
            return Receipt(application=found.id, challenge=challenge, received=found.received, repeated=True)
        _check_unread(window, row.time_zone)
        form = forms.read(connection, challenge)
        check_application(applying, form)
        if found := _find(connection, _late, submission):
            return Receipt(application=found.id, challenge=challenge, received=found.received)
        received = to_microsecond(clock())
        receipt = Receipt(application=submissions.new_id(row.slug), challenge=challenge, received=received)
        row_ = submissions.row_of(receipt, applying, submission, form.version)
        connection.execute(insert(_late).values({name: row_[name] for name in row_.keys() & _late.c.keys()}))
        return receipt


def admit(connection: Connection, challenge: Found, application: str) -> None:
    """Admits a late application: from now on it counts like all others.

    Args:
        connection: in the transaction that announces it.
        challenge: the challenge's row, locked.
        application: id of the late application.

    Raises:
        TooEarly: the window is not sealed yet.
        TooLate: somebody has read the applications.
        UnknownTeam: no such application was handed in late.
    """
    window = windows.taken(connection, challenge.id)
    _check_unread(window, challenge.time_zone)
    wanted = (_late.c.id == application, _late.c.challenge == challenge.id)
    row = connection.execute(select(_late).where(*wanted)).one_or_none()
    if row is None:
        raise UnknownTeam(
            f"No late application {application} to {challenge.id} waits to be admitted: hand it in first."
        )
    connection.execute(insert(_applications).values(**dict(row._mapping), mailbox=mailbox_of(row.email)))
    connection.execute(delete(_late).where(*wanted))
    counted = {"admitted_count": _windows.c.admitted_count + 1}
    connection.execute(
        update(_windows).where(_windows.c.challenge == challenge.id, _windows.c.stage == "").values(counted)
    )


def drop(database: Database, application: str) -> None:
    """Removes a late application that is not admitted.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        connection.execute(delete(_late).where(_late.c.id == application))


def _find(connection: Connection, table: Table, submission: str) -> Found | None:
    return connection.execute(select(table).where(table.c.submission == submission)).one_or_none()


def _check_unread(window: Found, zone: str) -> None:
    """Checks that the window is sealed, and that nobody has read the applications.

    Raises:
        TooEarly: the window is not sealed yet.
        TooLate: somebody has read the applications.
    """
    if window.sealed_at is None:
        closes = spoken(window.closes, zone)
        raise TooEarly(f"The window of {window.challenge} is not sealed yet. It closes: {closes}. Apply as usual.")
    if window.read_at is not None:
        read = spoken(window.read_at, zone)
        raise TooLate(
            f"The applications to {window.challenge} were first read on {read}: no other is admitted after that."
        )
