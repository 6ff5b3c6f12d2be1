"""Which stage is being judged, among whom, and until when marks can be given."""

from __future__ import annotations

from collections.abc import Collection

from domain.challenges.state import Phase, State
from domain.values.refusals import TooEarly, TooLate, UnknownStage
from domain.values.wording import listed


def stage_meant(state: State, with_scorecard: Collection[str], named: str) -> str:
    """The stage that somebody means: the named one, or else the one that is being judged now or next.

    Args:
        state: the challenge.
        with_scorecard: the names of its stages with a scorecard.
        named: a name of a stage; empty for the present one.

    Raises:
        UnknownStage: that stage has no scorecard, or no stage has one.
    """
    names = [each.name for each in state.programme.stages]
    having = [each for each in names if each in with_scorecard]
    if not having:
        raise UnknownStage(f"No stage of {state.challenge.id} has a scorecard: its applications are judged elsewhere.")
    if named and named not in having:
        raise UnknownStage(f"No such stage of {state.challenge.id} has a scorecard: name {listed(having)}.")
    left = [each for each in having if names.index(each) >= _next(state)]
    return named or (left or having[-1:])[0]


def _next(state: State) -> int:
    """The number of the stage that is decided on now or next."""
    return state.stage + 1 if state.phase is Phase.RUNNING else state.stage


def field_of(state: State, stage: str) -> tuple[str, ...]:
    """Who could enter a stage; empty for all applications that count."""
    names = [each.name for each in state.programme.stages]
    before = [run for run in state.runs if names.index(run.stage) < names.index(stage)]
    if state.runs and before and before[-1] is state.runs[-1]:
        return state.field
    return before[-1].active if before else ()


def check_is_judged(state: State, stage: str) -> None:
    """Checks that marks can be given for a stage now: it is the stage's turn to be decided.

    Raises:
        TooEarly: the window is still open, or a stage before it is not over.
        TooLate: it was decided, or the challenge has ended.
    """
    names = [each.name for each in state.programme.stages]
    index, title = names.index(stage), state.title_of(stage)
    if state.phase is Phase.ENDED:
        raise TooLate(f"{state.challenge.id} has ended ({state.outcome}): its marks stay as they were then.")
    if index < _next(state):
        raise TooLate(f"{title} of {state.challenge.id} was decided: its marks stay as they were then.")
    must = [each for each in state.programme.stages[_next(state) : index] if not each.may_be_skipped]
    if state.phase is not Phase.DECIDING or must:
        raise TooEarly(
            f"{title} of {state.challenge.id} is not judged yet: the challenge waits for {state.waiting}. "
            "Mark once its selection is due."
        )
