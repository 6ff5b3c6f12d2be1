"""The workflow that sends notices, as staff see it, and what became of the notices."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from store.record.record import read_notices
from tests.gateways.notify import Notify
from tests.play import Play
from tests.waiting import eventually
from workflows import interface
from workflows.delivery import DeliveryWorkflow


def notices(play: Play) -> WorkflowHandle[Any, Any]:
    """The workflow that sends."""
    return play.client.get_workflow_handle(interface.NOTICES)


async def page(play: Play) -> str:
    """The page of the run, as staff read it."""
    metadata: WorkflowMetadata = await notices(play).query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def until_all_are(play: Play, *statuses: str) -> None:
    """Waits until every notice has come to one of these."""

    async def are() -> bool:
        found = await asyncio.to_thread(read_notices, play.desk.core.database)
        return {each.status for each in found} <= set(statuses)

    await eventually(are)


async def replayed(history: WorkflowHistory) -> None:
    """Fails when the workflow does something else when it is read anew."""
    replayer = Replayer(workflows=[DeliveryWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


async def says(play: Play, text: str) -> bool:
    """Whether the page of the run has a text."""
    return text in await page(play)


async def needs_attention(play: Play, needed: bool) -> bool:
    """Whether the list of runs in Temporal says so, or says that no person is needed."""
    description = await notices(play).describe()
    return description.typed_search_attributes.get(interface.NEEDS_ATTENTION, False) is needed


async def has_sent(notify: Notify, number: int) -> bool:
    """Whether Notify has taken so many messages."""
    return len(notify.messages) >= number
