"""Secrets in files, as container engines hand them over: `CHALLENGES_SMTP_PASSWORD_FILE` names the file.

An environment variable is seen by whoever may look at a process or describe a container. A file is seen by whoever may
read the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from domain.values.refusals import Problem

ENDING = "_FILE"
_LONGEST = 10_000
"""Bytes. A longer file is no secret, and was named by mistake."""


def from_files(variables: Mapping[str, str], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """The secrets that stand in files.

    A new line at the end of a file does not count. An empty file counts as no secret, so that a set-up can hand over
    every file whether or not the secret is used.

    Args:
        variables: the settings that may stand in files, by their environment variables.
        problems: takes a problem for each file that cannot be used. A problem never repeats what is in the file.

    Returns:
        Settings, and their values.
    """
    for variable, setting in variables.items():
        named = os.environ.get(variable + ENDING, "")
        if not named:
            continue
        if os.environ.get(variable):
            text = f"A secret is given twice, in {variable} and in {variable}{ENDING}: remove one of the two variables."
            problems.append(Problem(field=variable, text=text))
            continue
        try:
            secret = _read(Path(named))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            text = (
                f"The secret in {named} cannot be read ({why}): correct {variable}{ENDING}, or let this login read "
                "the file."
            )
            problems.append(Problem(field=variable + ENDING, text=text))
        else:
            if secret:
                yield setting, secret


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if any(character in text for character in "\r\n\0"):
        raise ValueError("it has more than one line")
    return text
