"""Where an application stands, by the public copy and its own rows, and what comes next."""

from __future__ import annotations

from typing import Any

import pytest
from whenever import Instant

from domain.challenges.standing import Own, Where, deadlines, where
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn, WindowSnapshot

OPENS, CLOSES = Instant.from_utc(2016, 7, 5), Instant.from_utc(2016, 8, 1, 16)
BEFORE, AFTER = CLOSES.subtract(nanoseconds=1), CLOSES.add(hours=48)
ENDS = CLOSES.add(hours=24 * 40)
WINDOW = WindowSnapshot(opens=OPENS, closes=CLOSES, sealed=True)
ME, OTHER = "mine", "other"


def stage(name: str, *teams: str, **of_team: Any) -> StageSnapshot:
    """A stage with these teams."""
    said = tuple(TeamIn(id=team, since=AFTER, ends=ENDS, **of_team) for team in teams)
    return StageSnapshot(stage=name, begins=AFTER, ends=ENDS, teams=said)


def own(snapshot: Snapshot | None = None, **more: Any) -> Own:
    """An application that was sent in time, unless it is said otherwise."""
    said: dict[str, Any] = {
        "challenge": "r/air",
        "question": "?",
        "sponsor_name": "S",
        "contact": "",
        "currency": "GBP",
    }
    said |= {"application": ME, "time_zone": "UTC", "organisation": "Tay", "opens": OPENS, "closes": CLOSES}
    return Own(**(said | {"received": OPENS, "is_sealed": True, "snapshot": snapshot} | more))


def at(phase: str, *stages: StageSnapshot, **more: Any) -> Snapshot:
    """A challenge as it stands."""
    return Snapshot(phase=phase, windows=(WINDOW,), stages=stages, **more)


FIRST, SECOND = stage("exploration", ME, OTHER), stage("accelerator", OTHER)
BOTH = stage("accelerator", ME)
CASES = {
    "a draft": (own(received=None, is_sealed=False), BEFORE, Where.DRAFT),
    "a draft at the closing": (own(received=None, is_sealed=False), CLOSES, Where.UNSENT),
    "a draft of a challenge that is over": (
        own(at("ended", outcome="cancelled"), received=None, is_sealed=False),
        BEFORE,
        Where.UNSENT,
    ),
    "sent": (own(at("window"), is_sealed=False), BEFORE, Where.SENT),
    "sent, at the closing": (own(at("window"), is_sealed=False), CLOSES, Where.DECIDING),
    "withdrawn": (own(at("window"), withdrawn=OPENS), BEFORE, Where.WITHDRAWN),
    "being decided": (own(at("deciding")), AFTER, Where.DECIDING),
    "selected": (own(at("running", FIRST)), AFTER, Where.WORKING),
    "not selected": (own(at("running", stage("exploration", OTHER))), AFTER, Where.NOT_SELECTED),
    "in reserve": (own(at("running", stage("exploration", OTHER)), in_reserve=True), AFTER, Where.RESERVE),
    "in the field for the next": (own(at("deciding", FIRST)), AFTER, Where.DECIDING),
    "not selected for the next": (own(at("running", FIRST, SECOND)), AFTER, Where.NOT_SELECTED),
    "left": (own(at("running", stage("exploration", ME, left=AFTER))), AFTER, Where.LEFT),
    "withdrawn as a team": (own(at("running", FIRST), withdrawn=AFTER), AFTER, Where.LEFT),
    "came through": (
        own(at("ended", stage("a", ME, ended=ENDS), outcome="completed", ended=ENDS)),
        ENDS,
        Where.FINISHED,
    ),
    "over before anybody was selected": (own(at("ended", outcome="no award", ended=ENDS)), ENDS, Where.OVER),
    "cancelled in its stage": (own(at("ended", FIRST, outcome="cancelled", ended=ENDS)), ENDS, Where.OVER),
    "of a challenge without a public copy": (own(), AFTER, Where.SENT),
}


@pytest.mark.parametrize("case", CASES)
def test_an_application_stands_where_its_people_would_say(case: str) -> None:
    application, now, stands = CASES[case]

    assert where(application, now) is stands


def test_what_comes_next_is_in_order_and_nothing_is_past() -> None:
    """Fails where a date is shown that is another's, or that has gone by."""
    asked = WindowSnapshot(stage="accelerator", opens=AFTER, closes=AFTER.add(hours=1))
    snapshot = Snapshot(phase="running", windows=(WINDOW, asked), stages=(FIRST, BOTH), stage="accelerator")
    invited = own(snapshot, invited=("accelerator",))

    assert [(each.key, each.at) for each in deadlines(invited, AFTER)] == [
        ("proposal/accelerator", AFTER.add(hours=1)),
        ("stage/accelerator", ENDS),
    ]
    assert [each.key for each in deadlines(own(snapshot), AFTER)] == ["stage/accelerator"]
    assert [each.key for each in deadlines(invited, AFTER.add(hours=1))] == ["stage/accelerator"]
    assert deadlines(invited, ENDS) == ()


def test_until_the_closing_the_closing_comes_next_and_then_the_decision() -> None:
    decided = at("deciding", decide_by=ENDS)

    assert [each.key for each in deadlines(own(at("window"), is_sealed=False), BEFORE)] == ["closes"]
    assert [(each.key, each.is_own) for each in deadlines(own(decided), AFTER)] == [("decision", False)]
