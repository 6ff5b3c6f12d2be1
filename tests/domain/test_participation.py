"""Who may report a session with citizens, and for which stage and day."""

from __future__ import annotations

import pytest
from whenever import Date

from domain.challenges import participation
from domain.challenges.decisions import Participate
from domain.values.refusals import DeadlineRefused, NotAllowed, TooEarly, UnknownStage
from tests.domain.challenges import DECIDER, OPERATOR, A, F, exploring
from tests.domain.changing import LATER, refused


def session(by: str = OPERATOR, stage: str = "exploration", on: str = "2016-08-20") -> Participate:
    return Participate(by=by, stage=stage, on=Date(on), people=12, summary="Buses matter most.")


@pytest.mark.parametrize("by", [OPERATOR, DECIDER, A])
def test_a_session_with_citizens_is_written_down(by: str) -> None:
    new, announcement = participation.participate(exploring(), session(by), LATER)
    assert [(str(each.on), each.people) for each in new.run.sessions] == [("2016-08-20", 12)]
    assert (announcement.entry.stage, announcement.entry.reason) == ("exploration", "Buses matter most.")


def test_a_session_is_within_a_stage_that_has_begun_and_not_to_come() -> None:
    state = exploring()
    refused(DeadlineRefused, lambda: participation.participate(state, session(on="2016-08-01"), LATER))
    refused(DeadlineRefused, lambda: participation.participate(state, session(on="2016-09-02"), LATER))
    refused(TooEarly, lambda: participation.participate(state, session(stage="accelerator"), LATER))
    refused(UnknownStage, lambda: participation.participate(state, session(stage="nowhere"), LATER))
    refused(NotAllowed, lambda: participation.participate(state, session(by=F), LATER))
