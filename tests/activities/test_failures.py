"""What Temporal is told of what activities raise: a refusal as it is, a fault without what it was given."""

from __future__ import annotations

import logging
from typing import NoReturn

import pytest
from sqlalchemy import insert
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from domain.values.refusals import KINDS, ApplicationRefused, NotReadable, Problem, Refused, Unavailable
from store.database import tables
from store.database.database import Database
from tests.activities.running import failure_of
from workflows.refusals import refusal_in

SECRET = "ada@lovelace.example"


def raising(error: Exception) -> NoReturn:
    """An activity that fails."""
    raise error


@pytest.mark.parametrize("code", KINDS)
async def test_a_refusal_arrives_as_what_it_was_and_only_what_may_pass_is_tried_again(code: str) -> None:
    """Fails when one kind of refusal is tried again for ever, or an outage is taken for an answer."""
    kind = KINDS[code].refusal
    failure = await failure_of(raising, kind("The text.", [Problem(field="email", text="Wrong.")]))

    assert (failure.type, failure.message, failure.__cause__) == (code, "The text.", None)
    may_pass = kind is Unavailable
    assert failure.non_retryable is not may_pass
    assert (failure.category is ApplicationErrorCategory.BENIGN) is not may_pass
    arrived = refusal_in(failure)
    assert type(arrived) is kind
    assert (str(arrived), arrived.problems) == ("The text.", (Problem(field="email", text="Wrong."),))


async def test_all_problems_of_a_refusal_arrive_in_their_order() -> None:
    problems = tuple(Problem(field=f"field-{number}", text=f"Mend {number}.") for number in range(4))
    arrived = refusal_in(await failure_of(raising, ApplicationRefused.for_problems(problems)))
    assert arrived is not None
    assert arrived.problems == problems


async def test_what_a_history_keeps_of_a_refusal_is_bounded() -> None:
    problems = [Problem(field="f" * 2000, text="t" * 2000) for _ in range(60)]
    failure = await failure_of(raising, NotReadable("x" * 5000, problems))

    [details] = failure.details
    assert (len(failure.message), len(details["problems"])) == (1000, 50)
    assert max(len(text) for each in details["problems"] for text in each.values()) == 1000


async def test_a_failure_that_was_sorted_before_stays_as_it_is() -> None:
    fault = ApplicationError("Set the password.", type=Unavailable.code, non_retryable=True)
    assert await failure_of(raising, fault) is fault


async def test_a_fault_says_its_kind_and_nothing_of_what_it_was_given(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when the words of a database's driver, which hold the row, go to Temporal or into the log."""

    def keeps(address: str) -> None:
        with database.engine.begin() as connection:
            connection.execute(insert(tables.applications).values(id="team-1", email=address))

    with caplog.at_level(logging.DEBUG):
        failure = await failure_of(keeps, SECRET)

    assert (failure.type, failure.non_retryable) == ("IntegrityError", False)
    assert failure.message == "IntegrityError: the worker's log says where"
    assert (failure.__cause__, failure.__suppress_context__) == (None, True)
    [logged] = [each for each in caplog.records if each.getMessage().startswith("activity failed")]
    assert "test_failures.py" in logged.__dict__["where"], "it has to lead to our own code"
    assert SECRET not in f"{failure.details}{[each.__dict__ for each in caplog.records]}"


async def test_a_fault_is_no_refusal() -> None:
    """Fails when a workflow could take a fault in the code for an answer to a person."""
    assert refusal_in(await failure_of(raising, LookupError(SECRET))) is None
    assert isinstance(refusal_in(await failure_of(raising, Refused("No."))), Refused)
