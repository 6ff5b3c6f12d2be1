"""The board of payments: in which order payments stand, what they come to, and what keeps somebody from a release."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.payments.payment import OVER, TO_RELEASE, PaymentStatus
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.money import Money
from domain.values.paging import Page
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.payments import board
from store.record.record import announce
from tests.chained import KEYS
from tests.store.paying import Till, give_payee, to_make
from tests.store.roles import database_with_roles
from tests.store.said import AIR, CLOSES, OPENS, applied, compose, opened
from tests.store.test_interests import declare

ALL = Page()


@pytest.fixture
def tills(open_: Database) -> list[Till]:
    """Three payments: the second was promised a day before the others."""
    made = [Till(open_, to_make(applied(open_, name))) for name in ("Breathe Ltd", "Smell 100%", "Tay Ltd")]
    for till in made:
        at = CLOSES.subtract(hours=24 * 7) if till is made[1] else CLOSES
        till.request(at)
        give_payee(open_, till.team, at=at)
        till.request(at)
    return made


def keys(database: Database, *statuses: PaymentStatus, text: str = "", page: Page = ALL) -> list[str]:
    """The keys of the payments on a page of the board."""
    found = board.page_of_board(database, page, challenges=[AIR], statuses=statuses, text=text)
    return [each.payment.key for each in found.items]


def test_the_earliest_promised_comes_first_and_pages_leave_nothing_out(open_: Database, tills: list[Till]) -> None:
    one, early, other = (till.key for till in tills)
    expected = [early, *sorted([one, other])]
    assert keys(open_, *TO_RELEASE) == expected
    first = board.page_of_board(open_, Page(limit=2), challenges=[AIR], statuses=TO_RELEASE)
    assert [each.payment.key for each in first.items] + keys(
        open_, *TO_RELEASE, page=Page(after=first.next)
    ) == expected
    assert keys(open_, PaymentStatus.REQUESTED) == []
    assert board.page_of_board(open_, ALL, challenges=["other/challenge"], statuses=TO_RELEASE).items == ()


def test_a_search_takes_no_wildcards(open_: Database, tills: list[Till]) -> None:
    assert keys(open_, *TO_RELEASE, text="SMELL 100%") == [tills[1].key]
    assert keys(open_, *TO_RELEASE, text="100%%") == []
    assert keys(open_, *TO_RELEASE, text="_") == []
    assert keys(open_, *TO_RELEASE, text=tills[2].team) == [tills[2].key]


def test_sums_are_those_of_each_status(open_: Database, tills: list[Till]) -> None:
    tills[0].cancel()
    found = {each.status: (each.number, each.amount, each.currency) for each in board.sums(open_, challenges=[AIR])}
    assert found == {
        PaymentStatus.PAYEE_KNOWN: (2, Money(480_000), "GBP"),
        PaymentStatus.CANCELLED: (1, Money(240_000), "GBP"),
    }
    assert keys(open_, *OVER) == [tills[0].key]
    assert [each.number for each in board.sums(open_, challenges=[AIR], text="smell")] == [1]


def test_what_follows_from_somebodys_decision_or_interest_is_not_theirs(open_: Database, tills: list[Till]) -> None:
    """Fails when a page offers a release that the rule refuses."""
    give_payee(open_, tills[0].team, 2, by="fiona")
    declare(open_, "fiona", tills[1].team, "my sister", conflict=True)
    persons = {till.key: "fiona" for till in tills}
    looked = {each.listed.payment.key: each for each in board.look_at(open_, persons, CLOSES, with_lines=True)}
    said = [looked[till.key].not_theirs for till in tills]
    assert "fiona gave or changed the team's bank details" in said[0]
    assert "fiona declared a conflict of interest" in said[1]
    assert said[2] == ""
    assert looked[tills[2].key].decided == {
        "sam": "selected the team",
        tills[2].team: "gave or changed the team's bank details",
    }
    assert all(line.key.startswith(f"{till.key}/") for till in tills for line in looked[till.key].lines)
    assert all(looked[till.key].lines for till in tills)
    frank = board.look_at(open_, dict.fromkeys(persons, "frank"), CLOSES)
    assert [each.not_theirs for each in frank] == ["", "", ""]
    assert frank[0].lines == ()


def test_the_board_needs_no_more_than_the_login_of_the_desk(
    postgres: str, tmp_path: Path, programme: Programme, round_: Round
) -> None:
    """Fails when the page reads what only the worker may."""
    logins = database_with_roles(postgres, tmp_path)
    owner, desk = (Database(url, KEYS) for url in (logins.owner, logins.desk))
    try:
        keep_round(owner, round_, programme, challenges_of(round_, programme), OPENS)
        announce(owner, opened(AIR), compose)
        till = Till(owner, to_make(applied(owner)))
        till.brought_to(PaymentStatus.PAYEE_KNOWN)
        assert keys(desk, *TO_RELEASE) == [till.key]
        assert [each.number for each in board.sums(desk, challenges=[AIR])] == [1]
        [looked] = board.look_at(desk, {till.key: "fiona"}, CLOSES, with_lines=True)
        assert (looked.not_theirs, bool(looked.lines)) == ("", True)
    finally:
        owner.close()
        desk.close()
