"""Links: who gets one, what uses one up, and what nobody gets from one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from domain.identity.proof import Way
from domain.values.refusals import NotReadable, SignInOver, SignInRefused, TooOften
from gateways.messaging.letters import Letters
from identity.limits import Limit, Limits
from identity.link_letters import LinkLetter, LinkLetters
from identity.links import Links, Proven
from store.database import tables
from store.database.database import Database
from store.identity import sweeping
from tests.identity.conftest import Clock

ANN = "ann@applicants.example"
MINE, OTHERS = "browser-of-ann-1234567890", "browser-of-another-1234567"
HOME = "192.0.2.7"
WEB = "https://challenges.example"


class Post:
    """The worker's side: has the next letter, and what is in it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.letters = LinkLetters(database, Letters().compose, WEB, clock)

    def next(self) -> LinkLetter:
        """The next letter, which goes out."""
        letter = self.letters.take()
        assert letter is not None
        self.letters.note_sent(letter)
        return letter

    def secret(self) -> str:
        """The secret in the next letter."""
        return secret_in(self.next())


def secret_in(letter: LinkLetter) -> str:
    (line,) = [line for line in letter.body.splitlines() if line.startswith(WEB)]
    return line.removeprefix(f"{WEB}/link/")


@pytest.fixture
def links(kept: Database, clock: Clock) -> Links:
    return Links(kept, clock)


@pytest.fixture
def post(kept: Database, clock: Clock) -> Post:
    return Post(kept, clock)


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(tables.links)).all())


def sign_in(links: Links, secret: str, browser: str = MINE, code: str = "") -> Proven:
    return links.sign_in(secret, browser, HOME, code)


# --- Signing in ----------------------------------------------------------------------------------------------------


def test_the_browser_that_asked_needs_one_click_and_goes_on_to_its_page(links: Links, post: Post) -> None:
    links.ask("Ann@Applicants.example ", MINE, HOME, "/drafts/7")
    letter = post.next()
    assert letter.address == "Ann@Applicants.example"
    secret = secret_in(letter)
    assert not links.open(secret, MINE, HOME).needs_code
    assert sign_in(links, secret) == Proven(mailbox=ANN, way=Way.LINK, wanted="/drafts/7")


def test_another_browser_needs_the_code_that_the_first_one_shows(links: Links, post: Post) -> None:
    """Fails when the letter is enough: whoever can have somebody press a button would be signed in as them."""
    asked = links.ask(ANN, MINE, HOME)
    letter = post.next()
    secret = secret_in(letter)
    assert asked.code not in letter.body + letter.subject
    assert len(asked.code) == 6
    assert asked.code.isdigit()
    assert links.open(secret, OTHERS, HOME).needs_code
    assert links.open(secret, "", HOME).needs_code
    for code in ("", "  "):
        with pytest.raises(SignInRefused, match="Type the six digits"):
            sign_in(links, secret, OTHERS, code)
    spaced = f" {asked.code[:3]} {asked.code[3:]}"
    assert sign_in(links, secret, OTHERS, spaced).mailbox == ANN


def test_the_code_can_be_shown_again_and_by_no_other_browser(links: Links, post: Post, clock: Clock) -> None:
    asked = links.ask(ANN, MINE, HOME)
    assert links.asked_for(MINE) == asked
    assert links.asked_for(OTHERS) is None
    assert links.asked_for("") is None
    again = links.ask(ANN, MINE, HOME)
    assert links.asked_for(MINE) == again
    sign_in(links, post.secret())
    assert links.asked_for(MINE) is None


@pytest.mark.parametrize("ways", range(8))
def test_codes_are_all_kinds_of_codes(links: Links, ways: int) -> None:
    """Fails when the code of a browser is always the same, or another's is like it."""
    codes = {links.ask(f"p{ways}-{number}@a.example", MINE, f"{ways}").code for number in range(4)}
    assert len(codes) > 1


def test_a_scanner_that_opens_a_link_many_times_changes_nothing(links: Links, post: Post, kept: Database) -> None:
    links.ask(ANN, MINE, HOME)
    secret = post.secret()
    before = rows(kept)
    for _ in range(200):
        assert links.open(secret, "", "203.0.113.9").needs_code
    assert rows(kept) == before
    assert sign_in(links, secret).mailbox == ANN


def test_a_link_works_once(links: Links, post: Post) -> None:
    links.ask(ANN, MINE, HOME)
    secret = post.secret()
    sign_in(links, secret)
    for attempt in (lambda: sign_in(links, secret), lambda: links.open(secret, MINE, HOME)):
        with pytest.raises(SignInOver, match="This link was used"):
            attempt()


def test_of_two_clicks_at_once_one_signs_in(links: Links, post: Post) -> None:
    """Fails when a link is looked at before it is used up."""
    links.ask(ANN, MINE, HOME)
    secret, start = post.secret(), Barrier(8)

    def click() -> bool:
        start.wait(30)
        try:
            return sign_in(links, secret).mailbox == ANN
        except SignInOver:
            return False

    with ThreadPoolExecutor(8) as threads:
        clicks = [threads.submit(click) for _ in range(8)]
        assert sorted(each.result(60) for each in clicks) == [False] * 7 + [True]


def test_a_newer_link_ends_the_older_however_the_address_is_spelled(links: Links, post: Post) -> None:
    links.ask("ann@büro.example", MINE, HOME)
    older = post.secret()
    links.ask("ANN@xn--bro-hoa.example", OTHERS, HOME)
    newer = post.secret()
    with pytest.raises(SignInOver, match="open the newest one"):
        sign_in(links, older)
    assert sign_in(links, newer, OTHERS).mailbox == "ann@xn--bro-hoa.example"


def test_a_newer_link_of_somebody_else_ends_nothing(links: Links, post: Post) -> None:
    links.ask(ANN, MINE, HOME)
    mine = post.secret()
    links.ask("bea@applicants.example", OTHERS, HOME)
    assert sign_in(links, mine).mailbox == ANN


@pytest.mark.parametrize(("late", "works"), [({"microseconds": -1}, True), ({}, False), ({"hours": 1}, False)])
def test_a_link_ends_fifteen_minutes_after_its_letter_was_sent_at_the_very_instant(
    links: Links, post: Post, clock: Clock, late: dict[str, float], works: bool
) -> None:
    """Not after it was asked for: a slow mail server would leave no time."""
    links.ask(ANN, MINE, HOME)
    clock.go_on(minutes=14)
    secret = post.secret()
    clock.go_on(minutes=15)
    clock.go_on(**late)
    if works:
        assert sign_in(links, secret).mailbox == ANN
        return
    for attempt in (lambda: sign_in(links, secret), lambda: links.open(secret, MINE, HOME)):
        with pytest.raises(SignInOver, match="too old"):
            attempt()


def test_five_wrong_codes_end_a_link_and_are_counted_although_they_are_refused(links: Links, post: Post) -> None:
    """Fails when a refusal takes the count back with it: then somebody could try a million codes."""
    asked = links.ask(ANN, MINE, HOME)
    secret = post.secret()
    wrong = f"{(int(asked.code) + 1) % 1_000_000:06}"
    for left in ("4 more tries", "3 more tries", "2 more tries", "1 more try"):
        with pytest.raises(SignInRefused, match=left):
            sign_in(links, secret, OTHERS, wrong)
    with pytest.raises(SignInOver, match="wrong 5 times"):
        sign_in(links, secret, OTHERS, wrong)
    for browser, code in ((OTHERS, asked.code), (MINE, "")):
        with pytest.raises(SignInOver):
            sign_in(links, secret, browser, code)


@pytest.mark.parametrize("code", ["é", "\ud800", "1" * 10_000, "' OR 1=1", "١٢٣٤٥٦", "\0"])
def test_what_is_no_code_is_a_wrong_one(links: Links, post: Post, code: str) -> None:
    links.ask(ANN, MINE, HOME)
    with pytest.raises(SignInRefused):
        sign_in(links, post.secret(), OTHERS, code)


# --- Whom a link tells nothing -------------------------------------------------------------------------------------


def answer(links: Links, address: str, network: str) -> tuple[str, int]:
    asked = links.ask(address, MINE, network)
    return type(asked).__name__, len(asked.code)


def test_the_answer_and_the_work_are_the_same_for_every_address(
    links: Links, kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when somebody can learn from the answer, or from how long it took, whom the service knows."""
    with kept.writing() as connection:
        connection.execute(update(tables.people).where(tables.people.c.id == "sam").values(issuer="https://x.example"))
    said: dict[str, list[str]] = {}

    def noting(address: str) -> Callable[..., None]:
        def note(_: object, __: object, statement: str, *___: object) -> None:
            said.setdefault(address, []).append(statement)

        return note

    from sqlalchemy import event

    answers = set()
    for number, address in enumerate((ANN, "olivia@scheme.example", "sam@sepa.example", "nobody@nowhere.example")):
        note = noting(address)
        event.listen(kept.engine, "before_cursor_execute", note)
        answers.add(answer(links, address, str(number)))
        event.remove(kept.engine, "before_cursor_execute", note)
    assert len(answers) == 1
    assert len({tuple(each) for each in said.values()}) == 1
    assert len(said) == 4


def test_whoever_signs_in_with_an_organisation_gets_a_letter_without_a_link(
    links: Links, post: Post, kept: Database
) -> None:
    with kept.writing() as connection:
        issuer = {"issuer": "https://login.sepa.example", "subject": "1"}
        connection.execute(update(tables.people).where(tables.people.c.id == "sam").values(**issuer))
    links.ask("sam@sepa.example", MINE, HOME)
    letter = post.next()
    assert "https://login.sepa.example" in letter.body
    assert "/link/" not in letter.body
    assert rows(kept)[0].secret is None


def test_a_link_that_was_sent_is_refused_once_the_round_names_an_organisation(
    links: Links, post: Post, kept: Database
) -> None:
    links.ask("sam@sepa.example", MINE, HOME)
    secret = post.secret()
    with kept.writing() as connection:
        connection.execute(update(tables.people).where(tables.people.c.id == "sam").values(issuer="https://x.example"))
    with pytest.raises(SignInRefused, match="with your organisation"):
        sign_in(links, secret)


def test_nothing_in_the_database_signs_in(links: Links, post: Post, kept: Database) -> None:
    """Fails when whoever reads the database, or the notices, can sign in with what is there."""
    asked = links.ask(ANN, MINE, HOME)
    secret = post.secret()
    (row,) = rows(kept)
    for kept_text in (row.id, row.secret, row.browser, row.code):
        for attempt in (lambda text: links.open(text, MINE, HOME), lambda text: sign_in(links, text)):
            with pytest.raises(SignInRefused):
                attempt(kept_text)
    assert not {secret, asked.code, MINE} & set(map(str, row))
    assert secret not in str(row)
    with kept.reading() as connection:
        assert connection.execute(select(tables.notices)).all() == []
    assert len(secret) >= 22


@pytest.mark.parametrize(
    "address",
    [
        *("", "ann", "ann@", "@applicants.example", "ann@localhost", "ann@applicants.example, bea@applicants.example"),
        *(
            "ann@applicants.example\r\nBcc: all@world.example",
            "ann@applicants.example\nx",
            "Ann <ann@applicants.example>",
        ),
        *(
            "ann@applicants.example\0",
            "ann\u202e@applicants.example",
            "a" * 300 + "@applicants.example",
            "ann@@a.example",
        ),
    ],
)
def test_what_is_no_address_gets_no_letter(links: Links, kept: Database, address: str) -> None:
    """Fails when somebody can put lines of their own into a letter's head."""
    with pytest.raises(NotReadable) as refusal:
        links.ask(address, MINE, HOME)
    assert [problem.field for problem in refusal.value.problems] == ["address"]
    assert rows(kept) == []


def test_a_browser_must_have_a_secret_of_its_own(links: Links) -> None:
    """Fails when a link is asked for by nobody in particular: then everybody's browser would be the one that asked."""
    with pytest.raises(ValueError, match="too long to guess"):
        links.ask(ANN, "short", HOME)


# --- How often -----------------------------------------------------------------------------------------------------


def test_of_ten_thousand_requests_from_one_network_forty_write_a_letter(links: Links, kept: Database) -> None:
    waits = set[int]()
    for number in range(10_000):
        try:
            links.ask(f"person{number}@applicants.example", MINE, HOME)
        except TooOften as refusal:
            waits.add(refusal.seconds)
    assert len(rows(kept)) == 40
    assert 0 < min(waits) <= max(waits) <= 15 * 60 + 2
    links.ask(ANN, MINE, "198.51.100.1")


def test_nobodys_mailbox_is_flooded_from_many_networks(links: Links, kept: Database) -> None:
    spellings = ("ann@büro.example", "ANN@BÜRO.example", "Ann@xn--bro-hoa.example")
    for number in range(5):
        links.ask(spellings[number % 3], MINE, f"198.51.100.{number}")
    with pytest.raises(TooOften):
        links.ask(spellings[0], MINE, "198.51.100.9")
    assert len(rows(kept)) == 5


def test_whoever_guesses_secrets_is_stopped_and_hears_nothing_of_real_ones(links: Links, post: Post) -> None:
    links.ask(ANN, MINE, HOME)
    secret = post.secret()
    for number in range(40):
        with pytest.raises(SignInRefused, match="There is no such link"):
            links.open(f"{number:043}", MINE, "198.51.100.1")
    for attempt in (lambda: links.open(secret, MINE, "198.51.100.1"), lambda: links.sign_in("x", MINE, "198.51.100.1")):
        with pytest.raises(TooOften):
            attempt()
    assert sign_in(links, secret).mailbox == ANN


@pytest.mark.parametrize("secret", ["", "x", "é", "\ud800", "a" * 100_000, "../../x", "\0"])
def test_what_is_no_secret_is_refused_plainly(links: Links, secret: str) -> None:
    with pytest.raises(SignInRefused):
        links.open(secret, MINE, HOME)
    with pytest.raises(SignInRefused):
        sign_in(links, secret)


def test_who_is_told_to_wait_can_go_on_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when people are told the library's own time, at which it still says no."""
    now = [1_000_000.25]
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now[0])
    monkeypatch.setattr("identity.limits.time.time", lambda: now[0])
    limits, limit = Limits(), Limit("test", 2, 15)
    limits.count(limit, "x")
    now[0] += 5
    limits.count(limit, "x")
    with pytest.raises(TooOften) as refusal:
        limits.count(limit, "x")
    limits.count(limit, "y")
    assert "minute" in str(refusal.value)
    now[0] += refusal.value.seconds
    limits.count(limit, "x")


# --- Printed links, and what is removed ----------------------------------------------------------------------------


def test_a_printed_link_needs_no_code_and_proves_no_mailbox(links: Links, kept: Database, post: Post) -> None:
    secret = links.printed("Olivia@scheme.example")
    assert not links.open(secret, "", HOME).needs_code
    assert post.letters.take() is None
    proven = sign_in(links, secret, OTHERS)
    assert (proven.mailbox, proven.way) == ("olivia@scheme.example", Way.TERMINAL)
    with pytest.raises(SignInOver):
        sign_in(links, secret, OTHERS)
    assert secret not in str(rows(kept))


def test_old_rows_of_sign_in_are_removed(links: Links, kept: Database, clock: Clock) -> None:
    links.ask(ANN, MINE, HOME)
    begun = {"state": "s", "issuer": "i", "browser": "b", "begun_at": clock.now, "ends_at": clock.now}
    with kept.writing() as connection:
        connection.execute(insert(tables.begun_sign_ins).values(begun))
        times = {"begun_at": clock.now, "used_at": clock.now, "ends_at": clock.now}
        row = {"id": "1", "secret": "x", "mailbox": ANN, "way": "link", "passkey": False, "where": "x"}
        connection.execute(insert(tables.sessions).values(**row, **times))
    assert sweeping.sweep(kept, clock.now) == 0
    clock.go_on(hours=25)
    assert sweeping.sweep(kept, clock.now) == 2
    assert rows(kept) == []
    clock.go_on(hours=30 * 24)
    assert sweeping.sweep(kept, clock.now) == 1
