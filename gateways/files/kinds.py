"""What the content of a file is, whatever its name says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

from domain.forms.attachments import LARGEST_PART, LARGEST_UNPACKED, Content, FileFault, FileKind

from . import examination

_PROGRAM = Path(examination.__file__)
_PATIENCE = 3 * examination.SECONDS


def examine(file: IO[bytes]) -> Content:
    """What a file is, by its content.

    A process of its own reads the file, because the libraries that read documents are not made to be attacked.

    Args:
        file: on a disk. It is read from its beginning.
    """
    file.seek(0)
    command = [sys.executable, "-I", str(_PROGRAM), str(LARGEST_PART), str(LARGEST_UNPACKED)]
    try:
        done = subprocess.run(command, stdin=file, capture_output=True, timeout=_PATIENCE, check=False, env={})
    except subprocess.TimeoutExpired:
        return Content(fault=FileFault.DAMAGED)
    said = done.stdout.decode("ascii", errors="replace")
    if said in set(FileKind):
        return Content(kind=FileKind(said))
    fault = said.removeprefix("! ")
    return Content(fault=FileFault(fault) if fault in set(FileFault) else FileFault.DAMAGED)
