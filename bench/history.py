"""The history of a pilot challenge, in events and bytes, with few applications and with many."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from statistics import median

from temporalio.api.enums.v1 import EventType
from whenever import Instant

from domain.values.model import Value

from .databases import SQLITE, database, declare_interests, insert_applications, keep
from .measuring import Measurement, say
from .pilot import pilot
from .playing import TEAMS, play_months, service_worker
from .temporal import Watch, months

NAME = "history"
_AIM = 200

WORKFLOW_TASK = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    }
)
"""Events of workflow tasks, whose number varies from run to run."""


class Length(Value):
    """The length of a history.

    Args:
        applications: how many the challenge had.
        events, size: the number of all events, and their bytes.
        steps, steps_size: the same without workflow tasks. The number of workflow tasks varies from run to run, because
            messages that arrive close together share a task.
    """

    applications: int
    events: int
    size: int
    steps: int
    steps_size: int


def measure(small: bool) -> Iterator[Measurement]:
    """A whole challenge of the pilot in the time-skipping server, three times for each number of applications.

    Args:
        small: whether a few applications are enough, only to see that the measurement works.
    """
    sizes = (TEAMS, TEAMS + 1) if small else (10, 1_000, 100_000)
    lengths: list[list[Length]] = []
    for number in sizes:
        lengths.append([asyncio.run(_length(number)) for _ in range(1 if small else 3)])
        say(f"  {number:,} applications: {[each.events for each in lengths[-1]]} events")
    events = median(each.events for group in lengths for each in group)
    equal = len({each.steps for group in lengths for each in group}) == 1
    yield Measurement(
        name=NAME,
        what=f"History of one pilot challenge with {', '.join(f'{number:,}' for number in sizes)} applications.",
        unit="events",
        figure=events,
        aim=f"equal, and at most {_AIM}",
        met=equal and events <= _AIM,
        notes=(*(_in_words(group) for group in lengths), _EQUAL if equal else _UNEQUAL),
    )


_EQUAL = (
    "Without workflow tasks, the number of events is equal. The number of workflow tasks varies from run "
    "to run, because messages that arrive close together share a task."
)
_UNEQUAL = "Without workflow tasks, the number of events differs: the history depends on the applications."


def _in_words(group: list[Length]) -> str:
    events, sizes = [each.events for each in group], [each.size for each in group]
    steps, steps_sizes = {each.steps for each in group}, [each.steps_size for each in group]
    return (
        f"{group[0].applications:,} applications: {_range(events)} events and {_range(sizes)} bytes; without workflow "
        f"tasks {_range(sorted(steps))} events and {_range(steps_sizes)} bytes."
    )


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


async def _length(applications: int) -> Length:
    watch = Watch()
    async with months(watch) as environment:
        round_, programme, challenges = pilot(opens=Instant(await environment.get_current_time()))
        challenge = challenges[0]
        with database(SQLITE) as kept:
            keep(kept, round_, programme, (challenge,))
            teams = insert_applications(kept, challenge, applications)
            declare_interests(kept, challenge)
            async with service_worker(environment.client, kept):
                handle = await play_months(environment, watch, kept, challenge, programme, teams[:TEAMS])
                events = (await handle.fetch_history()).events
    steps = [event for event in events if event.event_type not in WORKFLOW_TASK]
    return Length(
        applications=applications,
        events=len(events),
        size=sum(event.ByteSize() for event in events),
        steps=len(steps),
        steps_size=sum(event.ByteSize() for event in steps),
    )
