"""Commands of the desk in processes that can kill themselves at a chosen point of their work: a program for
`tests.processes`.

It reads a line of JSON for each command, {"moment": …, "arguments": […], "output": …}, runs the command line with these
arguments and its output in that file, and answers with its exit status in a line, negative for the signal that killed
it. It runs until its standard input is closed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, event
from temporalio.client import WorkflowHandle

from commands.app import main as command_line
from gateways.banking.payment_folder import PaymentFolder
from store.payments import bank_reports, payee_changes, payment_files

WITHIN = "within its first transaction"
KEPT = "after bank details were kept"
BATCHED = "after a file was begun, before it was written"
DRAFTED = "after a file was written, before it had its name"
WRITTEN = "after a file had its name, before that was noted"
NOTED = "after a file was noted as written"
REPORTED = "after a report was noted"
TOLD_ONE = "after one payment was told to look"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(owner: Any, name: str) -> None:
    work: Callable[..., object] = getattr(owner, name)

    def dying(*args: object, **kwargs: object) -> None:
        work(*args, **kwargs)
        _die()

    setattr(owner, name, dying)


def _die_after_a_signal() -> None:
    work: Any = WorkflowHandle.signal

    async def dying(*args: object, **kwargs: object) -> None:
        await work(*args, **kwargs)
        _die()

    setattr(WorkflowHandle, "signal", dying)  # noqa: B010


def _die_before_a_link() -> None:
    def dying(*args: object, **kwargs: object) -> None:
        _die()

    setattr(os, "link", dying)  # noqa: B010


def _die_within() -> None:
    def before_commit(connection: Connection) -> None:
        if not connection.get_execution_options().get("reading"):
            _die()

    event.listen(Engine, "commit", before_commit)


_AT: dict[str, Callable[[], None]] = {
    "": lambda: None,
    WITHIN: _die_within,
    KEPT: partial(_die_after, payee_changes, "give_payee"),
    BATCHED: partial(_die_after, payment_files, "batch"),
    DRAFTED: _die_before_a_link,
    WRITTEN: partial(_die_after, PaymentFolder, "write"),
    NOTED: partial(_die_after, payment_files, "mark_written"),
    REPORTED: partial(_die_after, bank_reports, "report"),
    TOLD_ONE: _die_after_a_signal,
}


def _run(moment: str, arguments: list[str], output: str) -> int:
    """Runs one command in a copy of this process, which has imported everything; gives its status."""
    pid = os.fork()
    if pid == 0:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for standard in (1, 2):
            os.dup2(file, standard)
        _AT[moment]()
        sys.argv = ["starter.py", *arguments]
        command_line()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    """Runs one command after the other."""
    for line in sys.stdin:
        print(_run(**json.loads(line)), flush=True)  # noqa: T201
    return 0
