"""A refusal arrives as what it was: of the same class, with the same words and the same problems."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowUpdateFailedError
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError

from domain.values.refusals import KINDS, NotReadable, Problem, Refused, TooLate, Unavailable
from tests.playing import months, playing
from tests.rounds import OPERATOR
from workflows.refusals import as_failure, refusal_in

TWO = (Problem(field="teams", text="teams: is missing"), Problem(field="stage", text="stage: is missing"))


def over_the_wire(failure: ApplicationError) -> BaseException:
    """The failure as it is read from a history."""
    wire, payloads = Failure(), DefaultPayloadConverter()
    DefaultFailureConverter().to_failure(failure, payloads, wire)
    return DefaultFailureConverter().from_failure(wire, payloads)


@pytest.mark.parametrize("kind", [kind.refusal for kind in KINDS.values()], ids=list(KINDS))
def test_every_kind_of_refusal_crosses_temporal_with_its_words_and_its_problems(kind: type[Refused]) -> None:
    """Fails when a code leads to no class, or when the problems are not among the details."""
    arrived = refusal_in(over_the_wire(as_failure(kind("Not like this.", TWO))))
    assert type(arrived) is kind
    assert (str(arrived), arrived.problems) == ("Not like this.", TWO)
    without = refusal_in(over_the_wire(as_failure(kind("Not like this."))))
    assert without is not None
    assert without.problems == kind("Not like this.").problems


def test_a_refusal_is_final_but_for_what_cannot_be_reached() -> None:
    assert as_failure(TooLate("It has closed.")).non_retryable
    assert not as_failure(Unavailable("The database is away.")).non_retryable


def test_a_fault_is_no_refusal() -> None:
    assert refusal_in(ApplicationError("the worker's log says where", type="ConnectionError")) is None
    assert refusal_in(ApplicationError("of nobody knows what")) is None
    assert refusal_in(ValueError("3")) is None
    assert refusal_in(None) is None


def test_what_a_history_keeps_of_a_refusal_is_bounded() -> None:
    many = [Problem(field="f" * 3000, text="t" * 3000) for _ in range(1000)]
    arrived = refusal_in(over_the_wire(as_failure(NotReadable("x" * 3000, many))))
    assert arrived is not None
    assert (len(str(arrived)), len(arrived.problems)) == (1000, 50)
    assert {(len(each.field), len(each.text)) for each in arrived.problems} == {(1000, 1000)}


def test_what_a_later_release_adds_to_a_problem_is_passed_over() -> None:
    problems = [{"field": "teams", "text": "teams: is missing", "severity": 3}]
    failure = ApplicationError("Not like this.", {"problems": problems, "more": 1}, type=NotReadable.code)
    arrived = refusal_in(failure)
    assert arrived is not None
    assert arrived.problems == TWO[:1]


async def test_whoever_sends_an_update_by_hand_gets_the_code_and_the_problems(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await play.handle.execute_update("withdraw", {"by": OPERATOR})
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "not-readable"
