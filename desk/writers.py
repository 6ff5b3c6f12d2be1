"""Who writes an application: people whom its contact invites by address."""

from __future__ import annotations

from sqlalchemy import Connection
from whenever import Instant

from domain.announcements.occasions import Facts, Occasion
from domain.challenges.application import is_contact
from domain.challenges.standing import Where, deadlines, where
from domain.permissions import Action, Actor, Role
from domain.values.addresses import mailbox_of
from domain.values.calendar import spoken
from domain.values.refusals import NotAllowed, NotReadable, Problem
from store.challenges import draft_rows, own, people, rounds, writers
from store.challenges.rounds import ChallengeRow
from store.challenges.submissions import random
from store.challenges.writers import Writer as Writer
from store.database.tables import Found
from store.record.lines import taken
from store.record.notices import tell_one

from .core import Core

MOST_WRITERS = 20
"""How many people can be invited to write one application."""


class Writers:
    """What people do about those who write an application with them."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor, application: str) -> tuple[Writer, ...]:
        """The people who were invited to write an application, and still do.

        Args:
            actor: whoever writes it.
            application: id of the draft.

        Raises:
            UnknownTeam: there is no such draft.
            NotAllowed: the actor does not write it.
        """
        await self._own(actor, Action.READ_WRITERS, application, (Role.TEAM, Role.WRITER))
        return await self._core.threads.read(self._list, application)

    async def invite(self, actor: Actor, application: str, address: str) -> None:
        """Lets somebody write an application, and tells them by letter. To invite them again changes nothing.

        Args:
            actor: whoever has the address of the draft.
            application: id of the draft.
            address: of the person.

        Raises:
            UnknownTeam: there is no such draft.
            NotAllowed: the actor may not, or the person has a part in the round: nobody writes what they judge.
            NotReadable: the address is none, enough people write already, or nothing can be sent any more. Names the
                field.
        """
        row = await self._own(actor, Action.INVITE_WRITER, application, (Role.TEAM,))
        if not is_contact(address):
            raise _wrong("This is no e-mail address: correct it.")
        async with self._core.refusals_on_record(actor, Action.INVITE_WRITER, row):
            await self._core.threads.read(self._check_is_written, application)
            await self._core.threads.write(self._invite, row, application, address, mailbox_of(actor.name))

    async def take_away(self, actor: Actor, application: str, mailbox: str) -> None:
        """Lets somebody write an application no more. What they wrote stays.

        Args:
            actor, application: as in `invite`.
            mailbox: of the person.

        Raises:
            UnknownTeam, NotAllowed: as in `invite`.
        """
        await self._own(actor, Action.INVITE_WRITER, application, (Role.TEAM,))
        await self._core.threads.write(self._take_away, application, mailbox_of(mailbox))

    async def _own(self, actor: Actor, action: Action, application: str, roles: tuple[Role, ...]) -> ChallengeRow:
        row = await self._core.threads.read(rounds.challenge_of, self._core.database, application)
        await self._core.allow(actor, action, row, application)
        async with self._core.refusals_on_record(actor, action, row):
            own = {each.person for each in actor.roles(row.place) if each.role in roles}
            if application not in own:
                raise NotAllowed(
                    f"{self._core.shown(actor)} does not write {application}: whoever has its address does."
                )
        return row

    def _list(self, application: str) -> tuple[Writer, ...]:
        with self._core.database.reading() as connection:
            return writers.invited(connection, application)

    def _check_is_written(self, application: str) -> None:
        """Checks that there is something to write: nobody gets a letter about what nobody can send any more."""
        now = self._core.now()
        for each in own.read(self._core.database, (application,)):
            is_written = where(each, now) in (Where.DRAFT, Where.SENT)
            if not is_written and not any(next_.key.startswith("proposal/") for next_ in deadlines(each, now)):
                raise _wrong("Nothing of this application can be sent any more: nobody was invited.")

    def _invite(self, row: ChallengeRow, application: str, address: str, by: str) -> None:
        now = self._core.now()
        with self._core.database.writing() as connection:
            challenge = taken(connection, row.id)
            draft = draft_rows.held(connection, application, "", now)
            if people.whose_mailbox(people.people_in(connection, row.round), address):
                raise NotAllowed(f"This person has a part in {row.round}: nobody writes what they judge or pay.")
            if len(writers.invited(connection, application)) >= MOST_WRITERS:
                raise _wrong(f"{MOST_WRITERS} people write this application already: take somebody away first.")
            if mailbox_of(address) == draft.mailbox or not writers.invite(
                connection, application, mailbox_of(address), by, now
            ):
                return
            self._tell(connection, challenge, row, application, address, by, now)

    def _tell(
        self,
        connection: Connection,
        challenge: Found,
        row: ChallengeRow,
        application: str,
        address: str,
        by: str,
        now: Instant,
    ) -> None:
        facts: Facts = {"application": application, "inviter": by, "closes": spoken(row.closes, row.time_zone)}
        key = f"{row.id}/writer/{application}/{random(7)}"
        occasion, compose = Occasion.WRITER_INVITED, self._core.letters.compose
        tell_one(connection, key, challenge, occasion, application, address, facts, now, compose)

    def _take_away(self, application: str, mailbox: str) -> None:
        with self._core.database.writing() as connection:
            writers.take_away(connection, application, mailbox, self._core.now())


def _wrong(text: str) -> NotReadable:
    return NotReadable.for_problems([Problem(field="email", text=text)])
