"""A worker in a process of its own, so that its memory can be measured and it can be stopped and started again.

The program reads one question, starts the worker that the question names, answers, and runs until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from store.database.database import Database

from . import floor
from .databases import RECORD_KEYS
from .playing import service_worker
from .programs import Program
from .temporal import quiet_runtime

_MEGABYTE = 2**20


def worker_process() -> Program:
    """The program. It waits for its question, the arguments of `_run`."""
    return Program(["-m", __name__])


def memory_of(process: Program) -> float:
    """The memory of a program that is in use now, in megabytes."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        (resident,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(resident.split()[1]) * 1024 / _MEGABYTE
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) * 1024 / _MEGABYTE


async def _run(address: str, database: str, bare: bool) -> None:
    """Runs a worker until the input ends.

    Args:
        address: of the Temporal server.
        database: the URL of the service's database, with its tables.
        bare: whether it is the worker of the floor, with the service's settings, or the service's own.
    """
    kept = Database(database, RECORD_KEYS)
    try:
        client = await Client.connect(address, data_converter=pydantic_data_converter, runtime=quiet_runtime())
        worker = service_worker(client, kept)
        if bare:
            worker = floor.worker(worker, floor.BareSleeper)
        async with worker:
            print(json.dumps("ready"), flush=True)
            await asyncio.to_thread(sys.stdin.read)
    finally:
        kept.close()


if __name__ == "__main__":
    asyncio.run(_run(**json.loads(sys.stdin.readline())))
