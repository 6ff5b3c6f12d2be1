"""From a message as it was sent to a decision: what is said of one that cannot be read, and what an id stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from whenever import Instant

from domain.challenges.decisions import DECISIONS, Cancel, Hold, Select
from domain.challenges.messages import already_answered, content_of, decide, make, read
from domain.values.refusals import AnotherDecision, NotReadable, UnknownStage
from tests.domain.challenges import DECIDER, sealed


def test_an_id_stands_for_one_decision_and_is_refused_for_another() -> None:
    """Fails when only the id is compared: the second decision would be swallowed with the first one's answer."""
    hold = Hold(by="someone", decision_id="1", reason="Election.")
    state = sealed().answering("1", "On hold", content_of(hold))

    assert already_answered(state, hold) == "On hold"
    with pytest.raises(AnotherDecision, match="used for another decision"):
        already_answered(state, Cancel(by="someone", decision_id="1", reason="Election."))


A_SELECTION: dict[str, Any] = {"by": "lead", "stage": "exploration", "teams": ["team-a"]}


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("select", A_SELECTION | {"by": "Jane Doe"}, "by (Jane Doe): write the id of a person of the round"),
        ("select", A_SELECTION | {"by": "jane@sepa.example"}, "by: write the id of a person of the round"),
        ("select", A_SELECTION | {"teams": ["team-a", "b c"]}, "teams[2] (b c): write the id of an application"),
        ("select", A_SELECTION | {"teams": 3}, "teams (3): write a list, in square brackets"),
        ("select", A_SELECTION | {"amounts": {"team-a": "lots"}}, "amounts.team-a (lots): 'lots' is not an amount"),
        ("select", A_SELECTION | {"amounts": {"team-a": "a@b.example"}}, "amounts.team-a: this is not an amount"),
        ("select", A_SELECTION | {"team": "x"}, "team (x): is not known here: write teams, or leave it out"),
        ("select", {"by": "lead"}, "stage: is missing; teams: is missing"),
        ("select", A_SELECTION | {"reason": "x" * 3000}, "reason: is too long: leave at most 2000 characters"),
        ("extend", {"by": "a", "closes": "2027-01-20"}, "closes (2027-01-20): write an instant such as 2027-08-09T23"),
        ("participation", {"on": "soon"}, "on (soon): write a day such as 2016-09-20"),
        ("participation", {"people": 0}, "people (0): is below 1: write 1 or more"),
        ("participation", {"summary": " "}, "summary: is empty: write it"),
        ("evidence", {"accepted": "perhaps"}, "accepted (perhaps): write true or false"),
    ],
)
def test_what_cannot_be_read_is_said_by_field_value_and_remedy_and_never_in_a_programs_words(
    kind: str, fields: dict[str, Any], says: str
) -> None:
    """Fails when what the library says is passed on. Never repeats a value that could be an address."""
    with pytest.raises(NotReadable) as refused:
        make(kind, fields)
    with pytest.raises(NotReadable) as by_hand:
        read(kind, [json.dumps(fields).encode()], DECISIONS, "")
    for line in (str(refused.value), str(by_hand.value)):
        assert says in line
        assert not any(word in line for word in ("should", "pattern", "Field", "@b", "@sepa"))


def test_a_decision_with_several_wrong_fields_names_them_all() -> None:
    """Fails when only what its line has room for is named."""
    fields = {"by": "", "stage": 3, "teams": ["a", "B!"], "amounts": {"team-a": "much"}, "reason": 5, "more": 1}
    with pytest.raises(NotReadable) as refused:
        make("select", fields)
    problems = refused.value.problems
    assert sorted(each.field for each in problems) == ["amounts.team-a", "by", "more", "reason", "stage", "teams[2]"]
    assert str(refused.value).endswith("; and 1 more.")
    assert all(each.text.startswith(each.field) for each in problems)


def test_what_stands_in_the_place_of_a_field_is_not_repeated_unless_it_is_harmless() -> None:
    with pytest.raises(NotReadable) as refused:
        make("hold", {"by": "office", "robin@firm.example": "x"})
    [problem] = refused.value.problems
    assert problem.field == ""
    assert "robin" not in str(refused.value)


@pytest.mark.parametrize("stage", ["Exploration", "exploration ", "explore", "The_first.stage"])
def test_a_stage_written_otherwise_is_refused_with_those_that_there_are(stage: str) -> None:
    """Fails when the form of the name is refused before anybody has looked for it."""
    decision = make("select", A_SELECTION | {"by": DECIDER, "stage": stage})
    assert isinstance(decision, Select)
    with pytest.raises(UnknownStage, match="it has exploration"):
        decide(sealed(), decision, Instant("2016-08-05T12:00Z"))
