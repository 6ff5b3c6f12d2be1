"""Feedback that quotes the reasons for marks: a draft for somebody to look at and edit. Nothing is sent unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .scorecard import Scorecard


def draft(scorecard: Scorecard, agreed: Mapping[str, str], reasons: Mapping[str, Sequence[str]]) -> str:
    """A draft of feedback, by criterion: what was agreed if something was, otherwise the readers' reasons.

    Neither marks nor the names of readers are in it.

    Args:
        scorecard: the criteria of the stage.
        agreed: the reason of the agreed mark, by criterion.
        reasons: the reasons of the marks that count, by criterion.
    """
    parts = []
    for criterion in scorecard.criteria:
        quoted = [agreed[criterion.id]] if criterion.id in agreed else list(reasons.get(criterion.id, ()))
        if quoted := [each for each in dict.fromkeys(quoted) if each]:
            parts.append("\n".join((criterion.title, *(f"- {each}" for each in quoted))))
    return "\n\n".join(parts) + "\n" if parts else ""
