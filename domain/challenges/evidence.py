"""Decisions on evidence: an instalment falls due when its evidence is accepted."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, Impartial, Judged, OutgoingNotice, to_teams
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.values.refusals import (
    OnHold,
    ReasonMissing,
    Refused,
    TooLate,
    UnknownStage,
    UnknownTeam,
    refuse_for_all,
)

from .awards import status_of
from .decisions import Evidence
from .stage_run import OpenEvidence, Team, Verdict
from .state import Outcome, Phase, State


def judge(state: State, message: Evidence, now: Instant) -> tuple[State, Announcement]:
    """Accepts or rejects evidence. Once the challenge has ended, every rejection is final.

    Raises:
        Refused: one of its kinds.
    """
    state.check_may(Action.EVIDENCE, message.by)
    if state.held:
        raise OnHold(f"{state.challenge.id} is on hold ({state.held.reason}): it must be resumed first.")
    missing = not message.accepted and not message.reason
    faults: list[Refused] = [ReasonMissing("A rejection needs a reason, for the team.")] if missing else []
    try:
        wanted = _wanted(state, message)
    except Refused as fault:
        refuse_for_all([*faults, fault])
        raise
    refuse_for_all(faults)
    final = message.final or state.phase is Phase.ENDED
    done = "accepted" if message.accepted else "rejected for good" if final else "rejected"
    new = state
    if message.accepted or final:
        new = _with_verdict(state, wanted, Verdict(at=now, by=message.by, accepted=message.accepted))
    title = next(stage.title for stage in state.programme.stages if stage.name == wanted.stage)
    text = f"Evidence of {wanted.team} for {title}, instalment {wanted.number} ({wanted.what}): {done}"
    because = f": {message.reason}" if message.reason else ""
    new = new.telling(now, f"{text}, by {message.by}{because}")
    return new, Announcement(
        key=f"{state.challenge.id}/evidence/{message.decision_id}",
        challenge=state.challenge.id,
        entry=Entry(
            at=now,
            by=message.by,
            role=state.role_of(message.by),
            action=message.kind,
            stage=wanted.stage,
            text=text,
            reason=message.reason,
        ),
        status=status_of(new),
        notices=(_telling(state, message, wanted, title, final),),
        impartial=Impartial(towards=(wanted.team,)),
        judged=Judged(
            stage=wanted.stage,
            team=wanted.team,
            number=wanted.number,
            accepted=message.accepted,
            final=message.accepted or final,
        ),
    )


def _telling(state: State, message: Evidence, wanted: OpenEvidence, title: str, final: bool) -> OutgoingNotice:
    facts = {"stage": title, "evidence": wanted.what}
    if message.accepted:
        amount = {"amount": wanted.amount.gross.shown(state.programme.currency)}
        return to_teams((wanted.team,), Occasion.EVIDENCE_ACCEPTED, facts | amount)
    more = {"reason": message.reason, "final": "yes" if final else ""}
    return to_teams((wanted.team,), Occasion.EVIDENCE_REJECTED, facts | more)


def _wanted(state: State, message: Evidence) -> OpenEvidence:
    run = next((run for run in state.runs if run.stage == message.stage), None)
    if run is None:
        names = ", ".join(run.stage for run in state.runs) or "none yet"
        raise UnknownStage(
            f"{state.challenge.id} has not reached a stage {message.stage!r}. Its stages so far: {names}."
        )
    if message.team not in [team.id for team in run.teams]:
        teams = ", ".join(team.id for team in run.teams)
        raise UnknownTeam(f"{message.team} was not in {run.stage} of {state.challenge.id}: choose from {teams}.")
    if state.outcome is Outcome.CANCELLED:
        raise TooLate(f"{state.challenge.id} was cancelled: nobody can decide on evidence now.")
    waiting = [each for each in state.open_evidence if (each.stage, each.team) == (run.stage, message.team)]
    for each in waiting:
        if message.number in (0, each.number):
            return each
    which = f"instalment {message.number} of {message.team}" if message.number else message.team
    raise TooLate(
        f"No evidence of {which} in {run.stage} waits for a decision: it was accepted or rejected before, the payment "
        "needs no evidence, or the team has left."
    )


def _with_verdict(state: State, wanted: OpenEvidence, verdict: Verdict) -> State:
    def judged(team: Team) -> Team:
        if team.id != wanted.team:
            return team
        return team.model_copy(update={"verdicts": {**team.verdicts, wanted.number: verdict}})

    runs = tuple(
        run.model_copy(update={"teams": tuple(map(judged, run.teams))}) if run.stage == wanted.stage else run
        for run in state.runs
    )
    return state.having(runs=runs)
