"""What the record says of a terminal key, and what the person is told whose it is."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.permissions import Action, Grant, Role

BY_FIRST = Grant(round="", role=Role.OPERATOR, person="service")
"""Who makes the first key: the login that runs the service, because nobody has a key yet."""


def about_key(
    challenge: str, stage: str, key: str, of: Grant, by: Grant, proof: str, at: Instant, *, made: bool, told: bool
) -> Announcement:
    """That a key was made or ended for somebody with a role at a challenge.

    Args:
        challenge: its id.
        stage: where it stands.
        key: id of the key.
        of: the role of the person whose key it is.
        by: who made or ended it, and in which role.
        proof: how they were proven, as the record names it.
        at: when.
        made: whether it was made; otherwise it ended.
        told: whether the person gets the notice that a key was made. One is enough for all their challenges.
    """
    text = f"A terminal key was made for {of.person}: {key}" if made else f"A terminal key of {of.person} ended: {key}"
    entry = Entry(
        at=at, by=by.person, role=str(by.role), action=str(Action.TERMINAL_KEYS), stage=stage, text=text, proof=proof
    )
    which = f"{challenge}/{Action.TERMINAL_KEYS}/{key}/{'made' if made else 'ended'}"
    notices = (_told(of, by.person, key),) if made and told else ()
    return Announcement(key=which, challenge=challenge, entry=entry, notices=notices)


def _told(of: Grant, by: str, key: str) -> OutgoingNotice:
    facts = {"key": key, "made_by": "the login that runs the service" if by == BY_FIRST.person else by}
    telling = to_teams if of.role is Role.TEAM else to_people
    return telling((of.person,), Occasion.TERMINAL_KEY_MADE, facts)
