"""The dates of somebody's own applications as a calendar, at a private address that can be taken back."""

from __future__ import annotations

from whenever import Instant

from domain.challenges.standing import Own, deadlines
from domain.permissions import Action, Actor
from domain.publishing.challenge import edition_of
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from domain.values.refusals import NotAllowed, UnknownNotice
from domain.values.words import gettext
from store.challenges import own, people
from store.identity import feeds
from store.payments import reading
from store.public import moves

from .core import Core
from .own import MOST


class CalendarDate(Value):
    """A date of somebody's own application.

    Args:
        key: the same for the same date for ever, also when it moves.
        title: in words, without anything that the applicant wrote.
        question: of the challenge.
        application: its id.
        at: when.
        time_zone: of the challenge.
        is_own: whether the applicant has to do something until then.
        edition: rises whenever the date is changed.
        is_held: whether the challenge is on hold, so that the date can move.
    """

    key: str
    title: str
    question: str
    application: str
    at: Instant
    time_zone: str
    is_own: bool
    edition: int
    is_held: bool


class OwnCalendar:
    """What people do with the calendar of their own dates."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def made_at(self, actor: Actor) -> Instant | None:
        """When the present address of the actor's calendar was made; None if there is none.

        Raises:
            NotAllowed: the actor is nobody who signed in by a mailbox.
            Unavailable: the database cannot be read.
        """
        return await self._core.threads.read(feeds.made_at, self._core.database, self._mailbox(actor))

    async def make(self, actor: Actor) -> str:
        """Makes an address for the actor's calendar. The one before ends.

        Returns:
            The secret of the address. It is shown once.

        Raises:
            NotAllowed, Unavailable: as in `made_at`.
        """
        return await self._core.threads.write(feeds.make, self._core.database, self._mailbox(actor), self._core.now())

    async def end(self, actor: Actor) -> None:
        """Takes the address of the actor's calendar back: from now on it leads nowhere.

        Raises:
            NotAllowed, Unavailable: as in `made_at`.
        """
        await self._core.threads.write(feeds.end, self._core.database, self._mailbox(actor), self._core.now())

    async def dates(self, actor: Actor, secret: str) -> tuple[CalendarDate, ...]:
        """The dates behind an address. Whoever has the address needs no other proof.

        Args:
            actor: who asks; anyone may.
            secret: the last part of the address.

        Raises:
            UnknownNotice: the address leads nowhere, or does not any more.
            Unavailable: the database cannot be read.
        """
        self._core.allow_anyone(actor, Action.OWN_CALENDAR)
        return await self._core.threads.read(self._dates, secret)

    def _mailbox(self, actor: Actor) -> str:
        self._core.allow_anyone(actor, Action.OWN_CALENDAR)
        if "@" not in actor.name or not self._core.is_believed(actor):
            raise NotAllowed("A calendar belongs to a mailbox: sign in first.")
        return mailbox_of(actor.name)

    def _dates(self, secret: str) -> tuple[CalendarDate, ...]:
        mailbox = feeds.whose(self._core.database, secret)
        if not mailbox:
            raise UnknownNotice("There is no calendar at this address.")
        mine = {each.person for each in people.grants_of(self._core.database, mailbox) if each.challenge}
        found = own.read(self._core.database, sorted(mine)[:MOST])
        with self._core.database.reading() as connection:
            moved = moves.read(connection, {each.challenge for each in found})
        editions = {each.challenge: edition_of(len(moved.get(each.challenge, ())), each.snapshot) for each in found}
        return tuple(
            date for each in found for date in (*self._of(each, editions[each.challenge]), *self._payments(each))
        )

    def _of(self, found: Own, edition: int) -> tuple[CalendarDate, ...]:
        return tuple(
            _date(found, each.key, each.title, each.at, edition, is_own=each.is_own, is_held=found.is_held)
            for each in deadlines(found, self._core.now())
        )

    def _payments(self, found: Own) -> tuple[CalendarDate, ...]:
        if not found.stages:
            return ()
        payments = reading.payments_of_team(self._core.database, found.challenge, found.application)
        title = gettext("A payment is promised by")
        return tuple(
            _date(found, f"payment/{each.stage}/{each.number}", title, each.pay_by, each.attempt + each.payee_version)
            for each in payments
            if each.pay_by and not each.settled and each.pay_by > self._core.now()
        )


def _date(
    found: Own, key: str, title: str, at: Instant, edition: int, *, is_own: bool = False, is_held: bool = False
) -> CalendarDate:
    return CalendarDate(
        key=f"{found.application}/{key}",
        title=title,
        question=found.question,
        application=found.application,
        at=at,
        time_zone=found.time_zone,
        is_own=is_own,
        edition=edition,
        is_held=is_held,
    )
