"""A visitor's own pages: where they are signed in, ending it, and the second step on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from domain.programmes.round import Person
from identity.passkeys import Passkeys
from identity.sessions import Sessions
from store.challenges import hand_overs
from store.challenges.hand_overs import Heir
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Clock
from tests.store.said import compose

Visit = Callable[..., Visitor]
SAM, ANN = "sam@sepa.example", "ann@nowhere.example"


@pytest.fixture
def strict(people: Database, clock: Clock) -> Iterator[Fronted]:
    """A web front where people in charge need the second step."""
    with fronting(people, clock, second_step=True) as front:
        yield front


def own(front: Fronted, mailbox: str = SAM) -> list[str]:
    return [each.id for each in Sessions(front.database, front.clock).of(mailbox)]


def test_somebody_ends_one_sign_in_of_theirs_and_then_all(front: Fronted, visit: Visit) -> None:
    here, there, other = visit(), visit(), visit()
    here.sign_in(SAM)
    there.sign_in(SAM)
    other.sign_in(ANN)
    (lost,) = set(own(front)) - {_here(here)}
    assert path_of(here.fill_in("/signed-in", "/signed-in/end", id=lost)) == "/signed-in"
    assert there.get("/account").status_code == 303
    (anns,) = own(front, ANN)
    here.fill_in("/signed-in", "/signed-in/end", id=anns)
    assert other.get("/account").status_code == 200, "nobody ends a sign-in of another"
    assert path_of(here.fill_in("/signed-in", "/signed-in/end", id="")) == "/signed-in"
    assert here.get("/account").status_code == 200, "an id that was left out is not that of all sign-ins"

    there.sign_in(SAM)
    answer = here.fill_in("/signed-in", "/signed-in/end-all")
    assert (answer.status_code, "You are signed out" in answer.text, own(front)) == (200, True, [])
    assert [each.get("/account").status_code for each in (here, there, other)] == [303, 303, 200]


def _here(visitor: Visitor) -> str:
    found = re.search(r'\(here\)</h2>.*?name="id" value="([0-9a-f]+)"', visitor.get("/signed-in").text, re.DOTALL)
    assert found
    return found[1]


def test_signing_in_gives_a_new_secret_and_ends_what_the_browser_had(front: Fronted, visit: Visit) -> None:
    """Fails where somebody who laid a secret into a browser is signed in together with its owner."""
    visitor = visit()
    visitor.sign_in(ANN)
    before = visitor.cookies["__Host-session"]
    visitor.sign_in(SAM)
    assert visitor.cookies["__Host-session"] != before
    assert own(front, ANN) == []
    assert Sessions(front.database, front.clock).look_up(before) is None


def test_signing_out_ends_the_session_and_not_only_the_cookie(front: Fronted, visit: Visit) -> None:
    sam = visit()
    sam.sign_in(SAM)
    secret = sam.cookies["__Host-session"]
    answer = sam.fill_in("/account", "/sign-out")
    assert (answer.status_code, "__Host-session" in sam.cookies, own(front)) == (200, False, [])
    sam.cookies["__Host-session"] = secret
    assert sam.get("/account").status_code == 303
    assert sam.get("/sign-out").status_code == 405, "nobody is signed out by a link or a picture"


def test_a_form_that_comes_after_the_end_is_given_back_and_does_nothing(front: Fronted, visit: Visit) -> None:
    sam = visit()
    sam.sign_in(SAM)
    token = sam.token("/signed-in")
    front.clock.go_on(hours=2)
    answer = sam.post("/passkeys/add", {"token": token, "name": "My <laptop>", "answer": "{}"})
    assert answer.status_code == 401
    assert ">\nMy &lt;laptop&gt;</textarea>" in answer.text
    assert "/sign-in?wanted=%2Fpasskeys" in answer.text


def test_whoever_is_in_charge_is_led_to_the_second_step_and_others_are_not(strict: Fronted) -> None:
    sam, ann = Visitor(strict), Visitor(strict)
    assert path_of(ann.sign_in(ANN, "/signed-in")) == "/signed-in"
    assert path_of(sam.sign_in(SAM, "/signed-in")) == "/passkeys/use?wanted=%2Fsigned-in"
    assert path_of(sam.get("/passkeys/use?wanted=%2Fsigned-in")) == "/passkeys", "there is none to use yet"
    assert '<a href="/passkeys/use">Use your passkey</a> before you do' in sam.get("/account").text

    device = Authenticator()
    add = sam.get("/passkeys/add").text
    answer = sam.post("/passkeys/add", _with(add, name="Mine", answer=device.make(_options(add), **_at(strict))))
    assert path_of(answer) == "/passkeys"
    sam.sign_in(SAM, "/signed-in")
    use = sam.get("/passkeys/use?wanted=%2Fsigned-in").text
    fields = _with(use, wanted="//evil.example", answer=device.use(_options(use), **_at(strict)))
    assert path_of(sam.post("/passkeys/use", fields)) == "/applications"
    assert "before you do" not in sam.get("/account").text
    again = sam.post("/passkeys/use", {**fields, "token": sam.token("/account")})
    assert (again.status_code, "was sent before" in again.text) == (409, True)
    for visitor in (sam, ann):
        visitor.close()


def _options(page: str) -> str:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found
    return found[1].replace("&#34;", '"')


def _with(page: str, **fields: str) -> dict[str, str]:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return {"token": found[1], **fields}


def _at(front: Fronted) -> dict[str, object]:
    """What the browser adds that shows the page at this address."""
    return {"said": {"origin": front.address}, "host": "localhost"}


def test_a_role_that_was_handed_over_is_gone_at_the_next_request(strict: Fronted, people: Database) -> None:
    sam = Visitor(strict)
    sam.sign_in(SAM)
    assert "You decide or release" in sam.get("/account").text
    heir = Heir(id="sue", known_as=Person(id="sue", name="Sue", email="sue@sepa.example"))
    hand_overs.hand_over(people, "test-2016", "sam", heir, "olivia", "On leave.", strict.clock())
    assert "You decide or release" not in sam.get("/account").text
    sam.close()


def test_passkeys_of_others_are_on_no_page(front: Fronted, visit: Visit) -> None:
    sam, ann = visit(), visit()
    sam.sign_in(SAM)
    ann.sign_in(ANN)
    keys = Passkeys(front.desk.core.options, front.database, front.clock)
    (session,) = Sessions(front.database, front.clock).of(SAM)
    answer = Authenticator().make(keys.begin_adding(session), **_at(front))
    key = keys.add(session, "Sam's own", answer, lambda _: (), compose).id
    assert "Sam&#39;s own" in sam.get("/passkeys").text
    assert "Sam&#39;s own" not in ann.get("/passkeys").text
    removed = ann.fill_in("/passkeys", "/passkeys/remove", id=key)
    assert (removed.status_code, "use one first" in removed.text) == (403, True)
    assert len(keys.of(SAM)) == 1
