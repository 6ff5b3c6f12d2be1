"""The chain of the record: the heads that people keep elsewhere, and what can be wrong with a chain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from domain.values.model import Value

_HEAD = re.compile(r"([a-z0-9-]+/[a-z0-9-]+):([1-9][0-9]{0,9}):([0-9a-f]{64})(?![0-9a-f])")


class Head(Value):
    """The last line of a challenge's record at some moment.

    Whoever keeps it elsewhere can show later that this line, and all lines before it, are still what they were.

    Args:
        challenge: id of the challenge.
        number: of the line, from 1.
        hash: of the line.
    """

    challenge: str
    number: int = Field(ge=1)
    hash: str

    def __str__(self) -> str:
        """The head as people keep it."""
        return f"{self.challenge}:{self.number}:{self.hash}"


def heads_in(text: str) -> Iterator[Head]:
    """The heads in a text, such as a letter or a log."""
    for challenge, number, hashed in _HEAD.findall(text):
        yield Head(challenge=challenge, number=int(number), hash=hashed)


class Wrong(StrEnum):
    """What can be wrong with a line."""

    CHANGED = "changed"
    """It does not say what it said, or somebody without the key wrote it."""
    MISSING = "missing"
    OUT_OF_ORDER = "out of order"
    PUT_IN = "put in"
    """It is in no chain: the service did not write it."""
    DOES_NOT_FOLLOW = "does not follow"
    """It is a line of the service, but follows from another line than the one before it."""
    HEAD = "head"
    """The record ends elsewhere than the challenge's row says."""
    KEPT_HEAD = "kept head"
    """It is not what was kept elsewhere."""


class Fault(Value):
    """The first thing that is wrong with the record of a challenge.

    Args:
        challenge: id of the challenge.
        line: number of the line, from 1.
        wrong: what is wrong with it.
        text: the same in words.
    """

    challenge: str
    line: int
    wrong: Wrong
    text: str


class Verified(Value):
    """What was found when the record was verified.

    Args:
        challenges, lines: how many were looked at.
        kept: how many heads that were kept elsewhere were compared.
        fault: the first fault; None if there is none.
        others: how many more challenges have a fault.
    """

    challenges: int
    lines: int
    kept: int = 0
    fault: Fault | None = None
    others: int = 0
