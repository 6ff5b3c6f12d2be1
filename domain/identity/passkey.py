"""Passkeys: the second step for whoever decides or releases."""

from __future__ import annotations

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Facts, Occasion
from domain.permissions import Action, Grant, Role
from domain.values.model import Value, digest_of

FIRST_WITHIN = TimeDelta(minutes=15)
"""How long after signing in somebody may add their first passkey. Whoever finds a browser that was left open later
cannot make themselves the owner of the second step."""
LONGEST_NAME = 60
MOST = 20
"""The most passkeys of one person."""


class Passkey(Value):
    """A passkey of a person. Personal data: it is never logged and never goes to Temporal.

    Args:
        id: the credential's own id, which its authenticator gave it.
        mailbox: whose.
        name: by which the person knows it.
        made: when it was added.
        used: when it was last used; None if never.
    """

    id: str
    mailbox: str
    name: str
    made: Instant
    used: Instant | None = None


def about_passkey(
    challenge: str,
    stage: str,
    passkey: Passkey,
    of: Grant,
    by: Grant,
    proof: str,
    at: Instant,
    *,
    reason: str = "",
    added: bool,
    told: bool,
) -> Announcement:
    """That a passkey was added or removed by somebody with a role at a challenge, or for them.

    The record has neither the passkey's name nor its id: both can tell something about the person.

    Args:
        challenge: its id.
        stage: where it stands.
        passkey: the passkey.
        of: the role of the person whose passkey it is.
        by: who added or removed it, and in which role.
        proof: how they were proven, as the record names it.
        at: when.
        reason: why it was removed, if an operator removed it.
        added: whether it was added; otherwise it was removed.
        told: whether the person gets a notice. One is enough for all their challenges.
    """
    what = "added" if added else "removed"
    entry = Entry(
        at=at,
        by=by.person,
        role=str(by.role),
        action=str(Action.OWN_PASSKEYS if by.person == of.person else Action.PASSKEYS),
        stage=stage,
        text=f"A passkey of {of.person} was {what}",
        reason=reason,
        proof=proof,
    )
    # Its id is long, and is no news to the person; the record needs only to tell one passkey from another.
    which = f"{challenge}/passkeys/{digest_of(passkey)}/{what}"
    notices = (_told(of, by, passkey.name, added=added),) if told else ()
    return Announcement(key=which, challenge=challenge, entry=entry, notices=notices)


def _told(of: Grant, by: Grant, name: str, *, added: bool) -> OutgoingNotice:
    telling = to_teams if of.role is Role.TEAM else to_people
    if added:
        return telling((of.person,), Occasion.PASSKEY_ADDED, {"passkey": name})
    facts: Facts = {"passkey": name, "by": "you" if by.person == of.person else "the programme office"}
    return telling((of.person,), Occasion.PASSKEY_REMOVED, facts)
