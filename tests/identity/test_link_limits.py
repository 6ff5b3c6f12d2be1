"""Links: how often somebody may ask for them, those that are printed, and how long anything of them stays."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from domain.identity.proof import Way
from domain.values.refusals import SignInOver, SignInRefused, TooOften
from identity.limits import Limit, Limits
from identity.links import Links
from store.database import tables
from store.database.database import Database
from store.identity import sweeping
from tests.identity.conftest import Clock
from tests.identity.posting import ANN, HOME, MINE, OTHERS, Post, rows, sign_in
from tests.waiting import HANGS


@pytest.fixture
def links(kept: Database, clock: Clock) -> Links:
    return Links(kept, clock)


@pytest.fixture
def post(kept: Database, clock: Clock) -> Post:
    return Post(kept, clock)


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


def test_what_is_counted_has_a_bound_and_whoever_asked_lately_is_still_counted() -> None:
    """Fails where each address that anybody has ever named takes memory until the process ends."""
    limits, limit = Limits(), Limit("test", 1, 15)
    for number in range(10_000):
        limits.count(limit, f"network {number}")
    limits._storage.timer.join(HANGS)  # its thread writes back what it has looked at
    for times in list(limits._storage.events.values()):
        times.clear()  # as the library does when their time is over
    limits.count(limit, "last")
    assert len(limits._storage.events) == 1
    with pytest.raises(TooOften):
        limits.count(limit, "last")
    for number in range(30_000):
        limits.count(limit, f"another {number}")
    assert len(limits._storage.events) <= 10_000
    with pytest.raises(TooOften):
        limits.count(limit, "another 29999")
