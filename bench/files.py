"""Writing and validating a payment file for a bank."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from cryptography.fernet import Fernet
from lxml import etree
from whenever import Date, Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction
from domain.values.money import Money
from gateways.banking.credit_transfers import Version, credit_transfer_file, schema
from store.payments.payment_files import MOST
from store.payments.sealing import Seals

from .measuring import Compared, Measurement, say, seconds

NAME = "payment file"
_AIM = 4.0
_DEBTOR = BankAccount(holder="Challenge Fund", sort_code="20-00-00", number="55779911")
_PAYEES = (
    BankAccount(holder="Breathe Ltd", sort_code="60-16-13", number="31926819"),
    BankAccount(holder="Lüftchen & Söhne GmbH", iban="GB33BUKB20201555555555", bic="BUKBGB22"),
)


def measure(small: bool) -> Iterator[Measurement]:
    """`gateways.banking.credit_transfers.credit_transfer_file` with as many payments as one file may have.

    The function makes the document, writes the bytes, reads them again and checks them against the official schema. The
    floor is the XML library's part: to write the finished document as bytes, to read and to check them.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    number = 10 if small else MOST
    say(f"  {number:,} payments")
    instructions = [
        Instruction(
            id=f"round/challenge/stage/team-{each:06d}/1/1",
            amount=Money(100_000 + each),
            currency="GBP",
            payee=_PAYEES[each % len(_PAYEES)],
            reference=f"team-{each:06d} exploration 1",
        )
        for each in range(number)
    ]
    xml = _written(instructions)
    document = etree.fromstring(xml)
    pairs = [
        (seconds(lambda: _written(instructions)), seconds(lambda: _validated(document)))
        for _ in range(2 if small else 8)
    ]
    compared = Compared.of(pairs[1:])
    yield Measurement(
        name=NAME,
        what=f"A file of {number:,} payments written and validated, against the XML library's part of the work.",
        unit="seconds",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at most {_AIM:g} of the floor",
        met=compared.ratio <= _AIM,
        notes=(
            f"{len(xml):,} bytes, {Version.V09}.",
            compared.spread,
            f"Before this, the desk opens the sealed bank details, which takes {_opening(number):.2f} seconds more.",
        ),
    )


def _written(instructions: list[Instruction]) -> bytes:
    made = Instant.from_utc(2016, 8, 10, 12, 0, 0)
    return credit_transfer_file("RUN-1", made, Date(2016, 8, 11), _DEBTOR, instructions, Version.V09)


def _validated(document: etree._Element) -> None:
    written = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    if not schema(Version.V09).validate(etree.fromstring(written)):
        raise RuntimeError("the document of the floor is no longer a valid payment file")


def _opening(number: int) -> float:
    """Seconds to open so many sealed bank details: the median of three times."""
    seals = Seals([Fernet.generate_key().decode()])
    sealed = [seals.seal(payee, "team") for payee in _PAYEES]
    return median(
        seconds(lambda: [seals.open(sealed[each % len(sealed)], "team") for each in range(number)]) for _ in range(3)
    )
