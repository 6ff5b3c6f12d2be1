"""No test waits for ever: it would hold up all others, and nobody would know its name."""

from __future__ import annotations

import asyncio
from types import CodeType

import pytest

from tests.waiting import LONGEST_TEST, with_an_end


async def test_an_asynchronous_test_that_waits_in_vain_ends_where_it_waits() -> None:
    async def waits_in_vain() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await with_an_end(waits_in_vain, within=0.01)()


async def test_what_an_asynchronous_test_gives_is_given_on() -> None:
    async def gives(number: int) -> int:
        return number

    assert await with_an_end(gives)(5) == 5


async def test_every_asynchronous_test_has_an_end(request: pytest.FixtureRequest) -> None:
    """Fails when `tests.conftest` does not bound what it collects."""
    run, code = request.function, list[CodeType]()
    while run is not None:
        code.append(run.__code__)
        run = getattr(run, "__wrapped__", None)

    async def any_test() -> None:
        pass

    assert getattr(with_an_end(any_test), "__code__") in code  # noqa: B009


def test_an_asynchronous_test_says_where_it_waits_before_its_process_is_ended(pytestconfig: pytest.Config) -> None:
    assert float(pytestconfig.getini("faulthandler_timeout")) > LONGEST_TEST
    assert pytestconfig.getini("faulthandler_exit_on_timeout") is True
