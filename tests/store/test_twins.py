"""Teams that may be the same people: found without opening anybody's bank details."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from domain.announcements.occasions import Occasion
from domain.payments.bank_account import BankAccount
from domain.payments.destination import Twins
from domain.values.paging import Page
from store.challenges.applications import accept, page_of_applications
from store.database import tables
from store.database.database import Database
from store.payments import payees
from store.payments.payment_files import mark_written
from store.payments.sealing import Kept, Seals
from store.payments.twins import twins_of
from store.record.notices import read_notices
from store.record.record import announce
from tests.store.filing import batch, released
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, applying, compose, opened, seal

ACCOUNT = BankAccount(holder="Tay Ltd", sort_code="20-20-15", number="55555555")
SAME = BankAccount(holder="Other Ltd", iban="GB33BUKB20201555555555")
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def found(database: Database, *teams: str, paid: bool = False) -> dict[str, Twins]:
    with database.reading() as connection:
        return dict(twins_of(connection, teams, paid=paid))


def keep(database: Database, team: str, kept: Kept, version: int = 1) -> None:
    with database.writing() as connection:
        payees.add(connection, team, version, kept, "olivia", CLOSES)


def test_two_teams_on_one_account_are_said_to_whoever_releases(open_: Database) -> None:
    """Also if one gave an IBAN. Fails when accounts are compared by what is sealed, which differs every time."""
    first, second, third = (to_make(applied(open_, f"{name} Ltd")) for name in ("Tay", "Forth", "Clyde"))
    for payment, account in ((first, "shared"), (second, "shared"), (third, "own")):
        Till(open_, payment).request()
        give_payee(open_, payment.order.team, account=account)
        Till(open_, payment).request()

    tills = [Till(open_, each) for each in (first, second, third)]
    rows = [till.now for till in tills]
    assert [row.twins.same_account for row in rows] == [(second.order.team,), (first.order.team,), ()]
    assert rows[0].warnings == (f"The same bank account as {second.order.team}.",)
    letters = {
        notice.recipient: notice.body
        for notice in read_notices(open_)
        if notice.occasion == Occasion.PAYMENT_TO_RELEASE and second.order.key in notice.body
    }
    assert set(letters) == {"fiona", "frank"}
    assert all(f"The same bank account as {first.order.team}." in body for body in letters.values())


@pytest.mark.parametrize(("name", "email"), [("The TAY, Limited", "b@forth.example"), ("Forth plc", "A@Tay.example")])
def test_who_releases_is_told_of_another_team_that_may_be_the_same_firm(open_: Database, name: str, email: str) -> None:
    """By its name alone or by its address alone, although the accounts differ."""
    tay, other = (
        accept(open_, AIR, applying(each, email=mail), lambda: MIDWAY, compose).application
        for each, mail in (("Tay Ltd", "a@tay.example"), (name, email))
    )
    for number, team in enumerate((other, tay)):
        Till(open_, to_make(team)).request()
        give_payee(open_, team, account=f"account {number}")
        Till(open_, to_make(team)).request()

    told = {
        notice.recipient: notice.body
        for notice in read_notices(open_)
        if notice.occasion == Occasion.PAYMENT_TO_RELEASE and to_make(tay).order.key in notice.body
    }
    assert set(told) == {"fiona", "frank"}
    assert all(other in body for body in told.values())


def test_only_the_last_bank_details_of_a_team_count(open_: Database) -> None:
    one, other = applied(open_, "Tay Ltd"), applied(open_, "Forth Ltd")
    give_payee(open_, one, account="shared")
    give_payee(open_, other, account="shared")
    assert found(open_, one)[one].same_account == (other,)
    give_payee(open_, other, 2, account="own")
    assert found(open_, one) == {}


def test_one_account_is_known_under_an_older_key_and_after_sealing_anew(open_: Database) -> None:
    """Fails when details given after a new key was added have a fingerprint that nobody else's can match."""
    one, other, last = (applied(open_, f"{name} Ltd") for name in ("Tay", "Forth", "Clyde"))
    keep(open_, one, Seals([OLD]).keep(ACCOUNT, one))
    both = Seals([NEW, OLD])
    keep(open_, other, both.keep(SAME, other))
    assert found(open_, one)[one].same_account == (other,)

    payees.reseal(open_, both.reseal)
    keep(open_, last, Seals([NEW]).keep(ACCOUNT, last))
    assert found(open_, last)[last].same_account == tuple(sorted((one, other)))


def test_nothing_that_is_kept_in_the_clear_tells_the_account(open_: Database) -> None:
    team = applied(open_)
    keep(open_, team, Seals([NEW]).keep(ACCOUNT, team))
    with open_.reading() as connection:
        row = connection.execute(select(tables.payees)).one()
    assert not any(secret in str(value) for value in row for secret in ("55555555", "202015", "Tay"))


@pytest.mark.parametrize("paid", [False, True])
def test_the_same_firm_is_found_by_its_name_or_its_address(open_: Database, paid: bool) -> None:
    """Whatever tells legal forms apart, and however the address is written; and in another challenge of the round."""
    announce(open_, opened(ROADS), compose)

    def apply(name: str, email: str, challenge: str = AIR) -> str:
        return accept(open_, challenge, applying(name, email=email), lambda: MIDWAY, compose).application

    tay, twin = apply("Tay & Sons Ltd", "a@tay.example"), apply("The TAY and Sons, Limited", "b@tay.example")
    mail, roads = apply("Forth plc", "A@Tay.example"), apply("Tay & Sons", "c@tay.example", ROADS)
    apply("Tay Bridge Ltd", "d@tay.example")
    if paid:
        for team in (twin, mail):
            Till(open_, to_make(team)).request()
        assert found(open_, tay, paid=True)[tay].same_firm == tuple(sorted((twin, mail)))
        return
    assert found(open_, tay) == {}, "nobody reads about applications before their window is sealed"
    seal(open_)
    assert found(open_, tay)[tay].same_firm == tuple(sorted((twin, mail)))
    seal(open_, ROADS)
    assert found(open_, tay)[tay].same_firm == tuple(sorted((twin, mail, roads)))
    rows = {each.id: each.twins.same_firm for each in page_of_applications(open_, Page(), AIR).items}
    assert rows[mail] == (tay,)
    assert len(rows[twin]) == 2


def test_an_application_that_was_withdrawn_is_nobodys_twin(open_: Database) -> None:
    tay, twin = applied(open_, "Tay Ltd"), applied(open_, "Tay Limited")
    announce(open_, announcing("withdraw", withdrawn=twin), compose)
    seal(open_)
    assert found(open_, tay) == {}


def test_payments_across_a_border_have_a_file_of_their_own(open_: Database) -> None:
    """Fails when only the currency is looked at."""
    home, abroad, euros = (to_make(applied(open_, f"{name} Ltd")) for name in ("Tay", "Luft", "Air"))
    euros = euros.model_copy(update={"order": euros.order.model_copy(update={"currency": "EUR"})})
    for payment, country in ((home, "GB"), (abroad, "DE"), (euros, "DE")):
        Till(open_, payment).request()
        give_payee(open_, payment.order.team, country=country)
        Till(open_, payment).request()
        Till(open_, payment).release()

    files = []
    for name in ("FILE1", "FILE2", "FILE3"):
        made = batch(open_, name)
        assert made is not None
        mark_written(open_, name, CLOSES)
        files.append((made.currency, made.abroad, [line.team for line in made.lines]))
    assert sorted(files, key=str) == sorted(
        [
            ("EUR", False, [euros.order.team]),
            ("GBP", False, [home.order.team]),
            ("GBP", True, [abroad.order.team]),
        ],
        key=str,
    )
    assert batch(open_, "FILE4") is None
    assert Till(open_, abroad).now.warnings == ("A cross-border payment: the account is in another country (DE).",)
    assert Till(open_, euros).now.warnings == ()
    told = [each.body for each in read_notices(open_) if each.occasion == Occasion.PAYMENT_TO_RELEASE]
    assert sum("A cross-border payment" in body for body in told) == 2


def test_a_file_that_was_begun_says_again_that_it_is_abroad(open_: Database) -> None:
    payment = to_make(applied(open_))
    Till(open_, payment).request()
    give_payee(open_, payment.order.team, country="FR")
    released(open_, payment.order.team)
    first = batch(open_)
    assert first is not None
    assert first.abroad
    assert batch(open_) == first
