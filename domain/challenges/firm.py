"""One firm under names that are written differently."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

_FORMS = frozenset(
    {
        *("ltd", "limited", "plc", "llp", "lp", "cic", "cio", "co", "company"),
        *("inc", "incorporated", "llc", "corp", "corporation", "gmbh", "ag", "sa", "sarl", "bv", "ab", "oy", "as"),
    }
)
"""What tells the legal form of a firm, and is left out as often as not."""


def firm_of(organisation: str) -> str:
    """The name of an organisation without what differs when one firm writes its name twice.

    Args:
        organisation: its name as somebody typed it.

    Returns:
        Small letters and digits in words: "Tay & Co. Ltd" and "TAY AND COMPANY LIMITED" are both "tay and". Empty if
        the name has no letter and no digit.
    """
    plain = unicodedata.normalize("NFKC", organisation).casefold()
    latin = anyascii(plain).casefold() or plain
    words = re.sub(r"[^\w]+", " ", re.sub(r"['.`]", "", latin.replace("&", " and "))).replace("_", " ").split()
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)
