"""One visitor who sends far too many requests is turned away, and nobody else notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console import cookies
from console.app import build
from console.fair_share import FairShare, Pace
from domain.permissions import Actor, Grant, Role
from domain.values.refusals import TooOften
from identity.limits import Limit
from identity.links import Links
from identity.organisations import Organisations
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting
from tests.console.test_writing import ANN, ANSWERS, BEGIN, begin, hidden, send_long
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, MIDWAY

FLOOD, HOME = "192.0.2.1", "198.51.100.7"
MANY = 10_000
MOST = 1_200


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    """A front behind a proxy, so that visitors come from where they say."""
    with fronting(form_round, clock, web_proxy="127.0.0.1", web_limit=30) as front:
        yield front


async def asked(app: ASGIApp, network: str, path: str, cookie: str = "") -> int:
    """The status of the answer to a request, without a network between."""
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [(b"host", b"localhost:8000"), *([(b"cookie", cookie.encode())] if cookie else [])]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await app({**scope, "client": (network, 1), "scheme": "http", "state": {}}, receive, send)
    return status


async def test_of_ten_thousand_requests_from_one_network_most_are_turned_away_and_nobody_else_is(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    """Fails where the flood takes anything from another network, or from people on the same one who are signed in."""
    ann = visit()
    ann.sign_in("ann@breathe.example")
    cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
    desk = front.desk
    options = desk.core.options.model_copy(update={"web_address": "http://localhost:8000", "web_limit": MOST})
    desk.core.options = options
    core = desk.core
    app = build(desk, Organisations(options, core.database, core.threads, core.now), Links(core.database, core.now))
    assert await asked(app, FLOOD, "/account", cookie) == 200

    flood, others = Counter[int](), Counter[int]()
    for number in range(MANY):
        flood[await asked(app, FLOOD, ("/", f"/challenges/{AIR}", "/sign-in", "/nothing")[number % 4])] += 1
        if number % 200 == 0:
            others[await asked(app, HOME, f"/challenges/{AIR}")] += 1
            others[await asked(app, FLOOD, "/account", cookie)] += 1
            others[await asked(app, FLOOD, "/health")] += 1

    assert flood.keys() == {200, 404, 429}
    assert flood[429] > MANY / 2
    assert flood[200] + flood[404] >= MOST - 1
    assert others == {200: 3 * MANY / 200}


def until_refused(visitor: Visitor, path: str, most: int = 100) -> httpx2.Response:
    """The first answer that turns a visitor away."""
    for _ in range(most):
        answer = visitor.get(path)
        if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS:
            return answer
    raise AssertionError(f"{visitor} was never turned away")


def test_whoever_is_turned_away_reads_when_to_come_back_and_that_nothing_is_lost(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    sam = visit(x_forwarded_for=FLOOD)
    page = until_refused(sam, f"/challenges/{AIR}")
    machine = sam.get("/api/challenges")

    assert int(page.headers["retry-after"]) > 0
    assert page.headers["cache-control"] == "no-store"
    assert "content-security-policy" in page.headers
    assert "<h1>Too many times</h1>" in page.text
    assert "where what you typed still is" in page.text
    assert machine.headers["content-type"] == "application/problem+json"
    assert (machine.status_code, int(machine.headers["retry-after"]) > 0) == (429, True)
    assert visit(x_forwarded_for=HOME).get(f"/challenges/{AIR}").status_code == 200


def test_whoever_writes_or_is_signed_in_goes_on_while_their_network_is_turned_away(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    """Two hundred applicants of one university, in the last minute: one program there takes nothing from them."""
    writer, sam = (visit(x_forwarded_for=FLOOD) for _ in range(2))
    draft = begin(writer)
    sam.sign_in("sam@sepa.example")
    assert writer.get(f"{draft}/sections/1").status_code == 200
    assert sam.get("/account").status_code == 200
    until_refused(visit(x_forwarded_for=FLOOD), "/sign-in")

    assert writer.get(f"{draft}/sections/1").status_code == 200
    assert sam.get("/account").status_code == 200
    until_refused(sam, "/account")
    assert writer.get(f"{draft}/sections/1").status_code == 200


@pytest.mark.parametrize("name", [cookies.SESSION, cookies.BROWSER])
def test_a_cookie_that_somebody_made_up_is_no_way_round(
    front: Fronted, visit: Callable[..., Visitor], name: str
) -> None:
    statuses = set[int]()
    for number in range(40):
        robot = visit(x_forwarded_for=FLOOD)
        robot.cookies[name] = f"{number:043}"
        statuses.add(robot.get("/account").status_code)
    assert statuses == {303, 429}


def test_a_network_begins_only_so_many_drafts_and_whoever_is_turned_away_gets_their_text_back(
    front: Fronted, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where somebody can have a letter sent to each of thousands of strangers."""
    monkeypatch.setattr("console.applicants.begin._BY_NETWORK", Limit("begin-draft", 3, 10))
    for number in range(3):
        begin(visit(x_forwarded_for=FLOOD), f"person-{number}@tay.example")
    fourth, own = (visit(x_forwarded_for=FLOOD) for _ in range(2))
    fields = {**hidden(fourth.get(BEGIN).text), "organisation": "Tay Ltd", "email": "x@tay.example", **ANSWERS}

    answer = send_long(fourth, BEGIN, fields)

    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
    assert "Every bus measures the air." in answer.text
    own.sign_in(ANN)
    assert begin(own, ANN)
    assert begin(visit(x_forwarded_for=HOME), "y@tay.example")


def known_by(state: dict[str, object]) -> ASGIApp:
    """A page behind which the database says who somebody is."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        for name, value in state.items():
            setattr(Request(scope).state, name, value)
        await PlainTextResponse("ok")(scope, receive, send)

    return page


async def test_a_browser_is_known_by_the_cookie_that_the_database_knew_and_until_it_knows_it_no_more() -> None:
    """Fails where a draft of one's own makes sessions that are made up count, each for itself."""
    writer = Actor(name="", grants=(Grant(role=Role.WRITER, round="2016", challenge="air", person="draft"),))
    state: dict[str, object] = {"session": None, "actor": writer}
    now = [0.0]
    app = FairShare(known_by(state), 10, lambda: now[0])
    browser = f"{cookies.BROWSER}={'b' * 43}"
    for number in range(11):  # the first comes from a network, and the others from a browser that is known
        await asked(app, FLOOD, "/", f"{browser}; {cookies.SESSION}={number:043}")
    with pytest.raises(TooOften):
        await asked(app, FLOOD, "/", f"{browser}; {cookies.SESSION}={11:043}")
    for _ in range(9):
        await asked(app, FLOOD, "/")
    with pytest.raises(TooOften):
        await asked(app, FLOOD, "/")

    now[0], state["actor"] = 60.0, Actor()
    for _ in range(11):
        await asked(app, FLOOD, "/", browser)
    with pytest.raises(TooOften):
        await asked(app, FLOOD, "/")


def test_a_pace_lets_its_number_through_and_then_as_many_as_the_time_brings() -> None:
    now = [0.0]
    pace = Pace(60, lambda: now[0])
    assert [pace.wait("a") for _ in range(60)] == [0] * 60
    assert pace.wait("a") == pytest.approx(1)
    assert pace.wait("b") == 0
    for second in range(1, 200):
        now[0] = float(second)
        assert (pace.wait("a"), pace.wait("a") > 0) == (0, True)
    now[0] = 10_000.0
    assert [pace.wait("a") for _ in range(61)].count(0) == 60


def test_what_is_counted_has_a_bound_and_who_is_busy_is_not_forgotten() -> None:
    pace = Pace(5, lambda: 0.0, most_kept=1_000)
    for number in range(100_000):
        pace.wait("busy")
        pace.wait(f"network {number}")
    assert len(pace) == 1_000
    assert pace.wait("busy") > 0
