"""How words and characters of an answer are counted: one way, which applicants can reproduce."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n|\r")


def words(text: str) -> int:
    """How many words a text has: what stands between spaces and line ends, as word processors and `wc -w` count."""
    return len(text.split())


def characters(text: str) -> int:
    """How many characters a text has, as people count them.

    A letter with its accents is one character, however the accents are stored. A line end is one, however it is stored.
    The count is never above `len(text)`.
    """
    return sum(not unicodedata.combining(each) for each in _LINE_ENDS.sub("\n", text))


def is_longer(text: str, most: int) -> bool:
    """Whether a text has more than so many characters. Most texts are short enough without being counted."""
    return len(text) > most and characters(text) > most
