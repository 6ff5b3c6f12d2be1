"""Links: who gets one, what uses one up, and what nobody gets from one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import event, select, update

from domain.identity.proof import Way
from domain.values.refusals import NotReadable, SignInOver, SignInRefused
from identity.links import Links, Proven
from store.database import tables
from store.database.database import Database
from store.identity import links as link_rows
from tests.identity.conftest import Clock
from tests.identity.posting import ANN, HOME, MINE, OTHERS, Post, rows, secret_in, sign_in


@pytest.fixture
def links(kept: Database, clock: Clock) -> Links:
    return Links(kept, clock)


@pytest.fixture
def post(kept: Database, clock: Clock) -> Post:
    return Post(kept, clock)


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


def test_of_two_clicks_at_once_one_signs_in(links: Links, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a link is looked at before it is used up: here nobody goes on before both have looked, or cannot."""
    links.ask(ANN, MINE, HOME)
    secret, looked, change = post.secret(), Barrier(2), link_rows.change

    def change_once_both_have_looked(*args: Any, **values: Any) -> None:
        with suppress(BrokenBarrierError):
            looked.wait(1)
        change(*args, **values)

    monkeypatch.setattr(link_rows, "change", change_once_both_have_looked)

    def click(_: int) -> bool:
        try:
            return sign_in(links, secret).mailbox == ANN
        except SignInOver:
            return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(click, range(2), timeout=60)) == [False, True]


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
