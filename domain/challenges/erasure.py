"""Whose personal data can be erased: of nobody who still takes part."""

from __future__ import annotations

from domain.values.refusals import TooEarly

from .state import Phase, State


def check_is_out(state: State, team: str) -> None:
    """Checks that nothing more is decided about an application that was not withdrawn.

    Args:
        state: the challenge.
        team: id of the application.

    Raises:
        TooEarly: the application or team still takes part. The message says what to do first.
    """
    if any(each.team == team for each in state.open_evidence):
        raise TooEarly(
            f"{team} may still show evidence in {state.challenge.id}: accept or reject the evidence first, or withdraw "
            "the team."
        )
    if state.phase is Phase.ENDED:
        return
    if not state.runs:
        raise TooEarly(f"{team} still waits for a decision in {state.challenge.id}: withdraw the application first.")
    if team in (*state.field, *state.run.reserve):
        raise TooEarly(f"{team} still takes part in {state.challenge.id}: withdraw the team first.")
