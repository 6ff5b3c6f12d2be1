"""Payments at the desk: who reads the ledger, what is said of bank details, and what a decision is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from domain.payments.bank_account import BankAccount
from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotAllowed, NotReadable, Unavailable, UnknownPayment
from store.database import tables
from store.payments.sealing import Seals
from tests.desk.asking import ALL, acting, desk_on, refusals
from tests.store.paying import Till, to_make
from tests.store.said import AIR, ROADS, applied

ACCOUNT = BankAccount(holder="Ada Lovelace", sort_code="601613", number="31926819")


@pytest.mark.parametrize("who", ["olivia", "sam", "fiona"])
async def test_those_in_charge_read_the_ledger_with_bank_details_masked(till: Till, who: str) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    other = Till(till.database, to_make(applied(till.database, challenge=ROADS), challenge=ROADS))
    other.brought_to(PaymentStatus.REQUESTED)
    async with desk_on(till.database) as desk:
        actor = await acting(desk, who)
        assert {each.key for each in (await desk.payments.list(actor, ALL)).items} == {till.key, other.key}
        assert [each.key for each in (await desk.payments.list(actor, ALL, AIR)).items] == [till.key]
        known = (await desk.payments.list(actor, ALL, status=PaymentStatus.PAYEE_KNOWN)).items
        assert [(each.key, each.payee) for each in known] == [(till.key, "masked 1")]
        found = await desk.payments.find(actor, till.key)
        assert found == till.now
        assert found.twins.same_firm == (other.team,), "both are of one organisation"


async def test_a_payment_is_nobody_elses_to_read(till: Till) -> None:
    till.brought_to(PaymentStatus.REQUESTED)
    async with desk_on(till.database) as desk:
        for who in ("breathe@applicants.example", "nobody", ""):
            actor = await acting(desk, who)
            for asked in (
                desk.payments.find(actor, till.key),
                desk.payments.list(actor, ALL),
                desk.payments.late(actor),
            ):
                with pytest.raises(NotAllowed):
                    await asked
        with pytest.raises(UnknownPayment, match="nothing"):
            await desk.payments.find(await acting(desk, "olivia"), "nothing")
    assert [line.by for line in refusals(till.database)] == [till.team, "nobody", "unknown"]


async def test_only_a_releaser_releases_and_the_refusal_says_who_that_is(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    async with desk_on(till.database) as desk:
        for who in ("olivia", "sam"):
            with pytest.raises(NotAllowed, match="fiona or frank may"):
                await desk.payments.decide(await acting(desk, who), till.key, "release", payee_version=1)
    assert till.now.status is PaymentStatus.PAYEE_KNOWN
    assert [(line.by, line.action) for line in refusals(till.database)] == [
        ("olivia", "payment-release"),
        ("sam", "payment-release"),
    ]


async def test_a_decision_that_cannot_be_read_names_its_faults(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    async with desk_on(till.database) as desk:
        with pytest.raises(NotReadable) as refused:
            await desk.payments.decide(await acting(desk, "fiona"), till.key, "release", payee_version="new", to="me")
    assert {problem.field for problem in refused.value.problems} == {"payee_version", "to"}
    assert [line.action for line in refusals(till.database)] == ["payment-release"]


async def test_bank_details_that_are_wrong_are_repeated_nowhere(till: Till) -> None:
    """Fails when a refusal, which goes to the record, quotes what was typed."""
    typed = {"holder": "Ada Lovelace", "sort_code": "60161", "number": "3192681x"}
    async with desk_on(till.database) as desk:
        for who in ("breathe@applicants.example", "olivia"):
            with pytest.raises(NotReadable) as refused:
                await desk.payments.give_payee(await acting(desk, who), AIR, till.team, typed)
            assert not [value for value in typed.values() if value in str(refused.value)]
        with pytest.raises(NotAllowed):
            await desk.payments.give_payee(await acting(desk, "fiona"), AIR, till.team, dict.fromkeys(typed, "1"))
    lines = refusals(till.database)
    assert [line.by for line in lines] == [till.team, "olivia", "fiona"]
    assert not [line for line in lines for value in typed.values() if value in line.text]


async def test_while_temporal_is_away_no_bank_details_are_taken(till: Till) -> None:
    given = {"holder": "Ada Lovelace", "sort_code": "601613", "number": "31926819"}
    async with desk_on(till.database) as desk:
        with pytest.raises(Unavailable):
            await desk.payments.give_payee(await acting(desk, "olivia"), AIR, till.team, given)
    with till.database.reading() as connection:
        assert connection.execute(select(tables.payees)).all() == []
    assert refusals(till.database) == []


async def test_all_bank_details_are_sealed_anew_by_an_operator(till: Till, tmp_path: Path) -> None:
    """Fails when the old key still opens something, or when whoever releases money holds the keys, too."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with till.database.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=Seals([old]).seal(ACCOUNT, till.team)))
    keys = tmp_path / "payee.key"
    keys.write_text(f"{new}\n{old}\n", encoding="utf-8")
    keys.chmod(0o600)

    async with desk_on(till.database, payee_key_file=keys) as desk:
        with pytest.raises(NotAllowed):
            await desk.payments.reseal(await acting(desk, "fiona"))
        assert await desk.payments.reseal(await acting(desk, "olivia")) == 1
    with till.database.reading() as connection:
        sealed = connection.scalars(select(tables.payees.c.sealed)).one()
    assert Seals([new]).open(sealed, till.team) == ACCOUNT
