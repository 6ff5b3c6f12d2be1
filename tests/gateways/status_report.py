"""Payment files as the service writes them, and status reports as a bank would make them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lxml import etree
from lxml.builder import ElementMaker
from whenever import Date, Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction
from domain.values.money import Money
from gateways.banking.credit_transfers import Version, credit_transfer_file

MADE = Instant.from_utc(2026, 1, 31, 12, 0, 5, nanosecond=999_000_000)
DAY = Date(2026, 2, 2)
DEBTOR = BankAccount(holder="Challenge Fund", sort_code="20-00-00", number="55779911")
PAYEE = BankAccount(holder="Breathe Ltd", sort_code="12-34-56", number="12345678")
GERMAN = BankAccount(holder="Luft GmbH", iban="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX")
BY_IBAN = BankAccount(holder="Luft Ltd", iban="GB33BUKB20201555555555")

MADE_BY_BANK = "2026-02-01T09:00:00Z"
NEWEST = "pain.002.001.12"


class Said(NamedTuple):
    """What the bank says of a file, a block or a payment; empty for nothing."""

    status: str = ""
    code: str = ""
    note: tuple[str, ...] = ()
    proprietary: str = ""


def transfer_id(team: str = "breathe-7kx3qm", number: int = 1, attempt: int = 1) -> str:
    return f"round-2/air-quality/exploration/{team}/{number}/{attempt}"


def instruction(
    id: str = transfer_id(),  # noqa: A002
    amount: str | Money = "2400.00",
    payee: BankAccount = PAYEE,
    reference: str = "Air quality, exploration",
    currency: str = "GBP",
) -> Instruction:
    return Instruction(
        id=id,
        amount=amount if isinstance(amount, Money) else Money.parse(amount),
        currency=currency,
        payee=payee,
        reference=reference,
    )


def many(count: int) -> list[Instruction]:
    """As many payments as a large programme makes in a run; also for measuring."""
    return [
        instruction(transfer_id(f"team-{n:05}"), f"{n + 1}.{n % 100:02}", (PAYEE, BY_IBAN)[n % 2]) for n in range(count)
    ]


def written(instructions: Sequence[Instruction], version: Version = Version.V09, debtor: BankAccount = DEBTOR) -> bytes:
    return credit_transfer_file("RUN-1", MADE, DAY, debtor, instructions, version)


def end_to_end_ids(payment_file: bytes) -> tuple[str, ...]:
    """The payments that a file asks for, in its order."""
    return tuple(element.text or "" for element in etree.fromstring(payment_file).iter("{*}EndToEndId"))


_LAST = [Instant.MIN]


def bank_time() -> str:
    """A time by a bank's clock: after all that was done so far, and later than every time before."""
    now = Instant.now().round("second", mode="ceil")
    _LAST[0] = max(now, _LAST[0].add(seconds=1)) if _LAST[0] != Instant.MIN else now
    return _LAST[0].format_iso()


def status_report(
    payments: Mapping[str, Said],
    *,
    version: str = NEWEST,
    group: Said | None = None,
    block: Said | None = None,
    original: str = "RUN-1",
    of: str = "pain.001.001.09",
    named_by: str = "OrgnlEndToEndId",
    made: str = MADE_BY_BANK,
) -> bytes:
    """A report on a payment file.

    Args:
        payments: by their names in the file; without any, the report has a block only if it says something of it.
        version: of the report.
        group: said of the file.
        block: said of its one block of payments.
        original: the file's message id.
        of: the file's version.
        named_by: the element that holds a payment's name.
        made: when the bank made it.
    """
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{version}"
    e = ElementMaker(namespace=namespace, nsmap={None: namespace})

    def said(tag: str, what: Said | None) -> list[etree._Element]:
        what = what or Said()
        parts = [e(tag, what.status)] if what.status else []
        if what.code or what.proprietary or what.note:
            why = e.StsRsnInf()
            if what.code or what.proprietary:
                why.append(e.Rsn(e.Cd(what.code) if what.code else e.Prtry(what.proprietary)))
            why.extend(e.AddtlInf(line) for line in what.note)
            parts.append(why)
        return parts

    blocks = []
    if payments or block:
        each = [e.TxInfAndSts(e(named_by, name), *said("TxSts", what)) for name, what in payments.items()]
        blocks.append(e.OrgnlPmtInfAndSts(e.OrgnlPmtInfId(original), *said("PmtInfSts", block), *each))
    return etree.tostring(
        e.Document(
            e.CstmrPmtStsRpt(
                e.GrpHdr(e.MsgId("STATUS-1"), e.CreDtTm(made)),
                e.OrgnlGrpInfAndSts(e.OrgnlMsgId(original), e.OrgnlMsgNmId(of), *said("GrpSts", group)),
                *blocks,
            )
        ),
        xml_declaration=True,
        encoding="UTF-8",
    )
