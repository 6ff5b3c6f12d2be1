"""Sleeping challenges are measured beside a bare workflow that sleeps as they do."""

from __future__ import annotations

import asyncio

from bench import sleepers
from bench.__main__ import run


async def test_memory_a_restart_and_a_move_are_measured_against_the_floor() -> None:
    # Checked: if the floor does not go on in a fresh run, this waits for it in vain.
    measured = await asyncio.to_thread(run, [sleepers.NAME], small=True)

    assert [each.name for each in measured] == ["sleepers: memory", "sleepers: answered", "sleepers: moved"]
    assert all(each.figure > 0 and each.floor and each.ratio for each in measured)
