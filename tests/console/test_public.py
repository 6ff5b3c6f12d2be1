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
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.database import tables
from store.database.database import Database
from store.record.record import announce
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, compose

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
