"""What a challenge leaves behind in Temporal: little, and nothing that it should not."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from domain.application import Applying
from domain.refusals import Refused
from tests.playing import SPONSOR, Play, months, playing
from tests.replay import recording

MOST_EVENTS = 330
"""The aim is 200. It is about 300, by how many events share a task: docs/decisions.md says why every write and every
look at the clock is an activity of its own."""

MARKERS = ("Marker & Daughters", "robin.marker", "marker-proposal", "challenge.lead@sepa", "Challenge lead at SEPA")


async def whole_pilot(play: Play, applications: int) -> None:
    """From the window to the outcome, in as few messages as it takes."""
    teams = play.applied(applications)
    await play.sealed()
    await play.decide("select", stage="exploration", teams=teams[:3], reserve=teams[3:4])
    await play.stage_over()
    await play.decide("select", stage="accelerator", teams=teams[:1])
    for stage in ("pre-commercial", "commercialisation"):
        await play.stage_over()
        await play.decide("select", stage=stage, teams=teams[:1], amounts={teams[0]: "10000"})
    await play.stage_over()
    await play.handle.result()


def kinds(history: WorkflowHistory) -> Counter[str]:
    """How many events of each kind, without the workflow tasks: how many messages share one is chance."""
    names = (EventType.Name(event.event_type) for event in history.events)
    return Counter(name for name in names if "WORKFLOW_TASK" not in name)


async def test_a_history_is_short_and_as_long_with_500_applications_as_with_10(tmp_path: Path) -> None:
    """Fails when an application passes through the workflow, or every write to the database is an activity
    (invariant 5)."""
    histories = {}
    for applications in (10, 500):
        folder = tmp_path / str(applications)
        folder.mkdir()
        async with months() as environment, playing(folder, environment) as play:
            await whole_pilot(play, applications)
            assert play.desk.find(play.challenge.id).applications == applications
            histories[applications] = await play.handle.fetch_history()

    few, many = histories[10], histories[500]
    assert kinds(few) == kinds(many)
    assert len(few.events) <= MOST_EVENTS
    assert len(many.events) <= MOST_EVENTS


async def test_nobody_is_known_to_temporal_or_the_logs_by_more_than_an_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when an announcement carries an address, when a receipt passes through the workflow, and when a driver's
    words get into a failure or a log (invariant 4)."""
    caplog.set_level(logging.DEBUG)
    async with months() as environment, playing(tmp_path, environment) as play:
        applying = Applying(
            organisation=MARKERS[0], email=f"{MARKERS[1]}@company.example", proposal=f"Our {MARKERS[2]} is short."
        )
        team = play.desk.apply(play.challenge.id, applying).application
        with pytest.raises(Refused):
            play.desk.apply(play.challenge.id, applying.model_copy(update={"proposal": MARKERS[2] * 2000}))
        await play.sealed()
        assert play.desk.applications(play.challenge.id)[0].organisation == MARKERS[0]
        await play.decide("select", stage="exploration", teams=[team])
        await play.handle.signal("select", {"by": SPONSOR, "stage": "exploration"})
        await play.payments_over()
        await play.decide("withdraw", team, team=team, reason="Enough.")
        await play.handle.result()

        (payment,) = play.desk.payments(play.challenge.id)
        seen = await everything(play, play.challenge.id) + await everything(play, payment.key)

    assert team in seen
    assert play.challenge.question in seen
    for marker in MARKERS:
        assert marker not in seen
        assert marker not in caplog.text
    # The notices have them: they were told.
    addresses = {notice.address for notice in play.desk.notices(play.challenge.id)}
    assert {f"{MARKERS[1]}@company.example", f"{MARKERS[3]}.example"} <= addresses


async def everything(play: Play, workflow: str) -> str:
    """All that Temporal keeps of a workflow, its payloads decoded: history, memo, columns, summaries."""
    history = await play.client.get_workflow_handle(workflow).fetch_history()
    described = await recording.described(play.client, workflow)
    messages = [*history.events, described]
    texts = [MessageToJson(message) for message in messages]
    return "\n".join(texts + [content for text in texts for content in _payloads(text)])


def _payloads(text: str) -> list[str]:
    found = []
    for word in text.split('"'):
        try:
            found.append(base64.b64decode(word, validate=True).decode())
        except ValueError:
            continue
    return found
