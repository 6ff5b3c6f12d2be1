"""The contacts of applications: an operator changes an address or a name."""

from __future__ import annotations

import uuid

from domain.announcements.announcement import Announcement
from domain.challenges.contact import Contact, contact_changed, read_contact
from domain.permissions import Action, Actor
from domain.values.model import Value
from domain.values.refusals import NotSentAgain
from domain.values.wording import counted
from store.challenges import contacts
from store.challenges.rounds import ChallengeRow
from store.outbox import failing

from .core import Core


class ContactChanged(Value):
    """The result of a change of a contact.

    Args:
        text: what was done.
        resent: keys of the failed notices that are sent again, to the present address.
        not_resent: why other failed notices are not sent again.
    """

    text: str
    resent: tuple[str, ...]
    not_resent: tuple[str, ...]


class Contacts:
    """What is done about the contacts of applications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def change(
        self,
        actor: Actor,
        challenge: str,
        team: str,
        *,
        email: str = "",
        organisation: str = "",
        reason: str = "",
        resend: bool = False,
    ) -> ContactChanged:
        """Changes the contact of an application. Both addresses are told. You can safely call this again.

        From then on whoever has the new address acts for the team, and nobody else.

        Args:
            actor: an operator, who can never release a payment to this team from then on.
            challenge: its name.
            team: id of the application.
            email: the new address; empty if it does not change.
            organisation: the new name; empty if it does not change.
            reason: why, for both.
            resend: whether the team's notices that failed are sent again, to the present address.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or application.
            NotAllowed: the actor is no operator, or the address is that of somebody with a role in the round.
            ApplicationRefused, ReasonMissing: the address, the name or the reason cannot be taken.
            Unavailable: the database cannot be written to.
        """
        row = await self._core.find(challenge)
        by = (await self._core.allow(actor, Action.CHANGE_CONTACT, row)).person
        async with self._core.refusals_on_record(actor, Action.CHANGE_CONTACT, row):
            to = read_contact(email, organisation, reason)
            changed = await self._core.threads.write(self._change, actor, row, team, to, by, " ".join(reason.split()))
        done = f"Contact of {team}: {changed} changed" if changed else f"Contact of {team}: as before"
        if not resend:
            return ContactChanged(text=done, resent=(), not_resent=())
        resent, not_resent = await self._core.threads.write(self._send_again, row.id, team)
        text = f"{done}; {counted(len(resent), 'failed notice')} sent again"
        return ContactChanged(text=text, resent=tuple(resent), not_resent=tuple(not_resent))

    def _change(self, actor: Actor, row: ChallengeRow, team: str, to: Contact, by: str, reason: str) -> str:
        now, unique = self._core.now(), uuid.uuid4().hex

        def announcing(changed: str) -> Announcement:
            told = contact_changed(row.id, row.stage, team, changed, by, reason, now, unique)
            return told.proven(actor.proof.on_record)

        compose = self._core.letters.compose
        return contacts.change_contact(self._core.database, row.id, team, to, announcing, now, compose)

    def _send_again(self, challenge: str, team: str) -> tuple[list[str], list[str]]:
        """Has the failed notices to a team sent again; and why some are not."""
        resent, not_resent = list[str](), list[str]()
        for key in contacts.failed_notices(self._core.database, challenge, team):
            try:
                resent.append(failing.send_again(self._core.database, key, self._core.now()))
            except NotSentAgain as refusal:
                not_resent.append(str(refusal))
        return resent, not_resent
