"""Persons: who somebody is who signs in, how they may sign in, and which roles they have."""

from __future__ import annotations

from collections.abc import Collection

from whenever import Instant

from domain.identity.proof import NOT_PROVEN, Proof, Way
from domain.identity.session import Session
from domain.permissions import Actor, Grant
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from domain.values.refusals import SignInRefused
from store.challenges import people, writers
from store.database.database import Database
from store.identity import persons as rows
from store.identity.persons import Known


class Ways(Value):
    """How somebody may sign in.

    Args:
        link: whether a link to their mailbox is a way.
        issuers: the organisations with which they sign in instead.
    """

    link: bool
    issuers: tuple[str, ...] = ()


class Persons:
    """Who is who. A person is a mailbox. All functions block: on an event loop, call them in a thread.

    All functions raise:
        Unavailable: the database cannot be read.

    Args:
        database: where rounds and their people are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ways_for(self, address: str) -> Ways:
        """How the person with a mailbox may sign in.

        Do not show the answer to anybody who is not signed in: it tells whether the service knows the address.

        Args:
            address: theirs, in any spelling. Somebody whom no round knows may get a link, too: anyone may apply.
        """
        with self._database.reading() as connection:
            issuers = rows.issuers_for(connection, mailbox_of(address))
        return Ways(link=not issuers, issuers=issuers)

    def signed_in(self, issuer: str, subject: str, address: str, verified: bool) -> str:
        """The mailbox of somebody who has signed in with their organisation.

        Args:
            issuer, subject: the organisation, and who they are there.
            address: as the organisation says; empty if it does not say.
            verified: whether the organisation has verified the address, and vouches for addresses of that domain. It
                could say anything of other domains.

        Raises:
            SignInRefused: the organisation does not prove whose mailbox it is, or the round wants another sign-in.
        """
        mailbox = mailbox_of(address) if address and verified else ""
        by_subject = [each.mailbox for each in rows.at_organisation(self._database, issuer, subject)]
        if by_subject:
            return mailbox if mailbox in by_subject else by_subject[-1]
        if not mailbox:
            raise SignInRefused(
                "Your organisation does not show which address is yours: ask for a link by e-mail, or ask the "
                "operators to name you as your organisation does."
            )
        _check_believed(rows.at_mailbox(self._database, mailbox), issuer, subject)
        return mailbox

    def grants(self, session: Session) -> tuple[Grant, ...]:
        """The roles that whoever is signed in has now. Ask at every request: roles may have been taken away."""
        return people.grants_proven_by(self._database, session)

    def actor(self, session: Session | None, browser: str = "", now: Instant | None = None) -> Actor:
        """Whoever uses a browser, as somebody who asks the desk for something.

        Args:
            session: theirs, if they are signed in.
            browser: the secret of the browser, if it has one: the drafts that were begun there can be gone on with.
            now: the present; needed with a browser.
        """
        begun = writers.grants_of_browser(self._database, browser, now) if browser and now else ()
        if session is None:
            return Actor(proof=Proof(way=Way.BROWSER) if begun else NOT_PROVEN, grants=begun)
        return Actor(name=session.mailbox, proof=session.proof, grants=(*self.grants(session), *begun))

    def begins(self, mailbox: str, browser: str, now: Instant) -> None:
        """Somebody signs in: browsers go on with none of their drafts, and this browser with nobody's.

        They have their own drafts by their sign-in. What another began in this browser, or with their address
        elsewhere, is no more to be read there.
        """
        writers.end_browsers_of(self._database, mailbox, now)
        if browser:
            writers.end_browser(self._database, browser, now)

    def leave(self, browser: str, now: Instant) -> None:
        """Lets a browser go on with no draft that was begun there: whoever uses the computer next shall see none."""
        writers.end_browser(self._database, browser, now)


def _check_believed(known: Collection[Known], issuer: str, subject: str) -> None:
    """Checks that no round wants another sign-in for the person.

    Raises:
        SignInRefused: one names another organisation, or another human there who had the mailbox before.
    """
    issuers = {each.issuer for each in known if each.issuer}
    if issuers and issuer not in issuers:
        raise SignInRefused("Your round names another organisation for you: sign in with that organisation.")
    if any(each.issuer == issuer and each.subject not in ("", subject) for each in known):
        raise SignInRefused(
            "Your organisation knows you by another name than your round does: ask the operators of the round to name "
            "you anew."
        )
