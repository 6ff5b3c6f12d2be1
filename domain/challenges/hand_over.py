"""Somebody's role in a round goes to a successor, in challenges that are open too."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, HandedOver, OutgoingNotice, to_people
from domain.announcements.occasions import Occasion
from domain.permissions import Action, Role
from domain.values.refusals import TooLate, UnknownPerson

from .change import key_of, need_reason
from .decisions import HandOver
from .state import State

_LISTS = ("deciders", "operators", "releasers")


def hand_over(state: State, message: HandOver, now: Instant) -> tuple[State, Announcement]:
    """Puts the successor in the place of somebody who has handed over their role. Deadlines do not change.

    The books of the round say who has which role. The announcement is refused if they do not have this hand-over.

    Raises:
        Refused: one of its kinds.
    """
    state.check_may(Action.HAND_OVER, message.by)
    need_reason(message, "A hand-over")
    challenge, role = state.challenge, state.role_of(message.person)
    if message.number <= challenge.hand_overs:
        raise TooLate(f"{challenge.id} knows hand-over {message.number} of its round: it changes nothing any more.")
    if role not in (Role.SPONSOR, Role.OPERATOR, Role.RELEASER):
        raise UnknownPerson(f"{message.person} has no role in {challenge.id}: there is nothing to hand over.")
    lists = {name: _succeeded(getattr(challenge, name), message) for name in _LISTS}
    new = state.having(challenge=challenge.model_copy(update={**lists, "hand_overs": message.number}))
    text = handed_over_in_words(message.person, message.successor, role)
    told = told_of_hand_over(message, role, new.challenge.operators, state.waiting)
    new = new.telling(now, f"{text}, by {message.by}: {message.reason}")
    return new, Announcement(
        key=key_of(new, message),
        challenge=challenge.id,
        entry=_entry(message, now, state.role_of(message.by), state.stage_name, text),
        handed_over=HandedOver(number=message.number, person=message.person, successor=message.successor),
        notices=(told,),
    )


def noted_after_the_end(
    challenge: str, stage: str, message: HandOver, role: str, waits_for: str, now: Instant
) -> Announcement:
    """The announcement of a hand-over for a challenge whose workflow is gone.

    Args:
        challenge: its id.
        stage: its last stage.
        message: the hand-over.
        role: which role goes to the successor.
        waits_for: what the challenge waits for.
        now: the present.
    """
    text = handed_over_in_words(message.person, message.successor, role)
    return Announcement(
        key=f"{challenge}/{message.kind}/{message.decision_id}",
        challenge=challenge,
        entry=_entry(message, now, Role.OPERATOR, stage, text),
        handed_over=HandedOver(number=message.number, person=message.person, successor=message.successor),
        notices=(told_of_hand_over(message, role, (), waits_for),),
    )


def handed_over_in_words(person: str, successor: str, role: str) -> str:
    """What the record says: "finance hands over to finance-2, as releaser"."""
    return f"{person} hands over to {successor}, as {role}"


def told_of_hand_over(message: HandOver, role: str, operators: tuple[str, ...], waits_for: str) -> OutgoingNotice:
    """The notice to both people, and to the operators."""
    facts = {
        "person": message.person,
        "successor": message.successor,
        "role": role,
        "waits_for": waits_for,
        "reason": message.reason,
    }
    people = dict.fromkeys((message.person, message.successor, *operators))
    return to_people(tuple(people), Occasion.HANDED_OVER, facts)


def _succeeded(people: tuple[str, ...], message: HandOver) -> tuple[str, ...]:
    """The people of a role, each once, with the successor in the other's place."""
    return tuple(dict.fromkeys(message.successor if each == message.person else each for each in people))


def _entry(message: HandOver, now: Instant, role: str, stage: str, text: str) -> Entry:
    return Entry(at=now, by=message.by, role=role, action=message.kind, stage=stage, text=text, reason=message.reason)
