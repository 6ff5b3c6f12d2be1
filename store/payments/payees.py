"""The bank details of teams, sealed and in versions. The last version counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update
from whenever import Instant

from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared

from .sealing import Kept

_payees = tables.payees
_VERSIONS = TotalOrder(_payees.c.team, _payees.c.version)

# Made once, because making a statement takes longer than running it.
_OF_TEAM = _payees.c.team == bindparam("team")
_LAST = select(func.max(_payees.c.version)).where(_OF_TEAM).scalar_subquery()
_LATEST = Prepared(
    select(_payees.c.version, _payees.c.masked, _payees.c.country).where(_OF_TEAM, _payees.c.version == _LAST)
)
_FIRST = Prepared(select(_payees.c.given_at).where(_OF_TEAM, _payees.c.version == 1))


def are_kept(database: Database) -> bool:
    """Whether the database has bank details of any team.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return connection.execute(select(_payees.c.team).where(_payees.c.sealed != "").limit(1)).first() is not None


def reseal(database: Database, resealed: Callable[[str, str], Kept]) -> int:
    """Seals all details again, including earlier versions. Returns how many.

    Args:
        database: where the details are.
        resealed: seals a sealed text again for the same team.

    Raises:
        Unavailable: some details cannot be opened, and all stay unchanged. Or the database cannot be written to.
    """
    with database.writing() as connection:
        there = select(_payees).where(_payees.c.sealed != "")  # the others were erased
        rows = connection.execute(there.order_by(*_VERSIONS).with_for_update()).all()
        for row in rows:
            kept = resealed(row.sealed, row.team)
            connection.execute(
                update(_payees)
                .where(_payees.c.team == row.team, _payees.c.version == row.version)
                .values(sealed=kept.sealed, fingerprint=kept.fingerprints[0])
            )
        return len(rows)


def add(connection: Connection, team: str, version: int, kept: Kept, by: str, at: Instant) -> None:
    """Adds a version.

    Args:
        connection: in a transaction that writes and has locked the challenge's row, so that versions count one by one.
        team: the id of the team.
        version: the latest version plus one.
        kept: what is kept of the details.
        by: who gives the details.
        at: when.
    """
    details = {"sealed": kept.sealed, "masked": kept.masked, "country": kept.country}
    fingerprint = _fingerprint(connection, kept.fingerprints)
    connection.execute(
        insert(_payees).values(team=team, version=version, **details, fingerprint=fingerprint, given_by=by, given_at=at)
    )


def _fingerprint(connection: Connection, fingerprints: Sequence[str]) -> str:
    """The fingerprint under which the account is known already; otherwise the one under the newest key.

    While details are not sealed again with a new key, they have fingerprints under an older one.
    """
    known = select(_payees.c.fingerprint).where(_payees.c.fingerprint.in_(fingerprints)).limit(1)
    return connection.scalars(known).first() or next(iter(fingerprints), "")


def latest_masked(connection: Connection, team: str) -> tuple[str, str]:
    """The current details, masked, and the country of the account; both empty if there are no details."""
    found = _LATEST.one_or_none(connection, {"team": team})
    return (found.masked, found.country) if found else ("", "")


def read_latest_version(database: Database, team: str) -> int:
    """The number of the last version; 0 if the team has given no details.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return latest_version(connection, team) or 0


def latest_version(connection: Connection, team: str) -> int | None:
    """The number of the last version. None if the team has given no details."""
    found = _LATEST.one_or_none(connection, {"team": team})
    return found.version if found else None


def first_given(connection: Connection, team: str) -> Instant | None:
    """When a team first gave its details. None if it has given none."""
    found = _FIRST.one_or_none(connection, {"team": team})
    return found.given_at if found else None
