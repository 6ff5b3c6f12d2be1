"""Signing in by a link: in the browser that asked, in another one, and what programs that look for bad mail do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.identity.proof import Way
from domain.identity.session import Session
from identity.sessions import Sessions
from tests.console.fronting import Fronted, Visitor, path_of

Visit = Callable[..., Visitor]
SAM = "sam@sepa.example"


def test_a_link_signs_in_where_it_was_asked_for(front: Fronted, visit: Visit) -> None:
    sam = visit(user_agent="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    sam.ask(SAM, "/signed-in")
    path = front.letters()[SAM]
    assert "Press the button" in sam.get(path).text
    before = dict(sam.cookies)
    answer = sam.follow(path)

    assert (answer.status_code, path_of(answer)) == (303, "/signed-in")
    page = sam.get("/signed-in").text
    assert "Signed in as <b>sam@sepa.example</b>" in page
    assert "<h2>Firefox on Windows, 127.0.0.1 (here)</h2>" in page
    (session,) = _sessions(front)
    assert (session.mailbox, session.way, session.passkey) == (SAM, Way.LINK, False)
    assert "__Host-session" not in before


def test_another_browser_needs_the_code_that_the_first_one_shows(front: Fronted, visit: Visit) -> None:
    """Fails where whoever reads the letter alone is signed in, or whoever asked for it in somebody's name."""
    here, telephone = visit(), visit()
    code = here.ask(SAM)
    path = front.letters()[SAM]
    assert 'name="code"' not in here.get(path).text
    assert 'name="code"' in telephone.get(path).text

    without = telephone.follow(path)
    assert (without.status_code, "Type the six digits" in without.text) == (422, True)
    wrong = telephone.follow(path, code=f"{(int(code) + 1) % 1_000_000:06}")
    assert wrong.status_code == 422
    assert "Error: Sign in with your link" in wrong.text
    assert '<a href="#code">That is not the code' in wrong.text
    right = telephone.follow(path, code=f" {code[:3]} {code[3:]}")
    assert right.status_code == 303
    assert "Signed in as" in telephone.get("/account").text
    assert here.get("/account").status_code == 303, "the browser that asked is not signed in by that"


def test_five_wrong_codes_end_a_link(front: Fronted, visit: Visit) -> None:
    here, other = visit(), visit()
    code = here.ask(SAM)
    path = front.letters()[SAM]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    token = other.token(path)
    answers = [
        other.post("/link", {"token": token, "secret": path.rpartition("/")[2], "code": each}).status_code
        for each in (*[wrong] * 5, code)
    ]
    assert answers == [422, 422, 422, 422, 409, 409]
    assert here.get(path).status_code == 409


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_program_that_opens_all_links_uses_none_up(front: Fronted, visit: Visit, method: str) -> None:
    here, scanner = visit(), visit()
    here.ask(SAM)
    path = front.letters()[SAM]
    for _ in range(3):
        assert scanner.send(method, path).status_code == 200
    assert _sessions(front) == ()
    assert here.follow(path).status_code == 303


def test_a_link_works_once_for_fifteen_minutes_and_only_the_newest(front: Fronted, visit: Visit) -> None:
    sam = visit()
    sam.ask(SAM)
    first = front.letters()[SAM]
    token = sam.token(first)
    sam.ask(SAM)
    second = front.letters()[SAM]
    assert "open the newest one" in sam.post("/link", {"token": token, "secret": first.rpartition("/")[2]}).text
    assert sam.follow(second).status_code == 303
    used = sam.get(second)
    assert (used.status_code, "a link works once" in used.text) == (409, True)

    later = visit()
    later.ask(SAM)
    path = front.letters()[SAM]
    token = later.token(path)
    front.clock.go_on(minutes=15)
    too_old = later.post("/link", {"token": token, "secret": path.rpartition("/")[2]})
    assert (too_old.status_code, "too old" in too_old.text) == (409, True)
    assert later.get("/sign-in/sent").status_code == 303, "the code of a link that is over is not shown"
    assert "/link/" not in used.text + too_old.text, "the secret stands on no page of a fault"


def test_a_secret_that_is_none_leads_nowhere(visit: Visit) -> None:
    guess = visit().get("/link/" + "A" * 43)
    assert (guess.status_code, "There is no such link" in guess.text) == (403, True)


def test_the_page_says_the_same_for_an_address_that_nobody_has(front: Fronted, visit: Visit) -> None:
    """Fails where the answer tells whether the service knows an address."""
    pages = []
    for address in (SAM, "nobody@nowhere.example"):
        visitor = visit()
        code = visitor.ask(address)
        page = visitor.get("/sign-in/sent").text
        pages.append(page.replace(address, "ADDRESS").replace(code, "CODE"))
    assert pages[0] == pages[1]


def test_the_code_is_shown_again_when_the_page_is_read_again(visit: Visit) -> None:
    sam = visit()
    assert sam.ask(SAM) in sam.get("/sign-in/sent").text


def test_a_form_without_an_address_is_shown_again_with_what_was_typed(visit: Visit) -> None:
    answer = visit().fill_in("/sign-in?wanted=/passkeys", "/sign-in", address="sam at sepa", wanted="/passkeys")
    assert answer.status_code == 422
    assert 'value="sam at sepa"' in answer.text
    assert '<a href="#address">The address ' in answer.text
    assert 'name="wanted" value="/passkeys"' in answer.text


def test_whoever_asks_too_often_is_told_when_to_come_back(visit: Visit) -> None:
    sam = visit()
    for _ in range(5):
        sam.ask(SAM)
    answer = sam.fill_in("/sign-in", "/sign-in", address=SAM)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 15 * 60 + 1
    assert "try again in" in answer.text


@pytest.mark.parametrize(
    "wanted",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example"),
        *("javascript:alert(1)", "/%0d%0aSet-Cookie: a=b\r\nx", "http:/evil.example", "/sign-in", "/link/x", "x" * 600),
        *("/sign-out", "///evil.example", " /evil", "/é"),
    ],
)
def test_after_signing_in_nobody_is_led_to_another_site(front: Fronted, visit: Visit, wanted: str) -> None:
    sam = visit()
    answer = sam.sign_in(SAM, wanted)
    assert answer.headers["location"] == "/applications"


def test_signing_in_goes_on_to_the_page_that_was_wanted(visit: Visit) -> None:
    sam = visit()
    away = sam.get("/passkeys?x=1&y=%2F")
    assert (away.status_code, path_of(away)) == (303, "/sign-in?wanted=%2Fpasskeys%3Fx%3D1%26y%3D%252F")
    page = sam.get(path_of(away)).text
    assert 'name="wanted" value="/passkeys?x=1&amp;y=%2F"' in page
    assert sam.sign_in(SAM, "/passkeys?x=1&y=%2F").headers["location"] == "/passkeys?x=1&y=%2F"


def _sessions(front: Fronted) -> tuple[Session, ...]:
    return Sessions(front.database, front.clock).of(SAM)
