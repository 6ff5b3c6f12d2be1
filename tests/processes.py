"""Processes beside those of the tests, forked from one that has imported the service: that takes longer than most of
what they do.

What Python settles when it starts or imports is settled there for all of them, such as the seed of its hashes; what
depends on that is tried with `python` itself.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import IO

from tests.rounds import ROOT
from tests.waiting import HANGS


@cache
def forking() -> ForkServerContext:
    """What `multiprocessing` and `concurrent.futures` make such processes with."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["starter", "worker", "web"])
    return context


class Program:
    """A program that runs in a process of its own until the block ends, and can be killed before.

    Args:
        main: what it does; importable by its name, and gives its exit status.
        arguments: which it finds in `sys.argv`.
        environment: its variables, all of them.
        log: the file to the end of which its output goes.
        answers: whether its standard output is read here instead, from `stdout`.
    """

    def __init__(
        self,
        main: Callable[[], int],
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        answers: bool = False,
    ) -> None:
        its_input, our_output = forking().Pipe(duplex=False)
        our_input, its_output = forking().Pipe(duplex=False)
        with its_input, our_output, our_input, its_output:
            output = its_output if answers else None
            asked = (main, arguments, dict(environment), log, its_input, output)
            # A daemon: should a test lose hold of it, it does not keep this process from ending.
            self._process = forking().Process(target=_run, args=asked, daemon=True)
            self._process.start()
            self.stdin: IO[str] = os.fdopen(os.dup(our_output.fileno()), "w", encoding="utf-8")
            self.stdout: IO[str] = os.fdopen(os.dup(our_input.fileno()), "r", encoding="utf-8")

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.join(HANGS)
        self.stdin.close()
        self.stdout.close()

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, negative for the signal that killed it; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kills it, unless it has ended."""
        self._process.kill()

    def stop(self) -> int:
        """Closes its standard input, which tells it to stop, and gives its exit status; kills it if it does not."""
        self.stdin.close()
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has ended.

        Raises:
            TimeoutError: it has not for minutes, and was killed.
        """
        self._process.join(HANGS)
        if self._process.exitcode is None:
            self.kill()
            raise TimeoutError(f"process {self.pid} had not ended after {HANGS} seconds")
        return self._process.exitcode


def _run(
    main: Callable[[], int],
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    stdin: Connection,
    stdout: Connection | None,
) -> None:
    gc.freeze()  # what is shared with the process that this was forked from stays shared
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [main.__module__, *arguments]
    with stdin:
        os.dup2(stdin.fileno(), 0)
    with log.open("ab") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)
    if stdout is not None:
        with stdout:
            os.dup2(stdout.fileno(), 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # that of the process, which it has for life
    sys.exit(main())
