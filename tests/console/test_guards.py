"""What stands before every page: headers, the host, where forms come from, how large they are, and pages of faults."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from subprocess import DEVNULL

import pytest
from starlette.routing import BaseRoute, Mount

from console.app import routes_of
from console.front import Front
from identity.links import Links
from identity.organisations import Organisations
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.test_deployment import SERVICES
from tests.waiting import HANGS

Visit = Callable[..., Visitor]
SAM = "sam@sepa.example"


def addresses(front: Fronted) -> list[tuple[str, str]]:
    """Method and path of every page, with examples in the place of what changes."""
    core = front.desk.core
    organisations = Organisations(core.options, core.database, core.threads, core.now)
    found = []
    for path, methods in flat(routes_of(Front(front.desk, organisations, Links(core.database)))):
        filled = re.sub(r"\{[a-z:]+\}", "x" * 43, re.sub(r"\{number:int\}", "1", path))
        found += [(method, filled) for method in sorted(methods)]
    return found


def flat(routes: Iterable[BaseRoute], above: str = "") -> Iterator[tuple[str, set[str]]]:
    """Paths with their methods, also of what is mounted."""
    for route in routes:
        if isinstance(route, Mount):
            yield from flat(route.routes, above + route.path)
        else:
            yield above + route.path, route.methods  # type: ignore[attr-defined]


FOR_ALL = {"/", "/catalogue", "/feed.atom", "/calendar.ics", "/accessibility", "/privacy"}
"""Pages that are the same for everybody."""


@pytest.mark.parametrize("signed_in", [False, True], ids=["not signed in", "signed in"])
def test_every_answer_has_the_headers_that_protect_people(front: Fronted, visit: Visit, signed_in: bool) -> None:
    """Fails for a page that another site may frame, whose scripts it may choose, or that a shared computer keeps."""
    visitor = visit()
    if signed_in:
        visitor.sign_in(SAM)
    for method, path in [*addresses(front), ("GET", "/nowhere"), ("OPTIONS", "/"), ("PUT", "/sign-in")]:
        answer = visitor.post(path, {}) if method == "POST" else visitor.send(method, path)
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        is_for_all = path.startswith(("/static/style.css", "/api/")) or path in FOR_ALL
        assert headers["cache-control"].startswith("public, " if is_for_all and answer.is_success else "no-store")
        assert "server" not in headers
        assert headers["referrer-policy"] in ("same-origin", "no-referrer")


def test_the_page_of_a_link_tells_no_other_page_its_address(front: Fronted, visit: Visit) -> None:
    sam = visit()
    sam.ask(SAM)
    assert sam.get(front.letters()[SAM]).headers["referrer-policy"] == "no-referrer"


def test_cookies_stay_with_this_host_and_out_of_the_reach_of_scripts(front: Fronted, visit: Visit) -> None:
    sam = visit()
    first = sam.get("/sign-in").headers["set-cookie"]
    signed_in = sam.sign_in(SAM).headers["set-cookie"]
    assert first.startswith("__Host-browser=")
    assert signed_in.startswith("__Host-session=")
    for line in (first, signed_in):
        parts = {part.strip().lower() for part in line.split(";")[1:]}
        assert parts == {"httponly", "path=/", "samesite=lax", "secure"}
        assert len(line.split(";")[0].split("=")[1]) >= 43
    assert sam.get("/sign-in").headers.get("set-cookie") is None, "a browser keeps what it has"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec_fetch_site": "", "origin": "OURS"}, 303),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, 303),  # as from the page of a link
        ({"sec_fetch_site": "cross-site", "origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "same-site", "origin": "https://shop.localhost"}, 403),
        ({"sec_fetch_site": "none", "origin": ""}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "", "origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "", "origin": "null"}, 403),
        ({"sec_fetch_site": "", "origin": ""}, 403),
    ],
)
def test_a_form_comes_from_our_own_pages(front: Fronted, visit: Visit, headers: dict[str, str], status: int) -> None:
    """Fails where another site has somebody's browser send a form, although it knows the token."""
    sam = visit()
    sam.sign_in(SAM)
    sent = {name: front.address if value == "OURS" else value for name, value in headers.items()}
    answer = sam.post("/signed-in/end", {"token": sam.token("/signed-in"), "id": "x"}, **sent)
    assert answer.status_code == status
    assert ("sent from another site" in answer.text) == (status == 403)


def test_every_form_needs_the_token_of_its_own_session(front: Fronted, visit: Visit) -> None:
    """Fails for a page that takes a form without a token, or with the token of another session."""
    sam, olivia = visit(), visit()
    sam.sign_in(SAM)
    olivia.sign_in("olivia@scheme.example")
    theirs, before = olivia.token("/account"), visit().token("/sign-in")
    posts = [path for method, path in addresses(front) if method == "POST"]
    assert len(posts) >= 8
    for path in posts:
        for token in ("", theirs, before, sam.token("/account")[:-1]):
            answer = sam.post(path, {"token": token, "reason": "Typed before"})
            assert (answer.status_code, "so nothing was done" in answer.text) == (403, True), path
            assert "Typed before" in answer.text, "what was typed is given back"
    assert sam.get("/account").status_code == 200, "nobody was signed out"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost", "localhost:1", "localhost:80, localhost", "["]
)
def test_the_front_answers_under_its_own_address_only(front: Fronted, visit: Visit, host: str) -> None:
    """Fails where somebody else's name leads here, or where a link would lead to the host that somebody named."""
    answer = visit().get("/sign-in", host=host)
    assert answer.status_code in (400, 421)
    if answer.status_code == 421:
        assert f"go to {front.address}." in answer.text
        assert "set-cookie" not in answer.headers
    assert visit().get("/sign-in", host=front.address.removeprefix("http://").upper()).status_code == 200


def test_what_is_too_large_is_refused_before_it_is_read(front: Fronted, visit: Visit) -> None:
    sam = visit()
    token = sam.token("/sign-in")
    for size, status in ((60_000, 422), (65_536, 413), (10_000_000, 413)):
        answer = sam.post("/sign-in", {"token": token, "address": "a" * size})
        assert answer.status_code == status, size
    assert "this page takes no more" in answer.text


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", "{}", 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("application/x-www-form-urlencoded", "token=a&token=b", 422),
        ("application/x-www-form-urlencoded", "&".join(f"f{n}=x" for n in range(60)), 400),
        ("application/x-www-form-urlencoded", "address=%00", 422),
        ("application/x-www-form-urlencoded", "address=%FF", 422),
        ("application/x-www-form-urlencoded; charset=nonsense", "address=x", 403),
    ],
)
def test_what_is_no_form_is_refused_by_a_page(visit: Visit, kind: str, body: str, status: int) -> None:
    visitor = visit()
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    answer = visitor.send("POST", "/sign-in", body, **{"content-type": kind, **ours})
    assert (answer.status_code, "<h1>" in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nowhere", 404, "There is no page at this address"),
        ("GET", "/sign-in/", 404, "There is no page at this address"),
        ("GET", "/static/../app.py", 404, "There is no page at this address"),
        ("GET", "/static/nothing.js", 404, "There is no page at this address"),
        ("GET", "/sign-out", 405, "This address takes no GET"),
        ("DELETE", "/", 403, "sent from another site"),
        ("GET", "/sign-in/with/nobody", 403, "knows no such organisation"),
    ],
)
def test_what_cannot_be_done_is_said_on_a_page(visit: Visit, method: str, path: str, status: int, says: str) -> None:
    answer = visit().send(method, path)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert "<h1>" in answer.text
    if status == 405:
        assert answer.headers["allow"] == "POST"


def test_a_database_that_is_away_is_said_on_a_page_with_when_to_come_back_and_in_the_log_with_the_reason(
    people: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fronting(people, clock) as front:
        sam = Visitor(front)
        sam.sign_in(SAM)
        monkeypatch.setattr(people, "reading", Database("sqlite:///nowhere/none.db").reading)
        answer = sam.get("/account")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "What you saved or sent before is kept" in answer.text
        assert "cannot be opened" in capsys.readouterr().out
        assert sam.get("/health").text == "ok\n"
        monkeypatch.undo()
        assert sam.get("/account").status_code == 200
        sam.close()


def test_a_page_that_breaks_tells_a_number_and_logs_nothing_that_was_typed(
    front: Fronted, visit: Visit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails where the message of an error, which can hold what somebody typed, goes into the log or onto the page."""
    sam = visit()
    sam.sign_in(SAM)

    def broken(*_: object) -> None:
        raise RuntimeError("about sam@sepa.example")

    monkeypatch.setattr("identity.passkeys.Passkeys.of", broken)
    answer = sam.get("/passkeys")
    number = re.search(r"the number ([0-9a-f]{8})", answer.text)
    logged = capsys.readouterr().out
    assert (answer.status_code, number is not None) == (500, True)
    assert number
    assert number[1] in logged
    assert "RuntimeError" in logged
    assert "about sam" not in logged + answer.text


def test_the_log_has_the_route_of_a_link_and_not_its_secret(
    front: Fronted, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    sam = visit()
    sam.ask(SAM, "/passkeys?private=yes")
    path = front.letters()[SAM]
    sam.follow(path)
    sam.get(f"{path}/more?x=y")
    logged = capsys.readouterr().out
    assert "/link/{secret}" in logged
    for private in (path.rpartition("/")[2], SAM, "private", "127.0.0.1", *sam.cookies.values()):
        assert private not in logged


def test_files_of_pages_are_kept_by_browsers_under_an_address_of_their_content(visit: Visit) -> None:
    visitor = visit()
    found = re.search(r'href="(/static/style\.css\?v=[0-9a-f]{12})"', visitor.get("/sign-in").text)
    assert found
    answer = visitor.get(found[1])
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_with_tls_browsers_are_told_to_come_by_tls_only(people: Database, clock: Clock) -> None:
    with fronting(people, clock, web_address="https://front.example") as front:
        visitor = Visitor(front, host="front.example")
        assert visitor.get("/sign-in").headers["strict-transport-security"] == "max-age=31536000"
        visitor.close()


@pytest.mark.parametrize(
    ("proxy", "counted"), [("", "127.0.0.1"), ("127.0.0.1", "192.0.2.7"), ("10.0.0.1", "127.0.0.1")]
)
def test_only_a_proxy_that_the_settings_name_says_where_a_visitor_is(
    people: Database, clock: Clock, proxy: str, counted: str
) -> None:
    """Fails where anybody gets round a limit, and into the list of sign-ins, by writing a header."""
    with fronting(people, clock, web_proxy=proxy) as front:
        sam = Visitor(front, x_forwarded_for="203.0.113.9, 192.0.2.7")
        sam.sign_in(SAM)
        assert f"a browser, {counted} (here)" in sam.get("/signed-in").text
        sam.close()


def test_the_production_set_up_finds_the_front_healthy_by_its_own_question(people: Database, clock: Clock) -> None:
    """Fails when the front answers that question under no name, or no more: its container would be started for ever."""
    command = SERVICES["web"]["healthcheck"]["test"]
    with fronting(people, clock, web_address="https://challenges.example") as front:
        asked = command[-1].replace("http://127.0.0.1:8000", front.listens)
        environment = {**os.environ, "CHALLENGES_WEB_ADDRESS": front.address}
        healthy = subprocess.run([sys.executable, "-c", asked], env=environment, check=False, timeout=HANGS)
        elsewhere = environment | {"CHALLENGES_WEB_ADDRESS": "https://another.example"}
        ill = subprocess.run([sys.executable, "-c", asked], env=elsewhere, check=False, timeout=HANGS, stderr=DEVNULL)

    assert command[:3] == ["CMD", "python", "-c"]
    assert (healthy.returncode, ill.returncode == 0) == (0, False)
