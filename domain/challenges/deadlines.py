"""What a challenge does by itself when a deadline comes: it opens, seals its window, reminds people and ends stages."""

from __future__ import annotations

from itertools import takewhile

from whenever import Instant, TimeDelta

from domain.announcements.announcement import (
    Announcement,
    Entry,
    OutgoingNotice,
    ToApplicants,
    ToReaders,
    to_people,
    to_teams,
    while_so,
)
from domain.announcements.occasions import Occasion
from domain.programmes.programme import CountedFrom
from domain.values.calendar import later
from domain.values.wording import counted, listed

from . import further, reminders
from .awards import payments_due, status_of
from .feedback import kept_words
from .selection import agreed_amount_in_words
from .state import Outcome, Phase, State

_NOTICED_LATE = TimeDelta(hours=1)
"""From when on a stage's end was noticed so late that its teams would lose time that they were promised."""

OUTSIDE = "cancelled in Temporal, without a reason"
"""Why a challenge ended that somebody cancelled in Temporal. Only those who run it read this."""

SERVICE = "service"
"""Who the record says has acted when the service itself acts."""


def scheduled(state: State, now: Instant) -> tuple[State, Announcement]:
    """The challenge has started and waits for its window to open."""
    text = f"Window opens on {state.at(state.opens, begins=True)} and closes on {state.at(state.closes)}"
    new = state.telling(now, text)
    return new, _by_service(new, now, "scheduled", text, ())


def opened(state: State, now: Instant) -> tuple[State, Announcement]:
    """The window opens, or is made ready to open at its time."""
    text = f"Window open until {state.at(state.closes)}"
    new = state.having(opened=True, reminded=state.opens).telling(now, text)
    facts = further.moved_facts(new) | {"closes": new.at(new.closes)}
    return new, _by_service(
        new,
        now,
        "opened",
        text,
        (while_so(to_people(new.in_charge, Occasion.WINDOW_OPENED, facts)),),
    ).model_copy(update={"window": new.window})


def sealed(state: State, applications: int, now: Instant, sent: tuple[str, ...] = ()) -> tuple[State, Announcement]:
    """The window is sealed. The sponsor is invited to select, or the challenge ends because nobody applied.

    The time to decide counts from the closing, even if the service sealed the window later.

    Args:
        state: the challenge with its window still open.
        applications: how many came in.
        now: when the window is sealed.
        sent: of further proposals, the ids of the teams that sent one.
    """
    if not state.takes_applications:
        return _proposals_sealed(state, sent, now)
    text = f"Window sealed with {counted(applications, 'application')}"
    new = state.having(applications=applications)
    if applications == 0:
        return _ended(new, now, Outcome.NO_AWARD, "nobody applied", f"{text}; the challenge ends: {Outcome.NO_AWARD}")
    return _selection_invited(new, now, 0, state.closes, text, "sealed")


def _proposals_sealed(state: State, sent: tuple[str, ...], now: Instant) -> tuple[State, Announcement]:
    """The window of further proposals is sealed. The sponsor is invited to select, or no team is left.

    The time to decide counts from the closing, or from the end of the stage before if that came later.
    """
    new = further.sealed_with(state, sent)
    text, which = further.sealing_in_words(state, new), state.filling.name
    if not new.field:
        awarded = any(team.award for run in state.runs for team in run.teams)
        outcome = Outcome.DISCONTINUED if awarded else Outcome.NO_AWARD
        text = f"{text}; the challenge ends: {outcome}"
        # Those who are out are told of the end, and why: they are still in the field of the old state.
        old, ended = _ended(state, now, outcome, further.nobody_sent(state), text)
        return old.having(further=new.further), ended
    since = max(state.further[-1].closes, state.run.ended or state.further[-1].closes)
    new, invited = _selection_invited(new, now, state.stage, since, text, "sealed", which)
    return new, invited.model_copy(update={"notices": (*invited.notices, *further.missing_told(state, new))})


def stage_ended(state: State, now: Instant) -> tuple[State, Announcement]:
    """A stage is over: the sponsor is invited to select for the next stage, or the challenge is completed.

    The stage ended at its deadline, and the time to decide counts from there, even if the service noticed later. If
    some teams have more time, the stage is over only for the others.
    """
    stage, run, at = state.filling, state.run, state.run.next_end
    done = [team.id for team in run.working if run.ends_for(team) <= at]
    if len(done) < len(run.working):
        return _ended_for_some(state, now, done, at)
    # If the service was down as the stage ended, the teams have the whole time from the moment when they are asked.
    asked = at if now - at < _NOTICED_LATE else now
    new = further.asking(state.having_run(ended=at), asked, CountedFrom.END)
    text = f"{stage.title} ended"
    if state.stage + 1 == len(state.programme.stages):
        new, ended = _ended(new, now, Outcome.COMPLETED, "", f"{text}; the challenge is completed")
    elif new.asked:
        new, ended = _proposals_awaited(state, new, now, at, text)
    else:
        new, ended = _selection_invited(new, now, state.stage + 1, at, text, "ended", stage.name)
    if not state.run.reserve:
        return new, ended
    # Those who are still in reserve can no longer get a place.
    released = to_teams(state.run.reserve, Occasion.NOT_SELECTED, {"stage": stage.title, "feedback": ""})
    return new, ended.model_copy(update={"notices": (*ended.notices, released)})


def _proposals_awaited(old: State, new: State, now: Instant, at: Instant, text: str) -> tuple[State, Announcement]:
    """The next stage asks for further proposals. They may have been asked for before, with the selection."""
    text = f"{text}; {further.opening_in_words(new, now)}"
    new = further.waiting_for_proposals(new, at).telling(now, text)
    if old.asked:
        return new, _by_service(new, now, "ended", text, (), old.filling.name)
    told = (*further.invitations(new, new.field, now), further.opening_told(new))
    announcement = _by_service(new, now, "ended", text, told, old.filling.name)
    return new, announcement.model_copy(update={"window": new.window})


def _ended_for_some(state: State, now: Instant, done: list[str], at: Instant) -> tuple[State, Announcement]:
    """A stage is over for the teams that have no more time than the programme gives. What they are due falls due."""
    teams = (team.model_copy(update={"ended": at}) if team.id in done else team for team in state.run.teams)
    new = state.having_run(teams=tuple(teams))
    others = listed([team.id for team in new.run.working])
    text = f"{state.filling.title} ended for {listed(done)}; it goes on for {others} until {new.ends}"
    new = new.telling(now, text)
    return new, _by_service(new, now, "ended", text, (), f"{state.filling.name}-{at}")


def paid_up(state: State, now: Instant) -> tuple[State, Announcement]:
    """All payments of an ended challenge are made or cancelled."""
    text = "Nothing is left to pay"
    new = state.telling(now, text)
    return new, _by_service(new, now, "paid-up", text, ())


def cancelled_outside(state: State, now: Instant) -> tuple[State, Announcement]:
    """Somebody cancelled the workflow in Temporal itself, which records neither who nor why."""
    reason, told = OUTSIDE, "none was given"
    text = f"Cancelled in Temporal, while waiting for {state.waiting}"
    new = state.having(held=None, decide_by=None)
    new, announcement = _ended(new, now, Outcome.CANCELLED, reason, text, told)
    window = state.window and state.window.model_copy(update={"held": False, "sealed": True})
    return new, announcement.model_copy(update={"window": window})


def next_reminder(state: State) -> Instant | None:
    """When the next reminder of the present deadline is due; None if there is no reminder.

    Reminders come before a deadline, as the programme says. For a decision they also come when it is due, and then at
    regular intervals.
    """
    return next((rung for rung in reminders.rungs(state) if rung > state.reminded), None)


def agenda(state: State) -> tuple[object, ...]:
    """What there is to do or to wait for. While this stays the same, a wait need not be interrupted."""
    due = tuple(order.key for order in payments_due(state))
    over = state.phase is Phase.ENDED and not state.unpaid and not state.open_evidence
    return state.phase, state.opened, state.held, state.deadline, next_reminder(state), over, due


def reminded(state: State, now: Instant) -> tuple[State, Announcement]:
    """Reminds people of the present deadline, or tells them that it has passed.

    If several reminders fell due while the service was down, only the last is sent.
    """
    rung = next_reminder(state)
    assert rung is not None, "one is due"
    rung = max((each for each in takewhile(lambda each: each <= now, reminders.rungs(state))), default=rung)
    until, title = state.at(state.deadline) if state.deadline else "", state.filling.title
    stage = {"stage": title, "until": until}
    notices: tuple[OutgoingNotice, ...]
    match state.phase:
        case Phase.WINDOW if state.stage:
            notices, text = further.closing_soon(state, now), f"Reminder: {further.opening_in_words(state, now)}"
        case Phase.WINDOW:
            facts = further.moved_facts(state) | {"until": until}
            notices = (to_people(state.in_charge, Occasion.CLOSING_SOON, facts),)
            text = f"Reminder: the window closes on {until}"
        case Phase.DECIDING if now < _decide_by(state):
            notices = (to_people(state.challenge.deciders, Occasion.DECISION_DUE, stage), _scores_due(state, until))
            text = f"Reminder: {state.waiting} is due on {until}"
        case Phase.DECIDING:
            facts = stage | {"waits_for": state.waiting}
            # On the day itself those who decide are told; after that, at regular intervals, all in charge.
            whom = state.in_charge if rung > _decide_by(state) else state.challenge.deciders
            notices = (to_people(whom, Occasion.DECISION_OVERDUE, facts), _scores_due(state, ""))
            text = f"Reminder: {state.waiting} was due on {until}"
        case Phase.RUNNING:
            notices, text = reminders.while_running(state, rung, now)
        case Phase.ENDED:
            notices = reminders.evidence_wanted(state)
            teams = dict.fromkeys(each.team for each in state.open_evidence)
            text = f"Reminder: evidence is expected from {', '.join(teams)}"
    if state.phase is not Phase.ENDED:  # evidence is wanted after the end whether or not payments are still to be made
        notices = tuple(map(while_so, notices))
    new = state.having(reminded=now).telling(now, text)
    return new, _by_service(new, now, "reminded", text, notices, f"{state.stage_name}-{rung}")


def _scores_due(state: State, until: str) -> OutgoingNotice:
    """Reminds the readers who have not given all their marks. The store knows who they are."""
    facts = {"stage": state.filling.title, "until": until, "left": ""}
    whom = ToReaders(stage=state.filling.name, field=state.field)
    return OutgoingNotice(occasion=Occasion.SCORES_DUE, whom=whom, facts=facts)


def _decide_by(state: State) -> Instant:
    assert state.decide_by is not None, "a decision that is waited for has its date"
    return state.decide_by


def _selection_invited(
    state: State, now: Instant, index: int, since: Instant, text: str, action: str, which: str = ""
) -> tuple[State, Announcement]:
    stage = state.programme.stages[index]
    decide_by = later(since, stage.decision_within, state.zone, state.programme.holidays)
    new = state.having(phase=Phase.DECIDING, stage=index, decide_by=decide_by, reminded=since)
    text = f"{text}; selection for {stage.title} is due on {new.at(decide_by)}"
    facts = {
        "stage": stage.title,
        "until": new.at(decide_by),
        "field": _field_in_words(new),
        "number": str(stage.target),
        "amount": agreed_amount_in_words(stage, new.programme.currency),
    }
    new = new.telling(now, text)
    told = (to_people(new.challenge.deciders, Occasion.DECISION_INVITED, facts), _scoring_invited(new))
    return new, _by_service(new, now, action, text, tuple(map(while_so, told)), which)


def _scoring_invited(state: State) -> OutgoingNotice:
    """Readers are told that they can mark. The store knows who they are, and what the scorecard says."""
    until = state.at(_decide_by(state))
    facts = {"stage": state.filling.title, "until": until, "left": "", "criteria": ""}
    whom = ToReaders(stage=state.filling.name, field=state.field)
    return OutgoingNotice(occasion=Occasion.SCORING_INVITED, whom=whom, facts=facts)


def _field_in_words(state: State) -> str:
    """Whom the sponsor can select from, in words."""
    if not state.runs:
        return f"{counted(state.applications or 0, 'application')} came in"
    if sent := further.field_in_words(state):
        return sent
    title, teams = state.title_of(state.run.stage), state.field
    return f"{title} has ended with {counted(len(teams), 'team')}: {', '.join(teams)}"


def _ended(
    state: State, now: Instant, outcome: Outcome, reason: str, text: str, told_reason: str = ""
) -> tuple[State, Announcement]:
    """The challenge is over.

    Args:
        state: the challenge as it was.
        now: the present.
        outcome, reason: how and why the challenge ended, for those who run it.
        text: what happened.
        told_reason: why, for those who took part; `reason` if left out.
    """
    new = state.having(phase=Phase.ENDED, outcome=outcome, outcome_reason=reason, reminded=now, ended=now)
    new = new.telling(now, text)
    occasion = {
        Outcome.COMPLETED: Occasion.COMPLETED,
        Outcome.CANCELLED: Occasion.CANCELLED,
        Outcome.NO_AWARD: Occasion.NOT_CONTINUED,
        Outcome.DISCONTINUED: Occasion.NOT_CONTINUED,
    }[outcome]
    facts = ending_in_words(outcome, state.filling.title, reason)
    theirs = ending_in_words(outcome, state.filling.title, told_reason or reason)
    told = to_teams((*state.field, *state.run.in_reserve), occasion, theirs) if state.runs else None
    return new, _by_service(
        new,
        now,
        "ended",
        text,
        (
            told or OutgoingNotice(occasion=occasion, whom=ToApplicants(), facts=theirs),
            to_people(new.in_charge, occasion, facts),
            *kept_words(new),
        ),
        f"as/{outcome}",
    )


def ending_in_words(outcome: Outcome, stage: str, reason: str) -> dict[str, str]:
    """The facts of the notice with which a challenge ends."""
    match outcome:
        case Outcome.COMPLETED:
            return {"stage": stage}
        case Outcome.CANCELLED:
            return {"reason": reason}
        case _:
            return {"stage": stage, "reason": reason}


def _by_service(
    state: State, now: Instant, action: str, text: str, notices: tuple[OutgoingNotice, ...], which: str = ""
) -> Announcement:
    """An announcement of what the service did by itself. `which` distinguishes announcements of the same kind."""
    return Announcement(
        key=f"{state.challenge.id}/{action}" + (f"-{which}" if which else ""),
        challenge=state.challenge.id,
        entry=Entry(at=now, by=SERVICE, role=SERVICE, action=action, stage=state.stage_name, text=text),
        status=status_of(state),
        notices=notices,
    )
