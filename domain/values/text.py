"""Text as people type it: on one line, in one spelling, and without characters that steer what is shown around it.

A name or a title stands in tables, subjects, logs and sentences. A line break in it would look like another entry, and
a direction mark would turn the text after it around.
"""

from __future__ import annotations

import unicodedata

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""The only invisible characters that spelling needs: words in Persian and in Indian scripts, and emoji."""
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters that Unicode counts as letters or marks although they show nothing."""
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories for control characters, invisible formatting, half characters and breaks of lines."""
_SEEN = "LNPS"
"""The first letters of Unicode's categories for what shows by itself: letters, numbers, punctuation and symbols."""


def steering(text: str) -> int | None:
    """The place, counted from 1, of the first character that steers the text around it or hides. None if none does."""
    if text.isascii() and text.isprintable():
        return None
    return next((place for place, sign in enumerate(text, start=1) if _steers(sign)), None)


def one_line(text: str) -> str:
    """The text as it is kept: composed (NFC), with single spaces, and without spaces around it.

    Raises:
        ValueError: the text has a line break, a control character, a direction mark or another invisible character, or
            nothing of the text shows.
    """
    if place := steering(text.strip()):
        raise ValueError(
            f"has a line break, a direction mark or another invisible character at position {place}: "
            "write it again, on one line"
        )
    kept = " ".join(unicodedata.normalize("NFC", text).split())
    if kept and not any(unicodedata.category(sign)[0] in _SEEN for sign in kept):
        raise ValueError("shows nothing: write it in letters")
    return kept


def several_lines(text: str) -> str:
    """A text of several lines as it is kept: composed (NFC), with simple breaks, without spaces around it.

    Raises:
        ValueError: a line has a control character, a direction mark or another invisible character.
    """
    lines = text.strip().expandtabs(4).replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if place := steering(line):
            raise ValueError(
                f"has a direction mark or another invisible character in line {number}, at position {place}: "
                "write the line again"
            )
    return unicodedata.normalize("NFC", "\n".join(lines))


def on_one_line(text: str) -> str:
    """What somebody wrote, perhaps on several lines, on one line: breaks become spaces, and what hides is left out.

    For reasons, questions and answers, which are quoted inside other lines. A name is refused instead (see `one_line`).
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(sign) if _steers(sign) else sign for sign in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _shown(sign: str) -> str:
    return "" if unicodedata.category(sign) == "Cf" else " "


def _steers(sign: str) -> bool:
    return sign in _BLANKS or (unicodedata.category(sign) in _STEERING and sign not in _JOINERS)
