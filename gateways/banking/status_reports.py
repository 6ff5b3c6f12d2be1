"""What a bank says about the payments in a file: ISO 20022 status reports (pain.002)."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree
from whenever import Date

from domain.payments.rails import Progress
from domain.values.model import Value
from domain.values.refusals import FileRefused

from .credit_transfers import schema_files
from .messages import NAMESPACE, Message, check, text_of
from .moments import BANK_ZONE, instant_of

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

_NOTE_LENGTH = 200
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

_DUPLICATES = frozenset({"AM05", "DUPL", "RF01", *(f"DU0{number}" for number in range(1, 6))})
"""Reasons that do not mean a rejected payment: the bank refuses a second copy, and goes on with the first."""

_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{2}")

_NO_REASON = {"RJCT": "the bank gave no reason", "CANC": "the payment was cancelled at the bank"}

_REASONS = {
    "AB05": "the payee's bank did not answer in time",
    "AB06": "a bank on the way did not answer in time",
    "AC01": "the account number is wrong or in the wrong format",
    "AC02": "the paying account's number is wrong",
    "AC03": "the payee's account number is wrong",
    "AC04": "the account is closed",
    "AC05": "the paying account is closed",
    "AC06": "the account is blocked",
    "AC07": "the payee's account is closed",
    "AC09": "the account is not in this currency",
    "AC14": "the payee's account is of a kind that cannot be paid to",
    "AG01": "this account may not make or take such payments",
    "AG02": "the bank does not offer this kind of payment",
    "AG03": "the bank does not support such payments",
    "AM01": "the amount is zero",
    "AM02": "the amount is more than is allowed",
    "AM03": "the bank does not handle this currency",
    "AM04": "the paying account has too little money",
    "AM05": "the bank has had this payment before",
    "AM06": "the amount is less than is allowed",
    "AM07": "the money is blocked",
    "AM09": "the amount is not the one agreed",
    "AM10": "the sum in the payment file does not match its payments",
    "AM14": "the amount is over the limit agreed with the bank",
    "AM18": "the number of payments in the file does not match its payments",
    "BE01": "the name does not belong to the account",
    "BE04": "the payee's address is missing or wrong",
    "BE05": "the bank does not know who sent the file",
    "BE06": "the payee's bank does not know the payee",
    "BE07": "the payer's address is missing or wrong",
    "CH03": "the day to pay is too far ahead",
    "CNOR": "the payee's bank cannot be reached for such payments",
    "CURR": "the currency is wrong",
    "CUST": "the customer asked for this",
    "DNOR": "the payer's bank takes no part in such payments",
    "DT01": "a date is wrong",
    "DUPL": "the payment is the same as another payment",
    "ED05": "the banks could not settle the payment",
    "FF01": "the format of the payment file is wrong",
    "FOCR": "the payment was called back",
    "FRAD": "the bank suspects fraud",
    "LEGL": "the law or a court forbids the payment",
    "MD07": "the account holder has died",
    "MS02": "the customer gave no reason",
    "MS03": "the bank did not say why",
    "NARR": "the bank gives the reason in a note",
    "RC01": "the bank's code, such as the sort code or BIC, is wrong",
    "RC03": "the code of the paying bank is wrong",
    "RC04": "the code of the payee's bank is wrong",
    "RF01": "the payment's id was used before",
    "RR01": "the paying account or its holder is missing, and regulations require it",
    "RR02": "the payer's name or address is missing, and regulations require it",
    "RR03": "the payee's name or address is missing, and regulations require it",
    "RR04": "regulations forbid the payment",
    "TM01": "the file came after the bank's cut-off time",
    "TS01": "the file did not arrive whole",
}
"""The codes for credit transfers from the external code list of status reasons."""


class TransferStatus(Value):
    """What a report says about one transfer.

    Args:
        end_to_end_id: the transfer's id in the payment file.
        progress: settled, rejected or cancelled. None while the bank is still processing the transfer.
        code: the bank's reason code. Empty if the bank gave none. A bank's own code may be any text.
        reason: the reason in words, with the bank's notes. The notes may hold names and account numbers, so callers
            keep the reason out of Temporal and logs, and use `in_words(code)` there.
    """

    end_to_end_id: str
    progress: Progress | None
    code: str = ""
    reason: str = ""


class StatusReport(Value):
    """A bank's report on one payment file.

    Args:
        message_id: the bank's id of the report.
        made_on: the day on which the bank made the report. Everything in the report had happened by then.
        original_message_id: the id of the payment file.
        group: the status code of the whole file. None if the report gives none.
        group_progress: the progress of every transfer that the report does not name. None for no change.
        group_code, group_reason: as in `TransferStatus`.
        transfers: the transfers that the report names, in its order.
    """

    message_id: str
    made_on: Date
    original_message_id: str
    group: str | None
    group_progress: Progress | None
    group_code: str = ""
    group_reason: str = ""
    transfers: tuple[TransferStatus, ...]

    def of(self, end_to_end_ids: tuple[str, ...]) -> tuple[TransferStatus, ...]:
        """The status of each transfer in the payment file, whether the report names it or not, in the order given.

        Raises:
            FileRefused: the report names a transfer that is not in the payment file.
        """
        named = {transfer.end_to_end_id: transfer for transfer in self.transfers}
        unknown = sorted(named.keys() - set(end_to_end_ids))
        if unknown:
            raise FileRefused(
                f"The status report {self.message_id} names {unknown[0]}, which is not in payment file "
                f"{self.original_message_id}: ask the bank which file it means."
            )
        return tuple(
            named.get(name)
            or TransferStatus(
                end_to_end_id=name, progress=self.group_progress, code=self.group_code, reason=self.group_reason
            )
            for name in end_to_end_ids
        )


class _Said(NamedTuple):
    """What one level of a report says: about the file, its block of payments, or one payment."""

    status: str | None
    codes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def code(self) -> str:
        return self.codes[0] if self.codes else ""

    @property
    def progress(self) -> Progress | None:
        return _PROGRESS[self.status] if self.status else None


def in_words(code: str) -> str:
    """The meaning of a reason code. It names nobody, so logs and Temporal may have it.

    Returns:
        The meaning, or the code itself if it is not a common one. If the bank wrote more than a code, a general phrase.
    """
    known = _REASONS.get(code)
    return known or (code if _CODE.fullmatch(code) else "the bank gave a reason of its own")


def read_status_report(message: Message) -> StatusReport:
    """Reads a status report from a bank.

    Args:
        message: pain.002, in a version for which there is a schema, or which another version's schema can check. The
            parts that nobody reads may be removed from it.

    Raises:
        FileRefused: the message does not fit its schema, has an unknown status, or contradicts itself. The refusal says
            what to do.
    """
    message = _checked(message)
    names, report = message.names, message.root[0]
    message_id = text_of(report, "GrpHdr/MsgId", names)
    _must_be_on_credit_transfers(text_of(report, "OrgnlGrpInfAndSts/OrgnlMsgNmId", names), message_id)

    reader = _Reader(names, message_id)
    group = reader.said(report.find("OrgnlGrpInfAndSts", names), "GrpSts", _Said(None))
    blocks = report.findall("OrgnlPmtInfAndSts", names)
    said = [reader.said(block, "PmtInfSts", group) for block in blocks]
    transfers: dict[str, TransferStatus] = {}
    for block, of_block in zip(blocks, said, strict=True):
        for element in block.findall("TxInfAndSts", names):
            transfer = reader.transfer(element, of_block)
            if transfers.setdefault(transfer.end_to_end_id, transfer) != transfer:
                raise reader.contradiction(f"says two different things about {transfer.end_to_end_id}")
    # The service writes one block in each file, so the status of a single block is the status of the file.
    whole = said[0] if len(said) == 1 else group
    return StatusReport(
        message_id=message_id,
        made_on=_day(text_of(report, "GrpHdr/CreDtTm", names), message_id),
        original_message_id=text_of(report, "OrgnlGrpInfAndSts/OrgnlMsgId", names),
        group=whole.status,
        group_progress=whole.progress,
        group_code=whole.code,
        group_reason=_reason(whole),
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
    """

    def __init__(self, names: dict[str | None, str], message_id: str) -> None:
        self._names = names
        self._message_id = message_id

    def said(self, element: etree._Element | None, tag: str, outer: _Said) -> _Said:
        """What counts at a level: what the level itself says, or else what the level around it says.

        Raises:
            FileRefused: the status is unknown, or contradicts a final status of the level around it, or the bank
                refused something because it already had it.
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
        if status == "RJCT" and not _DUPLICATES.isdisjoint(said.codes or outer.codes):
            raise FileRefused(
                f"The status report {self._message_id} refuses a file or payment that the bank already had, so no "
                "payment was returned. See the bank's report on the first copy. If you sent only one, ask the bank."
            )
        if outer.progress and said.progress != outer.progress:
            raise self.contradiction(f"says {outer.status} about everything but {status} about a part")
        if status == outer.status and not said.reason:
            return outer
        return said

    def transfer(self, element: etree._Element, block: _Said) -> TransferStatus:
        said = self.said(element, "TxSts", block)
        # The service writes one name in both places; some banks give back only one of them.
        ids = (text_of(element, tag, self._names) for tag in ("OrgnlEndToEndId", "OrgnlInstrId"))
        name = next(filter(is_given, ids), "")
        if not name:
            raise FileRefused(
                f"The status report {self._message_id} does not name a payment at line {element.sourceline}: ask the "
                "bank for the end-to-end id."
            )
        return TransferStatus(end_to_end_id=name, progress=said.progress, code=said.code, reason=_reason(said))

    def contradiction(self, what: str) -> FileRefused:
        return FileRefused(f"The status report {self._message_id} {what}: ask the bank which of them is true.")

    def _why(self, element: etree._Element) -> tuple[tuple[str, ...], str]:
        """The reason codes, and all reasons in words."""
        codes: list[str] = []
        notes: list[str] = []
        for why in element.findall("StsRsnInf", self._names):
            codes += filter(None, (text_of(why, "Rsn/Cd", self._names) or text_of(why, "Rsn/Prtry", self._names),))
            notes += (note.text or "" for note in why.findall("AddtlInf", self._names))
        words = "; ".join(dict.fromkeys(_REASONS.get(code, code) for code in codes))
        note = " ".join(" ".join(notes).split())
        if len(note) > _NOTE_LENGTH:
            note = note[: _NOTE_LENGTH - 1] + "…"
        return tuple(codes), ": ".join(filter(None, (words, note)))


def _reason(said: _Said) -> str:
    return said.reason or _NO_REASON.get(said.status or "", "")


def is_given(name: str) -> bool:
    """Whether an id names something. Banks write NOTPROVIDED for an id that was lost on the way."""
    return "".join(name.split()).upper() not in {"", _NOT_PROVIDED}


def _day(moment: str, message_id: str) -> Date:
    """The day of a moment in a report, which has an offset or is in the bank's local time."""
    try:
        return instant_of(moment).to_tz(BANK_ZONE).date()
    except ValueError:
        raise FileRefused(
            f"The status report {message_id} was made at {moment!r}, which is not a time: ask the bank for it again."
        ) from None
