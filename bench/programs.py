"""Programs that run beside a measurement, in processes of their own, and answer questions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
"""The folder of this build."""


class Program:
    """A Python program that reads a question from each line, and answers each with a line, all in JSON.

    The program ends when its questions end: at the end of the `with` block.

    Args:
        arguments: of Python: what to run.
        tree: the folder of the build whose modules the program imports, whatever file it is.
    """

    def __init__(self, arguments: Sequence[str], tree: Path = ROOT) -> None:
        self._command = " ".join(arguments)
        self._process = subprocess.Popen(
            [sys.executable, "-P", *arguments],  # -P: the folder of the program's own file is not looked into
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def ask(self, question: Mapping[str, object]) -> Any:
        """Asks a question and waits for the answer.

        Raises:
            RuntimeError: the program has ended instead. It has said why on standard error.
        """
        assert self._process.stdin is not None, "its input is a pipe"
        assert self._process.stdout is not None, "its output is a pipe"
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self._command} ended with {self._process.wait()} and did not answer")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()
