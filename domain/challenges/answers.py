"""Answers to questions about a challenge, for everybody, while applications are taken."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Answered, Entry, OutgoingNotice, ToApplicants, to_people
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.values.refusals import TooLate

from .decisions import PublishAnswer
from .state import State


def publish(state: State, message: PublishAnswer, now: Instant) -> tuple[State, Announcement]:
    """Tells a question and its answer to everybody who has applied so far, and to those in charge.

    Raises:
        Refused: one of its kinds.
    """
    state.check_may(Action.ANSWER, message.by)
    if not state.takes_applications:
        raise TooLate(
            f"The window of {state.challenge.id} closed on {state.at(state.closes)}: it is too late for answers."
        )
    facts = {"asked": message.question, "answer": message.answer}
    text = f"Question answered: {message.question}"
    new = state.telling(now, f"{text} — {message.answer} (by {message.by})")
    return new, Announcement(
        key=f"{state.challenge.id}/answer/{message.decision_id}",
        challenge=state.challenge.id,
        entry=Entry(
            at=now,
            by=message.by,
            role=state.role_of(message.by),
            action=message.kind,
            stage=state.stage_name,
            text=text,
            reason=message.answer,
        ),
        notices=(
            OutgoingNotice(occasion=Occasion.QUESTION_ANSWERED, whom=ToApplicants(), facts=facts),
            to_people(state.in_charge, Occasion.QUESTION_ANSWERED, facts),
        ),
        answered=Answered(id=message.asked or message.decision_id, question=message.question, answer=message.answer),
    )
