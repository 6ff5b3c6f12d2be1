"""Who writes a draft beside whoever has its address: invited people, and the browser in which the draft was begun."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, literal, select, update
from whenever import Instant

from domain.permissions import Grant, Role
from domain.programmes.round import round_of
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found
from store.identity.secrets import hashed

_writers, _drafts = tables.writers, tables.drafts
_BY_MAILBOX = TotalOrder(_writers.c.application, _writers.c.mailbox, _writers.c.browser)
_OF_DRAFT = (_drafts.c.application == _writers.c.application) & (_drafts.c.stage == "")
_WRITES = select(literal(str(Role.WRITER)).label("role"), _writers.c.application, _drafts.c.challenge).join_from(
    _writers, _drafts, _OF_DRAFT
)
INVITED = _WRITES.where(_writers.c.mailbox == bindparam("of"), _writers.c.until.is_(None))
"""The drafts that the person with a mailbox was invited to write, and still does."""
# Asked at every request, so it is made once.
_IN_BROWSER = Prepared(
    _WRITES.where(
        _writers.c.browser == bindparam("browser"), _writers.c.mailbox == "", _writers.c.until > bindparam("now")
    ).order_by(*_BY_MAILBOX)
)


class Writer(Value):
    """Somebody who was invited to write a draft.

    Args:
        mailbox: theirs.
        invited_by: mailbox of whoever has invited them.
        since: when.
    """

    mailbox: str
    invited_by: str
    since: Instant


def grants_of_browser(database: Database, browser: str, now: Instant) -> tuple[Grant, ...]:
    """The drafts that a browser writes now.

    Args:
        database: where from.
        browser: its secret.
        now: the present.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return tuple(map(_grant, _IN_BROWSER.all(connection, {"browser": hashed(browser), "now": now})))


def _grant(row: Found) -> Grant:
    return Grant(round=round_of(row.challenge), role=Role.WRITER, person=row.application, challenge=row.challenge)


def let_browser_write(connection: Connection, application: str, browser: str, now: Instant, until: Instant) -> None:
    """Lets a browser write a draft for a while. Needs a transaction that writes.

    Args:
        connection: in the transaction in which the draft is begun.
        application: id of the draft.
        browser: the secret of the browser; only its hash is kept.
        now, until: from when, and the first moment at which the browser writes no more.
    """
    row = {"application": application, "mailbox": "", "browser": hashed(browser), "since": now, "until": until}
    connection.execute(inserting(connection, _writers).values(row).on_conflict_do_nothing())


def end_browser(database: Database, browser: str, now: Instant) -> None:
    """Lets a browser write no draft any more, as when somebody leaves a computer that others use.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        theirs = update(_writers).where(
            _writers.c.browser == hashed(browser), _writers.c.mailbox == "", _writers.c.until > now
        )
        connection.execute(theirs.values(until=now))


def end_browsers_of(database: Database, mailbox: str, now: Instant) -> None:
    """Lets no browser write the drafts of a mailbox any more: whoever has the mailbox has signed in.

    Otherwise somebody who began a draft with the address of another would read what the other writes there.

    Raises:
        Unavailable: the database cannot be written to.
    """
    theirs = select(_drafts.c.application).where(_drafts.c.mailbox == mailbox)
    with database.writing() as connection:
        ending = update(_writers).where(_writers.c.application.in_(theirs), _writers.c.browser != "")
        connection.execute(ending.where(_writers.c.until > now).values(until=now))


def invited(connection: Connection, application: str) -> tuple[Writer, ...]:
    """The people who were invited to write a draft, and still do."""
    wanted = select(_writers.c.mailbox, _writers.c.invited_by, _writers.c.since).where(
        _writers.c.application == application, _writers.c.mailbox != "", _writers.c.until.is_(None)
    )
    rows = connection.execute(wanted.order_by(*_BY_MAILBOX))
    return tuple(Writer.model_validate(dict(row._mapping)) for row in rows)


def invite(connection: Connection, application: str, mailbox: str, by: str, now: Instant) -> bool:
    """Lets somebody write a draft. Needs a transaction that writes. Returns whether they did not do so before."""
    if any(each.mailbox == mailbox for each in invited(connection, application)):
        return False
    key = {"application": application, "mailbox": mailbox, "browser": ""}
    said = {"invited_by": by, "since": now, "until": None}
    adding = inserting(connection, _writers).values(key | said)
    connection.execute(adding.on_conflict_do_update(index_elements=list(key), set_=said))
    return True


def take_away(connection: Connection, application: str, mailbox: str, now: Instant) -> bool:
    """Lets somebody write a draft no more. Needs a transaction that writes. Returns whether they did until now."""
    of_it = (_writers.c.application == application, _writers.c.mailbox == mailbox, _writers.c.until.is_(None))
    return bool(connection.execute(update(_writers).where(*of_it).values(until=now)).rowcount)
