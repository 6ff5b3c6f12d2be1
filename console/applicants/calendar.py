"""The calendar of the visitor's own dates: the page on which its address is made or taken back, and the calendar."""

from __future__ import annotations

from collections.abc import Iterable

from icalendar import Alarm, Calendar, Event, vDuration
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from whenever import Instant, TimeDelta

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from console.showing import deadline
from console.visitors import network_of
from desk.own_calendar import CalendarDate
from domain.permissions import Actor
from domain.values.words import gettext
from identity.limits import Limit, Limits

_REFRESH = TimeDelta(hours=6)
_BEFORE = TimeDelta(hours=24)
"""How long before a date of one's own the calendar reminds."""
_BY_NETWORK = Limit("calendar-network", 120, 15)


class OwnCalendarPages:
    """The pages about the visitor's own calendar.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._limits = Limits()

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages. The log has the route of the calendar, and never its secret."""
        return [
            Route("/calendar", self.show),
            Route("/calendar/make", self.make, methods=["POST"]),
            Route("/calendar/end", self.end, methods=["POST"]),
            Route("/calendar/{secret}.ics", self.file),
        ]

    async def show(self, request: Request) -> Response:
        """Shows whether there is an address."""
        actor = await self._actor(request)
        made = await self._front.desk.own_calendar.made_at(actor)
        return self._front.pages.show(request, "applicants/calendar", made=made, address="")

    async def make(self, request: Request) -> Response:
        """Makes an address, and shows it once. The one before ends."""
        await read_form(request)
        actor = await self._actor(request)
        secret = await self._front.desk.own_calendar.make(actor)
        address = f"{self._front.options.web_address}/calendar/{secret}.ics"
        return self._front.pages.show(request, "applicants/calendar", made=self._front.desk.now(), address=address)

    async def end(self, request: Request) -> Response:
        """Takes the address back."""
        await read_form(request)
        await self._front.desk.own_calendar.end(await self._actor(request))
        return RedirectResponse("/calendar", 303)

    async def file(self, request: Request) -> Response:
        """The calendar behind an address."""
        self._limits.count(_BY_NETWORK, network_of(request))
        with hidden():
            dates = await self._front.desk.own_calendar.dates(Actor(), request.path_params["secret"])
        content = written(dates, self._front.options.web_address, self._front.desk.now())
        return Response(content, headers={"content-type": "text/calendar; charset=utf-8", "cache-control": "private"})

    async def _actor(self, request: Request) -> Actor:
        return await self._front.actor(await self._front.must_be_signed_in(request))


def written(dates: Iterable[CalendarDate], address: str, now: Instant) -> bytes:
    """Dates as a calendar file. Instants are in UTC, with the place's own clock as text.

    Args:
        dates: what is in it.
        address: of the service.
        now: when the file is written.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//challenge service//my applications//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", gettext("My applications"))
    calendar.add("refresh-interval", vDuration(_REFRESH.to_stdlib()), parameters={"VALUE": "DURATION"})
    for each in dates:
        calendar.add_component(_event(each, address, now))
    content: bytes = calendar.to_ical()
    return content


def _event(date: CalendarDate, address: str, now: Instant) -> Event:
    event = Event()
    event.add("uid", f"{date.key}@{address.partition('://')[2]}")
    event.add("dtstamp", now.round("second", mode="floor").to_stdlib())
    event.add("sequence", date.edition)
    event.add("status", "TENTATIVE" if date.is_held else "CONFIRMED")
    event.add("dtstart", date.at.to_stdlib())
    event.add("summary", f"{date.title}: {date.question}")
    event.add("description", f"{date.title}: {deadline(date.at, date.time_zone)}")
    event.add("url", f"{address}/applications/{date.application}")
    if date.is_own:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", -_BEFORE.to_stdlib())
        alarm.add("description", f"{date.title}: {date.question}")
        event.add_component(alarm)
    return event
