"""Statements and notices of entries as banks make them, in any version, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

VERSIONS = [f"camt.{kind}.001.{version:02}" for kind in ("053", "054") for version in range(2, 15)]
ACCOUNT = "<IBAN>GB16LOYD20000055779911</IBAN>"
"""The account of `status_report.DEBTOR`, as an IBAN."""


class Part(NamedTuple):
    """One movement in an entry.

    Args:
        refs: the content of `Refs`, as XML.
        amount, instructed: as banks write them, such as "2400.00 GBP"; empty for none.
        credit: whether money came in; None to leave it to the entry.
        returned: the reason why money came back; a code, or other text; None for no return.
        remittance, note: text.
    """

    refs: str = ""
    amount: str = ""
    instructed: str = ""
    credit: bool | None = None
    returned: str | None = None
    remittance: str = ""
    note: str = ""


class Entry(NamedTuple):
    """One entry.

    Args:
        amount: such as "2400.00 GBP".
        parts: what it is made of.
        credit: whether money came in.
        booked: a day, a moment, or empty.
        status: BOOK, PDNG, INFO or FUTR.
        reverses: `RvslInd`, as the bank writes it; empty for none.
        ref, note: the bank's own reference, and text.
        code: of the bank's own for the kind of entry.
    """

    amount: str = "2400.00 GBP"
    parts: Sequence[Part] = ()
    credit: bool = False
    booked: str = "2026-02-02"
    status: str = "BOOK"
    reverses: str = ""
    ref: str = ""
    note: str = ""
    code: str = "PAY"


def end_to_end(name: str, *more: str) -> str:
    return "".join([*more[:1], f"<EndToEndId>{name}</EndToEndId>", *more[1:]])


def statement(
    *entries: Entry,
    name: str = "camt.053.001.08",
    account: str = ACCOUNT,
    bank: str = "",
    made: str = "2026-02-03T06:00:00Z",
    id: str = "ST-1",  # noqa: A002
) -> bytes:
    """A message with one statement.

    Args:
        entries: in their order.
        name: the message and its version.
        account: the content of the account's `Id`, as XML.
        bank: the sort code of the account's bank.
        made: when the bank made the statement.
        id: of the statement.
    """
    version = int(name[-2:])
    body, part = ("BkToCstmrStmt", "Stmt") if name.startswith("camt.053") else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    servicer = f"<Svcr><FinInstnId><ClrSysMmbId><MmbId>{bank}</MmbId></ClrSysMmbId></FinInstnId></Svcr>" if bank else ""
    balance = (
        "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>2026-02-02</Dt></Dt></Bal>"
    )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:{name}'><{body}>"
        f"<GrpHdr><MsgId>M-1</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr>"
        f"<{part}><Id>{id}</Id><CreDtTm>{made}</CreDtTm><Acct><Id>{account}</Id>{servicer}</Acct>"
        + (balance if part == "Stmt" else "")
        + "\n"
        + "\n".join(_entry(each, version) for each in entries)
        + f"</{part}></{body}></Document>"
    ).encode()


def _entry(entry: Entry, version: int) -> str:
    when = f"<BookgDt>{_tag('DtTm' if 'T' in entry.booked else 'Dt', entry.booked)}</BookgDt>" if entry.booked else ""
    parts = "".join(_part(each, version, entry.credit) for each in entry.parts)
    return (
        "<Ntry>"
        + _tag("NtryRef", entry.ref)
        + _amount(entry.amount)
        + _tag("CdtDbtInd", "CRDT" if entry.credit else "DBIT")
        + _tag("RvslInd", entry.reverses)
        + f"<Sts>{entry.status if version < 7 else _tag('Cd', entry.status)}</Sts>{when}"
        + f"<BkTxCd><Prtry>{_tag('Cd', entry.code)}</Prtry></BkTxCd>"
        + (f"<NtryDtls>{parts}</NtryDtls>" if parts else "")
        + _tag("AddtlNtryInf", escape(entry.note))
        + "</Ntry>"
    )


def _part(part: Part, version: int, credit: bool) -> str:
    amount, credit = part.amount, credit if part.credit is None else part.credit
    details = f"<InstdAmt>{_amount(part.instructed)}</InstdAmt>" if part.instructed else ""
    own = ""
    if version == 2:  # the movement's own amount stands among the details, and its direction nowhere
        details += f"<TxAmt>{_amount(amount)}</TxAmt>" if amount else ""
    elif amount:
        own = _amount(amount) + _tag("CdtDbtInd", "CRDT" if credit else "DBIT")
    elif version >= 7:
        raise ValueError("from version 07 on a movement has an amount of its own")
    why = ""
    if part.returned is not None:
        rule = "Cd" if len(part.returned) == 4 and part.returned.isupper() else "Prtry"
        why = f"<RtrInf><Rsn>{_tag(rule, part.returned)}</Rsn></RtrInf>" if part.returned else "<RtrInf/>"
    return (
        "<TxDtls>"
        + (f"<Refs>{part.refs}</Refs>" if part.refs else "")
        + own
        + (f"<AmtDtls>{details}</AmtDtls>" if details else "")
        + (f"<RmtInf><Ustrd>{escape(part.remittance)}</Ustrd></RmtInf>" if part.remittance else "")
        + why
        + _tag("AddtlTxInf", escape(part.note))
        + "</TxDtls>"
    )


def _amount(text: str) -> str:
    amount, _, currency = text.rpartition(" ")
    return f"<Amt Ccy='{currency}'>{amount}</Amt>"


def _tag(tag: str, text: str) -> str:
    return f"<{tag}>{text}</{tag}>" if text else ""
