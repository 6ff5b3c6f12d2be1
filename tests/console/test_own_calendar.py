"""The dates of somebody's own applications, at a private address that can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from icalendar import Calendar

from domain.announcements.announcement import Window
from store.database import tables
from store.record.record import announce
from tests.console.fronting import Fronted, Visitor
from tests.console.test_following import BREATHE, SMELL, with_snapshot
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, OPENS, announcing, applied, compose, seal, status

Visit = Callable[..., Visitor]


def made(visitor: Visitor) -> str:
    """The path of a new address."""
    found = re.search(r"/calendar/[0-9A-Za-z_-]+\.ics", visitor.fill_in("/calendar", "/calendar/make").text)
    assert found
    return found[0]


def test_the_calendar_has_the_enforced_instants_of_ones_own_and_nobody_elses(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=48)
    team = applied(front.database)
    other = applied(front.database, "Smell Ltd")
    breathe, program = visit(), visit()
    breathe.sign_in(BREATHE)

    answer = program.get(made(breathe))

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H" in answer.text
    (event,) = Calendar.from_ical(answer.content).events
    assert event.start == CLOSES.to_stdlib()
    assert b"DTSTART:20160801T160000Z" in answer.content
    assert "5:00 pm (British Summer Time" in str(event["description"])
    assert b"TRIGGER:-P1D" in answer.content
    assert str(event["url"]).endswith(f"/applications/{team}")
    assert other not in answer.text


def test_a_team_finds_the_end_of_its_stage_and_the_day_of_its_payment(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    seal(front.database, AIR, CLOSES)
    with_snapshot(front.database, "running", team, stage="exploration")
    give_payee(front.database, team)
    Till(front.database, to_make(team)).request(CLOSES.add(hours=24))
    front.clock.now = CLOSES.add(hours=25)
    breathe = visit()
    breathe.sign_in(BREATHE)

    events = Calendar.from_ical(visit().get(made(breathe)).content).events

    assert [str(each["summary"]).partition(":")[0] for each in events] == [
        "Exploration ends",
        "A payment is promised by",
    ]


def test_only_one_address_leads_there_and_it_can_be_taken_back(
    front: Fronted, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    applied(front.database)
    breathe, smell, program = visit(), visit(), visit()
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    first, others = made(breathe), made(smell)
    second = made(breathe)
    statuses = [program.get(path).status_code for path in (first, second, others, "/calendar/none.ics")]
    assert statuses == [404, 200, 200, 404]
    assert breathe.fill_in("/calendar", "/calendar/end").status_code == 303
    assert [program.get(path).status_code for path in (first, second, others)] == [404, 404, 200]
    assert "There is no address now." in breathe.get("/calendar").text

    with front.database.reading() as connection:
        kept = str(connection.execute(tables.calendar_feeds.select()).all())
    said = "".join(capsys.readouterr())
    for path in (first, second, others):
        secret = path.rpartition("/")[2].removesuffix(".ics")
        assert secret not in kept
        assert secret not in said
    assert breathe.post("/calendar/make", {}).status_code == 403


def the_event(program: Visitor, address: str) -> Any:
    """The only event of a calendar."""
    (event,) = Calendar.from_ical(program.get(address).content).walk("VEVENT")
    return event


def test_a_date_that_moved_takes_the_place_of_the_older_one(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=48)
    applied(front.database)
    breathe, program = visit(), visit()
    breathe.sign_in(BREATHE)
    address = made(breathe)
    before = the_event(program, address)
    window = Window(opens=OPENS, closes=CLOSES.add(hours=24))
    announce(front.database, announcing("extend", window=window, status=status()), compose)

    after = the_event(program, address)

    assert after["uid"] == before["uid"]
    assert after["dtstart"].dt == CLOSES.add(hours=24).to_stdlib()
    assert after["sequence"] == before["sequence"] + 1
    announce(front.database, announcing("hold", window=window.model_copy(update={"held": True})), compose)
    held = the_event(program, address)
    assert (after["status"], held["status"]) == ("CONFIRMED", "TENTATIVE")
