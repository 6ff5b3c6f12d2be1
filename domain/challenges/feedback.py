"""The feedback of a sponsor to applicants who were not selected: sent with the decision or after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, Impartial, OutgoingNotice, ToSpokenOf, to_teams
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.values.refusals import NotReadable, Refused, UnknownStage, UnknownTeam, refuse_for_all

from .state import Phase, State

_LONGEST = 10_000


def kept_words(state: State) -> tuple[OutgoingNotice, ...]:
    """Sends the feedback that was kept until the decision on its stage was final.

    The feedback goes out with every decision and every ending, however the stage was settled: filled, declined,
    skipped, or never reached because the challenge ended. Nobody gets the same feedback twice.

    Args:
        state: the challenge as the decision or the ending leaves it.
    """
    taken = {run.stage: tuple(team.id for team in run.teams) for run in state.runs}
    return tuple(
        OutgoingNotice(
            occasion=Occasion.FEEDBACK,
            whom=ToSpokenOf(stage=stage.name, without=taken.get(stage.name, ())),
            facts={"stage": stage.title, "feedback": ""},
        )
        for index, stage in enumerate(state.programme.stages)
        if _is_settled(state, index)
    )


def stages_from(state: State, stage: str) -> tuple[str, ...]:
    """A stage and those after it: a selection for any of them settles the stage. Empty if the stage does not exist."""
    names = [each.name for each in state.programme.stages]
    return tuple(names[names.index(stage) :]) if stage in names else ()


def feedback_given(
    state: State, stage: str, team: str, by: str, text: str, now: Instant, unique: str, *, settled: bool = False
) -> Announcement:
    """Records that feedback was given. The text goes only to the team, and is never in the record.

    If the stage is settled, the team is told at once; otherwise the text goes out later (see `kept_words`).

    Args:
        state: the challenge's own state.
        stage: name of the stage that the feedback is about.
        team: id of the application.
        by: who gives the feedback.
        text: the feedback.
        now: the present.
        unique: distinguishes this feedback from any other.
        settled: whether a decision that settles the stage was announced; the state may not know the decision yet.

    Raises:
        Refused: one of its kinds.
    """
    state.check_may(Action.FEEDBACK, by)
    titles = {each.name: each.title for each in state.programme.stages}
    refuse_for_all([*_wrong_team(state, titles, stage, team), *_wrong_text(text)])
    told: tuple[OutgoingNotice, ...] = ()
    if settled or _is_settled(state, list(titles).index(stage)):
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
        notices=told,
        applications=(team,),
        impartial=Impartial(towards=(team,)),
    )


def _wrong_team(state: State, titles: Mapping[str, str], stage: str, team: str) -> Iterator[Refused]:
    """Whether there is no such stage, or nobody decides, or decided, against the team in the stage."""
    if stage not in titles:
        yield UnknownStage(f"No stage {stage!r} in {state.programme.id}: it has {', '.join(titles)}.")
        return
    order = list(titles)
    before = [run for run in state.runs if order.index(run.stage) < order.index(stage)]
    if before and team not in [each.id for each in before[-1].teams]:
        yield UnknownTeam(
            f"{team} was not in {titles[before[-1].stage]}, so nobody decides whether it enters {titles[stage]}: "
            "name the stage for which it was not selected."
        )
        return
    run = next((run for run in state.runs if run.stage == stage), None)
    if run is not None and team in [each.id for each in run.teams]:
        yield UnknownTeam(f"{team} was selected for {titles[stage]}: feedback is for teams that were not.")


def _wrong_text(text: str) -> Iterator[NotReadable]:
    if not text.strip() or len(text) > _LONGEST:
        yield NotReadable(f"The feedback has {len(text)} characters: write 1 to {_LONGEST:,}.")
    if "\x00" in text:
        yield NotReadable("The feedback has a NUL character: hand it in as plain text.")


def _is_settled(state: State, index: int) -> bool:
    """Whether the decision on a stage is final, by the stage's place in the programme."""
    filled = index == state.stage and state.phase is Phase.RUNNING
    return index < state.stage or filled or state.phase is Phase.ENDED
