"""The small programme and the small round of most tests of the store."""

from __future__ import annotations

from domain.programmes.programme import Programme
from domain.programmes.round import Person, Question, Round, Sponsor


def two_weeks() -> Programme:
    """Two weeks for up to three teams."""
    stage = {
        "name": "exploration",
        "title": "Exploration",
        "target": 3,
        "max": 3,
        "decision_within": "P2W",
        "duration": "P2W",
        "pay": {"fixed": "2000.00"},
    }
    return Programme.model_validate(
        {
            "id": "test",
            "title": "Test programme",
            "time_zone": "Europe/London",
            "currency": "GBP",
            "holidays": "GB-SCT",
            "proposal_limit": 1000,
            "terms": {"intellectual_property": "Yours.", "equity": "Yours."},
            "stages": [stage],
        }
    )


def of_two() -> Round:
    """Two challenges by one sponsor."""
    return Round(
        id="test-2016",
        title="Test round",
        programme="test",
        opens="2016-07-06",
        closes="2016-08-01T17:00",
        operators=(Person(id="olivia", name="Olivia", email="olivia@scheme.example"),),
        releasers=(
            Person(id="fiona", name="Fiona", email="fiona@scheme.example"),
            Person(id="frank", name="Frank", email="frank@scheme.example"),
        ),
        sponsors=(
            Sponsor(
                id="sepa",
                name="Environment Agency",
                deciders=(Person(id="sam", name="Sam", email="sam@sepa.example"),),
            ),
        ),
        challenges=(
            Question(id="smart-roads", question="How can roads be smart?", sponsor="sepa"),
            Question(id="air-quality", question="How can the air be better?", sponsor="sepa"),
        ),
    )
