"""What all changes that people make to a challenge share: who may make them, when, and who is told."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant

from domain.announcements.announcement import (
    Announcement,
    Entry,
    Impartial,
    OutgoingNotice,
    ToApplicants,
    Window,
    to_people,
    to_teams,
    while_so,
)
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.values.refusals import OnHold, ReasonMissing, TooLate, UnknownStage, refuse_for_all

from .awards import status_of
from .decisions import Decision, Withdraw
from .feedback import kept_words
from .state import Phase, State


def check_may_change(state: State, message: Decision) -> None:
    """Checks that the person may decide this, and that the challenge goes on.

    Raises:
        NotAllowed: the person may not.
        TooLate: the challenge has ended.
    """
    state.check_may(Action(message.kind), message.by)
    check_goes_on(state)


def check_goes_on(state: State) -> None:
    """Checks that the challenge has not ended.

    Raises:
        TooLate: the challenge has ended.
    """
    if state.phase is Phase.ENDED:
        raise TooLate(f"{state.challenge.id} has ended ({state.outcome}): it cannot change any more.")


def check_not_held(state: State) -> None:
    """Checks that the challenge is not on hold.

    Raises:
        OnHold: the challenge is on hold.
    """
    if state.held:
        raise OnHold(f"{state.challenge.id} is on hold ({state.held.reason}): it must be resumed first.")


def need_reason(message: Decision, what: str) -> None:
    """Checks that a decision gives a reason.

    Args:
        message: the decision.
        what: the decision in words, such as "A hold".

    Raises:
        ReasonMissing: the decision gives no reason.
    """
    refuse_for_all(no_reason(message, what))


def no_reason(message: Decision, what: str) -> Iterator[ReasonMissing]:
    """The refusal of a decision that gives no reason, beside its other faults. See `need_reason`."""
    if not message.reason:
        yield ReasonMissing(f"{what} needs a reason, for the people who are told.")


def key_of(state: State, message: Decision) -> str:
    """The business key of a decision's announcement. A decision that is announced twice is written once."""
    return f"{state.challenge.id}/{message.kind}/{message.decision_id}"


def entry_of(state: State, message: Decision, now: Instant, text: str) -> Entry:
    """The line of the record about a decision.

    Args:
        state: the challenge after the decision.
        message: the decision.
        now: when it is taken.
        text: what happened.
    """
    return Entry(
        at=now,
        by=message.by,
        role="team" if isinstance(message, Withdraw) and message.by == message.team else state.role_of(message.by),
        action=message.kind,
        stage=state.stage_name,
        text=text,
        reason=message.reason,
    )


def check_stage_known(state: State, name: str) -> None:
    """Checks that the programme has a stage with that name.

    Raises:
        UnknownStage: there is no such stage. The message names the stages.
    """
    names = [stage.name for stage in state.programme.stages]
    if name not in names:
        raise UnknownStage(f"No stage {name!r} in {state.programme.id}: it has {', '.join(names)}.")


def announced_by(
    new: State,
    message: Decision,
    now: Instant,
    text: str,
    notices: tuple[OutgoingNotice, ...],
    stage: str = "",
    team: str = "",
) -> tuple[State, Announcement]:
    """Announces a change that everybody concerned is told of in their own way.

    Args:
        new: the challenge after the change.
        message: the decision, which has a reason.
        now: when it is taken.
        text: what happened.
        notices: who is told what.
        stage: the stage that the change is about, if it is not the present one.
        team: the only team that the change is about, if it is about one: the person must be impartial towards it.
    """
    new = new.telling(now, f"{text}, by {message.by}: {message.reason}")
    entry = entry_of(new, message, now, text)
    return new, Announcement(
        key=key_of(new, message),
        challenge=new.challenge.id,
        entry=entry.model_copy(update={"stage": stage or entry.stage}),
        status=status_of(new),
        notices=notices,
        impartial=Impartial(towards=(team,)) if team else None,
    )


def announced_to_all(
    new: State,
    message: Decision,
    now: Instant,
    text: str,
    occasion: Occasion,
    facts: dict[str, str],
    window: Window | None,
    teams: tuple[str, ...] | None = None,
) -> tuple[State, Announcement]:
    """Announces a change to everybody: those in charge, and the applicants or teams.

    Args:
        new: the challenge after the change.
        message: the decision.
        now: when it is taken.
        text: what happened.
        occasion, facts: of the notices.
        window: the window after the change; None if it does not change.
        teams: the teams that are told; if left out, those that take part, and those in reserve.
    """
    because = f": {message.reason}" if message.reason else ""
    new = new.telling(now, f"{text}, by {message.by}{because}")
    if teams is None and new.runs:
        teams = (*new.field, *new.run.in_reserve)
    field = to_teams(teams, occasion, facts) if teams is not None else None
    notices = (
        field or OutgoingNotice(occasion=occasion, whom=ToApplicants(), facts=facts),
        to_people(new.in_charge, occasion, facts),
    )
    return new, Announcement(
        key=key_of(new, message),
        challenge=new.challenge.id,
        entry=entry_of(new, message, now, text),
        status=status_of(new),
        window=window,
        # An ending is final; every other notice is right until the next deadline or the next change.
        notices=(*notices, *kept_words(new)) if new.phase is Phase.ENDED else tuple(map(while_so, notices)),
    )
