"""The transfer that tests of a payment provider's rail ask for, and what the provider may answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from whenever import Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction
from domain.values.money import Money
from gateways.banking.http_rail import HttpRail
from tests.gateways.provider import TOKEN, Provider

AT = Instant.from_utc(2016, 8, 1, 16)
ID = "pilot-2016/air-quality/exploration/breathe-1/1/1"
HOLDER = "Ada Lovelace"
SORT_CODE = "601613"
NUMBER = "31926819"
IBAN = "GB29NWBK60161331926819"
SECRETS = (HOLDER, "Lovelace", SORT_CODE, NUMBER, IBAN, TOKEN)


def instruction(id: str = ID, amount: str = "2400.00", **changes: str) -> Instruction:  # noqa: A002
    """What the rail is asked to transfer."""
    account = {"holder": HOLDER, "sort_code": SORT_CODE, "number": NUMBER} | changes
    return Instruction(
        id=id,
        amount=Money.parse(amount),
        currency="GBP",
        payee=BankAccount(**{name: value for name, value in account.items() if value}),
        reference="Exploration 1 of 2",
    )


def answered(**changes: object) -> bytes:
    """A transfer as the provider tells of it, with some of it changed."""
    told = {
        "id": ID,
        "amount": "2400.00",
        "currency": "GBP",
        "reference": "tr-1",
        "at": "2016-08-01T16:00:00Z",
        "progress": "taken",
        "reason": "",
    }
    return json.dumps(told | changes).encode()


@contextmanager
def rail_to(provider: Provider, **settings: Any) -> Iterator[HttpRail]:
    """The rail to a provider, closed at the end of a block."""
    rail = HttpRail(provider.url, **({"token": TOKEN} | settings))
    try:
        yield rail
    finally:
        rail.close()


def asked(rail: HttpRail, finding: bool) -> object:
    """Asks for the transfer, or only what became of it."""
    return rail.find(ID) if finding else rail.transfer(instruction(), AT)
