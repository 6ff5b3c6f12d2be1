"""What anybody sees: challenges, their forms, dates and feeds, from the database alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from icalendar import Calendar
from lxml import etree
from markupsafe import Markup
from sqlalchemy import update
from whenever import Instant

from console.public.markdown import as_html
from domain.announcements.announcement import Window
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from domain.publishing.snapshot import Snapshot, WindowSnapshot
from store.database import tables
from store.database.database import Database
from store.record.record import announce
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, ROADS, announcing, compose, status

QUESTION = "How can the air be better?"
PAGES = ("/", f"/challenges/{AIR}", f"/challenges/{AIR}/form", "/catalogue", "/feed.atom", "/calendar.ics")


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, round_: Round, programme: Programme, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    """A front without Temporal: its connection raises."""
    with fronting(form_round, clock) as front:
        yield front


@pytest.mark.parametrize("path", PAGES)
def test_what_anybody_sees_knows_nobody(front: Fronted, visit: Callable[..., Visitor], path: str) -> None:
    """Fails where an answer that is kept for all holds a token, a cookie or who somebody is."""
    ann = visit()
    ann.sign_in("ann@breathe.example")

    answer = ann.get(path)

    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    assert "ann@breathe" not in answer.text
    assert 'name="token"' not in answer.text
    assert answer.headers["cache-control"].startswith("public")
    again = ann.get(path, if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert visit().get(path).content == answer.content


def test_a_challenge_says_what_is_asked_until_when_and_what_it_pays(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    page = visit().get(f"/challenges/{AIR}").text

    for said in (
        "Monday 1 August 2016, 5:00 pm (British Summer Time, UTC+1)",
        f'data-closes="{CLOSES.format_iso()}"',
        f'href="/challenges/{AIR}/apply"',
        "£2,000",
        "<svg",
    ):
        assert said in page, said
    assert "Your idea" in visit().get(f"/challenges/{AIR}/form").text


def test_a_page_is_made_anew_when_something_happens_and_at_the_closing_itself(
    front: Fronted, visit: Callable[..., Visitor], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where a page that was kept says that a window is open which is closed."""
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 0.0)
    ann = visit()
    path = f"/challenges/{AIR}"
    before = ann.get(path)
    with front.database.writing() as connection:
        moved = CLOSES.add(hours=24)
        connection.execute(update(tables.windows).where(tables.windows.c.challenge == AIR).values(closes=moved))
    announce(front.database, announcing("moved", at=MIDWAY.add(seconds=1)), compose)

    after = ann.get(path, if_none_match=before.headers["etag"])

    assert after.status_code == 200
    assert "Tuesday 2 August 2016, 5:00 pm" in after.text
    clock.now = moved.subtract(seconds=1)
    assert "/apply" in ann.get(path).text
    clock.now = moved
    assert "/apply" not in ann.get(path).text


def test_the_dates_in_a_calendar_are_those_that_are_enforced(front: Fronted, visit: Callable[..., Visitor]) -> None:
    for path in (f"/challenges/{AIR}/dates.ics", "/calendar.ics"):
        answer = visit().get(path)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        events: dict[str, Any] = {
            str(each["uid"]).partition("@")[0]: each for each in Calendar.from_ical(answer.content).walk("VEVENT")
        }
        assert Instant(events[f"{AIR}/closes"]["dtstart"].dt) == CLOSES


def events_of(visitor: Visitor, path: str = f"/challenges/{AIR}/dates.ics") -> dict[str, Any]:
    """The events of a calendar file, by what their names begin with."""
    found = Calendar.from_ical(visitor.get(path).content).walk("VEVENT")
    return {str(each["uid"]).partition("@")[0].rpartition("/")[2]: each for each in found}


def extend(front: Fronted, closes: Instant, at: Instant = MIDWAY) -> None:
    """Announces that the window closes later."""
    said = announcing(f"extend/{at.format_iso()}", at=at, window=Window(opens=OPENS, closes=closes), status=status())
    announce(front.database, said, compose)


def test_a_calendar_program_puts_a_date_that_moved_in_the_place_of_the_older(
    front: Fronted, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where the name of a date changes, or where it has no higher number than before."""
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 0.0)
    ann = visit()
    before = events_of(ann)["closes"]
    announce(front.database, announcing("remind", at=MIDWAY.add(seconds=1)), compose)
    assert events_of(ann)["closes"]["sequence"] == before["sequence"], "nothing has moved"

    extend(front, CLOSES.add(hours=24))

    for path in (f"/challenges/{AIR}/dates.ics", "/calendar.ics"):
        events: list[Any] = Calendar.from_ical(ann.get(path).content).walk("VEVENT")
        after = next(each for each in events if each["uid"] == before["uid"])
        assert Instant(after["dtstart"].dt) == CLOSES.add(hours=24)
        assert after["sequence"] == before["sequence"] + 1
        assert after["status"] == "CONFIRMED"


def test_dates_that_do_not_come_any_more_are_taken_out_of_calendars_and_pages(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    windows = (WindowSnapshot(opens=OPENS, closes=CLOSES, sealed=True),)
    ended = Snapshot(phase="ended", windows=windows, outcome="cancelled", outcome_reason="No budget.", ended=MIDWAY)
    said = announcing("cancel", status=status("nothing"), window=Window(opens=OPENS, closes=CLOSES, sealed=True))
    announce(front.database, said.model_copy(update={"snapshot": ended}), compose)
    ann = visit()

    events = events_of(ann)

    assert (events["opens"]["status"], events["closes"]["status"]) == ("CONFIRMED", "CANCELLED")
    assert events["closes"]["sequence"] == 1
    assert "Applications close" not in ann.get(f"/challenges/{AIR}").text
    assert "closes" not in {each["id"] for each in ann.get(f"/api/challenges/{AIR}").json()["dates"]}
    assert f"Cancelled: {QUESTION}" in ann.get("/feed.atom").text


def test_the_feed_tells_what_happened_each_time_under_a_name_of_its_own(
    front: Fronted, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where an entry changes its name or time later: programs would show the same news again."""
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 0.0)
    ann = visit()
    first = entries_of(ann)
    noon = MIDWAY.round("second", mode="floor")
    for number in (1, 2):
        extend(front, CLOSES.add(hours=24 * number), noon.add(seconds=number))
    refused = announcing("extend/refused", at=noon.add(seconds=3))
    refused = refused.model_copy(update={"entry": refused.entry.model_copy(update={"refused": True})})
    announce(front.database, refused, compose)
    announce(front.database, announcing("hold", at=noon.add(seconds=4)), compose)

    after = entries_of(ann)

    news = {name: entry for name, entry in after.items() if name not in first}
    assert {name: entry for name, entry in after.items() if name in first} == first
    base = f"{front.address}/challenges/{AIR}#moved-"
    assert news == {
        f"{base}1": (f"More time to send: {QUESTION}", noon.add(seconds=1)),
        f"{base}2": (f"More time to send: {QUESTION}", noon.add(seconds=2)),
        f"{base}3": (f"On hold: {QUESTION}", noon.add(seconds=4)),
    }


def entries_of(visitor: Visitor) -> dict[str, tuple[str, Instant]]:
    """The entries of the feed by their names: title, and when each was changed last."""
    space = "{http://www.w3.org/2005/Atom}"
    found = etree.fromstring(visitor.get("/feed.atom").content).findall(f"{space}entry")
    said = [[each.findtext(f"{space}{name}") or "" for name in ("id", "title", "updated")] for each in found]
    return {name: (title, Instant.parse_iso(updated)) for name, title, updated in said}


def test_the_feed_is_atom(front: Fronted, visit: Callable[..., Visitor]) -> None:
    """What RFC 4287 asks for: each with id, title and updated; the newest first; ids that differ."""
    root = etree.fromstring(visit().get("/feed.atom").content)
    space = {"a": "http://www.w3.org/2005/Atom"}

    entries = root.findall("a:entry", space)
    for element in (root, *entries):
        assert all(element.findtext(f"a:{name}", namespaces=space) for name in ("id", "title", "updated"))
    assert root.find("a:author/a:name", space) is not None
    times = [str(each.findtext("a:updated", namespaces=space)) for each in entries]
    assert times == sorted(times, reverse=True)
    assert len({each.findtext("a:id", namespaces=space) for each in entries}) == len(entries) > 0


def test_a_challenge_that_is_not_there_is_no_page(front: Fronted, visit: Callable[..., Visitor]) -> None:
    for path in ("/challenges/none/none", f"/challenges/{AIR}x", "/challenges/none/none/dates.ics"):
        assert visit().get(path).status_code == 404


def test_what_is_made_up_in_an_address_makes_no_other_page(
    front: Fronted, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where anybody can have a page made anew as often as they like, or drive out what everybody reads."""
    monkeypatch.setattr("console.public.caching._MOST_PAGES", 2)
    made = list[str]()

    def noting(text: str) -> Markup:
        made.append(text)
        return Markup("")

    monkeypatch.setattr("console.public.challenges.as_html", noting)
    ann, path = visit(), f"/challenges/{AIR}"
    for number in range(4):
        assert ann.get(f"{path}?nonsense={number}").status_code == 200
        assert ann.get(f"/catalogue?after=&shelf={number}").status_code == 200
    assert len(made) == 1


def test_a_feed_and_a_calendar_have_all_challenges(
    front: Fronted, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where they have the first page of the list only: the newest challenges are on its last."""
    monkeypatch.setattr("domain.values.paging.MOST", 1)

    for path in ("/feed.atom", "/calendar.ics"):
        text = visit().get(path).text.replace("\r\n ", "")
        assert all(f"/challenges/{name}" in text for name in (AIR, ROADS)), path


def test_a_page_names_its_own_address_and_since_when_it_is(front: Fronted, visit: Callable[..., Visitor]) -> None:
    for path in (f"/challenges/{AIR}", f"/challenges/{AIR}/form"):
        answer = visit().get(f"{path}?from=elsewhere")
        assert f'<link rel="canonical" href="{front.address}{path}">' in answer.text
        assert answer.headers["last-modified"] == "Wed, 20 Jul 2016 12:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Big", "<h3>Big</h3>\n"),
        ("**Air** is *bad*.", "<p><strong>Air</strong> is <em>bad</em>.</p>\n"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[go](javascript:alert(1))", "<p>[go](javascript:alert(1))</p>\n"),
        ("![map](https://there.example/map.png)", "<p></p>\n"),
        ('[go](https://there.example "there")', 'rel="nofollow noopener noreferrer"'),
    ],
)
def test_markdown_of_a_file_runs_and_loads_nothing(text: str, html: str) -> None:
    made = str(as_html(text))

    assert html in made
    assert not any(each in made for each in ("<script", "<img", 'href="javascript'))


@pytest.mark.parametrize("path", ["/accessibility", "/privacy"])
def test_the_pages_about_the_service_are_for_everybody(
    front: Fronted, visit: Callable[..., Visitor], path: str
) -> None:
    answer = visit().get(path)

    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"] == "all"
    assert "set-cookie" not in answer.headers
