"""What banks can carry of a text. Each scheme has its own characters, and drops or refuses a payment with others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from anyascii import anyascii

_LINE = 35
"""Banks may break a text into lines of so many characters. In their older formats, a line that begins with a hyphen or
a colon ends the text or begins another field."""

_BEGINS_NOTHING = " /:-"
_EMOJI = re.compile(r":[^\s:]{2,}:")
"""How the library spells a picture: the name of the picture between colons."""

_SYMBOLS = "So"
_INVISIBLE = ("C", "Sk")


@dataclass(frozen=True, eq=False)
class Characters:
    """The characters of a scheme.

    Args:
        others: finds characters that the scheme lacks.
        similar: what stands for characters that the scheme lacks; every other such character becomes a space.
        capitals: whether the scheme has no small letters.
    """

    others: re.Pattern[str]
    similar: Mapping[int, str]
    capitals: bool = False


BACS = Characters(
    others=re.compile(r"[^A-Z0-9./& -]+"),
    similar=str.maketrans(
        {"+": "&", "_": "-", "=": "-", "~": "-", "*": ".", "\\": "/", "|": "/", "'": "", "`": "", "@": " AT "}
    ),
    capitals=True,
)
"""Payments between accounts in the United Kingdom: capitals, digits, full stop, hyphen, slash and ampersand."""

BRITISH_IBAN = Characters(
    others=re.compile(r"[^A-Z0-9./ -]+"),
    similar=dict(BACS.similar) | str.maketrans(dict.fromkeys("&+", " AND ")),
    capitals=True,
)
"""Payments to an IBAN of the United Kingdom: what Bacs and SEPA both have, because either may carry the payment."""

SEPA = Characters(
    others=re.compile(r"[^A-Za-z0-9/?:().,'+ -]+"),
    similar=str.maketrans(
        {"&": "+", "_": "-", "*": ".", "!": ".", ";": ",", "=": "-", "~": "-", '"': "'", "`": "'", "\\": "/", "|": "/"}
        | dict.fromkeys("[{<", "(")
        | dict.fromkeys("]}>", ")")
        | {"@": "(at)"}
    ),
)
"""Payments by IBAN, in Europe and through SWIFT: Latin letters without accents, digits and some signs."""


def bank_text(text: str, characters: Characters, longest: int) -> str:
    """Writes a text with the characters of a scheme, on one line.

    Args:
        text: any text, in any script. Pictures are left out.
        characters: of the scheme.
        longest: the most characters to keep.

    Returns:
        The text. Empty if it would have no letter and no digit.
    """
    latin = "".join(map(_latin, text))
    if characters.capitals:
        latin = latin.upper()
    one_line = " ".join(characters.others.sub(" ", latin.translate(characters.similar)).split())
    # Double slashes, and slashes at either end, mean something else to SWIFT.
    kept = re.sub(r"/(\s*/)+", "/", one_line).lstrip(_BEGINS_NOTHING)[:longest]
    lines = [kept[start : start + _LINE] for start in range(0, len(kept), _LINE)]
    safe = "".join(f" {line[1:]}" if line[0] in ":-" else line for line in lines).rstrip(" /")
    return safe if re.search("[A-Za-z0-9]", safe) else ""


def _latin(character: str) -> str:
    """A character in ASCII."""
    category = unicodedata.category(character)
    if character.isspace() or category in ("Cc", _SYMBOLS):
        return " "
    if category.startswith(_INVISIBLE):
        return ""
    latin = anyascii(character)
    return " " if _EMOJI.fullmatch(latin) else latin
