"""What a sponsor says to those it does not take: with its decision, or after it."""

from __future__ import annotations

from whenever import Instant

from .announcement import Announcement, Entry, Telling, to_teams
from .challenge import Phase, State
from .occasions import Occasion
from .refusals import NotReadable, UnknownStage, UnknownTeam
from .roles import check_role

_LONGEST = 10_000


def feedback_given(state: State, stage: str, team: str, by: str, text: str, now: Instant, unique: str) -> Announcement:
    """That feedback was given; its words are told, and never stand here.

    Where the stage is decided, or nothing is decided any more, the team is told at once; else the words go out with
    the decision.

    Raises:
        Refused: one of its kinds.
    """
    check_role(state, by, "give feedback for", "sponsor", "operator")
    titles = {each.name: each.title for each in state.programme.stages}
    if stage not in titles:
        raise UnknownStage(f"No stage {stage!r} in {state.programme.id}: it has {', '.join(titles)}.")
    if not text.strip() or len(text) > _LONGEST:
        raise NotReadable(f"The feedback has {len(text)} characters: write 1 to {_LONGEST:,}.")
    if "\x00" in text:
        raise NotReadable("The feedback has a NUL character: hand it in as plain text.")
    order = list(titles)
    before = [run for run in state.runs if order.index(run.stage) < order.index(stage)]
    if before and team not in [each.id for each in before[-1].teams]:
        raise UnknownTeam(
            f"{team} was not in {titles[before[-1].stage]}, so nobody decides whether it enters {titles[stage]}: "
            "name the stage that it was not taken into."
        )
    run = next((run for run in state.runs if run.stage == stage), None)
    if run is not None and team in [each.id for each in run.teams]:
        raise UnknownTeam(f"{team} was taken into {titles[stage]}: feedback is for those who were not.")
    told: tuple[Telling, ...] = ()
    if run is not None or order.index(stage) < state.stage or state.phase is Phase.ENDED:
        told = (to_teams((team,), Occasion.FEEDBACK, {"stage": titles[stage], "feedback": text.strip()}),)
    when = "told at once" if told else "to be told with the decision"
    return Announcement(
        key=f"{state.challenge.id}/feedback/{unique}",
        challenge=state.challenge.id,
        entry=Entry(
            at=now,
            by=by,
            role=state.role_of(by),
            action="feedback",
            stage=stage,
            text=f"Feedback for {team} on {titles[stage]}, {when}",
        ),
        tellings=told,
        applications=(team,),
    )
