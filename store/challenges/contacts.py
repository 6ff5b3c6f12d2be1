"""The contact of an application changes: where letters go, and who acts for the team."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.challenges.contact import Contact, changed_in_words
from domain.challenges.firm import firm_of
from domain.programmes.round import round_of
from domain.values.addresses import mailbox_of
from domain.values.refusals import NotAllowed, UnknownTeam
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.lines import taken
from store.record.notices import Compose, tell_one
from store.record.record import put

from .people import people_in, whose_mailbox

_applications, _challenges, _notices = tables.applications, tables.challenges, tables.notices
_BY_KEY = TotalOrder(_notices.c.key)


def change_contact(
    database: Database,
    challenge: str,
    team: str,
    to: Contact,
    announcing: Callable[[str], Announcement],
    at: Instant,
    compose: Compose,
) -> str:
    """Changes the contact of an application, and tells the address before and the address after.

    Notices to the team that no channel was asked to send yet go to the new address.

    Args:
        database: where to.
        challenge, team: whose contact it is.
        to: what the contact is to be.
        announcing: makes the announcement. It gets what is changed, in words.
        at: when.
        compose: finds the words of notices.

    Returns:
        What was changed, in words; empty if the contact was like that before.

    Raises:
        UnknownTeam: the team is not an application to that challenge.
        NotAllowed: the address is that of somebody who has or had a role in the round.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        taken(connection, challenge)  # first, as wherever a line of the record is written
        people = people_in(connection, round_of(challenge))  # then, as where a role is handed over
        row = _application(connection, challenge, team)
        if to.email and (owner := whose_mailbox(people, to.email)):
            raise NotAllowed(
                f"The address is that of {owner}, who has or had a role in {round_of(challenge)}: nobody acts for a "
                "team and for the round."
            )
        email, name = to.email or row.email, to.organisation or row.organisation
        changed = changed_in_words(address=email != row.email, name=name != row.organisation)
        if not changed:
            return ""
        announcement = announcing(changed)
        put(connection, announcement, compose)
        by = " ".join(dict.fromkeys((*row.contact_by.split(), announcement.entry.by)))
        values = {
            "email": email,
            "mailbox": mailbox_of(email),
            "organisation": name,
            "firm": firm_of(name),
            "contact_by": by,
        }
        if email != row.email:
            values["former"] = "\n".join(filter(None, (row.former, row.email)))
        connection.execute(update(_applications).where(_applications.c.id == team).values(values))
        _tell(connection, row, email, changed, announcement, at, compose)
        return changed


def failed_notices(database: Database, challenge: str, team: str) -> tuple[str, ...]:
    """The keys of the notices to a team that failed, apart from notices about its contact.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_notices.c.key).where(
        _notices.c.challenge == challenge,
        _notices.c.recipient == team,
        _notices.c.status == "failed",
        _notices.c.occasion != str(Occasion.CONTACT_CHANGED),
    )
    with database.reading() as connection:
        return tuple(connection.scalars(wanted.order_by(*_BY_KEY)))


def _application(connection: Connection, challenge: str, team: str) -> Found:
    wanted = select(_applications).where(_applications.c.id == team, _applications.c.challenge == challenge)
    row: Found | None = connection.execute(wanted.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise UnknownTeam(f"{team} is not an application to {challenge}: look up the id on its receipt.")
    if row.erased is not None:
        raise UnknownTeam(f"{team} was erased: nobody is its contact any more.")
    return row


def _tell(
    connection: Connection,
    before: Found,
    email: str,
    changed: str,
    announcement: Announcement,
    at: Instant,
    compose: Compose,
) -> None:
    """Tells both addresses, and lets what waits to be sent go to the new one."""
    waiting = (_notices.c.challenge == before.challenge, _notices.c.recipient == before.id)
    unsent = update(_notices).where(*waiting, _notices.c.status == "created", _notices.c.address == before.email)
    connection.execute(unsent.values(address=email))
    challenge = connection.execute(select(_challenges).where(_challenges.c.id == before.challenge)).one()
    facts = {"application": before.id, "changed": changed, "reason": announcement.entry.reason}
    told = {"after": (email, "")} | ({"before": (before.email, "yes")} if email != before.email else {})
    for which, (address, old) in told.items():
        key, said = f"{announcement.key}/{which}", facts | {"old_address": old}
        tell_one(connection, key, challenge, Occasion.CONTACT_CHANGED, before.id, address, said, at, compose)
