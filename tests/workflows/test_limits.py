"""Whatever people type is cut to what Temporal takes, tried with the real server at each limit and beyond."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as some
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import TerminatedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.servers import new_namespace
from tests.waiting import HANGS
from workflows import columns
from workflows.interface import WAITS_FOR
from workflows.limits import COLUMN, SUMMARY, Limit, fitting

_QUEUE = "limits"
_SIGNS = ("x", "é", "漢", "𝒳", '"', "\\", "\n")
"""One byte in a payload, six, six, twelve, and two."""
_numbers = count(1)


@workflow.defn
class Shows:
    """Shows a text in a column: as the service does, or as it is."""

    @workflow.run
    async def run(self, text: str, as_it_is: bool) -> None:
        """Shows it."""
        if as_it_is:
            workflow.upsert_search_attributes([WAITS_FOR.value_set(text)])
        else:
            columns.show((WAITS_FOR, text))
        await workflow.sleep(timedelta(milliseconds=1))


async def shown(client: Client, text: str, *, as_it_is: bool = False) -> str:
    """What the list shows of a text.

    Raises:
        WorkflowFailureError: the run was ended for it.
    """
    async with Worker(client, task_queue=_QUEUE, workflows=[Shows], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await client.start_workflow(
            Shows.run,
            args=[text, as_it_is],
            id=f"shows-{next(_numbers)}",
            task_queue=_QUEUE,
            run_timeout=timedelta(seconds=HANGS),
        )
        await handle.result()
        return (await handle.describe()).typed_search_attributes[WAITS_FOR]


def longest(sign: str, limit: int) -> int:
    """How often a character fits, and not once more."""
    return (limit - 2) // (len(json.dumps(sign)) - 2)


@pytest.mark.parametrize("sign", _SIGNS, ids=ascii)
async def test_a_column_takes_as_much_as_temporal_does_and_is_cut_beyond(sign: str) -> None:
    """Fails when characters are counted instead of the bytes of their payload: the server ends the run."""
    client, most = await new_namespace(), longest(sign, COLUMN.size)

    assert await shown(client, sign * most, as_it_is=True) == sign * most
    with pytest.raises(WorkflowFailureError) as ended:
        await shown(client, sign * (most + 1), as_it_is=True)
    assert isinstance(ended.value.cause, TerminatedError)
    assert await shown(client, sign * most) == sign * most
    for length in (most + 1, 5 * COLUMN.size):
        cut = await shown(client, sign * length)
        assert cut == sign * longest(sign, COLUMN.size - 6) + "…" or cut == "…"


@given(some.text(max_size=600), some.sampled_from([COLUMN, SUMMARY]), some.integers(min_value=10, max_value=400))
def test_a_text_is_kept_as_it_is_or_cut_between_two_characters(text: str, kind: Limit, limit: int) -> None:
    """Fails when a text that fits is cut, and when what is left is too long, or shorter than it has to be."""

    def size(part: str) -> int:
        return len(json.dumps(part, ensure_ascii=kind.escaped).encode())

    cut = fitting(text, kind._replace(size=limit))

    assert size(cut) <= limit
    if cut != text:
        kept = cut.removesuffix("…")
        assert text.startswith(kept)
        assert size(text) > limit
        more = text[: len(kept) + 1]
        assert more.rstrip() == kept or size(more + "…") > limit


async def test_a_summary_is_counted_as_it_is_sent() -> None:
    """Fails when a question in another script than Latin is cut to a third of what there is room for."""
    client = await new_namespace()
    async with Worker(client, task_queue=_QUEUE, workflows=[Shows], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await client.start_workflow(
            Shows.run,
            args=["", False],
            id=f"shows-{next(_numbers)}",
            task_queue=_QUEUE,
            static_summary=fitting("空気はどうすればきれいになるか？" * 20, SUMMARY),
            run_timeout=timedelta(seconds=HANGS),
        )
        await handle.result()
        (started, *_) = (await handle.fetch_history()).events

    assert SUMMARY.size - 3 < len(started.user_metadata.summary.data) <= SUMMARY.size
