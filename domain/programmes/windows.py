"""When the window of a further proposal is open: as the programme says, or at the dates of the round."""

from __future__ import annotations

from whenever import Instant

from domain.values.calendar import later
from domain.values.model import Name, Value
from domain.values.places import Holidays

from .programme import Asks


class WindowDates(Value):
    """The dates that a round gives to the window of a further proposal.

    Args:
        stage: name of the stage that asks for the proposal.
        opens, closes: the first instant at which proposals are taken, and the first at which they are not.
    """

    stage: Name
    opens: Instant
    closes: Instant


def open_for(
    asks: Asks, since: Instant, dates: WindowDates | None, zone: str, holidays: Holidays
) -> tuple[Instant, Instant]:
    """When the window of a further proposal opens and closes.

    A window never opens before it is known who may send a proposal. It is open for as long as the programme says, at
    least: if the stage before takes longer than planned, the window closes later than the round says.

    Args:
        asks: what the stage asks for.
        since: when it is known who may send a proposal: the end of the stage before, or the selection for it.
        dates: the dates of the round, if it gives any.
        zone: tz database name of the programme's place.
        holidays: the public holidays of that place.
    """
    opens = max(since, dates.opens) if dates else since
    closes = later(opens, asks.within, zone, holidays)
    return opens, max(closes, dates.closes) if dates else closes
