"""The words of pages and letters, in the language of whoever reads them.

Every text that people read on a page or in a letter goes through `gettext` or `ngettext`. Catalogues: locales/.
"""

from __future__ import annotations


def gettext(text: str) -> str:
    """A text in the reader's language; the text itself if the catalogue has none."""
    return text


def ngettext(one: str, many: str, number: int) -> str:
    """A text about a number of things, in the reader's language.

    Args:
        one: the text for one thing.
        many: the text for several, or none.
        number: how many.
    """
    return one if number == 1 else many
