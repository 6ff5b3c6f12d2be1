"""How long a text may be in Temporal.

Temporal counts the bytes of the payload, which is the text in JSON, quotes included. It terminates a run that shows a
column that is too long. Summaries and details that are too long it may leave out.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import NamedTuple


class Limit(NamedTuple):
    """The most that a text may take.

    Args:
        size: in bytes.
        escaped: whether characters outside ASCII are written as escapes, of six bytes or twelve.
    """

    size: int
    escaped: bool = False


COLUMN = Limit(2048, escaped=True)
"""Of a column of the list: a search attribute."""
SUMMARY = Limit(400)
"""Of the summary of a workflow, an activity or a timer."""
DETAILS = Limit(20_000)
"""Of the details of a workflow."""

_MORE = "…"


def fitting(text: str, limit: Limit) -> str:
    """The text, or as much of its beginning as fits, and a sign that there is more. No character is cut in two.

    Args:
        text: whatever people have typed.
        limit: for what it is.
    """

    def size(part: str) -> int:
        return len(json.dumps(part, ensure_ascii=limit.escaped).encode(errors="surrogatepass"))

    if size(text) <= limit.size:
        return text
    kept = bisect_right(range(len(text)), limit.size, key=lambda end: size(text[:end] + _MORE)) - 1
    return text[:kept].rstrip() + _MORE
