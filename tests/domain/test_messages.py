"""From a message as it was sent to a decision: what an id stands for."""

from __future__ import annotations

import pytest

from domain.decisions import Cancel, Hold
from domain.messages import already_answered, content_of
from domain.refusals import NotReadable
from tests.domain.strategies import sealed


def test_an_id_stands_for_one_decision_and_is_refused_for_another() -> None:
    """Fails when only the id is compared: the second decision would be swallowed with the first one's answer."""
    hold = Hold(by="someone", decision_id="1", reason="Election.")
    state = sealed().answering("1", "On hold", content_of(hold))

    assert already_answered(state, hold) == "On hold"
    with pytest.raises(NotReadable, match="used for another decision"):
        already_answered(state, Cancel(by="someone", decision_id="1", reason="Election."))
