"""What a bank says of the transfers in payment files; or a person, if the bank sends no reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Exists, exists, select, update
from whenever import Date, Instant

from domain.keys import challenge_of, payment_of
from domain.payments.bank_reports import BankReport, TransferWord
from domain.payments.payment import PaymentStatus
from domain.payments.positions import Doubt, Said
from domain.payments.rails import FAILED, Progress
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.refusals import FileRefused, TooLate, UnknownPayment
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import needs_somebody

from .bank_words import Words, hear_person
from .contradictions import contradictions
from .file_record import write_lines
from .rows import hold, hold_all

_payments, _transfers, _files = tables.payments, tables.transfers, tables.payment_files
_filed, _words = tables.filed_transfers, tables.bank_words
_BY_TRANSFER = TotalOrder(_filed.c.transfer)
_BY_KEY = TotalOrder(_payments.c.key)


class Ignored(Value):
    """A word of the bank that changes nothing.

    Args:
        payment: key of the payment.
        why: why it changes nothing.
    """

    payment: str
    why: str


class Noted(Value):
    """What became of a bank's report.

    Args:
        new: the keys of the payments about which the report says something new.
        ignored: what changes nothing.
        unbelieved: the keys of the payments that the bank turns away with their whole file, for a reason of its own.
            Nothing was noted: a person must say whether the bank is to be believed.
    """

    new: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    unbelieved: tuple[str, ...] = ()


def report(
    database: Database,
    said: BankReport,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    zone: str,
    believed: str = "",
    proof: str = "",
) -> Noted:
    """Notes what a bank reported about transfers. You can safely call this again.

    Args:
        database: where to.
        said: what the bank reports.
        by, roles, proof: who brings the report, their role in each challenge, and how they were proven.
        at: when.
        zone: the time zone in which the bank counts days.
        believed: why the person believes that the bank has turned a whole file away; empty if nobody has said so.

    Raises:
        UnknownPayment: no such file was made here.
        FileRefused: the bank made the report before the payment file, or rejects a whole file in which something is
            settled, or names a transfer that is not in the file.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        which = _which(said)
        inside = _held(connection, said, which)
        words = Words(connection, inside.values(), which, by, at)
        told = said.said_of(tuple(inside)) if said.file else said.transfers
        _check_is_on_this_file(said, inside.values())
        doubtful = _turned_away(said, told)
        if doubtful and not believed and _is_news(doubtful, inside, words):
            what = "turns the whole file away, nothing noted"
            _write(connection, inside.values(), said, what, by, roles, at, proof=proof)
            return Noted(unbelieved=tuple(payment_of(inside[each.end_to_end].transfer) for each in doubtful))
        noted, today = _Notes(words, at), at.to_tz(zone).date()
        for each in told:
            if each.end_to_end in inside and each.progress is not None:
                day = min(each.arrived_on or each.at.to_tz(zone).date(), today)
                noted.add(inside[each.end_to_end].transfer, _kept(each, day, by if each in doubtful else ""))
            elif each.end_to_end in inside and not each.whole:
                noted.ignore(inside[each.end_to_end].transfer, "the bank is still processing it")
        words.keep()
        _doubt_the_rest(connection, noted.contradicted, at)
        for doubt in contradictions(connection, which if not said.file else _filed.c.file == said.file):
            challenge = challenge_of(doubt.transfer)
            needs_somebody(connection, doubt.transfer, challenge, doubt.text, at)
        changed = [row for row in inside.values() if row.transfer in noted.new]
        older = [row for row in inside.values() if row.transfer in noted.older and row.transfer not in noted.new]
        _write(connection, changed, said, "", by, roles, at, believed if doubtful else "", proof)
        _write(connection, older, said, "older than the last news, so nothing changed", by, roles, at, proof=proof)
        return noted.all


def challenges_concerned(database: Database, said: BankReport) -> tuple[str, ...]:
    """The challenges with a payment that a report can be about.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_payments.c.challenge).distinct().join(_transfers, _transfers.c.payment == _payments.c.key)
    wanted = wanted.join(_filed, _filed.c.transfer == _transfers.c.id).where(_which(said))
    with database.reading() as connection:
        return tuple(sorted(connection.scalars(wanted)))


class _Notes:
    """What the words of a report change."""

    def __init__(self, words: Words, at: Instant) -> None:
        self._words, self._at = words, at
        self._ignored: list[Ignored] = []
        self.new: dict[str, None] = {}
        self.older: dict[str, None] = {}
        self.contradicted: list[str] = []

    def add(self, transfer: str, word: Said) -> None:
        """Takes a word, and says what it changes."""
        if any(_is_same(each, word) for each in self._words.of(transfer)):
            self.ignore(transfer, "the bank had said so before")
            return
        before = self._words.position(transfer)
        after = self._words.add(transfer, word)
        if after.doubt is Doubt.CONTRADICTION and before.doubt is not after.doubt:
            self.contradicted.append(transfer)
        if after.progress is not before.progress or (after.doubt and after.doubt is not before.doubt):
            self.new[transfer] = None
        elif before.news_at is not None and word.at < before.news_at:
            self.older[transfer] = None
            self.ignore(transfer, f"the bank said so before its last news, of {spoken(before.news_at, 'UTC')}")
        else:
            self.ignore(transfer, f"it is {before.progress} already")

    def ignore(self, transfer: str, why: str) -> None:
        self._ignored.append(Ignored(payment=payment_of(transfer), why=why))

    @property
    def all(self) -> Noted:
        return Noted(new=tuple(dict.fromkeys(map(payment_of, self.new))), ignored=tuple(self._ignored))


def _kept(word: TransferWord, day: Date, person: str) -> Said:
    assert word.progress is not None, "only a bank that has decided is heard"
    return Said(
        progress=word.progress,
        at=word.at,
        reason=word.reason if word.progress.has_failed else "",
        whole=word.whole,
        is_copy=word.is_duplicate,
        person=person,
        arrived_on=day if word.progress is Progress.SETTLED else None,
        booked_on=word.booked_on,
        by_day=word.by_day,
    )


def _is_same(one: Said, other: Said) -> bool:
    return (one.progress, one.at, one.whole, one.is_copy) == (other.progress, other.at, other.whole, other.is_copy)


def _turned_away(said: BankReport, told: Iterable[TransferWord]) -> list[TransferWord]:
    """The words that turn a whole file away for a reason that is no known code.

    A bank turns a copy of a file away, too, and goes on with the first. It does so as a whole, or by a word about each
    transfer.
    """
    told = list(told)
    unexplained = [each for each in told if each.progress in FAILED and not each.explains and not each.is_duplicate]
    as_a_whole = said.whole is not None and said.whole.progress in FAILED
    return unexplained if as_a_whole or 1 < len(unexplained) == len(told) else []


def _is_news(told: Iterable[TransferWord], inside: Mapping[str, Found], words: Words) -> bool:
    return any(
        not any(each.at == known.at and each.progress is known.progress for known in words.of(row.transfer))
        for each in told
        if (row := inside.get(each.end_to_end))
    )


def _check_is_on_this_file(said: BankReport, inside: Collection[Found]) -> None:
    """Checks that the bank can have meant this payment file.

    Raises:
        FileRefused: the bank made its report before the payment file, or turns away a file of which something is paid.
    """
    if not said.file:
        return
    made = min(row.made_at for row in inside)
    if said.made_at < made.round("second", mode="floor"):
        raise FileRefused(
            f"The bank made the report {said.message_id} on {spoken(said.made_at, 'UTC')}, before its payment file "
            f"{said.file}, which was made on {spoken(made, 'UTC')}. Nothing was noted: ask the bank which file it "
            "means."
        )
    settled = next((row.transfer for row in inside if row.progress == Progress.SETTLED), None)
    if settled is not None and said.whole is not None and said.whole.progress in FAILED:
        raise FileRefused(
            f"The report rejects the whole payment file {said.file}, but {settled} in this file is settled. "
            "Nothing was noted: ask the bank whether it got the file twice or means another file."
        )


def _doubt_the_rest(connection: Connection, contradicted: Collection[str], at: Instant) -> None:
    """What was turned away with a whole file is doubtful if the bank has paid another transfer of that file."""
    whole = exists().where(_words.c.transfer == _filed.c.transfer, _words.c.whole, _words.c.progress.in_(FAILED))
    paid = select(_filed.c.file).where(_filed.c.transfer.in_(contradicted))
    connection.execute(
        update(_filed)
        .where(_filed.c.file.in_(paid.scalar_subquery()), _filed.c.progress.in_(FAILED), _filed.c.doubt == "", whole)
        .values(doubt=Doubt.FILE, reported_at=at)
    )


def _write(
    connection: Connection,
    rows: Iterable[Found],
    said: BankReport,
    what: str,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    reason: str = "",
    proof: str = "",
) -> None:
    text = (f"Report on payment file {said.file} read" if said.file else "Bank statement read") + (what and f": {what}")
    key = f"bank-report/{said.file or 'statement'}/{uuid4().hex}"
    write_lines(connection, (payment_of(row.transfer) for row in rows), key, text, by, roles, at, reason, proof)


def unheard(database: Database, file: str | None = None) -> tuple[str, ...]:
    """The keys of payments whose file was written, or on which a bank has reported, without the ledger knowing it yet.

    The process that noted it may have been interrupted before it informed the payments.

    Args:
        database: where from.
        file: only the payments in this file; those in all files if left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    left, settled, returned = _transfers.c.submitted_at, _transfers.c.settled_at, _transfers.c.returned_at
    news = left.is_(None) | _filed.c.progress.in_(FAILED) | (_filed.c.progress == "settled") & settled.is_(None)
    # An older word of the bank says more about how the last attempt failed.
    more = (_filed.c.progress != _transfers.c.ended_as) & (_payments.c.status == PaymentStatus.REJECTED) & ~_has_later()
    wanted = (
        select(_filed.c.transfer)
        .join(_files, _files.c.id == _filed.c.file)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .where(_files.c.written_at.is_not(None))
        .where(returned.is_(None) & news | returned.is_not(None) & _filed.c.progress.in_(FAILED) & more)
        .order_by(*_BY_TRANSFER)
    )
    if file is not None:
        wanted = wanted.where(_files.c.id == file)
    with database.reading() as connection:
        return tuple(map(payment_of, connection.scalars(wanted)))


def _has_later() -> Exists:
    later = _transfers.alias()
    return exists().where(later.c.payment == _transfers.c.payment, later.c.attempt > _transfers.c.attempt)


def confirm_settled(
    database: Database, transfer: str, by: str, role: str, at: Instant, on: Date | None = None, proof: str = ""
) -> bool:
    """Notes that a transfer has arrived because a person says so, which settles every doubt about the transfer.

    Args:
        database: where to.
        transfer: the transfer's id.
        by: who says so.
        role: in what role.
        at: when.
        on: the day on which the money arrived, if the person names one. A day that the bank has named stays otherwise.
        proof: how the person was proven.

    Returns:
        Whether this is news.

    Raises:
        UnknownPayment: the transfer is in no file that was written.
        TooLate: the transfer came back.
        Unavailable: the database cannot be written to.
    """
    key, challenge = payment_of(transfer), challenge_of(transfer)
    with database.writing() as connection:
        hold(connection, challenge)
        filed = connection.execute(
            select(_filed.c.progress, _filed.c.arrived_on, _filed.c.doubt, _transfers.c.returned_at)
            .join(_files, _files.c.id == _filed.c.file)
            .join(_transfers, _transfers.c.id == _filed.c.transfer)
            .where(_filed.c.transfer == transfer, _files.c.written_at.is_not(None))
            .with_for_update(of=_filed)
        ).one_or_none()
        if filed is None:
            raise UnknownPayment(f"{key} left in no file: you can confirm only payments that left in a payment file.")
        if Progress(filed.progress).has_failed or filed.returned_at is not None:
            raise TooLate(f"{transfer} came back: if it did arrive after all, use `undo-return {transfer}`.")
        if filed.progress == "settled" and not filed.doubt and (on is None or filed.arrived_on == str(on)):
            return False
        hear_person(connection, transfer, Progress.SETTLED, by, at, on=on)
        said = f"{key}: confirmed as arrived" + (f" on {on}" if on else "")
        write_lines(connection, [key], f"confirm-settled/{transfer}/{at}", said, by, {challenge: role}, at, proof=proof)
        return True


def _which(said: BankReport) -> ColumnElement[bool]:
    if said.file:
        return _filed.c.file == said.file
    return _filed.c.end_to_end.in_({each.end_to_end for each in said.transfers})


def _held(connection: Connection, said: BankReport, which: ColumnElement[bool]) -> dict[str, Found]:
    """The transfers that a report can be about, by the ids that the bank knows.

    They, their payments and their challenges are locked until the transaction ends.

    Raises:
        UnknownPayment: no such file was made here.
    """
    # Lock the challenges first, then the payments, as everywhere: a file that is being made either sees what this
    # report makes doubtful, or is seen here.
    hold_all(connection, map(challenge_of, connection.scalars(select(_filed.c.transfer).where(which))))
    inside = exists().where(_transfers.c.payment == _payments.c.key, _transfers.c.id == _filed.c.transfer, which)
    connection.execute(
        select(_payments.c.key).where(inside).order_by(*_BY_KEY).with_for_update(of=_payments, key_share=True)
    )
    rows = connection.execute(
        select(_filed, _files.c.made_at)
        .join(_files, _files.c.id == _filed.c.file)
        .where(which)
        .order_by(*_BY_TRANSFER)
        .with_for_update(of=_filed)
    ).all()
    if said.file and not rows:
        raise UnknownPayment(
            f"The report is on file {said.file!r}, which was not made here: check which file it is on."
        )
    return {row.end_to_end: row for row in rows}
