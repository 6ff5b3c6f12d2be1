"""Sign-ins: links that are printed at the machine, and the sessions of people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.identity.session import Session as Session
from domain.permissions import Action, Actor, Grant
from domain.values.model import Value
from domain.values.refusals import NotAllowed, NotProven, NotReadable, UnknownPerson, UnknownSession
from domain.values.wording import counted
from identity.links import LASTS, Links, path_of
from identity.persons import Persons
from identity.sessions import Sessions
from store.identity import secrets

from .core import Core
from .people_places import Places, allowed_at, mailbox_named, places_of


class PrintedLink(Value):
    """A link that was printed at the machine. Whoever has it can sign in with it, once.

    Args:
        mailbox: of the person.
        link: the link.
        ends: until when it can be used.
    """

    mailbox: str
    link: str
    ends: Instant


class SignIns:
    """What is done about people who sign in with a browser."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def print_link(self, actor: Actor, person: str, *, for_another: bool = False) -> PrintedLink:
        """Makes a link to be printed at the machine, for a service that sends no letters.

        Such a link proves no mailbox, so everything that is done with it is marked as done at the terminal.

        Args:
            actor: who asks. Where the service can send letters, an operator of every round in which the person has a
                role; the record says so.
            person: whose link it is: their id, or their address.
            for_another: whether an operator wants it, although the service can send letters.

        Raises:
            NotProven: this service asks for proof, and such a link is none.
            NotAllowed: the service can send letters; or the actor is no operator; or the person has to sign in with an
                organisation.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
            Unavailable: the database cannot be used.
        """
        core = self._core
        core.allow_anyone(actor, Action.SIGN_IN)
        if core.options.ask_for_proof:
            raise NotProven(
                "This service asks for proof, and a link that is printed proves nothing: sign in with a link by "
                "e-mail, with an organisation, or at the terminal with a key."
            )
        if self._has_another_way() and not for_another:
            raise NotAllowed(
                f"This service lets people sign in by themselves: ask for a link at {core.options.web_address}. An "
                "operator can print one with --print."
            )
        mailbox = await mailbox_named(self._core, person)
        if issuers := (await core.threads.read(Persons(core.database).ways_for, mailbox)).issuers:
            raise NotAllowed(f"{person} signs in with {', '.join(issuers)}, and gets no link.")
        if for_another:
            places = await places_of(self._core, mailbox)
            by = await allowed_at(core, actor, Action.PRINT_LINK, places)
            await self._note(actor, Action.PRINT_LINK, places, by, "A link to sign in was printed for {}")
        secret = await core.threads.write(Links(core.database, core.now).printed, mailbox)
        link = f"{core.options.web_address.rstrip('/')}{path_of(secret)}"
        return PrintedLink(mailbox=mailbox, link=link, ends=core.now() + LASTS)

    async def sessions(self, actor: Actor, person: str = "") -> tuple[Session, ...]:
        """The sessions of a person that go on, in the order in which they began.

        Args:
            actor: the person, or an operator of every round in which the person has a role.
            person: their id or address; empty for the actor's own.

        Raises:
            NotAllowed, NotProven: the actor may not see them.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
            Unavailable: the database cannot be read.
        """
        mailbox = await mailbox_named(self._core, person or actor.name)
        await self._allowed(actor, mailbox)
        return await self._core.threads.read(self._sessions.of, mailbox)

    async def end(self, actor: Actor, person: str = "", session: str = "") -> int:
        """Ends the sessions of a person for good, or one of them. You can safely call this again.

        Args:
            actor: the person, or an operator of every round in which the person has a role: then the record says so.
            person: their id or address; empty for the actor's own.
            session: id of the one; empty for all.

        Returns:
            How many went on until now.

        Raises:
            NotAllowed, NotProven: the actor may not end them.
            UnknownSession: the person has no such session that goes on.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
            Unavailable: the database cannot be used.
        """
        core, sessions = self._core, self._sessions
        mailbox = await mailbox_named(self._core, person or actor.name)
        by = await self._allowed(actor, mailbox)
        if session:
            number = int(await core.threads.write(sessions.end, session, mailbox))
            if not number:
                raise UnknownSession("There is no such session that goes on: see `sessions list`.")
        else:
            number = await core.threads.write(sessions.end_all, mailbox)
        if by and number:
            text = f"{counted(number, 'session')} of {{}} ended"
            await self._note(actor, Action.SESSIONS, await places_of(self._core, mailbox), by, text)
        return number

    @property
    def _sessions(self) -> Sessions:
        return Sessions(self._core.database, self._core.now)

    def _has_another_way(self) -> bool:
        options = self._core.options
        return options.notice_channel != "outbox" or options.organisations != Path()

    async def _allowed(self, actor: Actor, mailbox: str) -> Mapping[str, Grant]:
        """The roles that let an operator deal with a person's sessions, by challenge. None are needed for one's own.

        Raises:
            NotAllowed, NotProven: the actor is somebody else, and no operator.
        """
        if self._core.is_believed(actor) and await self._own(actor) == mailbox:
            return {}
        return await allowed_at(self._core, actor, Action.SESSIONS, await places_of(self._core, mailbox))

    async def _own(self, actor: Actor) -> str:
        """The mailbox of whoever asks; empty if their name is nobody's."""
        try:
            return await mailbox_named(self._core, actor.name)
        except (UnknownPerson, NotReadable):
            return ""

    async def _note(self, actor: Actor, action: Action, places: Places, by: Mapping[str, Grant], text: str) -> None:
        """Writes into the record of each challenge of a person what somebody did about their sign-ins.

        Args:
            actor, action: who did what.
            places: where the person has a role.
            by: the actor's roles there.
            text: what was done, with a place for the person's id.
        """
        now, which = self._core.now(), secrets.new_id()
        for row, grant in places:
            role = by[row.id]
            entry = Entry(
                at=now,
                by=role.person,
                role=str(role.role),
                action=str(action),
                stage=row.stage,
                text=text.format(grant.person),
                proof=actor.proof.shown,
            )
            key = f"{row.id}/{action}/{grant.person}/{which}"
            await self._core.announce(Announcement(key=key, challenge=row.id, entry=entry))
