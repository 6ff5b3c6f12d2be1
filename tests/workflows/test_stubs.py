"""Every activity that a workflow calls is one that the worker does, with the input and the answer of its stub."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import activity

from service.settings import Settings
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from tests.activities.runs import RememberingRuns
from tests.chained import KEYS
from worker import activities
from workflows import stubs
from workflows.stubs import Stub

STUBS = [each for each in vars(stubs).values() if isinstance(each, Stub)]


def done_by_the_worker(folder: Path) -> dict[str | None, tuple[tuple[type, ...], type | None]]:
    """The input and the answer of each activity that a worker does, by the activity's name."""
    database = Database(f"sqlite:///{folder / 'service.db'}", KEYS)
    database.migrate()
    try:
        methods = activities(
            database, EmbeddedRail(database), RememberingRuns(), Settings(payee_key_file=folder / "payee.key")
        )
        found = [activity._Definition.must_from_callable(each) for each in methods]
        return {each.name: (tuple(each.arg_types or ()), each.ret_type) for each in found}
    finally:
        database.close()


def test_the_worker_does_what_workflows_call_and_nothing_else(tmp_path: Path) -> None:
    """Fails when an activity is declared and never bound, or bound without a stub."""
    assert done_by_the_worker(tmp_path) == {each.name: ((each.input,), each.answer) for each in STUBS}


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.name)
def test_a_stub_is_the_constant_of_its_name(stub: Stub[object, object]) -> None:
    assert getattr(stubs, stub.name.upper()) is stub
