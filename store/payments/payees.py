"""The bank details of teams: sealed, in versions of which the last counts."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, select, update
from whenever import Instant

from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder

_payees = tables.payees
_VERSIONS = TotalOrder(_payees.c.team, _payees.c.version)


def are_kept(database: Database) -> bool:
    """Whether anybody's details are there.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return connection.execute(select(_payees.c.team).limit(1)).first() is not None


def reseal(database: Database, resealed: Callable[[str, str], str]) -> int:
    """Seals all details anew, those of earlier versions too; says how many.

    Args:
        database: where they are.
        resealed: what was sealed, sealed anew for the same team.

    Raises:
        Unavailable: some cannot be opened; then all stay as they were. Or the database cannot be written to.
    """
    with database.writing() as connection:
        rows = connection.execute(select(_payees).order_by(*_VERSIONS).with_for_update()).all()
        for row in rows:
            connection.execute(
                update(_payees)
                .where(_payees.c.team == row.team, _payees.c.version == row.version)
                .values(sealed=resealed(row.sealed, row.team))
            )
        return len(rows)


def add(connection: Connection, team: str, version: int, sealed: str, masked: str, by: str, at: Instant) -> None:
    """Adds a version.

    Args:
        connection: in a transaction that writes and holds the challenge's row, so that versions are counted one by one.
        team: whose they are.
        version: the latest one and one more.
        sealed: the details, sealed for the team.
        masked: what people are shown of them.
        by: who gives them.
        at: when.
    """
    connection.execute(
        insert(_payees).values(team=team, version=version, sealed=sealed, masked=masked, given_by=by, given_at=at)
    )


def latest_masked(connection: Connection, team: str) -> str:
    """What people are shown of the details that count; empty if there are none."""
    newest = select(_payees.c.masked).where(
        _payees.c.team == team, _payees.c.version == latest_version(connection, team)
    )
    return connection.scalars(newest).one_or_none() or ""


def latest_version(connection: Connection, team: str) -> int | None:
    """The number of the version that counts; None if there is none."""
    newest: int | None = connection.scalars(select(func.max(_payees.c.version)).where(_payees.c.team == team)).one()
    return newest


def first_given(connection: Connection, team: str) -> Instant | None:
    """When a team's details were first there; None if they are not."""
    first = select(_payees.c.given_at).where(_payees.c.team == team, _payees.c.version == 1)
    return connection.scalars(first).one_or_none()


def given_by(connection: Connection, team: str) -> tuple[str, ...]:
    """Ids of all who gave or changed them."""
    people = select(_payees.c.given_by).where(_payees.c.team == team).distinct()
    return tuple(sorted(connection.scalars(people)))
