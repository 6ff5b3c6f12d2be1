"""Sign-ins with an organisation that were begun: kept by hashes alone, found by what comes back, and used once."""

from __future__ import annotations

from sqlalchemy import insert, update
from whenever import Instant

from store.database.database import Database
from store.database.tables import begun_sign_ins


def keep(database: Database, state: str, issuer: str, browser: str, wanted: str, at: Instant, ends: Instant) -> None:
    """Keeps a sign-in that begins.

    Args:
        database: where.
        state: hash of the state that the organisation sends back.
        issuer: of the organisation.
        browser: hash of the secret that the browser holds.
        wanted: the page to go on to.
        at: the present.
        ends: from when on it is too late to finish the sign-in.
    """
    with database.writing() as connection:
        connection.execute(
            insert(begun_sign_ins).values(
                state=state, issuer=issuer, browser=browser, wanted=wanted, begun_at=at, ends_at=ends
            )
        )


def use(database: Database, state: str, issuer: str, browser: str, at: Instant) -> str | None:
    """Uses a sign-in that was begun, if the same browser finishes it with the same organisation and in time.

    If two ask at once, one of them gets it. A browser that only knows the state uses up nothing.

    Args:
        database, state, issuer, browser: see `keep`.
        at: the present.

    Returns:
        The page to go on to; None if there is no such sign-in to finish.
    """
    table = begun_sign_ins
    mine = (table.c.state == state, table.c.issuer == issuer, table.c.browser == browser)
    with database.writing() as connection:
        used = update(table).where(*mine, table.c.used_at.is_(None), table.c.ends_at > at).values(used_at=at)
        return connection.execute(used.returning(table.c.wanted)).scalar_one_or_none()
