"""Calendar files: the dates of challenges, at the very moments that are enforced."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from console.showing import deadline
from domain.publishing.challenge import PublicChallenge
from domain.values.words import gettext

from .dates import Date, dates_of

KIND = "text/calendar; charset=utf-8"


def calendar_of(challenges: Iterable[PublicChallenge], origin: str, name: str) -> bytes:
    """A calendar file (RFC 5545) with all dates of some challenges.

    The moments are in UTC, and their zone stands in the words: rules of zones that a file carries grow old.

    Args:
        challenges: whose dates.
        origin: of the web front: its host makes names that no other service has.
        name: of the service.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{name}//{gettext('Dates of challenges')}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for challenge in challenges:
        for date in dates_of(challenge):
            calendar.add_component(_event(challenge, date, origin))
    content: bytes = calendar.to_ical()
    return content


def _event(challenge: PublicChallenge, date: Date, origin: str) -> Event:
    event = Event()
    zone = challenge.posed.time_zone
    event.add("uid", f"{challenge.id}/{date.name}@{urlsplit(origin).netloc}")
    event.add("dtstamp", challenge.at.to_stdlib())
    event.add("last-modified", challenge.at.to_stdlib())
    event.add("sequence", challenge.edition)
    is_open = challenge.is_held and date.at > challenge.at
    event.add("status", "CANCELLED" if date.is_off else "TENTATIVE" if is_open else "CONFIRMED")
    event.add("dtstart", date.at.to_stdlib())
    if date.ends is not None:
        event.add("dtend", date.ends.to_stdlib())
    event.add("summary", f"{date.title}: {challenge.posed.question}")
    event.add("description", deadline(date.at, zone, begins=not date.is_enforced))
    event.add("url", f"{origin}/challenges/{challenge.id}")
    if date.where:
        event.add("location", date.where)
    return event
