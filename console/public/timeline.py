"""The timeline of a challenge as a picture (SVG). The same stands beside it as a list: the picture adds nothing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from whenever import Instant

from .dates import Date

_WIDTH, _HEIGHT, _EDGE, _LINE = 720, 96, 16, 48


def timeline(dates: Sequence[Date], now: Instant) -> Markup:
    """A line with a mark for each date, and one for the present. All in the colour of the text.

    Numbers at the marks are those of the list beside it.

    Args:
        dates: by their time; at least one.
        now: the present.
    """
    first, last = dates[0].at, dates[-1].at
    span = max(1.0, last.difference(first).total("seconds"))

    def place(at: Instant) -> float:
        part = at.difference(first).total("seconds") / span
        return round(_EDGE + min(1.0, max(0.0, part)) * (_WIDTH - 2 * _EDGE), 1)

    parts = [_line(_EDGE, _WIDTH - _EDGE, 2)]
    if first <= now:
        parts.append(_line(_EDGE, place(now), 6))
    parts += [_mark(place(date.at), number, is_past=date.at <= now) for number, date in enumerate(dates, start=1)]
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-hidden="true" focusable="false" fill="currentColor" '
        'stroke="currentColor">{}</svg>'
    ).format(_WIDTH, _HEIGHT, Markup("").join(parts))


def _line(begins: float, ends: float, width: int) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke-width="{}"/>').format(begins, _LINE, ends, _LINE, width)


def _mark(place: float, number: int, *, is_past: bool) -> Markup:
    filled = "currentColor" if is_past else "none"
    # Its size is in the styles, where it is larger on a telephone.
    above = number % 2 == 1
    height, grows = (_LINE - 18, "auto") if above else (_LINE + 18, "hanging")
    return Markup(
        '<circle cx="{}" cy="{}" r="7" fill="{}" stroke-width="2"/>'
        '<text x="{}" y="{}" dominant-baseline="{}" text-anchor="middle" stroke="none">{}</text>'
    ).format(place, _LINE, filled, place, height, grows, number)
