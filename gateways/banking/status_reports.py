"""What a bank says about the payments in a file: ISO 20022 status reports (pain.002)."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree
from whenever import Instant

from domain.payments.bank_reports import BankReport, BankWord, TransferWord
from domain.payments.rails import FAILED, Progress
from domain.values.refusals import FileRefused

from .credit_transfers import schema_files
from .messages import NAMESPACE, Message, check, text_of
from .moments import instant_of
from .reasons import explains, in_the_banks_words, is_of_a_copy, masked, why

KIND = "pain.002"

_READ_AS = {f"pain.002.001.{version:02}": "pain.002.001.12" for version in range(4, 12)} | {
    "pain.002.001.13": "pain.002.001.14"
}
"""Versions for which the package has no schema. The schema of the next version checks them: versions only add elements,
except in the parts that nobody reads."""

_NEVER_READ = frozenset(
    {"OrgnlTxRef", "SplmtryData", "InitgPty", "FwdgAgt", "DbtrAgt", "CdtrAgt", "Orgtr", "ChrgsInf", "TrckrData"}
)
"""Parts that hold parties, addresses and a copy of the payment. They changed between versions, and are left out before
another version's schema checks a report."""

_NOT_PROVIDED = "NOTPROVIDED"
"""What a bank writes for an id that was lost on the way."""

_PROGRESS: dict[str, Progress | None] = {
    "ACSC": Progress.SETTLED,
    "ACCC": Progress.SETTLED,
    "RJCT": Progress.REJECTED,
    "CANC": Progress.CANCELLED,
} | dict.fromkeys(
    ("RCVD", "PDNG", "PART", "PATC", "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "ACPD", "BLCK"), None
)
"""The progress for each status code. None where the bank has not decided yet."""


class _Said(NamedTuple):
    """What one level of a report says: about the file, its block of payments, or one payment."""

    status: str | None
    codes: tuple[str, ...] = ()
    words: str = ""

    @property
    def progress(self) -> Progress | None:
        return _PROGRESS[self.status] if self.status else None

    def word(self, at: Instant) -> BankWord:
        """What the level says, in no particular form."""
        if self.progress not in FAILED:
            return BankWord(progress=self.progress, at=at)
        return BankWord(
            progress=self.progress,
            at=at,
            reason=why(self.codes),
            words=masked(self.words),
            explains=explains(self.codes),
            is_duplicate=self.progress is Progress.REJECTED and is_of_a_copy(self.codes),
        )


def read_status_report(message: Message, zone: str) -> BankReport:
    """Reads a status report from a bank.

    Args:
        message: pain.002, in a version for which there is a schema, or which another version's schema can check. The
            parts that nobody reads may be removed from it.
        zone: the time zone of the bank's clock, for times without an offset.

    Raises:
        FileRefused: the message does not fit its schema, has an unknown status, or contradicts itself. The refusal says
            what to do.
    """
    message = _checked(message)
    names, report = message.names, message.root[0]
    message_id = text_of(report, "GrpHdr/MsgId", names)
    _must_be_on_credit_transfers(text_of(report, "OrgnlGrpInfAndSts/OrgnlMsgNmId", names), message_id)

    made_at = _moment(text_of(report, "GrpHdr/CreDtTm", names), zone, message_id)
    reader = _Reader(names, message_id, made_at)
    group = reader.said(report.find("OrgnlGrpInfAndSts", names), "GrpSts", _Said(None))
    blocks = report.findall("OrgnlPmtInfAndSts", names)
    said = [reader.said(block, "PmtInfSts", group) for block in blocks]
    transfers: dict[str, TransferWord] = {}
    for block, of_block in zip(blocks, said, strict=True):
        for element in block.findall("TxInfAndSts", names):
            transfer = reader.transfer(element, of_block)
            if transfers.setdefault(transfer.end_to_end, transfer) != transfer:
                raise reader.contradiction(f"says two different things about {transfer.end_to_end}")
    # The service writes one block in each file, so the status of a single block is the status of the file.
    whole = said[0] if len(said) == 1 else group
    return BankReport(
        message_id=message_id,
        made_at=made_at,
        file=text_of(report, "OrgnlGrpInfAndSts/OrgnlMsgId", names),
        whole=whole.word(made_at) if whole.status else None,
        transfers=tuple(transfers.values()),
    )


def _checked(message: Message) -> Message:
    """Checks a message against the schema of its version, or of another version that has the same elements.

    Returns:
        The message, under the name by which it was checked.
    """
    folder = schema_files() / "pain002" / "schemas"
    version = _READ_AS.get(message.name, message.name)
    file = folder / f"{version}.xsd"
    if not file.exists():
        known = ", ".join(sorted({path.stem for path in folder.glob("pain.002.*.xsd")} | _READ_AS.keys()))
        raise FileRefused(
            f"The status report is {message.name}, which this service cannot read: ask the bank for one of {known}."
        )
    if version != message.name:
        for element in [*message.root.iter(f"{{{NAMESPACE}{message.name}}}*")]:
            named = etree.QName(element).localname
            if named in _NEVER_READ and (parent := element.getparent()) is not None:
                parent.remove(element)
            element.tag = f"{{{NAMESPACE}{version}}}{named}"
    check(message, file, "status report")
    return message._replace(name=version)


def _must_be_on_credit_transfers(original: str, message_id: str) -> None:
    """Banks also answer direct debits (pain.008) with pain.002. Some do not name the message as the standard does."""
    if re.match(r"[a-z]{4}\.\d{3}", original) and not original.startswith("pain.001"):
        raise FileRefused(
            f"The status report {message_id} answers a file of {original}, not of pain.001: choose another."
        )


class _Reader:
    """Reads the levels of one report.

    Args:
        names: the namespace of the report's elements.
        message_id: the bank's id of the report, for refusals.
        made_at: when the bank made the report.
    """

    def __init__(self, names: dict[str | None, str], message_id: str, made_at: Instant) -> None:
        self._names = names
        self._message_id = message_id
        self._made_at = made_at

    def said(self, element: etree._Element | None, tag: str, outer: _Said) -> _Said:
        """What counts at a level: what the level itself says, or else what the level around it says.

        Raises:
            FileRefused: the status is unknown, or contradicts a final status of the level around it.
        """
        if element is None:
            return outer
        status = text_of(element, tag, self._names) or outer.status
        if status and status not in _PROGRESS:
            raise FileRefused(
                f"The status report {self._message_id} has the unknown status {status}: ask the bank what it means, "
                "and deal with these payments by hand."
            )
        said = _Said(status, *self._why(element))
        if outer.progress and said.progress != outer.progress:
            raise self.contradiction(f"says {outer.status} about everything but {status} about a part")
        if not said.words and (status == outer.status or (status == "RJCT" and is_of_a_copy(outer.codes))):
            return outer._replace(status=status)
        return said

    def transfer(self, element: etree._Element, block: _Said) -> TransferWord:
        said = self.said(element, "TxSts", block)
        # The service writes one name in both places; some banks give back only one of them.
        ids = (text_of(element, tag, self._names) for tag in ("OrgnlEndToEndId", "OrgnlInstrId"))
        name = next(filter(is_given, ids), "")
        if not name:
            raise FileRefused(
                f"The status report {self._message_id} does not name a payment at line {element.sourceline}: ask the "
                "bank for the end-to-end id."
            )
        return TransferWord(end_to_end=name, whole=said == block, **dict(said.word(self._made_at)))

    def contradiction(self, what: str) -> FileRefused:
        return FileRefused(f"The status report {self._message_id} {what}: ask the bank which of them is true.")

    def _why(self, element: etree._Element) -> tuple[tuple[str, ...], str]:
        """The reason codes, and all reasons in words."""
        codes: list[str] = []
        notes: list[str] = []
        for each in element.findall("StsRsnInf", self._names):
            codes += filter(None, (text_of(each, "Rsn/Cd", self._names) or text_of(each, "Rsn/Prtry", self._names),))
            notes += (note.text or "" for note in each.findall("AddtlInf", self._names))
        return tuple(codes), in_the_banks_words(codes, notes)


def is_given(name: str) -> bool:
    """Whether an id names something. Banks write NOTPROVIDED for an id that was lost on the way."""
    return "".join(name.split()).upper() not in {"", _NOT_PROVIDED}


def _moment(written: str, zone: str, message_id: str) -> Instant:
    try:
        return instant_of(written, zone)
    except ValueError:
        raise FileRefused(
            f"The status report {message_id} was made at {written!r}, which is not a time: ask the bank for it again."
        ) from None
